//! `models/rtl`: the counts belong together, and the formulas are as good as they say.

use std::collections::{BTreeMap, BTreeSet};

type Row = BTreeMap<String, String>;

fn table(name: &str) -> Vec<Row> {
    let path = format!("{}/models/rtl/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| names.iter().map(|n| n.to_string()).zip(line.split(',').map(str::to_string)).collect();
    lines.map(row).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: {row:?}"))
}

/// Value of a term, read from its text: `banks*ports*bits`, `ports*word_bits*(banks-1)`, `1`.
fn term(text: &str, row: &Row) -> f64 {
    let value = |name: &str| match name {
        "banks" => number(row, "domains") * number(row, "interleave"),
        "bits" => number(row, "word_bits") * 9.0 / 8.0 + (1024.0 / number(row, "interleave")).log2() + 1.0,
        "1" => 1.0,
        column => number(row, column),
    };
    let factor = |text: &str| match text.trim_matches(['(', ')']).strip_suffix("-1") {
        Some(name) => value(name) - 1.0,
        None => value(text),
    };
    text.split('*').map(factor).product()
}

#[test]
fn every_set_has_every_module_and_its_sizes_are_possible() {
    let rows = table("controller_cells.csv");
    let expected =
        ["pgsram_bank", "pgsram_domain_ctrl", "pgsram_policy", "pgsram_req_ctrl", "pgsram_top", "pgsram_wake_arb"];
    let mut sets: BTreeMap<Vec<String>, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        let key = [
            "domains",
            "interleave",
            "ports",
            "word_bits",
            "light",
            "retention",
            "time_bits",
            "counters",
            "sched_depth",
        ];
        sets.entry(key.iter().map(|k| row[*k].clone()).collect()).or_default().insert(&row["module"]);
        assert!(number(row, "flip_flops") <= number(row, "cells"), "{row:?}");
        // The smallest cell has two thirds of a gate equivalent, the largest 20 thirds.
        let mean = number(row, "gate_equivalents") / number(row, "cells");
        assert!((0.66..=6.67).contains(&mean), "{row:?}");
    }
    assert!(sets.len() >= 30, "{}", sets.len());
    for (set, modules) in &sets {
        assert!(expected.iter().all(|module| modules.contains(module)), "{set:?} has {modules:?}");
        assert_eq!(modules.contains("pgsram_counters"), set[7] != "0", "{set:?}");
        assert_eq!(modules.contains("pgsram_sched"), set[8] != "0", "{set:?}");
    }
}

#[test]
fn the_formulas_err_as_much_as_they_say() {
    let (rows, formulas) = (table("controller_cells.csv"), table("multiplexers.csv"));
    for (name, module) in [("crossbar", "pgsram_bank"), ("read", "pgsram_top")] {
        let terms: Vec<&Row> = formulas.iter().filter(|row| row["formula"] == name).collect();
        let mut worst = [0.0_f64; 2];
        for row in rows.iter().filter(|row| row["module"] == module) {
            if (name == "crossbar" && row["ports"] == "1")
                || (name == "read" && (row["counters"] != "0" || row["sched_depth"] != "0"))
            {
                continue;
            }
            let predicted: f64 = terms.iter().map(|t| number(t, "gate_equivalents") * term(&t["term"], row)).sum();
            let error = (predicted / number(row, "gate_equivalents") - 1.0).abs();
            let large = number(row, "domains") > 4.0 || number(row, "domains") * number(row, "interleave") > 16.0;
            worst[usize::from(large)] = worst[usize::from(large)].max(error);
        }
        let said = [number(terms[0], "worst_error_fitted"), number(terms[0], "worst_error_larger")];
        for (seen, said) in worst.iter().zip(said) {
            assert!((seen - said).abs() < 0.002 && said > 0.0 && said < 0.2, "{name}: {worst:?}, not {said}");
        }
    }
}
