//! Cycles and operand reads of output-stationary arrays against SCALE-Sim (`tests/data/scalesim`).

use std::fs;
use std::path::Path;
use trapti::accelerator::{Array, Dataflow, Fill, Overlap};
use trapti::sim::tiling::{Tiling, array_cycles};
use trapti::workload::CausalMask;

fn array(shape: &str) -> Array {
    let (rows, columns) = shape.split_once('x').unwrap();
    Array {
        name: shape.into(),
        rows: rows.parse().unwrap(),
        columns: columns.parse().unwrap(),
        dataflow: Dataflow::OutputStationary,
        buffer_length: 64,
        overlap: Overlap::Serial,
        fill: Fill::Full,
    }
}

#[test]
fn output_stationary_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scalesim/goldens.csv");
    let text = fs::read_to_string(path).unwrap();
    let mut compared = 0;
    for line in text.lines().skip(1).filter(|line| line.contains(",os,")) {
        let fields: Vec<&str> = line.split(',').collect();
        let size = |i: usize| fields[i].parse::<u32>().unwrap();
        let count = |i: usize| fields[i].parse::<u64>().unwrap();
        let (m, n, k, array) = (size(1), size(2), size(3), array(fields[4]));
        assert_eq!(array_cycles(m, k, n, &array), count(6) + 1, "cycles: {line}");
        let reads = Tiling::new(m, k, n, CausalMask::None, &array).edge_reads();
        assert_eq!(reads, (count(7), count(8)), "operand reads: {line}");
        compared += 1;
    }
    assert!(compared >= 30, "{compared} rows");
}
