//! Decoded tokens: multiplications, growing keys and values, phases.

use super::{DEEPSEEK, GPT2_XL, SMALL_GPT2, SMALL_QWEN2, lowered, model};
use std::path::Path;
use trapti::diagnostic::Source;
use trapti::ids::OpId;
use trapti::workload::{
    Attention, AttentionOrder, LatentForm, Lowering, Model, PhaseKind, Projections, Scenario, Scores, Workload, lower,
};

fn macs(workload: &Workload) -> u64 {
    workload.ops.iter().map(|op| op.kind.macs()).sum()
}

fn scenario(prefill: u32, decode: u32, batch: u32) -> Scenario {
    Scenario { decode, batch, ..Scenario::new(prefill) }
}

/// Linear layers, attention over the full prompt and over what each token sees, and the head for the prompts and each token.
fn expected(text: &str, scenario: &Scenario) -> u64 {
    let macs = model(text).facts(scenario).unwrap().macs;
    let prefill =
        macs.prefill.linear + macs.prefill.attention_full + u64::from(scenario.batch) * macs.lm_head_per_token;
    prefill + macs.decode.linear + macs.decode.attention + macs.decode.lm_head
}

#[test]
fn multiplications_of_prompt_and_tokens_add_up_to_the_facts() {
    for text in [GPT2_XL, DEEPSEEK] {
        let scenario = scenario(64, 3, 1);
        assert_eq!(macs(&lowered(text, &scenario, |_| ())), expected(text, &scenario));
    }
}

#[test]
fn no_choice_changes_the_multiplications_of_a_token() {
    for (text, prefill, decode, batch) in [(SMALL_GPT2, 9, 4, 1), (SMALL_GPT2, 1, 1, 3), (SMALL_QWEN2, 5, 6, 2)] {
        let scenario = scenario(prefill, decode, batch);
        for attention in [AttentionOrder::DepthFirst, AttentionOrder::BreadthFirst, AttentionOrder::Tiled] {
            for projections in [Projections::Fused, Projections::PerHead] {
                let workload = lowered(text, &scenario, |l| (l.attention, l.projections) = (attention, projections));
                assert_eq!(macs(&workload), expected(text, &scenario), "{attention:?} {projections:?}");
            }
        }
        assert_eq!(macs(&lowered(text, &scenario, |l| l.scores = Scores::Aggregated)), expected(text, &scenario));
    }
}

/// Every configuration of the collection: multiplications of all phases, useful ones with the causal mask of the model.
#[test]
fn every_model_is_lowered_with_the_multiplications_of_its_facts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/huggingface");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let source = Source::new(&entry, std::fs::read_to_string(&entry).unwrap());
        let model = Model::parse(&source).unwrap();
        let generates = model.decoder.is_some();
        let text = model.encoder.as_ref().is_some_and(|e| e.embedding.fixed_rows().is_none());
        let source = (generates && text).then_some(6);
        let scenario = Scenario { decode: if generates { 3 } else { 0 }, source, ..Scenario::new(9) };
        let mut lowering = Lowering::for_scenario(&scenario);
        lowering.mla = LatentForm::Expanded;
        let workload =
            lower(&model, &scenario, &lowering).unwrap_or_else(|e| panic!("{}: {}", model.name, super::rendered(e)));
        let latent = model.layers().any(|l| matches!(l.attention, Attention::Latent(_)));
        let macs_of = model.facts(&scenario).unwrap().macs;
        let (encode, decode) = (&macs_of.encode, &macs_of.decode);
        let all = [encode.stem, encode.linear, encode.attention, encode.head, encode.cross_kv, macs_of.prefill.linear];
        let head = if generates { macs_of.lm_head_per_token } else { 0 };
        let attention = [macs_of.prefill.attention_full, decode.linear, decode.attention, decode.lm_head, head];
        let expected: u64 = all.iter().chain(&attention).sum();
        match latent {
            // Keys and values are rebuilt for every token that is seen.
            true => assert!(macs(&workload) > expected, "{}", model.name),
            false => assert_eq!(macs(&workload), expected, "{}", model.name),
        }
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn each_token_is_a_phase_that_waits_for_the_one_before() {
    let workload = lowered(SMALL_QWEN2, &scenario(5, 3, 2), |_| ());
    let phases: Vec<_> = workload.phases.iter().map(|p| (p.kind, p.name)).collect();
    let decode = PhaseKind::Decode;
    assert_eq!(
        phases,
        [(PhaseKind::Prefill, "prefill"), (decode, "token 1"), (decode, "token 2"), (decode, "token 3")]
            .map(|(kind, name)| (kind, name.into()))
    );
    assert!(workload.op_ids().all(|op| workload.phase_of(op).is_some()));
    let dependencies = workload.dependencies();
    for pair in workload.phases.windows(2) {
        let ends: Vec<OpId> = (pair[0].ops.start.0..pair[0].ops.end.0)
            .map(OpId)
            .filter(|op| workload.op(*op).name.ends_with("logits"))
            .collect();
        assert_eq!(dependencies[pair[1].ops.start.index()], ends);
    }
}
