//! Plots of a survey: ratios over prompt length, one line a lowering, one panel a metric or accelerator.

use crate::error::{Error, Result};
use crate::survey::{Metric, Ratio, Survey};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Size of one panel.
const PANEL: (u32, u32) = (620, 420);
/// Lines take these colours in turn (Okabe and Ito, distinguishable with every colour vision).
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(204, 121, 167),
    RGBColor(120, 120, 120),
];

/// One panel.
struct Panel<'a> {
    title: String,
    published: Option<f64>,
    lines: Vec<Line<'a>>,
}

/// A lowering's ratios over prompt length.
struct Line<'a> {
    name: &'a str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

/// Peak ratios on one accelerator: four panels, one a metric, as SVG.
///
/// # Errors
/// [`Error::Tool`] when the plot cannot be drawn.
pub fn peak_ratios(survey: &Survey, ratios: &[Ratio], accelerator: &str) -> Result<String> {
    let panel = |metric: Metric| Panel {
        title: format!("peak, {}", metric.name()),
        published: survey.published.peak,
        lines: lines(survey, ratios, accelerator, |r| r.peak(metric)),
    };
    draw(survey, &Metric::ALL.map(panel))
}

/// Latency ratios: a panel an accelerator, as SVG.
///
/// # Errors
/// As [`peak_ratios`].
pub fn latency_ratios(survey: &Survey, ratios: &[Ratio]) -> Result<String> {
    let panel = |name: &String| Panel {
        title: format!("latency, SRAM {name}"),
        published: survey.published.latency,
        lines: lines(survey, ratios, name, |r| r.latency),
    };
    let panels: Vec<Panel<'_>> = survey.accelerators.iter().map(|a| panel(&a.name)).collect();
    draw(survey, &panels)
}

fn lines<'a>(
    survey: &'a Survey,
    ratios: &[Ratio],
    accelerator: &str,
    value: impl Fn(&Ratio) -> Option<f64>,
) -> Vec<Line<'a>> {
    let line = |(name, &colour): (&'a String, &RGBColor)| {
        let own = ratios.iter().filter(|r| r.lowering == *name && r.accelerator == accelerator);
        Line { name, colour, points: own.filter_map(|r| Some((f64::from(r.prefill), value(r)?))).collect() }
    };
    let names = survey.lowerings.iter().map(|l| &l.name).zip(COLOURS.iter().cycle());
    names.map(line).filter(|line| !line.points.is_empty()).collect()
}

fn draw(survey: &Survey, panels: &[Panel<'_>]) -> Result<String> {
    let rows = panels.len().div_ceil(2);
    let size = (2 * PANEL.0, rows as u32 * PANEL.1);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        for (area, panel) in root.split_evenly((rows, 2)).iter().zip(panels) {
            draw_panel(survey, area, panel).map_err(failed)?;
        }
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Tool { tool: "plotters".into(), message: error.to_string() }
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn draw_panel(survey: &Survey, area: &DrawingArea<SVGBackend<'_>, Shift>, panel: &Panel<'_>) -> Drawn {
    let lengths = || survey.prefill.iter().map(|&p| f64::from(p));
    let (shortest, longest) = (lengths().fold(f64::MAX, f64::min), lengths().fold(1.0, f64::max).max(2.0));
    let values = || panel.lines.iter().flat_map(|l| &l.points).map(|p| p.1).chain(panel.published);
    let top = 1.1 * values().fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d((shortest..longest.max(shortest + 1.0)).log_scale().base(2.0), 0.0..top)?;
    let ratio = format!("{} / {}", survey.models[0].name, survey.models[1].name);
    chart
        .configure_mesh()
        .x_desc("prompt tokens")
        .y_desc(ratio)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .light_line_style(WHITE)
        .draw()?;
    for line in &panel.lines {
        let style = line.colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), style).point_size(3))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    if let Some(published) = panel.published {
        let style = RED.stroke_width(1);
        chart
            .draw_series(DashedLineSeries::new([(shortest, published), (longest, published)], 6, 4, style))?
            .label(format!("published: {published}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}
