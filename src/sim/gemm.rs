//! One matrix product on one array, without memory: the closed forms.
//!
//! With ⌈·⌉ folds, full fill, an R×C array and a product of M×K by K×N:
//!
//! | | output-stationary | weight-stationary | input-stationary |
//! |---|---|---|---|
//! | cycles | ⌈M/R⌉·⌈N/C⌉·(K + R + C − 2) | ⌈K/R⌉·⌈N/C⌉·(M + 2R + C − 2) | ⌈K/R⌉·⌈M/C⌉·(N + 2R + C − 2) |
//! | reads of A | M·K·⌈N/C⌉ | M·K·⌈N/C⌉ | M·K |
//! | reads of B | K·N·⌈M/R⌉ | K·N | K·N·⌈M/C⌉ |
//!
//! With edge fill, R and C are the rows and columns that each fold uses. The forms are those of SCALE-Sim 3.0.0 (Samajdar et
//! al., "SCALE-Sim: systolic CNN accelerator simulator", arXiv 1811.02883), which prints one cycle less because it numbers the
//! last cycle from zero.

use crate::accelerator::{Array, Dataflow, Fill};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};

/// A product of an M×K by a K×N matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Rows of A and of the result.
    pub m: u64,
    /// Columns of B and of the result.
    pub n: u64,
    /// Columns of A, rows of B.
    pub k: u64,
}

/// What a product costs on an array that never waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductCost {
    /// Cycles of computation.
    pub cycles: u64,
    /// Words of A that enter the edge of the array.
    pub reads_a: u64,
    /// Words of B that enter the edge of the array.
    pub reads_b: u64,
    /// Words of the result, each written once: M·N.
    pub writes: u64,
    /// Words of partial sums that the accumulators do not hold: each is counted when it is written and when it is read again.
    pub partial_sums: u64,
    /// Multiplications and additions: M·K·N.
    pub macs: u64,
}

impl ProductCost {
    /// Share of the processing elements' cycles in which they multiply: M·K·N / (R·C·cycles).
    pub fn utilisation(&self, array: &Array) -> f64 {
        self.macs as f64 / (f64::from(array.rows) * f64::from(array.columns) * self.cycles as f64)
    }
}

/// How one dimension is cut into folds.
#[derive(Debug, Clone, Copy)]
struct Folds {
    /// How many.
    count: u128,
    /// Rows or columns that count, summed over the folds.
    sum: u128,
}

impl Folds {
    fn new(size: u64, side: u32, fill: Fill) -> Self {
        let count = u128::from(size.div_ceil(u64::from(side)));
        let sum = match fill {
            Fill::Edge => u128::from(size),
            Fill::Full => count * u128::from(side),
        };
        Self { count, sum }
    }
}

/// Cycles, reads of A, reads of B and partial sums.
type Counts = [u128; 4];

/// M along the rows, N along the columns; each tile takes K steps and the skew of its rows and columns.
fn output_stationary(Product { m, n, k }: Product, array: &Array) -> Option<Counts> {
    let (down, across) = (Folds::new(m, array.rows, array.fill), Folds::new(n, array.columns, array.fill));
    let steps = (down.count * across.count).checked_mul(u128::from(k))?;
    let of_rows = across.count.checked_mul(down.sum - down.count)?;
    let of_columns = down.count.checked_mul(across.sum - across.count)?;
    let reads_a = words(m, k)?.checked_mul(across.count)?;
    let reads_b = words(k, n)?.checked_mul(down.count)?;
    Some([steps.checked_add(of_rows)?.checked_add(of_columns)?, reads_a, reads_b, 0])
}

/// B stationary: K along the rows, N along the columns; each fold takes its rows to load B, M rows of A, and the skew of its rows
/// and columns.
fn weight_stationary(Product { m, n, k }: Product, array: &Array) -> Option<Counts> {
    let (down, across) = (Folds::new(k, array.rows, array.fill), Folds::new(n, array.columns, array.fill));
    let stream = (down.count * across.count).checked_mul(u128::from(m))?;
    let of_rows = across.count.checked_mul(2 * down.sum - down.count)?;
    let of_columns = down.count.checked_mul(across.sum - across.count)?;
    let reads_a = words(m, k)?.checked_mul(across.count)?;
    let beyond = array.accumulator_rows.map_or(0, |rows| m.saturating_sub(u64::from(rows)));
    let partial_sums = words(beyond, n)?.checked_mul(2 * (down.count - 1))?;
    Some([stream.checked_add(of_rows)?.checked_add(of_columns)?, reads_a, words(k, n)?, partial_sums])
}

/// A stationary. A·B is the transpose of Bᵀ·Aᵀ, whose right operand is stationary.
fn input_stationary(Product { m, n, k }: Product, array: &Array) -> Option<Counts> {
    let [cycles, reads_b, reads_a, partial_sums] = weight_stationary(Product { m: n, n: m, k }, array)?;
    Some([cycles, reads_a, reads_b, partial_sums])
}

fn words(rows: u64, cols: u64) -> Option<u128> {
    u128::from(rows).checked_mul(u128::from(cols))
}

/// What `product` costs on `array`.
///
/// # Errors
/// If a side is zero or a count needs more than 64 bits.
pub fn cost(product: Product, array: &Array) -> Result<ProductCost> {
    check(product)?;
    counts(product, array).ok_or_else(|| {
        let Product { m, n, k } = product;
        let message = format!("the counts of {m}×{k} by {k}×{n} need more than 64 bits");
        Error::input(Diagnostic::new("too-large", message).with_help("the product of the sides must stay below 2^64"))
    })
}

fn check(product: Product) -> Result<()> {
    let sides = [("M", product.m), ("N", product.n), ("K", product.k)];
    let zero = sides.into_iter().filter(|(_, size)| *size == 0);
    let problem = |(name, _)| Diagnostic::new("zero-size", format!("{name} is 0")).with_help("a side is at least 1");
    let problems: Vec<_> = zero.map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}

fn counts(product: Product, array: &Array) -> Option<ProductCost> {
    let [cycles, reads_a, reads_b, partial_sums] = match array.dataflow {
        Dataflow::OutputStationary => output_stationary(product, array),
        Dataflow::WeightStationary => weight_stationary(product, array),
        Dataflow::InputStationary => input_stationary(product, array),
    }?;
    let small = |count: u128| u64::try_from(count).ok();
    let writes = product.m.checked_mul(product.n)?;
    Some(ProductCost {
        cycles: small(cycles)?,
        reads_a: small(reads_a)?,
        reads_b: small(reads_b)?,
        writes,
        partial_sums: small(partial_sums)?,
        macs: writes.checked_mul(product.k)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accelerator::Overlap;

    fn array(dataflow: Dataflow, fill: Fill, accumulator_rows: Option<u32>) -> Array {
        let (rows, columns, buffer_length) = (4, 3, 8);
        let overlap = Overlap::Serial;
        Array { name: "a".into(), rows, columns, dataflow, buffer_length, accumulator_rows, overlap, fill }
    }

    #[test]
    fn weight_stationary_folds_by_hand() {
        let product = Product { m: 5, n: 7, k: 6 };
        // K in folds of 4 and 2 rows, N in 3, 3 and 1 columns. Fold r×c: r to load, 5 rows, r − 1 + c − 1 to drain.
        let folds = [(4, 3), (2, 3), (4, 3), (2, 3), (4, 1), (2, 1)];
        let by_hand: u64 = folds.iter().map(|(r, c)| r + 5 + r - 1 + c - 1).sum();
        let edge = cost(product, &array(Dataflow::WeightStationary, Fill::Edge, None)).unwrap();
        assert_eq!((edge.cycles, edge.reads_a, edge.reads_b), (by_hand, 5 * 6 * 3, 6 * 7));
        let full = cost(product, &array(Dataflow::WeightStationary, Fill::Full, None)).unwrap();
        assert_eq!(full.cycles, 6 * (5 + 2 * 4 + 3 - 2));
    }

    #[test]
    fn rows_beyond_the_accumulators_go_out_and_come_back() {
        let product = Product { m: 5, n: 7, k: 9 };
        // Three folds along K: two of 5 rows do not fit, go out after the first and second fold, come back before the next.
        let cost = cost(product, &array(Dataflow::WeightStationary, Fill::Edge, Some(3))).unwrap();
        assert_eq!((cost.writes, cost.partial_sums), (35, 2 * 2 * 7 + 2 * 2 * 7));
    }

    #[test]
    fn huge_products_are_counted_or_refused_at_once() {
        let side = 1 << 20;
        let good = cost(Product { m: side, n: side, k: side }, &array(Dataflow::OutputStationary, Fill::Full, None));
        assert_eq!(good.unwrap().macs, 1 << 60);
        for dataflow in [Dataflow::OutputStationary, Dataflow::WeightStationary, Dataflow::InputStationary] {
            for fill in [Fill::Edge, Fill::Full] {
                let small = Array { rows: 1, columns: 1, ..array(dataflow, fill, Some(0)) };
                let huge = cost(Product { m: u64::MAX, n: u64::MAX, k: u64::MAX }, &small);
                assert!(matches!(huge, Err(Error::Input(problems)) if problems[0].code == "too-large"));
            }
        }
    }

    #[test]
    fn every_side_of_zero_is_named() {
        let none = cost(Product { m: 0, n: 0, k: 1 }, &array(Dataflow::OutputStationary, Fill::Full, None));
        assert!(matches!(none, Err(Error::Input(problems)) if problems.len() == 2));
    }
}
