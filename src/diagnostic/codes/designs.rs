//! Designs and replays.

use super::{super::Explanation, table};

pub(super) const CODES: &[Explanation] = table! {
"acknowledge", "acknowledge.arguments":
    "The power controller gives up waiting for the switch before the switch answers: every wake would end in FAULT.";
    "Raise `t_ack_max` to the number in the message, or use a faster switch."
"bus-width", "bus-width.arguments":
    "The words are wider than the bus allows.";
    "Use narrower words, or another bus."
"design-name", "design-name.arguments":
    "The design's name cannot be part of a Verilog module name.";
    "Use lower-case letters, digits and underscores."
"macro-capacity", "macro-capacity.arguments":
    "A macro does not hold the words of its part of a bank.";
    "Macro words are `domain_words / interleave / rows`; select the design again rather than editing it."
"macro-width", "macro-width.arguments":
    "The macros of a bank side by side do not make a word.";
    "`columns` times the macro's word bits must be `word_bits`, in whole bytes."
"no-schedule", "no-schedule.arguments":
    "A scheduled design is told when to wake by tables, one for each workload; without them it cannot be replayed.";
    "Write them with `trapti explore … --explain POINT --schedule DIR` and give `--schedule DIR`."
"not-placeable", "not-placeable.arguments":
    "The run's data do not fit the design's memory all at once, at the addresses that its placement gives them.";
    "Select a design of a larger capacity."
"not-placed", "not-placed":
    "A placement has no block for data that the replay touches.";
    "Place the run that is replayed; a placement of another run does not fit."
"nothing-selected", "nothing-selected.arguments":
    "The first layers or ops that were asked for make no request of this memory.";
    "Select more layers or more requests."
"organisation-out-of-range", "organisation-out-of-range":
    "The number of domains, banks, ports or words is none that the memory can have.";
    "Keep to 1 to 64 domains and ports, and powers of two for banks and words of a domain."
"other-memory", "other-memory.arguments":
    "The design has other ports, another width or a longer latency than the memory that the run was simulated with. Cycle for cycle it would be another run.";
    "Replay a run of the accelerator that the design was made for."
"other-run", "other-run.arguments":
    "The run has the name of one that was explored, but not its contents: its data lie at other addresses.";
    "Explore and select again with this run."
"parameter-range", "parameter-range.arguments":
    "A parameter of the hardware lies outside its range.";
    "Write a number in the range of the message; every time is at least one cycle."
"power-of-two", "power-of-two.arguments":
    "Domain, bank and row are bit fields of the address, and one of them is no power of two.";
    "Use powers of two."
"read-before-write", "read-before-write":
    "A transfer reads bytes that no transfer wrote before. A whole run never does; a part of one may.";
    "Select more layers or requests. Please report it if all are selected."
"replay-stuck", "replay-stuck":
    "A request was not granted for a very long time, or transfers wait for each other.";
    "`t_ack_max` must exceed the delay of the switch and its synchronisers, or the domain ends in FAULT."
"stimulus-misfit", "stimulus-misfit":
    "A stimulus was made for other ports or a larger memory than it is played on.";
    "Compile it for the organisation of the design."
"stimulus-stuck", "stimulus-stuck":
    "Transfers of a stimulus wait for each other in a circle and never start.";
    "Of two blocks that share words, the later one waits for the earlier one, never the other way round."
"stimulus-unplayable", "stimulus-unplayable":
    "A stimulus has a transfer without words, or at a port, block or window that does not exist.";
    "Make stimuli with `Stimulus::compile`; `docs/contract.md` says what holds for each."
"threshold", "threshold.arguments":
    "An idle threshold is longer than the controller's counter can count.";
    "Raise `time_bits`, or lower the threshold."
"unknown-lifetime", "unknown-lifetime":
    "A transfer of a run belongs to data that the run does not list.";
    "The run's files do not belong together: simulate it again."
"unknown-placement", "unknown-placement.arguments":
    "The design was placed by a rule that this version does not know.";
    "Select the design again."
"unknown-port", "unknown-port":
    "A transfer of a run uses a port that the memory does not have.";
    "The run's files do not belong together: simulate it again."
"window-too-large", "window-too-large":
    "A transfer's part of a block is beyond 2^32 words.";
    "Use wider words, or a smaller memory."
"wrong-placement", "wrong-placement":
    "A placement gives two blocks that live at the same time the same words, leaves the memory, or misses a block.";
    "Use one of the placement rules, or correct the block that is named."
};
