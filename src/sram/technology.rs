//! Node and device types, written `22nm-lstp`, or `22nm-lstp-hp` for lstp cells with hp periphery.

use crate::diagnostic::Diagnostic;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Kind of transistor, in the sense of the ITRS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// High performance.
    Hp,
    /// Low standby power.
    Lstp,
    /// Low operating power.
    Lop,
}

/// Node, transistors of the cells, transistors of everything around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(with = "String")]
#[serde(try_from = "String", into = "String")]
pub struct Technology {
    /// Feature size in nanometres.
    pub node_nm: u32,
    /// Transistors of the cells.
    pub cell: Device,
    /// Transistors of decoders, sense amplifiers, wires and logic.
    pub periphery: Device,
}

impl Device {
    /// Every device type.
    pub const ALL: [Device; 3] = [Device::Hp, Device::Lstp, Device::Lop];

    /// Name as in technologies and tables.
    pub fn name(self) -> &'static str {
        match self {
            Device::Hp => "hp",
            Device::Lstp => "lstp",
            Device::Lop => "lop",
        }
    }

    /// The device type of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }
}

impl Technology {
    /// Cells and periphery of one device type.
    pub fn uniform(node_nm: u32, device: Device) -> Self {
        Self { node_nm, cell: device, periphery: device }
    }
}

impl fmt::Display for Technology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.cell == self.periphery {
            true => format!("{}nm-{}", self.node_nm, self.cell.name()),
            false => format!("{}nm-{}-{}", self.node_nm, self.cell.name(), self.periphery.name()),
        };
        f.pad(&text)
    }
}

impl FromStr for Technology {
    type Err = Error;

    /// # Errors
    /// A text of another form than `<node>nm-<cell>[-<periphery>]`. Whether it is characterised is the model's to say.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| {
            let message = format!("`{text}` is not a technology");
            Error::input(Diagnostic::new("unknown-technology", message).with_help(
                "write node and device such as `22nm-lstp`, `45nm-hp`; `22nm-lstp-hp` for lstp cells with hp periphery",
            ))
        })
    }
}

fn parse(text: &str) -> Option<Technology> {
    let mut parts = text.split('-');
    let node_nm = parts.next()?.strip_suffix("nm")?.parse().ok()?;
    let cell = Device::named(parts.next()?)?;
    let periphery = parts.next().map_or(Some(cell), Device::named)?;
    parts.next().is_none().then_some(Technology { node_nm, cell, periphery })
}

impl TryFrom<String> for Technology {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Technology> for String {
    fn from(technology: Technology) -> Self {
        technology.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive() {
        for text in ["22nm-lstp", "45nm-hp", "22nm-lstp-hp", "90nm-lop"] {
            assert_eq!(text.parse::<Technology>().unwrap().to_string(), text);
        }
        for text in ["", "22nm", "22-lstp", "22nm-tsmc", "22nm-lstp-hp-hp"] {
            assert!(text.parse::<Technology>().is_err(), "{text}");
        }
    }
}
