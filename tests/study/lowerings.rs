//! The table of `docs/lowering.md`: what each decision does to ops, multiplications, peaks and cycles of real models. It is
//! computed by this test; `TRAPTI_WRITE_PAGES=1` writes it.

use super::root;
use std::fs;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::units::{Bytes, grouped};
use trapti::workload::{
    AttentionOrder, Class, FfnShape, KvRelease, LatentForm, Lowering, Model, OpKind, Projections, Scenario,
    WeightRelease, lower,
};

/// Where the table stands in the page.
const MARKS: [&str; 2] = ["<!-- table: scripts/lowering-table -->\n", "<!-- end of table -->\n"];

/// A decision, by its name in `[lowering]`.
type Decision = (&'static str, fn(&mut Lowering));

const DECISIONS: [Decision; 10] = [
    ("defaults", |_| ()),
    ("`attention = \"breadth-first\"`", |l| l.attention = AttentionOrder::BreadthFirst),
    ("`attention = \"tiled\"`", |l| l.attention = AttentionOrder::Tiled),
    ("`projections = \"per-head\"`", |l| l.projections = Projections::PerHead),
    ("`causal = false`", |l| l.causal = false),
    ("`ffn = \"mlp2\"`", |l| l.ffn = FfnShape::Mlp2),
    ("`kv = \"released\"`", |l| l.kv = KvRelease::Released),
    ("`weights = \"whole\"`", |l| l.weights = WeightRelease::Whole),
    ("`mla = \"expanded\"`", |l| l.mla = LatentForm::Expanded),
    ("`mla = \"expanded\"`, `attention = \"tiled\"`", |l| {
        (l.mla, l.attention) = (LatentForm::Expanded, AttentionOrder::Tiled);
    }),
];

const MODELS: [&str; 3] = ["gpt2-xl", "deepseek-r1-distill-qwen-1.5b", "deepseek-v2-lite"];

/// Prompt and decoded tokens.
const TOKENS: (u32, u32) = (256, 2);

fn source(path: &str) -> std::sync::Arc<Source> {
    Source::new(path, fs::read_to_string(root().join(path)).unwrap())
}

/// The model with two layers like its first.
fn model(name: &str) -> Model {
    let mut model = Model::parse(&source(&format!("models/huggingface/{name}.json"))).unwrap();
    let layers = &mut model.decoder.as_mut().unwrap().layers;
    let first = layers[0];
    *layers = vec![first; 2];
    model
}

fn accelerator() -> Accelerator {
    let mut accelerator = Accelerator::parse(&source("models/accelerators/edge-2x128.toml")).unwrap();
    accelerator.memories[0].capacity = None;
    accelerator
}

fn row(model: &Model, accelerator: &Accelerator, (name, decide): Decision) -> String {
    let scenario = Scenario { decode: TOKENS.1, lm_head: false, ..Scenario::new(TOKENS.0) };
    let mut lowering = Lowering::for_scenario(&scenario);
    decide(&mut lowering);
    let workload = lower(model, &scenario, &lowering).unwrap();
    let run = simulate(&workload, accelerator, &Options::of(&lowering), &mut |_| {}).unwrap();
    let count = |keep: fn(&OpKind) -> bool| grouped(workload.ops.iter().filter(|op| keep(&op.kind)).count() as u64);
    let arrays = count(|kind| matches!(kind, OpKind::Matmul { .. } | OpKind::Attention { .. }));
    let vectors = count(|kind| matches!(kind, OpKind::Vector { .. }));
    let (statistics, memory) = (&run.statistics, &run.statistics.memories[0]);
    let changes = &run.occupancy[0].changes;
    let without_weights = changes.iter().map(|change| change.needed_activations()).max();
    let scores = changes.iter().map(|change| change.needed_of(Class::Score)).max();
    let kept = changes.iter().last().map(|last| last.needed_of(Class::Kv));
    let millions = |macs: u64| format!("{}.{}", grouped(macs / 1_000_000), macs / 100_000 % 10);
    let mebibytes = |bytes: Bytes| format!("{:.2}", bytes.0 as f64 / f64::from(1 << 20));
    format!(
        "| {name} | {arrays} | {vectors} | {} | {} | {} | {} | {} | {} | {} |\n",
        millions(statistics.macs_useful),
        millions(statistics.macs_issued),
        mebibytes(memory.peak_needed.bytes),
        mebibytes(without_weights.unwrap_or_default()),
        mebibytes(scores.unwrap_or_default()),
        mebibytes(kept.unwrap_or_default()),
        grouped(statistics.cycles.0),
    )
}

fn table(name: &str, accelerator: &Accelerator) -> String {
    let model = model(name);
    let latent = matches!(model.layers().next().unwrap().attention, trapti::workload::Attention::Latent(_));
    let decisions = DECISIONS.iter().filter(|(decision, _)| latent || !decision.contains("mla"));
    let rows: String = decisions.map(|&decision| row(&model, accelerator, decision)).collect();
    format!(
        "\n**{name}**\n\n| decision | products and attentions | vector ops | useful, million MACs | issued, million MACs | peak, MiB | \
         without weights, MiB | scores, MiB | keys and values at the end, MiB | cycles |\n|---|---|---|---|---|---|---|---|---|---|\n{rows}"
    )
}

/// With `TRAPTI_WRITE_PAGES` in the environment the table is written, otherwise compared.
#[test]
fn the_table_says_what_this_version_computes() {
    let accelerator = accelerator();
    let tables: String = MODELS.map(|name| table(name, &accelerator)).concat();
    let computed = format!(
        "Two layers like the first of each model, a prompt of {} tokens and {} decoded ones, 8 bits, without the language-model head, two \
         128×128\noutput-stationary arrays and a memory without limit (`models/accelerators/edge-2x128.toml`). Each row changes what it \
         names and keeps the\nother defaults.\n{tables}",
        TOKENS.0, TOKENS.1
    );
    let path = root().join("docs/lowering.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(MARKS[0]).unwrap();
    let (committed, after) = rest.split_once(MARKS[1]).unwrap();
    if std::env::var_os("TRAPTI_WRITE_PAGES").is_some() {
        fs::write(&path, [before, MARKS[0], &computed, MARKS[1], after].concat()).unwrap();
        return;
    }
    let differ = computed.lines().zip(committed.lines()).find(|(now, then)| now != then);
    assert!(
        computed == committed,
        "docs/lowering.md is stale, run scripts/lowering-table; first difference: {differ:#?}"
    );
}
