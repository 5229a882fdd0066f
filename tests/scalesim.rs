//! Cycles and accesses of the array model against SCALE-Sim (`tests/data/scalesim`).

use std::fs;
use std::path::Path;
use trapti::accelerator::{Array, Dataflow, Fill, Overlap};
use trapti::sim::gemm::{Product, ProductCost, cost};

/// One product of the reference.
pub struct Row {
    line: String,
    pub product: Product,
    pub array: Array,
    pub cycles: u64,
    pub reads: (u64, u64),
    pub writes: u64,
}

impl Row {
    fn parse(line: &str) -> Self {
        let fields: Vec<&str> = line.split(',').collect();
        let count = |i: usize| fields[i].parse::<u64>().unwrap();
        let (rows, columns) = fields[4].split_once('x').unwrap();
        let dataflow = match fields[5] {
            "os" => Dataflow::OutputStationary,
            "ws" => Dataflow::WeightStationary,
            "is" => Dataflow::InputStationary,
            other => panic!("{other}"),
        };
        let array = Array {
            name: fields[4].into(),
            rows: rows.parse().unwrap(),
            columns: columns.parse().unwrap(),
            dataflow,
            buffer_length: 64,
            accumulator_rows: None,
            overlap: Overlap::Serial,
            fill: Fill::Full,
        };
        Self {
            line: line.into(),
            product: Product { m: count(1), n: count(2), k: count(3) },
            array,
            cycles: count(6),
            reads: (count(7), count(8)),
            writes: count(9),
        }
    }

    pub fn cost(&self, accumulator_rows: Option<u32>) -> ProductCost {
        cost(self.product, &Array { accumulator_rows, ..self.array.clone() }).unwrap()
    }
}

pub fn rows(dataflow: Dataflow) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scalesim/goldens.csv");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<Row> = text.lines().skip(1).map(Row::parse).collect();
    assert_eq!(rows.len(), 99);
    rows.into_iter().filter(|row| row.array.dataflow == dataflow).collect()
}

/// Cycles (it numbers the last one from zero), operand reads, and our writes: M·N.
fn assert_equal(row: &Row) {
    let ours = row.cost(None);
    assert_eq!(ours.cycles, row.cycles + 1, "cycles: {}", row.line);
    assert_eq!((ours.reads_a, ours.reads_b), row.reads, "operand reads: {}", row.line);
    assert_eq!((ours.writes, ours.partial_sums), (row.product.m * row.product.n, 0), "writes: {}", row.line);
}

#[test]
fn output_stationary_rows() {
    let rows = rows(Dataflow::OutputStationary);
    assert!(rows.len() >= 30);
    for row in rows {
        assert_equal(&row);
        // Its first defect: R + C writes more in each fold.
        let (r, c) = (u64::from(row.array.rows), u64::from(row.array.columns));
        let folds = row.product.m.div_ceil(r) * row.product.n.div_ceil(c);
        assert_eq!(row.cost(None).writes + folds * (r + c), row.writes, "{}", row.line);
    }
}

#[test]
fn stationary_operand_rows() {
    for dataflow in [Dataflow::WeightStationary, Dataflow::InputStationary] {
        let rows = rows(dataflow);
        assert!(rows.len() >= 30);
        for row in rows {
            assert_equal(&row);
            // Its second defect: every partial sum is written and never read. Without accumulators each of our partial sums is
            // counted twice, because it comes back.
            let without = row.cost(Some(0));
            assert_eq!(without.writes + without.partial_sums / 2, row.writes, "{}", row.line);
        }
    }
}
