//! The `trapti` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    trapti::cli::run()
}
