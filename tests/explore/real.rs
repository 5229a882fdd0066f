//! The committed study on the models it names. Minutes: run with `cargo test --release -- --ignored edge_study --nocapture`.

use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::explore::{Choice, Exploration, Objective, Options, Rows, Study, explore, select};
use trapti::sim::{self, simulate};
use trapti::sram::EmbeddedTable;
use trapti::trace::Run;
use trapti::workload::{Lowering, Model, Scenario, lower};

fn run(config: &str, file: &str) -> Run {
    let source = Source::new("edge.toml", include_str!("../../models/accelerators/edge-2x128.toml"));
    let accelerator = Accelerator::parse(&source).unwrap();
    let scenario = Scenario::parse(&Source::new("scenario.toml", "prefill = 1024\ndecode = 0\n")).unwrap();
    let model = Model::parse(&Source::new(file, config)).unwrap();
    let workload = lower(&model, &scenario, &Lowering::for_scenario(&scenario)).unwrap();
    simulate(&workload, &accelerator, &sim::Options::default(), &mut |_| {}).unwrap()
}

fn show(name: &str, rows: &Rows) -> String {
    let lines: Vec<String> = rows.rows.iter().map(|r| r.join(" | ")).collect();
    format!("\n{name}\n{}\n{}\n", rows.header.join(" | "), lines.join("\n"))
}

#[test]
#[ignore = "simulates two language models: minutes"]
fn the_edge_study_on_the_models_it_names() {
    let clock = std::time::Instant::now();
    let runs = [
        run(include_str!("../../models/huggingface/gpt2-xl.json"), "gpt2-xl.json"),
        run(
            include_str!("../../models/huggingface/deepseek-r1-distill-qwen-1.5b.json"),
            "deepseek-r1-distill-qwen-1.5b.json",
        ),
    ];
    let simulated = clock.elapsed();
    let study =
        Study::parse(&Source::new("edge-llm.toml", include_str!("../../models/studies/edge-llm.toml"))).unwrap();
    let model = EmbeddedTable::new(false).unwrap();
    let estimated: Exploration = explore(&study, &runs, &model, Options { predict: false }).unwrap();
    let ranked = clock.elapsed();
    let exploration = explore(&study, &runs, &model, Options { predict: true }).unwrap();
    let all = clock.elapsed();
    assert_eq!(estimated.points.len(), exploration.points.len());
    let mut text = format!(
        "simulated {simulated:?}, estimated {:?}, with prediction {:?}, {} points, {} infeasible\n",
        ranked - simulated,
        all - ranked,
        exploration.points.len(),
        exploration.summary.infeasible.len()
    );
    text += &format!("{:#?}\n{:?}\n", exploration.summary.workloads, exploration.summary.sensitivity);
    text += &show("infeasible", &exploration.infeasible_rows());
    text += &show("winners", &exploration.winner_rows());
    text += &show("front", &exploration.front_rows());
    let best = &exploration.points[exploration.summary.winners[0].point as usize];
    text += &show("terms", &exploration.term_rows(best));
    text += &format!("{best:#?}");
    let design = select(&exploration, Choice::Best(Objective::Energy), &model).unwrap();
    text += &format!("{design:#?}");
    let folder = std::env::temp_dir().join("trapti-edge-study.txt");
    std::fs::write(&folder, text).unwrap();
    assert!(!exploration.summary.front.is_empty());
}
