//! `accelerator.toml`: what is read, what is refused and how, and the canonical copy.

use proptest::prelude::*;
use trapti::accelerator::{
    Accelerator, Access, Array, Dataflow, Dispatch, Dram, Fill, Memory, Overlap, Reclaim, Replacement, Serves,
    VectorUnit, Victims,
};
use trapti::diagnostic::Source;
use trapti::ids::MemoryId;
use trapti::units::{Bytes, Cycles, Hertz, Picojoules};

const EDGE: &str = include_str!("../models/accelerators/edge-2x128.toml");

const SMALL: &str = "\
clock = '500 MHz'
[[array]]
rows = 16
columns = 32
[vector]
lanes = 8
[[memory]]
capacity = 'unlimited'
port_bits = 256
latency = 10
[dram]
latency = '80 ns'
channel_bits = 32
transfers = '3.2 GT/s'
";

const DATAFLOWS: [Dataflow; 3] = [Dataflow::OutputStationary, Dataflow::WeightStationary, Dataflow::InputStationary];

fn parse(text: &str) -> Result<Accelerator, String> {
    Accelerator::parse(&Source::new("chip.toml", text)).map_err(|error| {
        let trapti::Error::Input(problems) = error else { panic!("{error}") };
        problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n\n")
    })
}

#[test]
fn the_edge_model_is_what_its_comments_say() {
    let edge = parse(EDGE).unwrap();
    assert_eq!((edge.name.as_str(), edge.clock), ("edge-2x128", Hertz(1_000_000_000)));
    assert_eq!(
        edge.arrays.iter().map(|a| (a.rows, a.columns, a.buffer_length)).collect::<Vec<_>>(),
        [(128, 128, 64); 2]
    );
    assert!(edge.arrays.iter().all(|a| a.overlap == Overlap::DoubleBuffered && a.fill == Fill::Edge));
    assert_eq!(edge.vector, VectorUnit { lanes: 128, buffer: Bytes(4096) });
    let sram = &edge.memories[0];
    assert_eq!((sram.capacity, sram.ports, sram.port_bits), (Some(Bytes(64 << 20)), 4, 512));
    assert_eq!((sram.latency, sram.victims), (Cycles(10), Victims::ObsoleteFirst));
    assert_eq!((edge.dram.latency, edge.dram.transfers_per_second), (Cycles(80), 1_600_000_000));
    assert_eq!((edge.dram.channel_bits, edge.dram.burst, edge.dram.ports), (64, 8, 1));
    assert_eq!(edge.dram.energy_per_bit, Some(Picojoules(20.0)));
}

#[test]
fn defaults_fill_what_the_file_leaves_out() {
    let small = parse(SMALL).unwrap();
    assert_eq!((small.name.as_str(), small.dispatch), ("chip", Dispatch::RoundRobin));
    assert_eq!((small.arrays[0].name.as_str(), small.arrays[0].buffer_length), ("sa0", 64));
    assert_eq!((small.arrays[0].dataflow, small.arrays[0].accumulator_rows), (Dataflow::OutputStationary, None));
    assert_eq!(small.vector.buffer, Bytes(4096));
    assert_eq!((small.memories[0].capacity, small.memories[0].ports), (None, 1));
    assert_eq!((small.dram.latency, small.dram.burst), (Cycles(40), 8), "80 ns at 500 MHz");
    assert_eq!(small.dram.energy_per_bit, None);
}

#[test]
fn accumulators_hold_all_or_some_rows() {
    let with = |key: &str| parse(&SMALL.replace("rows = 16", &format!("rows = 16\n{key}")));
    assert_eq!(with("accumulator_rows = 'all'").unwrap().arrays[0].accumulator_rows, None);
    assert_eq!(with("accumulator_rows = 0").unwrap().arrays[0].accumulator_rows, Some(0));
    assert_eq!(with("dataflow = 'input-stationary'").unwrap().arrays[0].dataflow, Dataflow::InputStationary);
    assert!(with("accumulator_rows = -1").unwrap_err().contains("out-of-range"));
}

#[test]
fn every_problem_of_a_file_is_reported_at_once() {
    let text = SMALL
        .replace("rows = 16", "rows = 0\ndataflow = 'weight-stationery'\naccumulator_rows = 'al'")
        .replace("lanes = 8", "lane = 8")
        .replace("'unlimited'", "'unlimted'")
        .replace("port_bits = 256", "port_bits = 100\nreplacement = 'mru'")
        .replace("latency = '80 ns'", "latency = '80'")
        .replace("clock = '500 MHz'", "clock = '0 Hz'\nclocks = 2");
    insta::assert_snapshot!(parse(&text).unwrap_err());
}

#[test]
fn every_access_needs_exactly_one_nearest_memory() {
    let memories = |first: &str, others: &str| {
        let first = format!("port_bits = 256\n{first}");
        parse(&SMALL.replace("port_bits = 256", &first).replace("[dram]", &format!("{others}[dram]")))
    };
    let second =
        |keys: &str| format!("[[memory]]\nname = 'near'\ncapacity = '1 MiB'\nport_bits = 8\nlatency = 1\n{keys}\n");
    let problems = [
        memories("", &second("")),
        memories("classes = ['weight', 'kv']", &second("classes = ['score']\narrays = ['sa0']")),
        memories("above = 'near'", &second("above = 'sram'")),
        memories("above = 'far'", &second("arrays = ['sa1']\noperands = []\nclasses = ['weights']")),
    ];
    let text: Vec<String> = problems.into_iter().map(Result::unwrap_err).collect();
    insta::assert_snapshot!(text.join("\n\n=====\n\n"));
}

#[test]
fn the_nearest_memory_is_the_one_below() {
    let dedicated = "[[memory]]\nname = 'weights'\ncapacity = '1 MiB'\nport_bits = 8\nlatency = 1\nabove = 'sram'\n\
                     arrays = ['sa0']\noperands = ['b']\n";
    let chip = parse(&SMALL.replace("[dram]", &format!("{dedicated}[dram]"))).unwrap();
    let nearest = |unit, operand, class| chip.nearest(Access { unit, operand, class }).unwrap().index();
    assert_eq!([nearest(0, 0, 0), nearest(0, 1, 0), nearest(0, 1, 2), nearest(0, 2, 1)], [0, 1, 1, 0]);
    assert_eq!(nearest(1, 1, 0), 0, "the vector unit");
    assert_eq!(chip.chain(MemoryId(1)).collect::<Vec<_>>(), [MemoryId(1), MemoryId(0)]);
    assert_eq!(parse(&chip.to_toml()), Ok(chip));
}

#[test]
fn an_empty_file_names_everything_it_needs() {
    insta::assert_snapshot!(parse("").unwrap_err());
}

#[test]
fn absurd_sizes_are_refused() {
    let text = SMALL
        .replace("'500 MHz'", "'2000 GHz'")
        .replace("'unlimited'", "'2000000000 GiB'")
        .replace("latency = 10", "latency = '2 s'")
        .replace("columns = 32", "columns = 99999999999999999999")
        .replace("'3.2 GT/s'", "'0 MT/s'");
    insta::assert_snapshot!(parse(&text).unwrap_err());
}

#[test]
fn tables_in_the_wrong_form_are_refused() {
    let single = SMALL.replace("[[array]]", "[array]").replace("[vector]", "[[vector]]");
    insta::assert_snapshot!(parse(&single).unwrap_err());
    assert!(
        parse(&format!("array = []\n{}", SMALL.replace("[[array]]\nrows = 16\ncolumns = 32\n", "")))
            .unwrap_err()
            .contains("expected at least one table")
    );
}

#[test]
fn two_arrays_need_two_names() {
    let twin = "[[array]]\nname = 'sa0'\nrows = 1\ncolumns = 1\n";
    insta::assert_snapshot!(parse(&SMALL.replace("[vector]", &format!("{twin}[vector]"))).unwrap_err());
}

prop_compose! {
    fn array()(sides in (1..=65536u32, 1..=65536u32), buffer_length in 1..=(1u32 << 24), accumulator_rows: Option<u32>,
               dataflow in prop::sample::select(DATAFLOWS.to_vec()), serial: bool, full: bool) -> Array {
        Array {
            name: String::new(),
            rows: sides.0,
            columns: sides.1,
            dataflow,
            buffer_length,
            accumulator_rows,
            overlap: if serial { Overlap::Serial } else { Overlap::DoubleBuffered },
            fill: if full { Fill::Full } else { Fill::Edge },
        }
    }
}

prop_compose! {
    fn memory()(name in "[^\\p{Cc}/\\\\]{1,9}", capacity in proptest::option::of(1..=(1u64 << 50)), ports in 1..=64u32,
                bytes in 1..=4096u32, latency in 0..=1_000_000_000u64, any: bool) -> Memory {
        Memory {
            name,
            capacity: capacity.map(Bytes),
            ports,
            port_bits: 8 * bytes,
            latency: Cycles(latency),
            replacement: Replacement::Lru,
            victims: if any { Victims::Any } else { Victims::ObsoleteFirst },
            reclaim: Reclaim::Lazy,
            above: None,
            serves: Serves::default(),
        }
    }
}

prop_compose! {
    fn dram()(latency in 0..=1_000_000_000u64, bytes in 1..=64u32, rate in 1..=1_000_000_000_000u64, burst in 1..=1024u32,
              ports in 1..=64u32, energy in proptest::option::of(0.0..1e12f64)) -> Dram {
        Dram {
            latency: Cycles(latency),
            channel_bits: 8 * bytes,
            transfers_per_second: rate,
            burst,
            ports,
            energy_per_bit: energy.map(Picojoules),
        }
    }
}

prop_compose! {
    fn accelerator()(name in "[^\\p{Cc}]{1,9}", clock in 1..=1_000_000_000_000u64, arrays in prop::collection::vec(array(), 1..4),
                     lanes in 1..=65536u32, buffer in 1..=(1u64 << 50), memory in memory(), dram in dram(), greedy: bool) -> Accelerator {
        Accelerator {
            name,
            clock: Hertz(clock),
            arrays: arrays.into_iter().enumerate().map(|(i, a)| Array { name: format!("array \"{i}\""), ..a }).collect(),
            vector: VectorUnit { lanes, buffer: Bytes(buffer) },
            memories: vec![memory],
            dram,
            dispatch: if greedy { Dispatch::Greedy } else { Dispatch::RoundRobin },
        }
    }
}

proptest! {
    #[test]
    fn the_canonical_text_parses_back_equal(original in accelerator()) {
        let text = original.to_toml();
        prop_assert_eq!(parse(&text), Ok(original.clone()), "{}", text);
        prop_assert_eq!(parse(&text).unwrap().to_toml(), text);
    }

    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn no_damage_to_a_good_file_panics(at in 0..SMALL.len(), len in 0..9usize, with in "[-0-9a-z\\[\\]{}'\"=.\n ]{0,4}") {
        let end = (at + len).min(SMALL.len());
        let _ = parse(&format!("{}{with}{}", &SMALL[..at], &SMALL[end..]));
    }
}
