//! Plots of a survey: ratios over prompt length, one line a lowering, one panel a metric or accelerator.

use crate::error::{Error, Result};
use crate::survey::{Metric, Ratio, Survey};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Size of one panel.
const PANEL: (u32, u32) = (560, 420);
/// Width of the names of the lines, right of the panels.
const LEGEND: u32 = 190;
/// Height of a name.
const NAME: i32 = 22;
/// Lines take these colours in turn (Okabe and Ito, distinguishable with every colour vision; grey, and wine of Tol).
const COLOURS: [RGBColor; 9] = [
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(204, 121, 167),
    RGBColor(120, 120, 120),
    RGBColor(136, 34, 85),
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
    width: u32,
    points: Vec<(f64, f64)>,
}

/// Width of the first line of a panel; those after it are thinner, so that lines in one place can be told apart.
const WIDEST_LINE: usize = 6;
/// Width of the last line.
const THINNEST_LINE: usize = 2;

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
    let count = survey.lowerings.len();
    let line = |(number, (name, &colour)): (usize, (&'a String, &RGBColor))| {
        let width = (THINNEST_LINE + (WIDEST_LINE - THINNEST_LINE) * (count - 1 - number) / count.max(2)) as u32;
        let own = ratios.iter().filter(|r| r.lowering == *name && r.accelerator == accelerator);
        let points = own.filter_map(|r| Some((f64::from(r.prefill), value(r).filter(|&v| v > 0.0)?)));
        Line { name, colour, width, points: points.collect() }
    };
    let names = survey.lowerings.iter().map(|l| &l.name).zip(COLOURS.iter().cycle());
    names.enumerate().map(line).filter(|line| !line.points.is_empty()).collect()
}

fn draw(survey: &Survey, panels: &[Panel<'_>]) -> Result<String> {
    let columns = panels.len().clamp(1, 2);
    let rows = panels.len().div_ceil(columns);
    let width = columns as u32 * PANEL.0;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (width + LEGEND, rows as u32 * PANEL.1)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let (charts, legend) = root.split_horizontally(width);
        for (area, panel) in charts.split_evenly((rows, columns)).iter().zip(panels) {
            draw_panel(survey, area, panel).map_err(failed)?;
        }
        if let Some(panel) = panels.first() {
            draw_legend(&legend, panel).map_err(failed)?;
        }
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

/// A ratio without the digits that a power of two does not have.
fn shown(ratio: f64) -> String {
    format!("{ratio:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Names of the lines, one below the other.
fn draw_legend(area: &DrawingArea<SVGBackend<'_>, Shift>, panel: &Panel<'_>) -> Drawn {
    let published = panel.published.map(|ratio| (format!("published: {ratio}"), RED.stroke_width(1)));
    let lines = panel.lines.iter().map(|line| (line.name.to_owned(), line.colour.stroke_width(line.width)));
    for (number, (name, style)) in lines.chain(published).enumerate() {
        let y = 45 + NAME * number as i32;
        area.draw(&PathElement::new([(8, y), (32, y)], style))?;
        area.draw(&Text::new(name, (40, y - 6), ("sans-serif", 13)))?;
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Tool { tool: "plotters".into(), message: error.to_string() }
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn draw_panel(survey: &Survey, area: &DrawingArea<SVGBackend<'_>, Shift>, panel: &Panel<'_>) -> Drawn {
    let lengths = || survey.prefill.iter().map(|&p| f64::from(p));
    let (shortest, longest) = (lengths().fold(f64::MAX, f64::min), lengths().fold(1.0, f64::max).max(2.0));
    let values = || panel.lines.iter().flat_map(|l| &l.points).map(|p| p.1).chain(panel.published);
    let (bottom, top) = (values().fold(1.0, f64::min) / 1.2, values().fold(1.0, f64::max) * 1.2);
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(
            (shortest..longest.max(shortest + 1.0)).log_scale().base(2.0),
            (bottom..top).log_scale().base(2.0),
        )?;
    let ratio = format!("{} / {}", survey.models[0].name, survey.models[1].name);
    chart
        .configure_mesh()
        .x_desc("prompt tokens")
        .y_desc(ratio)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| shown(*y))
        .light_line_style(WHITE)
        .draw()?;
    for line in &panel.lines {
        chart.draw_series(LineSeries::new(line.points.iter().copied(), line.colour.stroke_width(line.width)))?;
        let radius = line.width / 2 + 2;
        chart.draw_series(line.points.iter().map(|&point| Circle::new(point, radius, line.colour.filled())))?;
    }
    if let Some(published) = panel.published {
        let style = RED.stroke_width(1);
        chart.draw_series(DashedLineSeries::new([(shortest, published), (longest, published)], 6, 4, style))?;
    }
    Ok(())
}
