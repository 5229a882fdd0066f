//! Regressions: designs × stimuli × seeds on hardware and reference model at once, with what each case came across.
//!
//! A suite is played on *laboratory* memories: the parameterised RTL with every input within reach. Random cases compare; directed
//! corners must also prove that they came to their corner. Coverage is merged over all cases.

mod bench;
mod bus;
mod case;
mod corners;
mod coverage;
mod goals;
mod junit;
mod noise;
mod outcome;
mod planted;
mod random;
mod run;
mod runner;
mod suite;
mod suite_design;
mod suite_file;
mod transfers;

pub use coverage::{Coverage, Covered};
pub use outcome::{Failure, Outcome, Regression};
pub use planted::{Caught, Planted, table};
pub use random::{Random, transfers};
pub use runner::{Finished, Options, Step, record, regress};
pub use suite::{Case, Suite};
