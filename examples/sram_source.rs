//! An SRAM source of one's own: a memory compiler's macros, of which only the difference to CACTI is known.
//!
//! `cargo run --example sram_source`

use trapti::sram::{
    Basis, EmbeddedTable, Evidence, EvidenceSet, Leakage, MacroPoint, MacroSpec, Metric, Origin, Ports, Provenance,
    SramModel, Technology,
};
use trapti::units::{Bytes, Kelvin};

/// The embedded table with another leakage, as measured on silicon.
pub struct Measured {
    table: EmbeddedTable,
    /// Measured leakage by the table's.
    leakage: f64,
}

impl Measured {
    /// A source whose macros leak so many times what the table says.
    pub fn new(leakage: f64) -> trapti::Result<Self> {
        Ok(Self { table: EmbeddedTable::new(false)?, leakage })
    }
}

impl SramModel for Measured {
    fn characterise(&self, spec: &MacroSpec) -> trapti::Result<MacroPoint> {
        let point = self.table.characterise(spec)?;
        let Leakage { cells, row, column, gate } = point.leakage;
        let [cells, row, column, gate] = [cells, row, column, gate].map(|part| part * self.leakage);
        // Whoever reads the results sees which number is not the table's.
        let evidence = EvidenceSet::of(|metric| match metric {
            Metric::Leakage | Metric::LightLeakage => {
                Evidence { source: Origin::Csv, basis: Basis::Assumed, estimated_error: None }
            }
            other => point.evidence.get(other),
        });
        let leakage = Leakage { cells, row, column, gate };
        Ok(MacroPoint { leakage, evidence, basis: evidence.weakest(), ..point })
    }

    fn provenance(&self) -> Provenance {
        let table = self.table.provenance();
        let note = format!("leakage times {}: measured", self.leakage);
        Provenance { name: "measured".into(), notes: [table.notes, vec![note]].concat(), ..table }
    }
}

/// Leakage of a macro of 64 KiB in mW, by the table and as measured.
pub fn leakages() -> trapti::Result<[f64; 2]> {
    let technology: Technology = "22nm-lstp".parse()?;
    let ports = Ports::SingleReadWrite;
    let spec = MacroSpec { capacity: Bytes(64 << 10), word_bits: 128, ports, technology, temperature: Kelvin(350.0) };
    let leakage = |model: &dyn SramModel| Ok(model.characterise(&spec)?.leakage.total().0);
    Ok([leakage(&EmbeddedTable::new(false)?)?, leakage(&Measured::new(2.5)?)?])
}

/// Prints both.
#[expect(clippy::print_stdout, reason = "the result of the example")]
pub fn main() -> trapti::Result<()> {
    let [table, measured] = leakages()?;
    println!("64 KiB leak {table:.4} mW by the table, {measured:.4} mW as measured");
    Ok(())
}
