//! Physical quantities and counts as newtypes, so that a cycle is never added to a byte.
//!
//! Time in the simulator is integer [`Cycles`]; energies, powers, areas and times of the
//! characterisation are floating point in the unit their name states.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

macro_rules! count {
    ($(#[$doc:meta])* $name:ident, $suffix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The value zero.
            pub const ZERO: Self = Self(0);
            /// Difference, zero where it would be negative.
            pub fn saturating_sub(self, other: Self) -> Self { Self(self.0.saturating_sub(other.0)) }
        }
        impl Add for $name { type Output = Self; fn add(self, o: Self) -> Self { Self(self.0 + o.0) } }
        impl Sub for $name { type Output = Self; fn sub(self, o: Self) -> Self { Self(self.0 - o.0) } }
        impl AddAssign for $name { fn add_assign(&mut self, o: Self) { self.0 += o.0; } }
        impl SubAssign for $name { fn sub_assign(&mut self, o: Self) { self.0 -= o.0; } }
        impl Mul<u64> for $name { type Output = Self; fn mul(self, o: u64) -> Self { Self(self.0 * o) } }
        impl Sum for $name { fn sum<I: Iterator<Item = Self>>(i: I) -> Self { Self(i.map(|x| x.0).sum()) } }
        impl From<u64> for $name { fn from(v: u64) -> Self { Self(v) } }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!(concat!("{}", $suffix), grouped(self.0)))
            }
        }
    };
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $suffix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// The value zero.
            pub const ZERO: Self = Self(0.0);
        }
        impl Add for $name { type Output = Self; fn add(self, o: Self) -> Self { Self(self.0 + o.0) } }
        impl Sub for $name { type Output = Self; fn sub(self, o: Self) -> Self { Self(self.0 - o.0) } }
        impl AddAssign for $name { fn add_assign(&mut self, o: Self) { self.0 += o.0; } }
        impl Mul<f64> for $name { type Output = Self; fn mul(self, o: f64) -> Self { Self(self.0 * o) } }
        impl Div<$name> for $name { type Output = f64; fn div(self, o: Self) -> f64 { self.0 / o.0 } }
        impl Sum for $name { fn sum<I: Iterator<Item = Self>>(i: I) -> Self { Self(i.map(|x| x.0).sum()) } }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = f.precision().unwrap_or(3);
                f.pad(&format!(concat!("{:.*}", $suffix), digits, self.0))
            }
        }
    };
}

count!(
    /// Clock cycles of the accelerator.
    Cycles, ""
);
count!(
    /// Bytes, exact.
    Bytes, " B"
);
quantity!(
    /// Energy, 1e-12 J.
    Picojoules, " pJ"
);
quantity!(
    /// Power, 1e-3 W.
    Milliwatts, " mW"
);
quantity!(
    /// Time, 1e-9 s.
    Nanoseconds, " ns"
);
quantity!(
    /// Length, 1e-3 m.
    Millimetres, " mm"
);
quantity!(
    /// Area, 1e-6 m².
    SquareMillimetres, " mm²"
);
quantity!(
    /// Temperature in kelvin.
    Kelvin, " K"
);

/// Clock or transfer frequency, in hertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Hertz(pub u64);

impl Hertz {
    /// One cycle of this clock.
    pub fn period(self) -> Nanoseconds {
        Nanoseconds(1e9 / self.0 as f64)
    }

    /// Smallest whole number of cycles that lasts at least `time`, never below `least`.
    ///
    /// A relative slack of 1e-9 keeps decimal inputs such as 2.0 ns at 1 GHz from becoming three cycles.
    pub fn cycles_covering(self, time: Nanoseconds, least: u64) -> Cycles {
        let exact = time.0 * self.0 as f64 / 1e9;
        Cycles(((exact * (1.0 - 1e-9)).ceil() as u64).max(least))
    }
}

impl Milliwatts {
    /// Energy that this power uses in `cycles` of `clock`.
    pub fn over(self, cycles: Cycles, clock: Hertz) -> Picojoules {
        Picojoules(self.0 * clock.period().0 * cycles.0 as f64)
    }
}

impl Bytes {
    /// Human form with a binary prefix, such as `12.50 MiB`.
    pub fn human(self) -> String {
        const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
        let unit = (0..UNITS.len() - 1).take_while(|&u| self.0 >> (10 * (u + 1)) > 0).count();
        match unit {
            0 => format!("{} B", self.0),
            _ => format!("{:.2} {}", self.0 as f64 / (1u64 << (10 * unit)) as f64, UNITS[unit]),
        }
    }
}

/// Digits in groups of three, separated by commas.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1557611200), "1,557,611,200");
    }

    #[test]
    fn cycles_cover_the_time() {
        let clock = Hertz(1_000_000_000);
        assert_eq!(clock.cycles_covering(Nanoseconds(2.0), 1), Cycles(2));
        assert_eq!(clock.cycles_covering(Nanoseconds(2.01), 1), Cycles(3));
        assert_eq!(clock.cycles_covering(Nanoseconds(0.0), 1), Cycles(1));
    }

    #[test]
    fn binary_prefixes() {
        assert_eq!(Bytes(1023).human(), "1023 B");
        assert_eq!(Bytes(1 << 20).human(), "1.00 MiB");
    }
}
