//! Bounds that a selected point has to keep.

use super::exploration::Exploration;
use super::pareto::winner;
use super::point::Point;
use super::study::Objective;
use crate::units::{Cycles, Nanoseconds, SquareMillimetres, grouped};

/// Bounds that a selected point has to keep; the predicted latency counts where there is one, else the planned one with all the
/// stalls that nothing might hide.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Most area of the macros.
    pub area: Option<SquareMillimetres>,
    /// Longest latency.
    pub latency: Option<LatencyLimit>,
}

/// Longest latency of one inference of every workload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LatencyLimit {
    /// So many cycles.
    Cycles(Cycles),
    /// A time at the clock of the memory.
    Time(Nanoseconds),
    /// This share above the fastest memory of the same capacity that is never gated: 0.01 for one per cent.
    AboveNever(f64),
}

/// Why no point keeps the limits: how near one comes.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfReach {
    /// Least area of a point with addresses.
    pub area: Option<SquareMillimetres>,
    /// Least latency of a point with addresses that keeps the limit on the area.
    pub latency: Option<Cycles>,
    /// The same as a share above the fastest ungated memory of its capacity.
    pub above_never: Option<f64>,
}

impl std::fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Some(area), latency) = (self.area, self.latency) else {
            return f.write_str("there is no point with addresses; add a placement such as \"first-fit\" to the study");
        };
        write!(f, "no point with addresses keeps the limits: the smallest has {:.3} mm²", area.0)?;
        match (latency, self.above_never) {
            (Some(cycles), Some(share)) => write!(
                f,
                "; of those within the area, the fastest takes {} cycles, {:+.3} % against `never`",
                grouped(cycles.0),
                share * 100.0
            ),
            _ => f.write_str("; none is within the area"),
        }
    }
}

impl Exploration {
    /// The best point with addresses for an objective among those of the first period within the limits.
    ///
    /// # Errors
    /// [`OutOfReach`]: an answer.
    pub fn within(&self, objective: Objective, limits: Limits) -> std::result::Result<u64, OutOfReach> {
        let contestants = self.contestants();
        let placed: Vec<Point> = contestants.iter().filter(|p| p.is_buildable()).map(|p| p.as_predicted()).collect();
        let small = |p: &&Point| limits.area.is_none_or(|most| p.area_mm2 <= most.0);
        let fast = |p: &&Point| limits.latency.is_none_or(|limit| self.keeps(p, limit));
        let objectives = &self.summary.study.objectives;
        if let Some(best) = winner(placed.iter().filter(small).filter(fast), objective, objectives) {
            return Ok(best.point);
        }
        let fastest = placed.iter().filter(small).min_by(|a, b| self.above_never(a).total_cmp(&self.above_never(b)));
        Err(OutOfReach {
            area: placed.iter().map(|p| p.area_mm2).min_by(f64::total_cmp).map(SquareMillimetres),
            latency: fastest.map(|p| Cycles(p.latency_cycles())),
            above_never: fastest.map(|p| self.above_never(p)),
        })
    }

    fn keeps(&self, point: &Point, limit: LatencyLimit) -> bool {
        match limit {
            LatencyLimit::Cycles(most) => point.latency_cycles() <= most.0,
            LatencyLimit::Time(most) => {
                point.latency_cycles() as f64 * self.summary.port.clock.period().0 <= most.0 * (1.0 + 1e-9)
            }
            LatencyLimit::AboveNever(share) => self.above_never(point) <= share,
        }
    }

    /// Latency of a point as a share above the fastest memory of its capacity that is never gated; above the shortest plan of that
    /// capacity where the study has no such policy.
    pub fn above_never(&self, point: &Point) -> f64 {
        let same = || self.points.iter().filter(|p| p.capacity_bytes == point.capacity_bytes && !p.is_bound());
        let never = same().filter(|p| p.policy == "never").map(Point::latency_cycles).min();
        let fastest = never.or_else(|| same().map(|p| p.cycles).min());
        fastest.map_or(0.0, |cycles| point.latency_cycles() as f64 / cycles.max(1) as f64 - 1.0)
    }
}
