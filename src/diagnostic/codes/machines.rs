//! Accelerators and SRAM.

use super::{super::Explanation, table};

pub(super) const CODES: &[Explanation] = table! {
"accumulators", "accumulators.arguments":
    "Tiled attention keeps scores and contexts in the accumulators of an array; this one has too few for a single tile.";
    "Raise `accumulator_rows`, or choose `--attention depth-first`, which writes scores to the memory."
"liberty-syntax", "liberty-syntax.arguments":
    "A Liberty file cannot be read: a group or an attribute is not closed, or a value has another form.";
    "Mend the place that is marked; what other tools accept beyond the format is not read."
"memory-circle", "memory-circle.toml":
    "Memories name each other as the level above, in a circle: a miss would never reach DRAM.";
    "Leave out `above` of the outermost memory: DRAM is above it."
"memory-missing", "memory-missing.toml":
    "Some access of a unit, operand and class is served by no memory.";
    "Let one memory serve it: leave out `arrays`, `operands` or `classes`, or add the missing name."
"missing-dram-energy", "missing-dram-energy.arguments":
    "A run moved bytes to DRAM and back because the memory was too small. Their energy counts, and the accelerator does not give it.";
    "Give `energy` under `[dram]`, such as `\"20 pJ/bit\"`, and simulate again."
"no-array", "no-array":
    "The accelerator has no array, so that no product could run.";
    "Add an `[[array]]`."
"not-cacti", "not-cacti.arguments":
    "A program was named as CACTI and is none, or not CACTI 7. Several other programs have that name.";
    "Name the program inside CACTI's own folder, with `tech_params` beside it; the message says how to install it."
"not-characterised", "not-characterised.arguments":
    "The source of SRAM numbers has none for this node and device, or refuses them because they are known to be wrong.";
    "`trapti devices` lists what the embedded table has. `--cacti`, `--liberty` and `--csv` read other sources."
"one-memory", "one-memory.arguments":
    "`trapti study` compares peaks of one memory; this accelerator has several.";
    "Name an accelerator with one shared memory."
"outside-characterisation", "outside-characterisation.arguments":
    "A capacity, width or temperature lies outside the points that were characterised. Numbers beyond them are guesses.";
    "Stay inside, split the memory into several macros, or say `--extrapolate` and read the errors."
"ports", "ports":
    "A memory has no port, or more than 255.";
    "Give it 1 to 255 ports."
"reserved-name", "reserved-name.toml":
    "A name is one that results use for something of their own.";
    "Choose another."
"step-too-large", "step-too-large.arguments":
    "One step of an op would move more than 2^32 bytes or take more than 2^32 cycles.";
    "Make the array or its buffers smaller; most often one of them has a digit too many."
"unknown-array", "unknown-array.toml":
    "A memory serves an array that does not exist.";
    "Write the name of an `[[array]]`, or leave `arrays` out to serve all."
"unknown-memory", "unknown-memory.toml":
    "A memory that is named does not exist.";
    "Write the name of a `[[memory]]`."
"unknown-technology", "unknown-technology":
    "A technology is written in another form than node and devices.";
    "Write node and device such as `22nm-lstp`; `22nm-lstp-hp` has lstp cells and an hp periphery."
"which-memory", "which-memory.arguments":
    "A run has several on-chip memories, and the study does not say which one it is about.";
    "Write `memory = \"…\"` under `[study]`."
};
