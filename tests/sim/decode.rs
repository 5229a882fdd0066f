//! Keys and values that grow from token to token: what is needed when, what spills, what a stimulus makes of it.

use super::fixtures::accelerator;
use super::replay::{Curves, assert_occupancy, unexplained_but_gathering};
use trapti::accelerator::{Accelerator, Overlap};
use trapti::diagnostic::Source;
use trapti::ids::MemoryId;
use trapti::power::{Organisation, Selection, Stimulus, place};
use trapti::sim::{Options, simulate, simulate_observed};
use trapti::trace::{Outcome, Run};
use trapti::units::{Bytes, Cycles};
use trapti::workload::{AttentionOrder, Class, KvRelease, Lowering, Model, Projections, Scenario, Workload, lower};

const QWEN2: &str = r#"{
  "model_type": "qwen2", "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40,
  "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2, "vocab_size": 50
}"#;

fn model() -> Model {
    Model::parse(&Source::new("small.json", QWEN2)).unwrap()
}

fn scenario(batch: u32) -> Scenario {
    Scenario { decode: 5, batch, ..Scenario::new(7) }
}

fn workload(scenario: &Scenario, change: impl Fn(&mut Lowering)) -> (Workload, Options) {
    let mut lowering = Lowering::for_scenario(scenario);
    change(&mut lowering);
    (lower(&model(), scenario, &lowering).unwrap(), Options::of(&lowering))
}

fn run(workload: &Workload, accelerator: &Accelerator, options: &Options) -> Run {
    simulate(workload, accelerator, options, &mut |_| {}).unwrap()
}

/// Needed bytes of keys and values at a cycle.
fn needed_kv(run: &Run, cycle: Cycles) -> u64 {
    let until = run.occupancy[0].changes.iter().take_while(|change| change.cycle <= cycle);
    until.last().unwrap().needed[Class::Kv as usize].0
}

/// Cycle in which the last op of each phase ends.
fn phase_ends(run: &Run) -> Vec<Cycles> {
    let last = |index| run.statistics.ops.iter().filter(move |t| run.workload.phase_of(t.op) == Some(index));
    (0..run.workload.phases.len()).map(|index| last(index).map(|t| t.end).max().unwrap()).collect()
}

#[test]
fn every_token_adds_its_keys_and_values_and_nothing_else() {
    for (batch, arrays, projections) in
        [(1, 1, Projections::Fused), (1, 2, Projections::PerHead), (3, 2, Projections::Fused)]
    {
        let scenario = scenario(batch);
        let (workload, options) = workload(&scenario, |l| l.projections = projections);
        let run = run(&workload, &accelerator(arrays, Overlap::DoubleBuffered), &options);
        let of_token = model().facts(&scenario).unwrap().kv_bytes_per_token * u64::from(batch);
        let ends = phase_ends(&run);
        assert_eq!(ends.len(), 6);
        for (token, &end) in ends.iter().enumerate() {
            assert_eq!(needed_kv(&run, end), (7 + token as u64) * of_token, "token {token}");
        }
        let most = run.occupancy[0].changes.iter().map(|c| c.needed[Class::Kv as usize].0).max().unwrap();
        assert_eq!(most, 12 * of_token, "no byte is counted before it is written");
    }
}

#[test]
fn released_keys_and_values_go_with_their_last_reader() {
    let scenario = scenario(1);
    let (workload, options) = workload(&scenario, |l| l.kv = KvRelease::Released);
    let run = run(&workload, &accelerator(1, Overlap::Serial), &options);
    assert_eq!(needed_kv(&run, run.statistics.cycles), 0);
    let of_token = model().facts(&scenario).unwrap().kv_bytes_per_token;
    assert_eq!(needed_kv(&run, phase_ends(&run)[4]), 11 * of_token, "the next token reads them");
}

#[test]
fn a_token_starts_when_the_one_before_is_known() {
    let (workload, options) = workload(&scenario(1), |_| ());
    let run = run(&workload, &accelerator(2, Overlap::DoubleBuffered), &options);
    let ends = phase_ends(&run);
    for timing in &run.statistics.ops {
        let phase = workload.phase_of(timing.op).unwrap();
        assert!(phase == 0 || timing.start >= ends[phase - 1], "{}", workload.op(timing.op).name);
    }
}

#[test]
fn what_does_not_fit_spills_and_comes_back() {
    let (workload, options) = workload(&scenario(2), |_| ());
    let whole = run(&workload, &accelerator(1, Overlap::DoubleBuffered), &options);
    let mut small = accelerator(1, Overlap::DoubleBuffered);
    small.memories[0].capacity = Some(Bytes(700));
    let mut curves = Curves::default();
    let run = simulate_observed(&workload, &small, &options, &mut |_| {}, &mut curves).unwrap();
    assert_eq!(run.statistics.outcome, Outcome::Finished);
    assert_occupancy(&run, &curves);
    let kv = 12 * 2 * model().facts(&scenario(2)).unwrap().kv_bytes_per_token;
    assert!(kv > 700, "{kv} bytes of keys and values must not fit");
    assert!(run.statistics.memories[0].evicted_needed > Bytes(0));
    assert!(run.statistics.dram.write_bytes > whole.statistics.dram.write_bytes, "spilled");
    assert!(run.statistics.dram.read_bytes > whole.statistics.dram.read_bytes, "and read again");
    assert!(run.statistics.cycles > whole.statistics.cycles);
    assert_eq!(run.statistics.macs_useful, whole.statistics.macs_useful);
}

#[test]
fn every_read_of_a_stimulus_finds_words_that_were_written() {
    for (batch, capacities) in [(1, [700, 1000, 1 << 16]), (2, [700, 1500, 1 << 16]), (3, [1500, 4000, 1 << 16])] {
        let (workload, options) = workload(&scenario(batch), |_| ());
        for capacity in capacities {
            let mut accelerator = accelerator(2, Overlap::DoubleBuffered);
            accelerator.memories[0].capacity = Some(Bytes(capacity));
            let run = run(&workload, &accelerator, &options);
            let memory = &accelerator.memories[0];
            let words = 1 << 20;
            let organisation = Organisation {
                domains: 1,
                interleave: 1,
                domain_words: words,
                word_bits: memory.port_bits,
                ports: memory.ports,
                read_latency: 2,
                bank_cycles: 1,
            };
            let placement = place::first_fit(&run.lifetimes, MemoryId(0), words, 4).unwrap();
            let all = Selection::default();
            let (stimulus, _) = Stimulus::compile(&run, MemoryId(0), &all, &placement, &organisation).unwrap();
            assert_eq!(stimulus.nodes.len(), run.accesses.nodes().len());
        }
    }
}

fn config(text: &str) -> Model {
    Model::parse(&Source::new("small.json", text)).unwrap()
}

#[test]
fn tiled_attention_keeps_every_score_in_the_array() {
    let scenario = scenario(2);
    let lowered = |attention| workload(&scenario, |l| l.attention = attention);
    let orders = [AttentionOrder::Tiled, AttentionOrder::DepthFirst, AttentionOrder::BreadthFirst];
    for (arrays, overlap) in [(1, Overlap::Serial), (2, Overlap::DoubleBuffered)] {
        let runs = orders.map(|attention| {
            let (workload, options) = lowered(attention);
            let mut curves = Curves::default();
            let accelerator = accelerator(arrays, overlap);
            let run = simulate_observed(&workload, &accelerator, &options, &mut |_| {}, &mut curves).unwrap();
            assert_eq!(unexplained_but_gathering(&run), vec![]);
            assert_occupancy(&run, &curves);
            run
        });
        let peak = |run: &Run, class: Class| {
            run.occupancy[0].changes.iter().map(|change| change.needed[class as usize].0).max().unwrap()
        };
        let scores = [0, 1, 2].map(|i| peak(&runs[i], Class::Score));
        assert_eq!(scores[0], 0);
        assert!(scores[0] < scores[1] && scores[1] < scores[2], "{scores:?}");
        let all = 2 * 6 * 7 * 7;
        assert!(scores[2] == all || arrays > 1 && scores[2] < all, "{scores:?}");
        let useful = [0, 1, 2].map(|i| runs[i].statistics.macs_useful);
        assert_eq!(useful, [useful[0]; 3]);
        let score_words = runs[0].statistics.memories[0].read_bytes[Class::Score as usize];
        assert_eq!(score_words, Bytes(0));
        assert!(runs[0].statistics.vector.active > Cycles(0));
    }
}

#[test]
fn windows_forget() {
    let text = QWEN2
        .replace("qwen2", "mistral")
        .replace("\"vocab_size\"", "\"sliding_window\": 4, \"num_key_value_heads\": 2, \"vocab_size\"")
        .replace("\"num_key_value_heads\": 2, \"vocab_size\": 50", "\"vocab_size\": 50");
    let model = config(&text);
    for attention in [AttentionOrder::DepthFirst, AttentionOrder::Tiled] {
        let scenario = scenario(1);
        let lowering = Lowering { attention, ..Lowering::for_scenario(&scenario) };
        let workload = lower(&model, &scenario, &lowering).unwrap();
        let run = run(&workload, &accelerator(1, Overlap::DoubleBuffered), &Options::of(&lowering));
        assert_eq!(unexplained_but_gathering(&run), vec![]);
        let facts = model.facts(&scenario).unwrap();
        for (token, end) in phase_ends(&run).into_iter().enumerate().skip(1) {
            // The next query sees itself and three before it; nobody comes after the last.
            let seen = if token < 5 { 3 } else { 4 };
            assert_eq!(needed_kv(&run, end), seen * facts.kv_bytes_per_token, "after token {token}");
        }
        assert!(needed_kv(&run, phase_ends(&run)[0]) < 7 * facts.kv_bytes_per_token, "the prompt is longer");
        let macs = &facts.macs;
        let attention = macs.prefill.attention_causal + macs.decode.attention;
        let linear = macs.prefill.linear + macs.decode.linear + 6 * macs.lm_head_per_token;
        assert_eq!(run.statistics.macs_useful, attention + linear);
    }
}
