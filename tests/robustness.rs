//! Real files, damaged: the readers answer with diagnostics, never with a panic.

use proptest::prelude::*;
use std::path::Path;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::explore::Study;
use trapti::trace::import::{Given, transinfersim};
use trapti::workload::{Lowering, Model, Scenario, Workload, lower};

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// One damage to a text.
#[derive(Debug, Clone)]
enum Damage {
    /// Bytes are left out.
    Cut(prop::sample::Index, usize),
    /// A text is put in.
    Insert(prop::sample::Index, String),
    /// A stretch is repeated.
    Repeat(prop::sample::Index, usize),
    /// A digit becomes another number.
    Number(prop::sample::Index, String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let number = prop_oneof![
        Just("0".to_string()),
        Just("-1".into()),
        Just("18446744073709551616".into()),
        Just("1e308".into()),
        Just("0.5".into()),
        Just("4294967295".into()),
        any::<u32>().prop_map(|n| n.to_string()),
    ];
    prop_oneof![
        (any::<prop::sample::Index>(), 1usize..40).prop_map(|(at, n)| Damage::Cut(at, n)),
        (any::<prop::sample::Index>(), "[\\[\\]{}\",:=\n#é0-9a-z]{1,6}")
            .prop_map(|(at, text)| Damage::Insert(at, text)),
        (any::<prop::sample::Index>(), 1usize..200).prop_map(|(at, n)| Damage::Repeat(at, n)),
        (any::<prop::sample::Index>(), number).prop_map(|(at, n)| Damage::Number(at, n)),
    ]
}

/// The nearest place between characters, not after `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut text = text.to_string();
    for damage in damages {
        let place = |at: &prop::sample::Index, text: &str| boundary(text, at.index(text.len() + 1));
        match damage {
            Damage::Cut(at, bytes) => {
                let from = place(at, &text);
                let to = boundary(&text, from + bytes).max(from);
                text.replace_range(from..to, "");
            }
            Damage::Insert(at, more) => text.insert_str(place(at, &text), more),
            Damage::Repeat(at, bytes) => {
                let from = place(at, &text);
                let part = text[from..boundary(&text, from + bytes).max(from)].to_string();
                text.insert_str(from, &part);
            }
            Damage::Number(at, number) => {
                let digits: Vec<usize> = text.match_indices(|c: char| c.is_ascii_digit()).map(|(i, _)| i).collect();
                if !digits.is_empty() {
                    let digit = digits[at.index(digits.len())];
                    text.replace_range(digit..digit + 1, number);
                }
            }
        }
    }
    text
}

const GRAPH: &str = include_str!("data/transinfersim/gqa_s96_1x32/workload.json");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_accelerator_panics(damages in prop::collection::vec(damage(), 1..4)) {
        let text = damaged(&read("models/accelerators/edge-2x128.toml"), &damages);
        if let Err(error) = Accelerator::parse(&Source::new("a.toml", text)) {
            rendered(error);
        }
    }

    #[test]
    fn no_op_graph_panics(damages in prop::collection::vec(damage(), 1..4)) {
        if let Err(error) = Workload::from_json(&Source::new("g.json", damaged(GRAPH, &damages))) {
            rendered(error);
        }
    }

    #[test]
    fn no_config_panics(damages in prop::collection::vec(damage(), 1..4), tokens in 1u32..40) {
        let config = r#"{"model_type": "qwen2", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4,
            "num_key_value_heads": 2, "intermediate_size": 96, "vocab_size": 128, "hidden_act": "silu",
            "max_position_embeddings": 64, "tie_word_embeddings": true}"#;
        let scenario = Scenario::new(tokens);
        match Model::parse(&Source::new("c.json", damaged(config, &damages))) {
            Err(error) => rendered(error),
            Ok(model) if model_is_small(&model) => {
                if let Err(error) = lower(&model, &scenario, &Lowering::for_scenario(&scenario)) {
                    rendered(error);
                }
            }
            Ok(_) => {}
        }
    }

    #[test]
    fn no_study_panics(damages in prop::collection::vec(damage(), 1..4)) {
        let text = damaged(&read("models/studies/edge-llm.toml"), &damages);
        if let Err(error) = Study::parse(&Source::new("s.toml", text)) {
            rendered(error);
        }
    }

    #[test]
    fn no_scenario_panics(damages in prop::collection::vec(damage(), 1..4)) {
        let text = "prefill = 1024\ndecode = 128\nbatch = 2\nlm_head = true\n[bits]\nweights = 4\nkv = 16\n";
        if let Err(error) = Scenario::parse(&Source::new("s.toml", damaged(text, &damages))) {
            rendered(error);
        }
    }

    #[test]
    fn no_trace_panics(damages in prop::collection::vec(damage(), 1..4)) {
        let text = "hw_arch,op_end_time,op_name,memory_name,needed_pct,used_words,capacity_words,mem_word_size,mem_ports,\
            mem_bus_bitwidth,mem_cycle_time,mem_cycles_per_access\nedge,100,first,sram,0.5,512,1024,8,2,128,1e-09,10\n\
            edge,200,\"second, last\",sram,0.25,512,1024,8,2,128,1e-09,10\n";
        if let Err(error) = transinfersim(&Source::new("t.csv", damaged(text, &damages)), &Given::default()) {
            rendered(error);
        }
    }
}

/// A damaged digit can ask for a model that takes minutes to lower; that is slow, not wrong.
fn model_is_small(model: &Model) -> bool {
    format!("{model:?}").split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u64>().ok()).all(|n| n < 1000)
}

/// A diagnostic must also be shown.
fn rendered(error: trapti::Error) {
    if let trapti::Error::Input(problems) = error {
        assert!(!problems.is_empty());
        problems.iter().for_each(|problem| assert!(!problem.render(false).is_empty()));
    }
}
