//! What a team needs beside the Verilog: FuseSoC core, power intent, timing constraints, a save file for GTKWave and the
//! adapters to technologies.

mod constraints;
mod core_file;
mod power_intent;
mod save_file;

use super::Parameters;
use super::modules::TECHNOLOGY;
use crate::Result;
use crate::power::Design;

/// First lines of a file whose comments start with `#`.
const LICENCE: &str = "# SPDX-License-Identifier: MIT OR Apache-2.0\n";

/// Paths and contents.
///
/// # Errors
/// [`crate::Error::Artefact`] if the save file cannot be made, which is a mistake of this crate.
pub(super) fn texts(
    top: &str,
    design: &Design,
    parameters: &Parameters,
    verilog: &[String],
) -> Result<Vec<(String, String)>> {
    let mut files = vec![
        (format!("{top}.core"), core_file::text(top, parameters, verilog)),
        (format!("{top}.upf"), power_intent::text(top, parameters)),
        (format!("{top}.sdc"), constraints::text(top, design, parameters)),
    ];
    files.extend(save_file::texts(design, parameters)?);
    files.extend(TECHNOLOGY.iter().map(|module| (format!("technology/{}", module.file), module.text.to_string())));
    Ok(files)
}
