//! The save file of GTKWave for the waveform of the generated bench.

use crate::power::Design;
use crate::rtl::Parameters;
use crate::rtl::ports::ports;
use crate::{Error, Result, wave};
use std::fmt::Write;
use std::path::PathBuf;

/// Name of the waveform that the bench writes.
const DUMP: &str = "pgsram_tb.vcd";
/// Time that is shown, in picoseconds: the first cycles.
const SPAN: (u64, u64) = (0, 1_000_000);

/// Save file and filter file, in `wave/`.
///
/// # Errors
/// [`Error::Artefact`] if the declarations are not those of the design.
pub(super) fn texts(design: &Design, parameters: &Parameters) -> Result<Vec<(String, String)>> {
    let declared = declarations(parameters);
    let failed = |message| Error::Artefact { path: PathBuf::from(DUMP), message };
    let text = wave::save_file_for(declared.as_bytes(), DUMP, design, &[], SPAN).map_err(failed)?;
    Ok(vec![("wave/pgsram_tb.gtkw".into(), text), (format!("wave/{}", wave::FILTER), wave::state_filter())])
}

/// The declarations of the ports of the memory as Icarus writes them for the bench.
fn declarations(parameters: &Parameters) -> String {
    let mut text = String::from("$timescale 1ps $end\n$scope module pgsram_tb $end\n$scope module dut $end\n");
    for (number, port) in ports(parameters).iter().enumerate() {
        let width = port.width(parameters);
        let range = if port.is_vector() { format!(" [{}:0]", width - 1) } else { String::new() };
        let _ = writeln!(text, "$var wire {width} v{number} {}{range} $end", port.name);
    }
    text + "$upscope $end\n$upscope $end\n$enddefinitions $end\n"
}
