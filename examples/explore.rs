//! From a run to Verilog: tries memories, selects the one of least energy, writes its RTL.
//!
//! `cargo run --example explore -- DIR` writes to DIR.

#[allow(dead_code, reason = "only its run is used")]
#[path = "simulate.rs"]
pub mod simulate;

use std::path::{Path, PathBuf};
use trapti::diagnostic::Source;
use trapti::explore::{Choice, Objective, Options, Study, explore, select};
use trapti::power::Design;
use trapti::rtl;

/// Twelve memories: two capacities, three numbers of domains, gated or not.
const STUDY: &str = r#"
[study]
capacity = ["1 MiB", "2 MiB"]
domains = [1, 2, 4]
placement = ["first-fit"]
policies = ["never", { timeout = { off = "break-even" } }]
technology = ["22nm-lstp"]
"#;

/// The memory of least energy for the run of `simulate.rs`.
pub fn best() -> trapti::Result<Design> {
    let study = Study::parse(&Source::new("study.toml", STUDY))?;
    let model = study.model()?;
    let exploration = explore(&study, &[simulate::run()?], model.as_ref(), Options::default())?;
    select(&exploration, Choice::Best(Objective::Energy), model.as_ref())
}

/// Writes the RTL of the best memory and returns its files.
pub fn generate(directory: &Path) -> trapti::Result<Vec<PathBuf>> {
    rtl::generate(&best()?, directory)
}

/// Prints what was written.
#[expect(clippy::print_stdout, reason = "the result of the example")]
pub fn main() -> trapti::Result<()> {
    let directory = std::env::args_os().nth(1).map_or_else(|| "out/example-rtl".into(), PathBuf::from);
    generate(&directory)?.iter().for_each(|file| println!("{}", file.display()));
    Ok(())
}
