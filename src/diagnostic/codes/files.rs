//! Files and options.

use super::{super::Explanation, table};

pub(super) const CODES: &[Explanation] = table! {
"contradiction", "contradiction.heads-do-not-divide.json":
    "Two values are each fine, but not together: heads that do not divide a width, two names of a key with different values, a prompt longer than the model's positions.";
    "The message names both. Change the one that is wrong; a config from the Hugging Face Hub should never need it."
"csv-syntax", "csv-syntax.csv":
    "A line of a table of comma-separated values cannot be read: it has more or fewer cells than the head, or a quotation mark that is not closed.";
    "Mend that line. A cell with a comma in it stands in double quotes."
"duplicate-name", "duplicate-name.array.toml":
    "Two things of one file have the same name, so that a name would not say which one is meant.";
    "Rename one of them, and what refers to it."
"empty-list", "empty-list.toml":
    "A list that must have an element has none.";
    "Write at least one element, or leave the key out if it may be absent."
"empty-trace", "empty-trace.csv":
    "A trace to import has a head and no row: there is nothing to read an occupancy from.";
    "Export it again, and check that the other simulator wrote it to the end."
"incomplete", "incomplete":
    "A file was read without an error and still does not give a value. That is a defect of trapti, not of the file.";
    "Please report it with the file."
"json-syntax", "json-syntax.json":
    "The file is not JSON. The mark is where reading stopped; the mistake is there or just before it.";
    "Look for a missing comma, a comma after the last element, or a quotation mark that is not closed."
"missing-column", "missing-column.csv":
    "A table lacks a column that its form has.";
    "Add the column, or give its value as an option where `--help` lists one."
"missing-file", "missing-file.arguments":
    "A path leads to no file, and nothing of that name is built in. In a project, paths start at the project file.";
    "Check the spelling. `trapti models` and `trapti devices` list the names that are built in."
"missing-key", "missing-key.accelerator.toml":
    "A key that has no default is absent.";
    "Add it; the page of that file in `docs/` says what it means and in which unit."
"not-available", "not-available.json":
    "The value is known and means something that this version does not compute. It is refused, not approximated.";
    "Choose one of the values that are listed, or give the model as an op graph."
"out-of-range", "out-of-range.accelerator.toml":
    "A number or size lies outside what is possible or sensible. The label gives the range.";
    "Write a value in that range; check the unit."
"toml-syntax", "toml-syntax.toml":
    "The file is not TOML. Every place that could not be read is shown.";
    "Quote text, write `key = value` on a line of its own, and tables as `[name]`, elements of lists of tables as `[[name]]`."
"too-large", "too-large.products-overflow.json":
    "A count does not fit 64 bits, or a workload would have more ops than can be numbered.";
    "Make the sizes smaller; most often one of them has a digit too many."
"too-many-entries", "too-many-entries.json":
    "A list of a block has more entries than the form allows.";
    "Split it into blocks, or leave out what repeats: `times` says how often a block comes."
"unknown-code", "unknown-code.arguments":
    "`trapti explain` was asked for a code that no diagnostic has.";
    "`trapti explain` without a code lists all."
"unknown-key", "unknown-key.accelerator.toml":
    "The file has a key that nothing reads. It is refused because a misspelled key would otherwise be a default in disguise.";
    "Correct the spelling (the nearest name is offered), or remove the key."
"unknown-name", "unknown-name.accelerator.toml":
    "A word that must be one of a fixed set is another one.";
    "Write one of the words in the label."
"wrong-value", "wrong-value.accelerator.toml":
    "A value has another form than expected: text instead of a number, a size without a unit, a number that is not whole.";
    "Write it as the label shows; sizes and rates carry their unit, such as `\"64 MiB\"` or `\"1 GHz\"`."
"zero-size", "zero-size.arguments":
    "A matrix of a product has no rows or no columns.";
    "Write sizes of at least 1."
};
