//! What CACTI is asked: its configuration file.

use super::super::model::{MacroSpec, Ports};

/// Internal organisation of a macro, in CACTI's terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Organisation {
    /// Divisions of word lines.
    pub ndwl: f64,
    /// Divisions of bit lines.
    pub ndbl: f64,
    /// Words of a row.
    pub nspd: f64,
    /// Columns of a sense amplifier.
    pub ndcm: f64,
    /// Sense amplifiers of a first-level multiplexer.
    pub ndsam1: f64,
    /// Those of a second-level one.
    pub ndsam2: f64,
}

impl Organisation {
    /// Mats: groups of two by two subarrays.
    pub fn mats(&self) -> f64 {
        (self.ndwl / 2.0).max(1.0) * (self.ndbl / 2.0).max(1.0)
    }
}

/// Settings that never change: those of the embedded table, and what CACTI asks of memories off the chip without using it here.
const SETTINGS: &str = r#"
-CL Power Gating - "false"
-Interconnect Power Gating - "false"
-Power Gating Performance Loss 0.01
-associativity 1
-single ended read ports 0
-UCA bank count 1
-page size (bits) 8192
-burst length 8
-internal prefetch width 8
-operating temperature (K) 350
-cache type "ram"
-tag size (b) "default"
-access mode (normal, sequential, fast) - "normal"
-design objective (weight delay, dynamic power, leakage power, cycle time, area) 0:0:0:100:0
-deviate (delay, dynamic power, leakage power, cycle time, area) 20:100000:100000:100000:100000
-NUCAdesign objective (weight delay, dynamic power, leakage power, cycle time, area) 100:100:0:0:100
-NUCAdeviate (delay, dynamic power, leakage power, cycle time, area) 10:10000:10000:10000:10000
-Optimize ED or ED^2 (ED, ED^2, NONE): "ED^2"
-Cache model (NUCA, UCA)  - "UCA"
-NUCA bank count 0
-Wire signaling (fullswing, lowswing, default) - "Global_30"
-Wire inside mat - "semi-global"
-Wire outside mat - "semi-global"
-Interconnect projection - "conservative"
-Core count 1
-Cache level (L2/L3) - "L3"
-Add ECC - "false"
-Print level (DETAILED, CONCISE) - "DETAILED"
-Print input parameters - "true"
-dram_type "DDR3"
-io state "WRITE"
-addr_timing 1.0
-mem_density 4 Gb
-bus_freq 800 MHz
-duty_cycle 1.0
-activity_dq 1.0
-activity_ca 0.5
-num_dq 72
-num_dqs 18
-num_ca 25
-num_clk 2
-num_mem_dq 2
-mem_data_width 8
-rtt_value 10000
-ron_value 34
-tflight_value
-num_bobs 1
-capacity 80
-num_channels_per_bob 1
-first metric "Cost"
-second metric "Bandwidth"
-third metric "Energy"
-DIMM model "ALL"
-mirror_in_bob "F"
"#;

/// The file: free search without power gating, or power-gated in a forced organisation.
pub(super) fn configuration(spec: &MacroSpec, forced: Option<&Organisation>) -> String {
    let gated = forced.is_some();
    let (read_write, read, write) = match spec.ports {
        Ports::SingleReadWrite => (1, 0, 0),
        Ports::ReadAndWrite => (0, 1, 1),
        Ports::DualReadWrite => (2, 0, 0),
    };
    let mut lines = vec![
        format!("-size (bytes) {}", spec.capacity.0),
        format!("-block size (bytes) {}", spec.word_bits / 8),
        format!("-output/input bus width {}", spec.word_bits),
        format!("-technology (u) 0.{:03}", spec.technology.node_nm),
        format!("-read-write port {read_write}"),
        format!("-exclusive read port {read}"),
        format!("-exclusive write port {write}"),
    ];
    for array in ["Data", "Tag"] {
        lines.push(format!("-{array} array cell type - \"itrs-{}\"", spec.technology.cell.name()));
        lines.push(format!("-{array} array peripheral type - \"itrs-{}\"", spec.technology.periphery.name()));
    }
    for gate in ["Array Power Gating", "WL Power Gating", "Bitline floating", "Force cache config"] {
        lines.push(format!("-{gate} - \"{gated}\""));
    }
    let one = Organisation { ndwl: 1.0, ndbl: 1.0, nspd: 1.0, ndcm: 1.0, ndsam1: 1.0, ndsam2: 1.0 };
    let o = forced.unwrap_or(&one);
    let named = [o.ndwl, o.ndbl, o.nspd, o.ndcm, o.ndsam1, o.ndsam2];
    for (name, value) in ["Ndwl", "Ndbl", "Nspd", "Ndcm", "Ndsam1", "Ndsam2"].into_iter().zip(named) {
        lines.push(format!("-{name} {value}"));
    }
    lines.join("\n") + SETTINGS
}
