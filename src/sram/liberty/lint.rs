//! What tells a placeholder from a characterisation: generators of fake memories write numbers that nobody measured.

use super::library::LibertyMacro;
use super::syntax::problem;
use crate::diagnostic::Diagnostic;

/// Leakage of a bit cell that OpenRAM's technology files start with, in mW.
const LEAKAGE_OF_NOBODY_MW: f64 = 1e-6;
/// An access of one bit costs some hundred fJ; a thousand times more is a wrong unit or no measurement.
const MOST_PJ_A_BIT: f64 = 1000.0;

/// Every reason to refuse the macros.
pub(super) fn placeholders(macros: &[LibertyMacro]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = macros.iter().flat_map(of_one).collect();
    found.extend(same_at_every_size(macros));
    found
}

fn refuse(of: &LibertyMacro, what: &str, label: &str) -> Diagnostic {
    let message = format!("`{}` is a placeholder: {what}", of.name);
    problem("placeholder", &of.source, message, of.place.clone(), label)
        .with_help("give the file that the foundry or the memory compiler characterised")
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

fn of_one(of: &LibertyMacro) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let cells = of.capacity_bits as f64;
    if near(of.leak_mw, LEAKAGE_OF_NOBODY_MW) || near(of.leak_mw, LEAKAGE_OF_NOBODY_MW * cells) || of.leak_mw == 0.0 {
        let label = "no characterisation gives nothing, 1 nW, or 1 nW a bit cell";
        found.push(refuse(of, &format!("its leakage is {:.6} nW", of.leak_mw * 1e6), label));
    }
    if of.idle_pj.is_some_and(|idle| near(idle, of.read_pj) && near(idle, of.write_pj)) {
        let label = "an access costs more than a clock edge without one";
        found.push(refuse(of, "its energy is the same selected or not", label));
    }
    let dearest = of.read_pj.max(of.write_pj) / f64::from(of.word_bits);
    if dearest > MOST_PJ_A_BIT {
        let label = "above 1 nJ a bit; check voltage_unit and capacitive_load_unit";
        found.push(refuse(of, &format!("an access costs {dearest:.0} pJ a bit"), label));
    }
    if of.read_pj <= 0.0 || of.write_pj <= 0.0 {
        found.push(refuse(of, "an access costs nothing", "expected energies above 0"));
    }
    found
}

fn same_at_every_size(macros: &[LibertyMacro]) -> Option<Diagnostic> {
    let first = macros.first()?;
    let other = macros.iter().find(|m| m.capacity_bits != first.capacity_bits)?;
    let same = macros.iter().all(|m| near(m.leak_mw, first.leak_mw));
    same.then(|| refuse(other, "its leakage is the same at every size", "leakage grows with capacity"))
}
