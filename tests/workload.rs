//! Models, op graphs made from them or given by others, and what is refused.

mod contradictions;
mod decode;
mod experts;
pub mod facts;
mod graphs;
mod lowering;
mod models;
mod products;
mod published;
mod random;
mod repeat;
mod stacks;

use std::sync::Arc;
use trapti::diagnostic::Source;
use trapti::workload::{Lowering, Model, Scenario, Workload};

const GPT2_XL: &str = include_str!("../models/huggingface/gpt2-xl.json");
const DEEPSEEK: &str = include_str!("../models/huggingface/deepseek-r1-distill-qwen-1.5b.json");
const QWEN: &str = include_str!("../models/huggingface/qwen2.5-0.5b.json");

/// A GPT-2 small enough to lower in every test.
const SMALL_GPT2: &str = r#"{
  "model_type": "gpt2",
  "activation_function": "gelu_new",
  "n_positions": 64,
  "n_embd": 24,
  "n_head": 3,
  "n_layer": 2,
  "n_inner": null,
  "vocab_size": 50
}"#;

/// A Qwen2 with grouped queries, small enough to lower in every test.
const SMALL_QWEN2: &str = r#"{
  "model_type": "qwen2",
  "hidden_act": "silu",
  "hidden_size": 24,
  "intermediate_size": 40,
  "num_hidden_layers": 2,
  "num_attention_heads": 6,
  "num_key_value_heads": 2,
  "vocab_size": 50
}"#;

fn config(text: impl Into<String>) -> Arc<Source> {
    Source::new("small.json", text)
}

fn model(text: &str) -> Model {
    Model::parse(&config(text)).unwrap_or_else(|error| panic!("{}", rendered(error)))
}

/// Lowered with the defaults but for what `change` changes.
fn lowered(text: &str, scenario: &Scenario, change: impl FnOnce(&mut Lowering)) -> Workload {
    let mut lowering = Lowering::for_scenario(scenario);
    change(&mut lowering);
    trapti::workload::lower(&model(text), scenario, &lowering).unwrap_or_else(|error| panic!("{}", rendered(error)))
}

fn rendered(error: trapti::Error) -> String {
    let trapti::Error::Input(problems) = error else { panic!("{error}") };
    problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n\n")
}
