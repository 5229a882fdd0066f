//! Finding the memory's signals in a dump, whatever the hierarchy above it.

use super::header::{Header, Scope, Variable};
use super::values::{Slot, Values};
use crate::power::Design;
use rustc_hash::FxHashMap;

/// Signals of the memory's top; those that not every dump has are optional.
pub(super) struct Signals {
    /// Scope they were found in, joined by dots.
    pub(super) scope: String,
    pub(super) clk: Slot,
    pub(super) state: Slot,
    pub(super) sw: Slot,
    pub(super) sw_ack: Slot,
    pub(super) iso_n: Slot,
    pub(super) ret: Slot,
    pub(super) light: Slot,
    pub(super) rst_n: Option<Slot>,
    pub(super) now: Option<Slot>,
    pub(super) clk_en: Option<Slot>,
    pub(super) live: Option<Slot>,
    pub(super) force_off: Option<Slot>,
    pub(super) scan_mode: Option<Slot>,
    pub(super) req: Option<Slot>,
    pub(super) gnt: Option<Slot>,
    pub(super) we: Option<Slot>,
    pub(super) addr: Option<Slot>,
    pub(super) quiescent: Option<Slot>,
    pub(super) next_event: Option<Slot>,
    pub(super) next_event_valid: Option<Slot>,
}

/// The memory's top in a dump, for looking up names.
pub(super) struct Place<'a> {
    header: &'a Header,
    scope: &'a Scope,
}

/// Finds the memory's top; the message of an error says what is missing.
pub(super) fn place<'a>(header: &'a Header, design: &Design) -> Result<Place<'a>, String> {
    Ok(Place { header, scope: choose(&header.scopes, design)? })
}

impl Place<'_> {
    /// Width in bits.
    pub(super) fn width(&self, name: &str) -> Option<u32> {
        self.scope.variable(name).map(|variable| variable.width)
    }

    /// Scopes, name and range, as a viewer shows it.
    pub(super) fn full_name(&self, name: &str) -> Option<String> {
        self.scope.variable(name).map(|variable| self.scope.full_name(variable))
    }

    /// Full names of the variables of this name beside the memory, in any scope.
    pub(super) fn beside(&self, name: &str) -> impl Iterator<Item = String> {
        let found = |scope: &Scope| Some(scope.full_name(scope.variable(name)?));
        self.header.scopes.iter().filter_map(found).collect::<Vec<_>>().into_iter()
    }
}

/// Slots by identifier code; two names of one value share a slot.
#[derive(Default)]
pub(super) struct Codes {
    dense: Vec<Option<Slot>>,
    sparse: FxHashMap<u64, Slot>,
    watched: Vec<u64>,
}

/// Codes below this are looked up in a table: all of up to three characters that simulators use first.
const DENSE: u64 = 1 << 18;

impl Codes {
    /// All codes with a slot.
    pub(super) fn watched(&self) -> &[u64] {
        &self.watched
    }

    /// Slot of a code, if it is watched.
    pub(super) fn slot(&self, code: u64) -> Option<Slot> {
        if code < DENSE { self.dense.get(code as usize).copied().flatten() } else { self.sparse.get(&code).copied() }
    }

    fn watch(&mut self, variable: &Variable, values: &mut Values) -> Slot {
        let code = variable.code;
        if let Some(slot) = self.slot(code) {
            return slot;
        }
        let slot = values.watch(variable.width);
        self.watched.push(code);
        if code < DENSE {
            let length = self.dense.len().max(code as usize + 1);
            self.dense.resize(length, None);
            self.dense[code as usize] = Some(slot);
        } else {
            self.sparse.insert(code, slot);
        }
        slot
    }
}

/// Ports that must be there, with their widths in domains.
const REQUIRED: [(&str, u32); 6] =
    [("state_o", 4), ("sw_o", 1), ("sw_ack_i", 1), ("iso_no", 1), ("ret_o", 1), ("light_o", 1)];

/// Finds the signals; the message of an error says what is missing.
pub(super) fn find(header: &Header, design: &Design, values: &mut Values) -> Result<(Signals, Codes), String> {
    let scope = choose(&header.scopes, design)?;
    let mut codes = Codes::default();
    let mut optional = |name: &str, width: u32| {
        let fits = |variable: &&Variable| width == 0 || variable.width == width;
        scope.variable(name).filter(fits).map(|variable| codes.watch(variable, values))
    };
    let missing = |name: &str| format!("{} lacks {name}", scope.path.join("."));
    let (domains, ports) = (design.organisation.domains, design.organisation.ports);
    let mut required = |name: &str, width: u32| optional(name, width).ok_or_else(|| missing(name));
    let signals = Signals {
        scope: scope.path.join("."),
        clk: required("clk_i", 1)?,
        state: required("state_o", 4 * domains)?,
        sw: required("sw_o", domains)?,
        sw_ack: required("sw_ack_i", domains)?,
        iso_n: required("iso_no", domains)?,
        ret: required("ret_o", domains)?,
        light: required("light_o", domains)?,
        rst_n: optional("rst_ni", 1),
        now: optional("now_i", 0),
        clk_en: optional("clk_en_o", domains),
        live: optional("live_i", domains),
        force_off: optional("force_off_i", domains),
        scan_mode: optional("scan_mode_i", 1),
        req: optional("req_i", ports),
        gnt: optional("gnt_o", ports),
        we: optional("we_i", ports),
        addr: optional("addr_i", 0),
        quiescent: optional("quiescent_o", 1),
        next_event: optional("next_event_o", 0),
        next_event_valid: optional("next_event_valid_o", 1),
    };
    Ok((signals, codes))
}

/// What a scope lacks to be the memory's top.
fn lacking(scope: &Scope, design: &Design) -> Vec<String> {
    let domains = design.organisation.domains;
    let wanted = std::iter::once(("clk_i", 1)).chain(REQUIRED.map(|(name, bits)| (name, bits * domains)));
    let wrong = wanted.filter_map(|(name, width)| match scope.variable(name) {
        None => Some(name.to_owned()),
        Some(variable) if variable.width != width => {
            Some(format!("{name} of {width} bits (it has {})", variable.width))
        }
        Some(_) => None,
    });
    wrong.collect()
}

/// The top by name, else the outermost scope with all required ports; two that do not contain each other are a question.
fn choose<'a>(scopes: &'a [Scope], design: &Design) -> Result<&'a Scope, String> {
    let top = format!("pgsram_{}", design.name);
    let fitting: Vec<&Scope> = scopes.iter().filter(|scope| lacking(scope, design).is_empty()).collect();
    let named = fitting.iter().find(|scope| scope.path.last() == Some(&top));
    match (named.or(fitting.first()), named.is_none()) {
        (None, _) => Err(nearest_miss(scopes, design)),
        (Some(chosen), true) => match fitting.iter().find(|other| !other.path.starts_with(&chosen.path)) {
            Some(other) => Err(format!(
                "two scopes look like a memory, {} and {}, and neither is named {top}",
                chosen.path.join("."),
                other.path.join(".")
            )),
            None => Ok(chosen),
        },
        (Some(chosen), false) => Ok(chosen),
    }
}

fn nearest_miss(scopes: &[Scope], design: &Design) -> String {
    let misses = scopes.iter().map(|scope| (lacking(scope, design), scope));
    match misses.min_by_key(|(missing, _)| missing.len()) {
        Some((missing, scope)) if missing.len() <= REQUIRED.len() => {
            format!("no scope has the ports of {}; {} lacks {}", design.name, scope.path.join("."), missing.join(", "))
        }
        _ => {
            format!("no scope has the ports of {}: clk_i, state_o, sw_o, sw_ack_i, iso_no, ret_o, light_o", design.name)
        }
    }
}
