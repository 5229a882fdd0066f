//! The `trapti` command.

fn main() {}
