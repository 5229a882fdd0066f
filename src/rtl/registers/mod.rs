//! The control and status registers: one table, from which the Verilog, the SystemRDL description, the C header and the
//! Markdown page are written. The texts are kept in `rtl/`; a test compares them.

mod documents;
pub(super) mod instance;
mod table;
mod verilog;

use std::collections::BTreeMap;
use table::{Kind, REGISTERS, Register, Width};

/// Byte offset of each register, by name.
pub(super) fn offsets() -> BTreeMap<&'static str, usize> {
    table::placed().map(|(offset, register)| (register.name, offset)).collect()
}

/// What the table yields, with its place in a generated directory.
pub(super) fn texts() -> [(&'static str, String); 4] {
    [
        ("rtl/pgsram_csr.v", verilog::source()),
        ("registers/pgsram_registers.rdl", documents::system_rdl()),
        ("registers/pgsram_registers.h", documents::c_header()),
        ("registers/registers.md", documents::markdown()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// With TRAPTI_WRITE_REGISTERS set, writes them anew first: what to do after a change of the table.
    #[test]
    fn the_texts_kept_are_those_of_the_table() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/rtl/");
        for (path, text) in texts() {
            let path = format!("{root}{}", path.trim_start_matches("rtl/"));
            if std::env::var_os("TRAPTI_WRITE_REGISTERS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap();
            assert!(kept == text, "{path} is not what the table yields:\n{text}");
        }
    }

    #[test]
    fn names_differ_and_every_register_is_checked_by_the_bench() {
        let bench = include_str!("../../../testbenches/pgsram_csr_tb.v");
        let names: BTreeSet<&str> = REGISTERS.iter().map(|register| register.name).collect();
        assert_eq!(names.len(), REGISTERS.len());
        for name in names {
            assert!(bench.contains(&format!("`PGSRAM_{name}_OFFSET")), "{name}");
        }
    }
}
