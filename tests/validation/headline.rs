//! The ratios that the TRAPTI paper publishes, on the map of the committed study.

use super::section::{Section, Summary};
use crate::study::page::Headline;

pub fn section() -> Section {
    let headline = Headline::read();
    let published = headline.survey.published;
    let text = format!(
        "{TEXT}\n\n{}\n\nProbable places of {}× and {}× (`no`: not on the map, with the range that it covers):\n\n{}",
        headline.summary(),
        published.peak.unwrap(),
        published.latency.unwrap(),
        headline.crossings(),
    );
    let summary = Summary {
        check: "peak and latency ratio of GPT-2 XL and DeepSeek-R1-Distill-Qwen-1.5B".into(),
        reference: "TRAPTI, arXiv 2604.06955: its configuration is not public".into(),
        demand: "the map".into(),
        compared: 0,
        met: 0,
    };
    Section { title: "Headline of the TRAPTI paper", summaries: vec![summary], text }
}

const TEXT: &str = "\
[GPT-2 XL against DeepSeek-R1-Distill-Qwen-1.5B](mha-vs-gqa.md) has the whole map. A point that equals a published number is no
reproduction, because prompt length, arrays, capacity and what counts as the peak were not published.";
