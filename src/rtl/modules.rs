//! The hand-written sources, embedded.

/// Text of a file of `rtl/`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Module {
    /// File name.
    pub file: &'static str,
    /// Contents.
    pub text: &'static str,
}

macro_rules! modules {
    ($($name:literal),* $(,)?) => {
        [$(Module { file: concat!($name, ".v"), text: include_str!(concat!("../../rtl/", $name, ".v")) }),*]
    };
}

/// Every module of the memory, leaves first.
pub(super) const MODULES: &[Module] = &modules![
    "pgsram_clk_gate",
    "pgsram_iso",
    "pgsram_sync",
    "pgsram_rst_sync",
    "pgsram_macro",
    "pgsram_addr_map",
    "pgsram_domain_ctrl",
    "pgsram_wake_arb",
    "pgsram_policy",
    "pgsram_table",
    "pgsram_sched",
    "pgsram_bank",
    "pgsram_req_ctrl",
    "pgsram_counters",
    "pgsram_top",
    "pgsram_obi",
    "pgsram_axi4",
];

/// The module that is written from the register table.
pub(super) const REGISTERS: &str = "pgsram_csr";

/// Lint waivers of the modules, each with its reason.
pub(super) const WAIVERS: &str = include_str!("../../rtl/pgsram.vlt");

/// Header of the C interface to a verilated memory.
pub const SHIM_HEADER: &str = include_str!("../../testbenches/pgsram_shim.h");
/// Implementation of the C interface.
pub const SHIM_SOURCE: &str = include_str!("../../testbenches/pgsram_shim.cpp");

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_verilog_file_is_embedded() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/rtl");
        let entries =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let on_disk: BTreeSet<String> = entries.filter(|name| name.ends_with(".v")).collect();
        let embedded = MODULES.iter().map(|module| module.file.to_string());
        let embedded: BTreeSet<String> = embedded.chain([format!("{REGISTERS}.v")]).collect();
        assert_eq!(embedded, on_disk);
    }
}
