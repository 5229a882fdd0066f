//! `trapti gemm`: what one matrix product costs on one array, without memory.

use super::Answer;
use super::output::{Output, table};
use crate::accelerator::{Array, Dataflow, Fill, Overlap};
use crate::error::Result;
use crate::sim::gemm::{Product, ProductCost, cost};
use crate::units::grouped;
use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;

/// What a matrix product costs on a systolic array that never waits for a memory: cycles, words at the array's edges, utilisation.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti gemm 1024 1600 1600 --array 128x128
  trapti gemm 128 128 64 --array 64x64 --dataflow ws --fill full --format json
  trapti gemm 4096 512 4096 --array 32x32 --dataflow ws --accumulator-rows 1024

Reads are words that enter the array's edges; an SRAM is read less often where an operand buffer still holds a tile.
SCALE-Sim prints one cycle less, because it numbers the last cycle from zero.")]
pub(super) struct Arguments {
    /// Rows of A and of the result.
    #[arg(value_name = "M")]
    m: u64,
    /// Columns of B and of the result.
    #[arg(value_name = "N")]
    n: u64,
    /// Columns of A, rows of B: the length of the reduction.
    #[arg(value_name = "K")]
    k: u64,
    /// Rows and columns of processing elements.
    #[arg(short, long, value_name = "RxC", value_parser = shape)]
    array: (u32, u32),
    /// What stays in the processing elements: partial sums, a tile of B, or a tile of A.
    #[arg(short, long, value_enum, default_value_t)]
    dataflow: DataflowName,
    /// Whether an edge tile counts only the rows and columns it uses, or the whole array.
    #[arg(long, value_enum, default_value_t)]
    fill: FillName,
    /// Depth of the operand buffers; it decides when operands move, not what the array model counts.
    #[arg(long, value_name = "WORDS", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    buffer_length: u32,
    /// Partial sums that each column keeps between folds along K (ws and is) [default: all].
    #[arg(long, value_name = "ROWS")]
    accumulator_rows: Option<u32>,
}

/// Short names of [`Dataflow`].
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum DataflowName {
    /// Output-stationary.
    #[default]
    #[value(alias = "output-stationary")]
    Os,
    /// Weight-stationary.
    #[value(alias = "weight-stationary")]
    Ws,
    /// Input-stationary.
    #[value(alias = "input-stationary")]
    Is,
}

/// Names of [`Fill`].
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum FillName {
    /// Only the rows and columns it uses.
    #[default]
    Edge,
    /// All of them.
    Full,
}

/// Parses `32x32`.
fn shape(text: &str) -> std::result::Result<(u32, u32), String> {
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (1..=Array::LARGEST_SIDE).contains(side));
    let sides = text.split_once(['x', 'X', '×']);
    let parsed = sides.and_then(|(rows, columns)| side(rows).zip(side(columns)));
    parsed.ok_or_else(|| format!("expected rows and columns from 1 to {} such as `32x32`", Array::LARGEST_SIDE))
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Summary {
    cycles: u64,
    reads: Reads,
    writes: u64,
    partial_sums: u64,
    utilisation: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Reads {
    a: u64,
    b: u64,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (array, product) = (arguments.array(), Product { m: arguments.m, n: arguments.n, k: arguments.k });
    let cost = cost(product, &array)?;
    let summary = Summary::new(&cost, &array);
    output.result(&summary, || human(arguments, &summary));
    Ok(Answer::Yes)
}

impl Arguments {
    fn array(&self) -> Array {
        Array {
            name: "array".into(),
            rows: self.array.0,
            columns: self.array.1,
            dataflow: match self.dataflow {
                DataflowName::Os => Dataflow::OutputStationary,
                DataflowName::Ws => Dataflow::WeightStationary,
                DataflowName::Is => Dataflow::InputStationary,
            },
            buffer_length: self.buffer_length,
            accumulator_rows: self.accumulator_rows,
            overlap: Overlap::Serial,
            fill: match self.fill {
                FillName::Edge => Fill::Edge,
                FillName::Full => Fill::Full,
            },
        }
    }
}

impl Summary {
    fn new(cost: &ProductCost, array: &Array) -> Self {
        Self {
            cycles: cost.cycles,
            reads: Reads { a: cost.reads_a, b: cost.reads_b },
            writes: cost.writes,
            partial_sums: cost.partial_sums,
            utilisation: cost.utilisation(array),
        }
    }
}

fn human(arguments: &Arguments, summary: &Summary) -> String {
    let Arguments { m, n, k, array: (rows, columns), .. } = arguments;
    let title = format!("{m}×{k} by {k}×{n} on {rows}×{columns}");
    let row = |name: &str, value: String, unit: &str| vec![name.to_string(), value, unit.to_string()];
    table(&[
        row(&title, "value".into(), "unit"),
        row("time", grouped(summary.cycles), "cycles"),
        row("reads of A", grouped(summary.reads.a), "words"),
        row("reads of B", grouped(summary.reads.b), "words"),
        row("writes of the result", grouped(summary.writes), "words"),
        row("partial sums written and read", grouped(summary.partial_sums), "words"),
        row("utilisation", format!("{:.2}", 100.0 * summary.utilisation), "%"),
    ])
}
