//! Decoded tokens: multiplications, growing keys and values, phases.

use super::{DEEPSEEK, GPT2_XL, SMALL_GPT2, SMALL_QWEN2, lowered, model};
use trapti::ids::OpId;
use trapti::workload::{AttentionOrder, PhaseKind, Projections, Scenario, Scores, Workload};

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
        for attention in [AttentionOrder::DepthFirst, AttentionOrder::BreadthFirst] {
            for projections in [Projections::Fused, Projections::PerHead] {
                let workload = lowered(text, &scenario, |l| (l.attention, l.projections) = (attention, projections));
                assert_eq!(macs(&workload), expected(text, &scenario), "{attention:?} {projections:?}");
            }
        }
        assert_eq!(macs(&lowered(text, &scenario, |l| l.scores = Scores::Aggregated)), expected(text, &scenario));
    }
}

#[test]
fn each_token_is_a_phase_that_waits_for_the_one_before() {
    let workload = lowered(SMALL_QWEN2, &scenario(5, 3, 2), |_| ());
    let phases: Vec<_> = workload.phases.iter().map(|p| (p.kind, p.name.as_str())).collect();
    let decode = PhaseKind::Decode;
    assert_eq!(
        phases,
        [(PhaseKind::Prefill, "prefill"), (decode, "token 1"), (decode, "token 2"), (decode, "token 3")]
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
