//! `trapti prove`: formal proof of a design's RTL.

use super::output::{Output, table};
use super::{Answer, progress, select};
use crate::artefact;
use crate::error::Result;
use crate::prove::{self, Options, Proof, Verdict};
use clap::Args;
use std::path::PathBuf;

/// Prove the power protocol of a design's RTL for all time and every input, with Yosys.
///
/// The properties are proved on the sets of parameters of the generated `formal/sets`: `design.*` are the design's own,
/// `scaled.*` the design's cut to what can be decided, the others small ones that every design shares.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti prove out/design.json -o out/proof
  trapti prove out/design.json -o out/proof --set design.

Exit codes: 0 all proved; 1 a property is refuted, undecided or vacuous; 2 bad usage or input; 3 Yosys is missing.")]
pub(super) struct Arguments {
    /// `design.json`.
    design: PathBuf,
    /// Only the sets whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    set: String,
    /// Seconds for one call of the model checker.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Directory to write: `proof.json`, the RTL that was proved, waveforms of counterexamples.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let design = select::design(&arguments.design)?;
    let options = Options {
        pattern: arguments.set.clone(),
        seconds: arguments.seconds,
        search_path: std::env::var_os("PATH").unwrap_or_default(),
    };
    let spinner = progress::spinner("prove");
    let folder = |name: &str| arguments.output.join(name);
    let proof = prove::prove(&design, &folder("rtl"), &folder("counterexamples"), &options, &mut |line| {
        spinner.set_message(line.to_owned());
    });
    spinner.finish_and_clear();
    let proof = proof?;
    artefact::write(&folder("proof.json"), artefact::json(&proof).as_bytes())?;
    output.result(&proof, || human(&proof));
    Ok(if proof.passed() { Answer::Yes } else { Answer::No })
}

/// One line a set, one a property that is not proved.
fn human(proof: &Proof) -> String {
    let mut rows = vec![["set", "proved", "not proved"].map(String::from).to_vec()];
    let mut failures = String::new();
    for set in &proof.sets {
        let (proved, failed): (Vec<_>, Vec<_>) = set.properties.iter().partition(|p| p.verdict == Verdict::Proved);
        rows.push(vec![set.set.clone(), proved.len().to_string(), failed.len().to_string()]);
        for property in failed {
            let verdict = format!("{:?}", property.verdict).to_lowercase();
            failures.push_str(&format!("{verdict}: {} {}\n", set.set, property.property));
            if let Some(file) = &property.waveform {
                failures.push_str(&format!("    {}\n", file.display()));
            }
        }
    }
    let verdict = if proof.passed() { "PROVED" } else { "NOT PROVED" };
    format!("{}{failures}{verdict}\n", table(&rows))
}
