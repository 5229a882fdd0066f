//! Quantities written with their unit: `"64 MiB"`, `"1 GHz"`, `"80 ns"`, `"20 pJ/bit"`.

use crate::config::FromValue;
use crate::units::{Bytes, Cycles, Hertz, Kelvin, Millimetres, Milliwatts, Nanoseconds, Picojoules, SquareMillimetres};
use toml::de::DeValue;

/// Transfers a second on a memory channel, written `"1600 MT/s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferRate(pub u64);

/// Energy of a bit moved, written `"20 pJ/bit"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PicojoulesPerBit(pub f64);

/// A time in cycles (`10`, `"10 cycles"`) or in seconds (`"80 ns"`), which a clock turns into cycles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// Cycles of the accelerator's clock.
    Cycles(Cycles),
    /// Time, whatever the clock.
    Time(Nanoseconds),
}

impl Delay {
    /// Smallest whole number of cycles of `clock` that lasts at least as long.
    pub fn at(self, clock: Hertz) -> Cycles {
        match self {
            Delay::Cycles(cycles) => cycles,
            Delay::Time(time) => clock.cycles_covering(time, 0),
        }
    }
}

/// A unit and its size in the base unit, as numerator and denominator.
type Unit = (&'static str, u64, u64);

const SIZES: &[Unit] = &[
    ("B", 1, 1),
    ("KiB", 1 << 10, 1),
    ("MiB", 1 << 20, 1),
    ("GiB", 1 << 30, 1),
    ("kB", 1_000, 1),
    ("MB", 1_000_000, 1),
    ("GB", 1_000_000_000, 1),
];
const FREQUENCIES: &[Unit] = &[("Hz", 1, 1), ("kHz", 1_000, 1), ("MHz", 1_000_000, 1), ("GHz", 1_000_000_000, 1)];
const RATES: &[Unit] = &[("T/s", 1, 1), ("kT/s", 1_000, 1), ("MT/s", 1_000_000, 1), ("GT/s", 1_000_000_000, 1)];
const TIMES: &[Unit] = &[
    ("ns", 1, 1),
    ("ps", 1, 1_000),
    ("us", 1_000, 1),
    ("µs", 1_000, 1),
    ("ms", 1_000_000, 1),
    ("s", 1_000_000_000, 1),
];
const CYCLES: &[Unit] = &[("cycles", 1, 1), ("cycle", 1, 1)];
const ENERGIES: &[Unit] = &[
    ("pJ", 1, 1),
    ("fJ", 1, 1_000),
    ("nJ", 1_000, 1),
    ("uJ", 1_000_000, 1),
    ("µJ", 1_000_000, 1),
    ("mJ", 1_000_000_000, 1),
];
const ENERGIES_PER_BIT: &[Unit] = &[("pJ/bit", 1, 1), ("fJ/bit", 1, 1_000), ("nJ/bit", 1_000, 1)];
const POWERS: &[Unit] = &[("mW", 1, 1), ("W", 1_000, 1), ("uW", 1, 1_000), ("µW", 1, 1_000), ("nW", 1, 1_000_000)];
const LENGTHS: &[Unit] = &[("mm", 1, 1), ("um", 1, 1_000), ("µm", 1, 1_000), ("nm", 1, 1_000_000)];
const AREAS: &[Unit] = &[("mm2", 1, 1), ("mm²", 1, 1), ("um2", 1, 1_000_000), ("µm²", 1, 1_000_000)];

/// Number and unit of a text such as `12.5 mm2` or `12.5mm2`.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '_' | '-')).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

/// The unit of that name, which is case-sensitive: `MB` is no `mb`.
fn unit_of(units: &[Unit], name: &str) -> Option<Unit> {
    units.iter().copied().find(|u| u.0 == name)
}

/// A quantity that must be a whole number of base units, exactly.
fn exact(text: &str, units: &[Unit]) -> Option<u64> {
    let (number, name) = split(text);
    let (_, numerator, denominator) = unit_of(units, name)?;
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?.checked_mul(u128::from(denominator))?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let product = digits.checked_mul(u128::from(numerator))?;
    (product % scale == 0).then(|| u64::try_from(product / scale).ok())?
}

/// A rate, which a time is divided by: exact and above zero.
fn rate(text: &str, units: &[Unit]) -> Option<u64> {
    exact(text, units).filter(|&value| value > 0)
}

/// A quantity of any size, zero or more.
fn real(text: &str, units: &[Unit]) -> Option<f64> {
    let (number, name) = split(text);
    let (_, numerator, denominator) = unit_of(units, name)?;
    let number: f64 = number.replace('_', "").parse().ok()?;
    let value = number * numerator as f64 / denominator as f64;
    (value >= 0.0 && value.is_finite()).then_some(value)
}

/// ``a size such as `64 MiB` (B, KiB, …)``.
fn form(what: &str, units: &[Unit]) -> String {
    let ascii = units.iter().map(|u| u.0).filter(|name| name.is_ascii()).collect::<Vec<_>>().join(", ");
    format!("{what} (units: {ascii})")
}

macro_rules! quantities {
    ($($type:ident: $read:ident($units:ident), $what:literal;)*) => {$(
        impl FromValue for $type {
            fn expected() -> String {
                form($what, $units)
            }

            fn from_value(value: &DeValue<'_>) -> Option<Self> {
                $read(value.as_str()?, $units).map($type)
            }
        }
    )*};
}

quantities! {
    Bytes: exact(SIZES), "a size such as `64 MiB`";
    Hertz: rate(FREQUENCIES), "a frequency above zero such as `1 GHz`";
    TransferRate: rate(RATES), "a transfer rate above zero such as `1600 MT/s`";
    Nanoseconds: real(TIMES), "a time such as `80 ns`";
    Picojoules: real(ENERGIES), "an energy such as `5 pJ`";
    PicojoulesPerBit: real(ENERGIES_PER_BIT), "an energy per bit such as `20 pJ/bit`";
    Milliwatts: real(POWERS), "a power such as `2 mW`";
    Millimetres: real(LENGTHS), "a length such as `1.5 mm`";
    SquareMillimetres: real(AREAS), "an area such as `12 mm2`";
}

impl FromValue for Kelvin {
    fn expected() -> String {
        "a temperature such as `350 K` or `77 C`".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let (number, unit) = split(value.as_str()?);
        let number: f64 = number.parse().ok()?;
        let kelvin = match unit {
            "K" => number,
            "C" | "°C" => number + 273.15,
            _ => return None,
        };
        (kelvin >= 0.0).then_some(Kelvin(kelvin))
    }
}

impl FromValue for Cycles {
    fn expected() -> String {
        "a whole number of cycles".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let number = u64::from_value(value).or_else(|| exact(value.as_str()?, CYCLES));
        number.map(Cycles)
    }
}

impl FromValue for Delay {
    fn expected() -> String {
        "a number of cycles such as `10`, or a time such as `80 ns`".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let time = || Nanoseconds::from_value(value).map(Delay::Time);
        Cycles::from_value(value).map(Delay::Cycles).or_else(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_quantities_are_exact() {
        assert_eq!(exact("64 MiB", SIZES), Some(64 << 20));
        assert_eq!(exact("1.5KiB", SIZES), Some(1536));
        assert_eq!(exact("0.3 B", SIZES), None, "no whole byte");
        assert_eq!(exact("1_600 MT/s", RATES), Some(1_600_000_000));
        assert_eq!(exact("18446744073709551616 B", SIZES), None, "beyond 64 bits");
        assert_eq!(exact("99999999999999999999999999999999999999 GiB", SIZES), None);
    }

    #[test]
    fn a_number_without_its_unit_is_refused() {
        for text in ["", "64", "MiB", "64 mib", "- MiB", "-1 MiB", "1.2.3 MiB", "4 KiB B"] {
            assert_eq!(exact(text, SIZES), None, "{text}");
            assert_eq!(real(text, SIZES), None, "{text}");
        }
    }

    #[test]
    fn rates_are_above_zero() {
        assert_eq!(rate("0 GHz", FREQUENCIES), None);
        assert_eq!(rate("0.0000000015 GHz", FREQUENCIES), None, "no whole hertz");
        assert_eq!(rate("1.5 GHz", FREQUENCIES), Some(1_500_000_000));
    }

    #[test]
    fn real_quantities_scale_to_the_base_unit() {
        assert_eq!(real("1 s", TIMES), Some(1e9));
        assert_eq!(real("3 ps", TIMES), Some(0.003));
        assert_eq!(real("12mm2", AREAS), Some(12.0));
        assert_eq!(real("20 pJ/bit", ENERGIES_PER_BIT), Some(20.0));
        assert_eq!(real("-1 ns", TIMES), None);
    }

    #[test]
    fn delays_follow_the_clock() {
        let clock = Hertz(2_000_000_000);
        assert_eq!(Delay::Time(Nanoseconds(80.0)).at(clock), Cycles(160));
        assert_eq!(Delay::Cycles(Cycles(80)).at(clock), Cycles(80));
    }
}
