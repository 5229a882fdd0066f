//! Models and op graphs.

use super::{super::Explanation, table};

pub(super) const CODES: &[Explanation] = table! {
"cyclic-graph", "cyclic-graph.json":
    "Ops wait for each other in a circle, so that none can be the first.";
    "One of the ops listed must not read what a later one makes."
"dangling-layer", "dangling-layer.json":
    "An op or tensor belongs to a layer that the list of layers does not have.";
    "Add the layer, or correct the number: layers count from 0."
"dangling-tensor", "dangling-tensor.json":
    "An op reads or writes a tensor that is not declared.";
    "Declare it under `tensors`, or correct the name."
"dimensions", "dimensions.json":
    "Shapes do not fit: the columns of A are not the rows of B, the result has another shape than the product, a window leaves its tensor.";
    "The message names the op and the shapes. `b_transposed` swaps rows and columns of B."
"duplicate-id", "duplicate-id.json":
    "Two entries of a graph have the same id.";
    "Give each its own; ids need not be consecutive."
"made-twice", "made-twice.json":
    "Two ops write the same bytes of a tensor, and neither works in place.";
    "Let each op write a tensor, or a window of one, of its own."
"more-problems", "more-problems.json":
    "A graph has more problems of one kind than are shown one by one.";
    "Mend those that are shown and run it again; often they have one cause."
"never-made", "never-made.json":
    "An op reads a tensor that lives on chip and that no op writes.";
    "Write it by an op before, or let it live in DRAM if it is an input of the workload."
"no-ops", "no-ops.json":
    "The workload has no op.";
    "Add at least one."
"operands", "operands":
    "An op on the vector unit has more operands than the simulator keeps apart.";
    "Split it into several ops."
"overwrites-input", "overwrites-input.json":
    "An op writes a tensor that lives in DRAM as an input: a weight, or what the workload is given.";
    "Write to a tensor of its own."
"read-before-made", "read-before-made.json":
    "In the order of ops, a tensor is read before any op wrote it.";
    "Move the reading op behind the writing one."
"reads-itself", "reads-itself.json":
    "An op reads what it writes without saying that it works in place.";
    "Say `in_place` for an op on the vector unit, or write to another tensor."
"schedule", "schedule.json":
    "The workload hands an op to an array that the accelerator does not have.";
    "Use an accelerator with that array, or another number in `schedule`: arrays count from 0."
"shared-in-place", "shared-in-place.json":
    "An op works in place on a tensor that another op still reads.";
    "Write to another tensor, or let the other op read first."
"two-storages", "two-storages.json":
    "A tensor is a view of two storages at once.";
    "A view belongs to one; split the tensor."
"unknown-id", "unknown-id.json":
    "A reference names an id that no entry has.";
    "Correct it, or add the entry."
"unknown-index", "unknown-index.json":
    "An expression uses an index that no surrounding block counts.";
    "Use the name of an index of this block or of one around it."
"unknown-model-type", "unknown-model-type.json":
    "The `model_type` of the config is none of the families that are read.";
    "Check the spelling; give any other model as an op graph (`docs/workload.md`), or add the family (`docs/extending.md`)."
"unused-tensor", "unused-tensor.json":
    "A tensor is declared and no op reads or writes it.";
    "Remove it, or name it in the op that should use it."
"wrong-expression", "wrong-expression.json":
    "A number that may depend on an index is written in a form that is not one.";
    "Write a whole number, or a sum of an index times a number and a number, as `docs/workload.md` shows."
"wrong-phase", "wrong-phase.json":
    "The phases of the ops do not follow each other: an op belongs to a phase that ended before it, or to none.";
    "List ops phase by phase, in the order of the phases."
"wrong-schedule", "wrong-schedule.json":
    "The schedule does not name each product once, or has an op wait for one that comes after it on the same array.";
    "List every product once, each behind those that it depends on."
};
