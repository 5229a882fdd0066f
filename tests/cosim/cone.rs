//! Why a replay may store 32 bits of a word: no data reaches an output other than `rdata_o`.
//!
//! Yosys takes the RTL of the replay apart; what an output depends on is followed here, cell by cell, bit by bit.

use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;

type Bit = u64;

/// Bits of a list in Yosys' JSON; constants are left out.
fn bits(list: &Value) -> Vec<Bit> {
    list.as_array().unwrap().iter().filter_map(Value::as_u64).collect()
}

/// The flat module of the memory, memories as flip-flops.
fn module(parameters: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let replaced = root.join("testbenches/cosimulation");
    let mut files: Vec<_> = std::fs::read_dir(root.join("rtl")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "v"));
    let files: Vec<String> = files
        .iter()
        .map(|path| Some(replaced.join(path.file_name().unwrap())).filter(|p| p.exists()).unwrap_or(path.clone()))
        .map(|path| path.display().to_string())
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let json = directory.path().join("flat.json");
    let script = format!(
        "read_verilog {}; chparam {parameters} pgsram_top; hierarchy -top pgsram_top; proc; flatten; opt_clean; memory; \
         opt_clean; simplemap; write_json {}",
        files.join(" "),
        json.display()
    );
    let output = Command::new("yosys").args(["-q", "-p", &script]).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run yosys: {error}; apt-get install yosys"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let mut modules = whole["modules"].as_object().unwrap().values();
    modules.find(|module| module["attributes"].get("top").is_some()).unwrap().clone()
}

/// For each bit that a cell drives, the bits that the cell reads.
fn sources(module: &Value) -> HashMap<Bit, Vec<Bit>> {
    let mut found: HashMap<Bit, Vec<Bit>> = HashMap::new();
    for cell in module["cells"].as_object().unwrap().values() {
        let ports = cell["connections"].as_object().unwrap();
        let of = |direction: &str| {
            let wanted = ports.iter().filter(|(name, _)| cell["port_directions"][name.as_str()] == direction);
            wanted.flat_map(|(_, list)| bits(list)).collect::<Vec<Bit>>()
        };
        let inputs = of("input");
        of("output").into_iter().for_each(|bit| found.entry(bit).or_default().extend(&inputs));
    }
    found
}

/// Everything that decides the bits, through any number of flip-flops.
fn cone(of: Vec<Bit>, sources: &HashMap<Bit, Vec<Bit>>) -> HashSet<Bit> {
    let mut reached: HashSet<Bit> = of.iter().copied().collect();
    let mut open = of;
    while let Some(bit) = open.pop() {
        for source in sources.get(&bit).into_iter().flatten() {
            if reached.insert(*source) {
                open.push(*source);
            }
        }
    }
    reached
}

#[test]
fn no_data_reaches_an_output_but_rdata() {
    let common = "-set DOMAINS 2 -set INTERLEAVE 2 -set PORTS 2 -set WORD_BITS 8 -set DOMAIN_WORDS 4 -set TIME_BITS 4 -set COUNTERS 2";
    for own in [
        "-set RD_LATENCY 1",
        "-set RD_LATENCY 2 -set SCHED_DEPTH 2",
        "-set RD_LATENCY 2 -set BANK_CYCLES 3 -set POLICY 2",
    ] {
        let module = module(&format!("{common} {own}"));
        let sources = sources(&module);
        let written = bits(&module["ports"]["wdata_i"]["bits"]);
        let names = module["netnames"].as_object().unwrap();
        let stored: Vec<Bit> = names
            .iter()
            .filter(|(n, _)| n.contains("u_macro") && n.contains("data_q"))
            .flat_map(|(_, n)| bits(&n["bits"]))
            .collect();
        let stored: Vec<Bit> = stored.into_iter().filter(|bit| sources.contains_key(bit)).collect();
        assert!(written.len() == 16 && stored.len() >= 64, "{own}: {} stored bits", stored.len());
        let outputs = module["ports"].as_object().unwrap().iter().filter(|(_, port)| port["direction"] == "output");
        for (name, port) in outputs {
            let cone = cone(bits(&port["bits"]), &sources);
            let data = written.iter().chain(&stored).filter(|bit| cone.contains(bit)).count();
            match name.as_str() {
                "rdata_o" => {
                    assert_eq!(data, written.len() + stored.len(), "{own}: the search finds no data where it is")
                }
                _ => assert_eq!(data, 0, "{own}: data reaches {name}"),
            }
        }
    }
}
