//! The part of `docs/mha-vs-gqa.md` about a memory that is too small for long prompts.

use super::page::Headline;
use trapti::survey::{Metric, Point};
use trapti::units::grouped;

/// Text and tables, from the points that `scripts/study` left.
pub fn section() -> String {
    let study = Headline::read_named("mha-vs-gqa-64mib");
    let names = [0, 1].map(|i| study.survey.models[i].name.as_str());
    let lengths = &study.survey.prefill;
    let of = |lowering: &str, model: usize, prefill: u32| -> &Point {
        let place = |p: &&Point| p.lowering == lowering && p.model == names[model] && p.prefill == prefill;
        study.points.iter().find(place).unwrap()
    };
    let fits = |&&length: &&u32| study.points.iter().all(|p| p.prefill > length || p.evicted_needed_bytes == 0);
    let longest = lengths.iter().filter(fits).max().unwrap();
    let mebibytes = |bytes: u64| grouped(bytes >> 20);
    let row = |lowering: &str| {
        let cell = |&length: &u32| {
            let [first, second] = [0, 1].map(|model| mebibytes(of(lowering, model, length).evicted_needed_bytes));
            format!("{first} / {second}")
        };
        format!("| {lowering} | {} |\n", lengths.iter().map(cell).collect::<Vec<_>>().join(" | "))
    };
    let head: String = lengths.iter().map(|&length| format!(" {} |", grouped(length.into()))).collect();
    let rule = "---|".repeat(lengths.len());
    let rows: String = study.survey.lowerings.iter().map(|v| row(&v.name)).collect();
    let evicted = format!("| lowering |{head}\n|---|{rule}\n{rows}");
    let capacity = &study.survey.accelerators[0].name;
    TEXT.replace("LONGEST", &grouped(u64::from(*longest)))
        .replace("EVICTED", &evicted)
        .replace("LATENCY", &study.map(capacity, |r| r.latency))
        .replace("PEAK", &study.map(capacity, |r| r.peak(Metric::All)))
}

const TEXT: &str = "\
The same arrays with the 64 MiB of `models/accelerators/edge-2x128.toml` (`models/studies/mha-vs-gqa-64mib.toml`): up to LONGEST tokens
nothing that is needed has to leave, and all is as above. Beyond, needed bytes are saved in DRAM and read again, which takes
time, and the peak is that of a memory that is full. Needed bytes that had to leave, MiB, GPT-2 XL / DeepSeek:

EVICTED
Latency ratio:

LATENCY
Peak ratio, all data, every cycle:

PEAK
The latency ratio then says which of the two spills more, and nothing of their attention: with all scores in memory GPT-2 XL, otherwise
DeepSeek, whose gate and up products alone are 70 MiB at 4,096 tokens.
";
