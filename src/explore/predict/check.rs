//! What prediction takes for granted, checked once.

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::power::{Controller, Organisation, StartTable, Stimulus, StimulusKind, StimulusNode};

/// Checks that the stimulus fits the memory and that the memory can be built.
pub(super) fn check(stimulus: &Stimulus, tables: &[StartTable], controller: &Controller) -> Result<()> {
    organisation(&controller.organisation)?;
    require(controller.timing.max_waking > 0, || "MAX_WAKING is 0: no domain could ever wake".into())?;
    let words = controller.organisation.words();
    for (index, block) in stimulus.blocks.iter().enumerate() {
        let inside = block.words > 0 && block.first_word.checked_add(block.words).is_some_and(|end| end <= words);
        require(inside, || format!("block {index} is empty or ends beyond the {words} words of the memory"))?;
        let known = block.after.iter().all(|earlier| earlier.index() < stimulus.blocks.len());
        require(known, || format!("block {index} waits for a block that does not exist"))?;
    }
    for (index, node) in stimulus.nodes.iter().enumerate() {
        let good = predecessors_exist(stimulus, node, index)
            && (node.kind == StimulusKind::Work || transfer_fits(stimulus, node, controller.organisation.ports));
        require(good, || {
            format!("node {index}: unknown port, block or predecessor, no request, or a window beyond its block")
        })?;
    }
    let unplayable = stimulus.unplayable_table(tables, &controller.policy);
    require(unplayable.is_none(), || {
        let table = unplayable.unwrap_or_default();
        format!("table {table} of the schedule has more entries than the player holds, or starts with no transfer")
    })
}

fn organisation(organisation: &Organisation) -> Result<()> {
    let positive = [organisation.domains, organisation.ports, organisation.read_latency, organisation.bank_cycles];
    let interleave = u64::from(organisation.interleave);
    let powers = interleave.is_power_of_two() && organisation.domain_words.is_power_of_two();
    let sized = organisation.domain_words.checked_mul(u64::from(organisation.domains)).is_some();
    require(!positive.contains(&0) && powers && sized && interleave <= organisation.domain_words, || {
        "domains, ports, read latency and bank cycles are at least 1; interleave and words of a domain are powers of \
         two, the first not above the second"
            .into()
    })
}

fn predecessors_exist(stimulus: &Stimulus, node: &StimulusNode, index: usize) -> bool {
    (node.pattern as usize) < stimulus.patterns.len()
        && stimulus.predecessors(node).iter().all(|p| p.back > 0 && p.back as usize <= index)
}

fn transfer_fits(stimulus: &Stimulus, node: &StimulusNode, ports: u32) -> bool {
    let window_end = u64::from(node.window_first) + u64::from(node.window_words);
    let in_block = stimulus.blocks.get(node.block.index()).is_some_and(|block| window_end <= block.words);
    in_block && node.amount > 0 && node.window_words > 0 && u32::from(node.port) < ports
}

fn require(good: bool, message: impl FnOnce() -> String) -> Result<()> {
    if good { Ok(()) } else { Err(Error::input(Diagnostic::new("stimulus-unplayable", message()))) }
}
