//! A CACTI 7 program as a source of characterisations.
//!
//! Each macro is run twice at 350 K: freely, then power-gated with the organisation of the first run forced, because CACTI's free
//! power-gated search takes another organisation or crashes. What is known to be wrong in its answers is corrected here:
//! - the wake energy that it prints is that of the mats of one access: multiplied by all mats over active ones;
//! - its leakage leaves out gate leakage: added;
//! - its gating is retention (array at 0.65·Vdd, rows at 0.35·Vdd), not off: energies from ground are scaled by the voltage step;
//! - temperatures follow the corrected I_off ratios of the embedded table, so wrong entries of its device tables are never used;
//! - 90 nm lop leaks a tenth of what it says at 350 K; 22 nm lop is refused.

mod configuration;
mod locate;
mod output;
mod process;

use self::configuration::{Organisation, configuration};
use self::output::{CactiRun, Gating};
use super::embedded::{Heat, corrections, macros, point, temperatures};
use super::evidence::{Evidence, Origin};
use super::model::{MacroPoint, MacroSpec, Provenance, SramModel};
use super::table::Row;
use super::{Device, Technology};
use crate::artefact;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Command that installs a CACTI 7.
const INSTALL: &str = "pip install hwcomponents-cacti";

/// Nodes whose device data are CACTI's own; between them it interpolates, wrong entries included.
const NODES: [u32; 5] = [22, 32, 45, 65, 90];

/// Off current of an lstp transistor at 350 K in A/µm at each of [`NODES`]: CACTI 7, `tech_params`, itrs-lstp, 350 K.
const SLEEP_TRANSISTOR_OFF: [f64; 5] = [7.73e-10, 1.69e-10, 9.02e-11, 8.05e-11, 2.94e-11];

/// Steps of the rails between retention and Vdd, as shares of Vdd: array and row periphery.
const ARRAY_STEP: f64 = 0.35;
const ROW_STEP: f64 = 0.65;

/// Results of one macro: the free run and the gated one.
type Pair = (CactiRun, Gating);

/// One macro's results, computed by whoever asks first.
type Entry = Arc<Mutex<Option<Pair>>>;

/// A CACTI 7 program.
#[derive(Debug)]
pub struct Cacti {
    program: PathBuf,
    digest: String,
    cache: PathBuf,
    extrapolate: bool,
    results: Mutex<FxHashMap<String, Entry>>,
}

impl Cacti {
    /// The program at `path` (a file, or the folder that holds it), else `$CACTI`, else `cacti` on the search path, else the one in
    /// an installed Python package `hwcomponents-cacti`. Its outputs are kept in `cache`, by digest.
    ///
    /// # Errors
    /// [`Error::MissingTool`] if there is none; [`Error::Input`] if the one that is named is another program called `cacti`.
    pub fn find(path: Option<&Path>, cache: PathBuf, extrapolate: bool) -> Result<Self> {
        let program = locate::locate(path)?;
        let digest = locate::digest(&program)?;
        Ok(Self { program, digest, cache, extrapolate, results: Mutex::default() })
    }

    /// Command that installs one.
    pub const INSTALL: &str = INSTALL;

    /// Where [`Self::find`] finds the program, if none is named.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn locate() -> Result<PathBuf> {
        locate::locate(None)
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Both runs of a macro, from memory, from the cache, or from the program.
    fn pair(&self, spec: &MacroSpec) -> Result<Pair> {
        let key = configuration(spec, None);
        let entry = self.results.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let mut slot = entry.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = *slot {
            return Ok(pair);
        }
        let free = self.run(spec, None)?;
        let gated = self.run(spec, Some(&free.organisation))?;
        let gating = gated.gating.ok_or_else(|| output::unreadable("Power-gating Components"))?;
        Ok(*slot.insert((free, gating)))
    }

    fn run(&self, spec: &MacroSpec, forced: Option<&Organisation>) -> Result<CactiRun> {
        let text = configuration(spec, forced);
        let key = artefact::digest([self.digest.as_str(), &text].concat().as_bytes());
        let kept = self.cache.join("cacti").join(format!("{key}.txt"));
        if let Some(run) = std::fs::read_to_string(&kept).ok().and_then(|printed| output::parse(&printed).ok()) {
            return Ok(run);
        }
        let printed = process::run(&self.program, &text)?;
        let run = output::parse(&printed).map_err(|error| output::refusal(spec, &printed).unwrap_or(error))?;
        artefact::write(&kept, printed.as_bytes())?;
        Ok(run)
    }
}

impl SramModel for Cacti {
    fn characterise(&self, spec: &MacroSpec) -> Result<MacroPoint> {
        let node = check_technology(spec.technology)?;
        check_size(spec)?;
        let heat = Heat::of(temperatures()?, spec, self.extrapolate)?;
        let (free, gating) = self.pair(spec)?;
        let row = row(spec, &free, &gating, node)?;
        Ok(point(&row, heat, |metric| Evidence {
            basis: heat.basis(metric),
            estimated_error: heat_error(&heat, metric),
            source: Origin::Cacti,
        }))
    }

    fn provenance(&self) -> Provenance {
        let mut notes = corrections();
        notes.push(
            "wake energy: CACTI's, times all mats over active mats; leakage: CACTI's, and its gate leakage".into(),
        );
        Provenance {
            name: "CACTI 7".into(),
            source: format!("{}, ITRS devices, conservative projection", self.program.display()),
            digest: self.digest.clone(),
            notes,
        }
    }
}

fn heat_error(heat: &Heat, metric: super::Metric) -> Option<f64> {
    let exact = super::table::Position::EXACT;
    super::accuracy::estimated_error(metric, exact, heat.basis(metric))
}

/// Index of the node among [`NODES`].
fn check_technology(technology: Technology) -> Result<usize> {
    let refuse = |help: &str| {
        let message = format!("{technology} is not characterised by CACTI");
        Error::input(Diagnostic::new("not-characterised", message).with_help(help))
    };
    let devices = [technology.cell, technology.periphery];
    if technology.node_nm == 22 && devices.contains(&Device::Lop) {
        return Err(refuse("CACTI's 22 nm lop leaks more than hp above 330 K; it is refused"));
    }
    NODES.iter().position(|n| *n == technology.node_nm).ok_or_else(|| {
        refuse("CACTI has device data for 22, 32, 45, 65 and 90 nm; between them it interpolates wrong entries too")
    })
}

/// Sizes that CACTI can take: a block size of 0 makes it loop for ever, a capacity is a signed integer to it.
fn check_size(spec: &MacroSpec) -> Result<()> {
    let word = u64::from(spec.word_bits) / 8;
    let whole = spec.word_bits.is_multiple_of(8) && word > 0 && spec.capacity.0.is_multiple_of(word);
    if whole && (1 << 10..=1 << 30).contains(&spec.capacity.0) && spec.word_bits <= 4096 {
        return Ok(());
    }
    let message = format!(
        "a macro of {} with {} bit words is nothing that CACTI can be asked",
        spec.capacity.human(),
        spec.word_bits
    );
    let help = "1 KiB to 1 GiB in whole words of whole bytes, at most 4096 bits";
    Err(Error::input(Diagnostic::new("outside-characterisation", message).with_help(help)))
}

/// CACTI's results in the columns of the embedded table, its defects corrected.
fn row(spec: &MacroSpec, free: &CactiRun, gating: &Gating, node: usize) -> Result<Row> {
    let supply = macros()?.supply(Technology::uniform(spec.technology.node_nm, spec.technology.cell));
    let supply = supply.ok_or_else(|| output::unreadable("supply voltage"))?;
    let mended = |device: Device| if (NODES[node], device) == (90, Device::Lop) { 0.1 } else { 1.0 };
    let all_mats = free.organisation.mats() / gating.active_mats;
    let (array, rows) = (gating.array_nj * all_mats, gating.rows_nj * all_mats);
    let transistors = f64::from(spec.word_bits) * free.organisation.nspd * free.organisation.ndbl;
    let off_watts = transistors * gating.transistor_um * SLEEP_TRANSISTOR_OFF[node] * supply;
    Ok(Row::of(|column| match column {
        "vdd_v" => supply,
        "access_ns" => free.access_ns,
        "cycle_ns" => free.cycle_ns,
        "read_nj" => free.read_nj,
        "write_nj" => free.write_nj,
        "leak_cells_mw" => (free.leak_mw - gating.row_mw - gating.column_mw) * mended(spec.technology.cell),
        "leak_row_mw" => gating.row_mw * mended(spec.technology.periphery),
        "leak_col_mw" => gating.column_mw * mended(spec.technology.periphery),
        "leak_gate_mw" => free.gate_leak_mw,
        "area_mm2" => free.area_mm2,
        "gated_area_mm2" => gating.area_mm2,
        "wake_light_nj" => rows / ROW_STEP,
        "wake_retention_nj" => array + rows,
        "wake_off_nj" => array / ARRAY_STEP + rows / ROW_STEP,
        "off_leak_mw" => off_watts * 1e3,
        _ => spec.capacity.0 as f64,
    }))
}
