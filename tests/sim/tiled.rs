//! Attention in tiles whose scores stay in the array, on every dataflow, counted tile by tile; and latent attention in it.

use super::fixtures::{Builder, accelerator, cases};
use super::replay::{Curves, assert_occupancy, unexplained_but_gathering};
use proptest::prelude::*;
use std::ops::Range;
use trapti::accelerator::{Accelerator, Array, Dataflow, Fill, Overlap};
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate, simulate_observed};
use trapti::trace::{NodeKind, Operand, Run};
use trapti::units::Bytes;
use trapti::workload::{
    AttentionOrder, CausalMask, Class, Home, LatentForm, Lowering, Model, OpKind, Projections, Scenario, Workload,
    lower,
};

const DATAFLOWS: [Dataflow; 3] = [Dataflow::OutputStationary, Dataflow::WeightStationary, Dataflow::InputStationary];

/// Sizes of one attention.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
    e: u32,
}

/// One attention of queries, keys and values that DRAM holds; the first `left` columns of queries and keys are tensors of their own.
fn attention(Sizes { m, k, n, e }: Sizes, left: u32, mask: CausalMask) -> Workload {
    let mut b = Builder::default();
    let widths: Vec<u32> = [left, k - left].into_iter().filter(|&width| width > 0).collect();
    let query: Vec<_> = widths.iter().map(|&w| b.tensor(m, w, Class::Activation, Home::Dram)).collect();
    let key: Vec<_> = widths.iter().map(|&w| b.tensor(n, w, Class::Kv, Home::Dram)).collect();
    let value = b.tensor(n, e, Class::Kv, Home::Dram);
    let out = b.tensor(m, e, Class::Activation, Home::None);
    let (query, key) = (query.into(), key.into());
    b.op(OpKind::Attention { query, key, value, out, m, k, n, e, mask, extra: 0 });
    b.workload
}

/// `whole` cut into parts of `step`.
fn parts(whole: Range<u32>, step: u32) -> Vec<Range<u32>> {
    whole.clone().step_by(step as usize).map(|at| at..whole.end.min(at + step)).collect()
}

/// What an attention costs without memory, as `docs/lowering.md` has it.
#[derive(Debug, Default, PartialEq)]
struct Cost {
    cycles: u64,
    macs: u64,
    /// Operand (0 queries, 1 keys, 2 values), rows and columns, in the order of use.
    tiles: Vec<(usize, Range<u32>, Range<u32>)>,
}

/// Products of m rows, k of the reduction and n columns in one array; with `first` and `last` what its fold or its tile is charged.
fn product(array: &Array, (m, k, n): (u64, u64, u64), (first, last): (bool, bool)) -> u64 {
    let (r, c) = match array.fill {
        Fill::Full => (u64::from(array.rows), u64::from(array.columns)),
        Fill::Edge => match array.dataflow {
            Dataflow::OutputStationary => (m, n),
            Dataflow::WeightStationary => (k, n),
            Dataflow::InputStationary => (k, m),
        },
    };
    match array.dataflow {
        Dataflow::OutputStationary => k + if first { r - 1 } else { 0 } + if last { c - 1 } else { 0 },
        Dataflow::WeightStationary => m + 2 * r - 1 + c - 1,
        Dataflow::InputStationary => n + if first { 2 * r - 1 } else { 0 } + if last { c - 1 } else { 0 },
    }
}

fn cost(Sizes { m, k, n, e }: Sizes, mask: CausalMask, array: &Array) -> Cost {
    let sees = |row: u32, key: u32| {
        let own = row + n - m;
        mask == CausalMask::None || key <= own && mask.window().is_none_or(|window| key + window > own)
    };
    let (r, c, l, all) = (array.rows, array.columns, array.buffer_length, array.accumulator_rows.unwrap_or(1 << 20));
    let (queries, keys, depth, across) = match array.dataflow {
        Dataflow::OutputStationary => (r, c, l, c),
        Dataflow::WeightStationary => (l.min(all / (1 + e.div_ceil(c))), c, r, c),
        Dataflow::InputStationary => (c, l.min(all - e), r, l),
    };
    let mut cost = Cost::default();
    let count = |range: &Range<u32>| u64::from(range.end - range.start);
    for rows in parts(0..m, queries) {
        let seen = |key: &u32| rows.clone().any(|row| sees(row, *key));
        let tiles: Vec<Range<u32>> =
            parts(0..n, keys).into_iter().filter(|tile| tile.clone().any(|key| seen(&key))).collect();
        for (number, tile) in tiles.into_iter().enumerate() {
            let mut widths = parts(0..k, depth);
            if number % 2 == 1 {
                widths.reverse();
            }
            for (i, width) in widths.iter().enumerate() {
                let sizes = (count(&rows), count(width), count(&tile));
                cost.cycles += product(
                    array,
                    sizes,
                    (
                        i == 0 || array.dataflow == Dataflow::InputStationary,
                        i + 1 == widths.len() || array.dataflow == Dataflow::InputStationary,
                    ),
                );
                cost.macs += sizes.0 * sizes.1 * sizes.2;
                cost.tiles.extend([(0, rows.clone(), width.clone()), (1, tile.clone(), width.clone())]);
            }
            let end = tile.clone().filter(seen).max().unwrap() + 1;
            let mut reduced = parts(tile.start..end, depth);
            reduced.retain(|part| part.clone().any(|key| seen(&key)));
            let columns = parts(0..e, across);
            let mut steps = Vec::new();
            if array.dataflow == Dataflow::InputStationary {
                for part in &reduced {
                    let ends = |i: usize| (i == 0, i + 1 == columns.len());
                    steps.extend(columns.iter().enumerate().map(|(i, column)| (part, column, ends(i))));
                }
            } else {
                for column in &columns {
                    let ends = |i: usize| (i == 0, i + 1 == reduced.len());
                    steps.extend(reduced.iter().enumerate().map(|(i, part)| (part, column, ends(i))));
                }
            }
            for (part, column, ends) in steps {
                let sizes = (count(&rows), count(part), count(column));
                cost.cycles += product(array, sizes, ends);
                cost.macs += sizes.0 * sizes.1 * sizes.2;
                cost.tiles.push((2, part.clone(), column.clone()));
            }
        }
    }
    cost
}

/// Bytes of queries, and of keys and values, that are fetched past buffers that remember so many tiles each.
fn fetched(cost: &Cost, remembered: usize) -> [u64; 2] {
    let mut buffers = [Vec::new(), Vec::new()];
    let mut bytes = [0; 2];
    for tile in &cost.tiles {
        let side = tile.0.min(1);
        let buffer: &mut Vec<_> = &mut buffers[side];
        match buffer.iter().position(|known| known == tile) {
            Some(at) => drop(buffer.remove(at)),
            None => bytes[side] += u64::from(tile.1.end - tile.1.start) * u64::from(tile.2.end - tile.2.start),
        }
        buffer.insert(0, tile.clone());
        buffer.truncate(remembered);
    }
    bytes
}

/// Bytes that an operand of the array reads.
fn read(run: &Run, operand: Operand) -> u64 {
    let nodes = run.accesses.nodes().iter().filter(|n| n.kind == NodeKind::Read && n.operand == operand);
    nodes.map(|node| node.bytes().0).sum()
}

fn chip(dataflow: Dataflow, overlap: Overlap, (rows, columns, length): (u32, u32, u32)) -> Accelerator {
    let mut chip = accelerator(1, overlap);
    let array = &mut chip.arrays[0];
    (array.dataflow, array.rows, array.columns, array.buffer_length) = (dataflow, rows, columns, length);
    chip.memories[0].port_bits = 8;
    chip
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn tiles_cost_what_counting_them_gives(
        sizes in (1u32..20, 1u32..12, 1u32..12, 1u32..12), masked: bool, window in prop::option::of(1u32..20),
        shape in (1u32..6, 1u32..6, 1u32..9), spare in prop::option::of(0u32..6),
        which in 0usize..3, double: bool, full: bool, left in 0u32..12,
    ) {
        let sizes = Sizes { m: sizes.0, k: sizes.1, n: sizes.0 + sizes.2 - 1, e: sizes.3 };
        let mask = match (masked, window) {
            (false, _) => CausalMask::None,
            (true, None) => CausalMask::Score,
            (true, Some(window)) => CausalMask::WindowedScore(window),
        };
        let overlap = if double { Overlap::DoubleBuffered } else { Overlap::Serial };
        let mut chip = chip(DATAFLOWS[which], overlap, shape);
        let array = &mut chip.arrays[0];
        array.fill = if full { Fill::Full } else { Fill::Edge };
        let fewest = if which == 1 { 1 + sizes.e.div_ceil(array.columns) } else { 1 + sizes.e };
        array.accumulator_rows = spare.map(|spare| fewest + spare);
        let expected = cost(sizes, mask, array);
        let workload = attention(sizes, left.min(sizes.k - 1), mask);
        let mut curves = Curves::default();
        let run = simulate_observed(&workload, &chip, &Options::default(), &mut |_| {}, &mut curves).unwrap();
        prop_assert_eq!(run.statistics.ops[0].compute.0, expected.cycles);
        prop_assert_eq!(run.statistics.macs_issued, expected.macs);
        prop_assert_eq!([read(&run, Operand::A), read(&run, Operand::B)], fetched(&expected, if double { 2 } else { 1 }));
        prop_assert_eq!(run.statistics.memories[0].write_words - run.statistics.dram.read_bytes.0, u64::from(sizes.m * sizes.e));
        prop_assert_eq!(unexplained_but_gathering(&run), vec![]);
        assert_occupancy(&run, &curves);
    }
}

/// No tile is used twice in a row, so that a tile of queries reads all keys and all values once, and the queries as often as there
/// are tiles of keys, but for the parts that stay from one to the next.
#[test]
fn each_tile_of_queries_reads_keys_and_values_again() {
    let sizes = Sizes { m: 24, k: 20, n: 36, e: 20 };
    for (dataflow, queries) in [(DATAFLOWS[0], 4), (DATAFLOWS[1], 8), (DATAFLOWS[2], 6)] {
        let chip = chip(dataflow, Overlap::Serial, (4, 6, 8));
        let run = simulate(&attention(sizes, 0, CausalMask::None), &chip, &Options::default(), &mut |_| {}).unwrap();
        let tiles = u64::from(sizes.m / queries);
        assert_eq!(read(&run, Operand::B), tiles * u64::from(sizes.n * (sizes.k + sizes.e)), "{dataflow:?}");
        assert_eq!(run.statistics.macs_issued, u64::from(sizes.m * sizes.n * (sizes.k + sizes.e)));
        assert_eq!(run.statistics.memories[0].read_bytes[Class::Score as usize], Bytes(0));
    }
}

#[test]
fn too_few_accumulators_are_refused() {
    let sizes = Sizes { m: 4, k: 4, n: 4, e: 7 };
    for (dataflow, fewest) in [(Dataflow::WeightStationary, 1 + 2), (Dataflow::InputStationary, 1 + 7)] {
        let mut chip = chip(dataflow, Overlap::Serial, (4, 4, 4));
        let mut outcome = |rows| {
            chip.arrays[0].accumulator_rows = Some(rows);
            simulate(&attention(sizes, 0, CausalMask::None), &chip, &Options::default(), &mut |_| {})
        };
        assert!(outcome(fewest).is_ok());
        match outcome(fewest - 1) {
            Err(trapti::Error::Input(problems)) => assert_eq!(problems[0].code, "accumulators"),
            other => panic!("{:?}", other.map(|run| run.statistics.cycles)),
        }
    }
}

const LATENT: &str = r#"{
  "model_type": "deepseek_v2", "hidden_size": 16, "intermediate_size": 24, "moe_intermediate_size": 6, "num_hidden_layers": 2,
  "vocab_size": 20, "num_attention_heads": 2, "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2,
  "first_k_dense_replace": 1, "q_lora_rank": 10, "kv_lora_rank": 8, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 6
}"#;

/// Both forms, with the cache narrower than the activations, without a score in the memory.
#[test]
fn latent_attention_in_tiles() {
    let model = Model::parse(&Source::new("small.json", LATENT)).unwrap();
    for decode in [0, 3] {
        let mut scenario = Scenario { decode, batch: 2, ..Scenario::new(9) };
        scenario.bits.kv = 4;
        for (mla, projections, dataflow) in [
            (LatentForm::Absorbed, Projections::Fused, Dataflow::OutputStationary),
            (LatentForm::Absorbed, Projections::PerHead, Dataflow::WeightStationary),
            (LatentForm::Expanded, Projections::Fused, Dataflow::InputStationary),
            (LatentForm::Expanded, Projections::PerHead, Dataflow::OutputStationary),
        ] {
            let run = |attention| {
                let lowering = Lowering { attention, mla, projections, ..Lowering::for_scenario(&scenario) };
                let workload = lower(&model, &scenario, &lowering).unwrap();
                let chip = chip(dataflow, Overlap::DoubleBuffered, (4, 3, 5));
                let mut curves = Curves::default();
                let run =
                    simulate_observed(&workload, &chip, &Options::of(&lowering), &mut |_| {}, &mut curves).unwrap();
                assert_eq!(unexplained_but_gathering(&run), vec![]);
                assert_occupancy(&run, &curves);
                run
            };
            let [tiled, matrices] = [AttentionOrder::Tiled, AttentionOrder::DepthFirst].map(run);
            assert_eq!(tiled.statistics.macs_useful, matrices.statistics.macs_useful, "{mla:?}");
            let scores = |run: &Run| run.statistics.memories[0].read_bytes[Class::Score as usize];
            assert_eq!(scores(&tiled), Bytes(0));
            assert!(scores(&matrices) > Bytes(0));
            assert_eq!(tiled.statistics.dram.write_bytes, matrices.statistics.dram.write_bytes);
        }
    }
}
