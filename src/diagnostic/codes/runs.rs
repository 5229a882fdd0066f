//! Runs and explorations.

use super::{super::Explanation, table};

pub(super) const CODES: &[Explanation] = table! {
"deadlock", "deadlock":
    "Ops wait for each other on their arrays. A schedule with such an order is refused before; this is a second net.";
    "Reorder the schedule so that every op follows those it depends on. Please report it if there is no schedule."
"different-accelerators", "different-accelerators.arguments":
    "Workloads that share a memory run on one accelerator; these runs have memories of other ports, another width or clock.";
    "Simulate all of them on the same accelerator."
"no-run", "no-run":
    "There is no run to explore.";
    "Simulate a workload first."
"not-selectable", "not-selectable.arguments":
    "The point that was asked for cannot become a design: it does not exist, is a bound without addresses, or nothing is feasible.";
    "Take another point; with `placement = [\"first-fit\"]` in the study there are points with addresses."
"occupancy-only", "occupancy-only.arguments":
    "The run was imported: it holds an occupancy and no transfers, so that nothing can be placed or replayed.";
    "Simulate the workload with `trapti simulate`, explore that run, and replay it."
"thrashing", "thrashing.toml":
    "An op needs more bytes at once than the memory holds, whatever is evicted. This is an answer, not an error: the exit code is 1.";
    "Enlarge the memory, or make what an op holds at once smaller: arrays, `buffer_length`, `vector.buffer`."
"too-many-events", "too-many-events":
    "The simulation needs more events than the caller of the library allowed.";
    "Allow more, or simulate fewer layers or tokens."
"unfinished-run", "unfinished-run.arguments":
    "The run ended as thrashing: it did not finish, and its needs are not those of a whole inference.";
    "Simulate it with a larger memory."
"unknown-workload", "unknown-workload.arguments":
    "The study names a workload of which no run was given.";
    "Give its run, or leave it out of `workloads`."
};
