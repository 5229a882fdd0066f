//! The oracle: for each gap the cheapest path through the sleep states, knowing how long it lasts and when its data dies.

use super::gap::{Gap, Place, Slept, along};
use super::intervals::IntervalTable;
use crate::power::{BankedMemory, Sleep, States, TransitionCycles};

/// What an omniscient controller makes of all gaps. For a fixed placement nothing costs less.
///
/// A state is entered as early as it may be (OFF when the last live byte dies, the others at once) or not at all, so a few paths
/// are enough: ON; LIGHT or retention from the start; OFF from the first dead cycle, before it ON, LIGHT or retention.
pub fn oracle(table: &IntervalTable, memory: &BankedMemory, states: States, times: &TransitionCycles) -> Slept {
    let mut total = Slept::default();
    for (gap, count) in table.gaps() {
        total.add(&cheapest(&gap, memory, states, times), count);
    }
    total
}

/// The cheapest path through one gap.
pub fn cheapest(gap: &Gap, memory: &BankedMemory, states: States, times: &TransitionCycles) -> Slept {
    cheapest_path(gap, memory, states, times).1
}

/// Idle times at which states are entered.
pub type Steps = Vec<(u64, Sleep)>;

/// The cheapest path through one gap, with its steps: none for a domain that stays ON, or is OFF since reset.
pub fn cheapest_path(gap: &Gap, memory: &BankedMemory, states: States, times: &TransitionCycles) -> (Steps, Slept) {
    let cost = |path: &(Steps, Slept)| saving(&path.1, memory);
    let candidates = match gap.place {
        Place::Head | Place::Whole => vec![(Vec::new(), from_off(gap, times))],
        _ => paths(gap, states)
            .into_iter()
            .map(|steps| {
                let slept = along(gap, &steps, times);
                (steps, slept)
            })
            .collect(),
    };
    let on = (Vec::new(), Slept::default());
    candidates.into_iter().fold(on, |best, next| if cost(&next) > cost(&best) { next } else { best })
}

/// Energy saved against ON, in pJ.
pub fn saving(slept: &Slept, memory: &BankedMemory) -> f64 {
    let cycle_ns = memory.clock.period().0;
    let saved = |s: Sleep| {
        let i = s.index();
        let rate = memory.power.on.0 - memory.power.asleep[i].0;
        slept.cycles[i] as f64 * cycle_ns * rate - slept.wakes[i] as f64 * memory.wake[i].0
    };
    Sleep::ALL.into_iter().map(saved).sum()
}

/// OFF since reset.
fn from_off(gap: &Gap, times: &TransitionCycles) -> Slept {
    let woken = gap.place == Place::Head;
    let out = if woken { times.out[Sleep::Off.index()] } else { 0 };
    Slept { cycles: [0, 0, gap.length.saturating_sub(out)], wakes: [0, 0, u64::from(woken)] }
}

fn paths(gap: &Gap, states: States) -> Vec<Steps> {
    let mut kept = vec![vec![]];
    kept.extend(states.light.then(|| vec![(0, Sleep::Light)]));
    kept.extend(states.retention.then(|| vec![(0, Sleep::Retention)]));
    let Some(&(death, _)) = gap.dead.first() else { return kept };
    let off = kept.iter().map(|path| path.iter().copied().chain([(death, Sleep::Off)]).collect()).collect::<Vec<_>>();
    kept.extend(off);
    kept
}
