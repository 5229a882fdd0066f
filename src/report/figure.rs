//! Static figures.

use super::decimate::{Column, decimate};
use crate::error::{Error, Result};
use crate::trace::Run;
use crate::workload::Class;
use plotters::coord::Shift;
use plotters::prelude::*;

/// Size of the figure of one memory.
const SIZE: (u32, u32) = (960, 360);
/// Stretches of time of which the extremes are kept.
const BUCKETS: usize = 480;

/// Colours of the classes, told apart by people with colour vision deficiencies (palette of Okabe and Ito).
fn colour(class: Class) -> RGBColor {
    match class {
        Class::Weight => RGBColor(0, 114, 178),
        Class::Activation => RGBColor(230, 159, 0),
        Class::Kv => RGBColor(0, 158, 115),
        Class::Score => RGBColor(213, 94, 0),
    }
}

/// Needed bytes over time, stacked by class, a panel a memory, as SVG.
///
/// # Errors
/// [`Error::Tool`] when the figure cannot be drawn.
pub fn occupancy_svg(run: &Run) -> Result<String> {
    let mut svg = String::new();
    let panels = run.occupancy.len().max(1);
    {
        let area = SVGBackend::with_string(&mut svg, (SIZE.0, SIZE.1 * panels as u32)).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        for (panel, memory) in area.split_evenly((panels, 1)).iter().zip(0..run.occupancy.len()) {
            draw(panel, run, memory).map_err(|message| Error::Tool { tool: "plot".into(), message })?;
        }
        area.present().map_err(failed)?;
    }
    Ok(svg)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Tool { tool: "plot".into(), message: error.to_string() }
}

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(panel: &Panel<'_>, run: &Run, memory: usize) -> std::result::Result<(), String> {
    let occupancy = &run.occupancy[memory];
    let column = decimate(occupancy, BUCKETS);
    let stacks = stacks(&column, occupancy.end.0, run.accelerator.clock.period().0 / 1e6);
    let top = stacks[3].iter().map(|p| p.1).fold(f64::MIN_POSITIVE, f64::max);
    let end = (occupancy.end.0 as f64 * run.accelerator.clock.period().0 / 1e6).max(f64::MIN_POSITIVE);
    let name = run.accelerator.memories.get(memory).map_or("", |m| m.name.as_str());
    let say = |e: DrawingAreaErrorKind<_>| format!("{e}");
    let mut chart = ChartBuilder::on(panel)
        .caption(format!("{}: needed in {name}", run.workload.name), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(38)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, 0.0..top * 1.05)
        .map_err(say)?;
    chart.configure_mesh().x_desc("time in ms").y_desc("MiB").light_line_style(TRANSPARENT).draw().map_err(say)?;
    for class in Class::ALL.into_iter().rev() {
        let fill = colour(class);
        let series = AreaSeries::new(stacks[class as usize].iter().copied(), 0.0, fill.filled());
        let drawn = chart.draw_series(series).map_err(say)?;
        drawn.label(class.name()).legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], fill.filled()));
    }
    let labels = chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw();
    labels.map_err(say)
}

/// Of each class the outline of it and the classes below: steps, in milliseconds and MiB.
fn stacks(column: &Column, end: u64, milliseconds: f64) -> [Vec<(f64, f64)>; 4] {
    let ends = column.cycle.iter().skip(1).copied().chain([end]);
    let spans: Vec<(u64, u64)> = column.cycle.iter().copied().zip(ends).collect();
    std::array::from_fn(|class| {
        let height =
            |i: usize| column.needed[..=class].iter().map(|bytes| bytes[i]).sum::<u64>() as f64 / f64::from(1u32 << 20);
        let step = |(i, &(from, to)): (usize, &(u64, u64))| {
            [(from as f64 * milliseconds, height(i)), (to as f64 * milliseconds, height(i))]
        };
        spans.iter().enumerate().flat_map(step).collect()
    })
}
