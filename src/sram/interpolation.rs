//! Straight lines between neighbours on logarithmic axes.

/// Position of a value among the points of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bracket {
    /// Index of the lower neighbour.
    pub low: usize,
    /// Index of the upper neighbour; equal to `low` at a point.
    pub high: usize,
    /// Way from the lower to the upper one: 0 to 1 inside, beyond that outside.
    pub way: f64,
    /// Whether the value lies outside the axis.
    pub outside: bool,
}

/// Brackets `value` on an ascending axis of positive points; `None` for a single point that is not the value.
pub(super) fn bracket(axis: &[f64], value: f64) -> Option<Bracket> {
    if let Some(at) = axis.iter().position(|a| *a == value) {
        return Some(Bracket { low: at, high: at, way: 0.0, outside: false });
    }
    let last = axis.len().checked_sub(1).filter(|l| *l > 0)?;
    let high = axis.partition_point(|a| *a < value).clamp(1, last);
    let (a, b) = (axis[high - 1], axis[high]);
    let way = (value / a).ln() / (b / a).ln();
    Some(Bracket { low: high - 1, high, way, outside: value < axis[0] || value > axis[last] })
}

/// Value at `way` from `a` to `b` on a logarithmic axis; linear when one of them is not positive.
pub(super) fn between(a: f64, b: f64, way: f64) -> f64 {
    match a > 0.0 && b > 0.0 {
        _ if way == 0.0 => a,
        true => a * (b / a).powf(way),
        false => a + (b - a) * way.clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_neighbours_and_the_outside() {
        let axis = [1.0, 4.0, 16.0];
        assert_eq!(bracket(&axis, 4.0), Some(Bracket { low: 1, high: 1, way: 0.0, outside: false }));
        assert_eq!(bracket(&axis, 8.0), Some(Bracket { low: 1, high: 2, way: 0.5, outside: false }));
        assert_eq!(bracket(&axis, 64.0), Some(Bracket { low: 1, high: 2, way: 2.0, outside: true }));
        assert_eq!(bracket(&axis, 0.25).unwrap().way, -1.0);
        assert_eq!(bracket(&[128.0], 64.0), None);
    }

    #[test]
    fn a_power_law_is_met_exactly() {
        assert!((between(8.0, 64.0, 2.0 / 3.0) - 32.0).abs() < 1e-12);
        assert_eq!(between(0.0, 2.0, 0.5), 1.0);
    }
}
