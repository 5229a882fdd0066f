//! Finding the memory's signals in a dump, whatever the hierarchy above it.

use super::dump::code;
use super::values::{Slot, Values};
use crate::power::Design;
use rustc_hash::FxHashMap;
use vcd::{Header, ScopeItem, Var};

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

/// A scope and the variables directly in it, by name without index.
struct Scope<'a> {
    path: Vec<&'a str>,
    variables: FxHashMap<&'a str, &'a Var>,
}

/// The memory's top in a dump, for looking up names.
pub(super) struct Place<'a>(Scope<'a>);

/// Finds the memory's top; the message of an error says what is missing.
pub(super) fn place<'a>(header: &'a Header, design: &Design) -> Result<Place<'a>, String> {
    let mut scopes = scopes(header);
    let chosen = choose(&scopes, design)?.path.clone();
    let index = scopes.iter().position(|scope| scope.path == chosen).unwrap_or_default();
    Ok(Place(scopes.swap_remove(index)))
}

impl<'a> Place<'a> {
    /// Names in the scope, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        let mut names: Vec<&str> = self.0.variables.keys().copied().collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// Width in bits.
    pub(super) fn width(&self, name: &str) -> Option<u32> {
        self.0.variables.get(name).map(|variable| variable.size)
    }

    /// Scopes, name and index, as a viewer shows it.
    pub(super) fn full_name(&self, name: &str) -> Option<String> {
        let variable = self.0.variables.get(name)?;
        let index = variable.index.map(|index| index.to_string()).unwrap_or_default();
        Some(format!("{}.{}{index}", self.0.path.join("."), variable.reference))
    }
}

/// Slots by identifier code; two names of one value share a slot.
#[derive(Default)]
pub(super) struct Codes {
    dense: Vec<Option<Slot>>,
    sparse: FxHashMap<u64, Slot>,
}

/// Codes below this are looked up in a table: all of up to three characters that simulators use first.
const DENSE: u64 = 1 << 18;

impl Codes {
    /// Slot of a code, if it is watched.
    pub(super) fn slot(&self, code: u64) -> Option<Slot> {
        if code < DENSE { self.dense.get(code as usize).copied().flatten() } else { self.sparse.get(&code).copied() }
    }

    fn watch(&mut self, variable: &Var, values: &mut Values) -> Option<Slot> {
        let code = code(variable.code.to_string().as_bytes())?;
        if let Some(slot) = self.slot(code) {
            return Some(slot);
        }
        let slot = values.watch(variable.size);
        if code < DENSE {
            let length = self.dense.len().max(code as usize + 1);
            self.dense.resize(length, None);
            self.dense[code as usize] = Some(slot);
        } else {
            self.sparse.insert(code, slot);
        }
        Some(slot)
    }
}

/// Ports that must be there, with their widths in domains.
const REQUIRED: [(&str, u32); 6] =
    [("state_o", 4), ("sw_o", 1), ("sw_ack_i", 1), ("iso_no", 1), ("ret_o", 1), ("light_o", 1)];

/// Finds the signals; the message of an error says what is missing.
pub(super) fn find(header: &Header, design: &Design, values: &mut Values) -> Result<(Signals, Codes), String> {
    let scopes = scopes(header);
    let scope = choose(&scopes, design)?;
    let mut codes = Codes::default();
    let mut optional = |name: &str, width: u32| {
        let variable = scope.variables.get(name).filter(|variable| width == 0 || variable.size == width)?;
        codes.watch(variable, values)
    };
    let missing = |name: &str| format!("{} has an identifier code that cannot be read", name);
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

fn scopes(header: &Header) -> Vec<Scope<'_>> {
    let mut found = Vec::new();
    collect(&header.items, &mut Vec::new(), &mut found);
    found
}

fn collect<'a>(items: &'a [ScopeItem], path: &mut Vec<&'a str>, found: &mut Vec<Scope<'a>>) {
    let variables = items.iter().filter_map(|item| match item {
        ScopeItem::Var(variable) => Some((plain(&variable.reference), variable)),
        _ => None,
    });
    found.push(Scope { path: path.clone(), variables: variables.collect() });
    for item in items {
        if let ScopeItem::Scope(scope) = item {
            path.push(&scope.identifier);
            collect(&scope.items, path, found);
            path.pop();
        }
    }
}

/// Name without an index that was written without a space.
fn plain(reference: &str) -> &str {
    reference.split('[').next().unwrap_or(reference)
}

/// What a scope lacks to be the memory's top.
fn lacking(scope: &Scope<'_>, design: &Design) -> Vec<String> {
    let domains = design.organisation.domains;
    let wanted = std::iter::once(("clk_i", 1)).chain(REQUIRED.map(|(name, bits)| (name, bits * domains)));
    let wrong = wanted.filter_map(|(name, width)| match scope.variables.get(name) {
        None => Some(name.to_owned()),
        Some(variable) if variable.size != width => Some(format!("{name} of {width} bits (it has {})", variable.size)),
        Some(_) => None,
    });
    wrong.collect()
}

/// The top by name, else the outermost scope with all required ports; two that do not contain each other are a question.
fn choose<'s, 'a>(scopes: &'s [Scope<'a>], design: &Design) -> Result<&'s Scope<'a>, String> {
    let top = format!("pgsram_{}", design.name);
    let fitting: Vec<&Scope<'_>> = scopes.iter().filter(|scope| lacking(scope, design).is_empty()).collect();
    let named = fitting.iter().find(|scope| scope.path.last() == Some(&top.as_str()));
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

fn nearest_miss(scopes: &[Scope<'_>], design: &Design) -> String {
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
