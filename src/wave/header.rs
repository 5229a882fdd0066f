//! What a waveform file declares: scopes and their variables, whatever its format.

use super::dump::code;
use std::fmt;
use vcd::ScopeItem;

/// A declared variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// Name without its range.
    pub(super) name: String,
    /// Range as declared, `[7:0]`; empty if there is none.
    pub(super) range: String,
    /// Width in bits; 0 for what has no bits.
    pub(super) width: u32,
    /// What its value changes are known by; variables that share it always have the same value.
    pub(super) code: u64,
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.range)
    }
}

/// A scope and the variables directly in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// Names from the outermost scope down.
    pub(super) path: Vec<String>,
    /// In the order of the file.
    pub(super) variables: Vec<Variable>,
}

impl Scope {
    /// The variable of this name.
    pub(super) fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// Scopes, name and range, as a viewer shows it.
    pub(super) fn full_name(&self, variable: &Variable) -> String {
        let parts: Vec<&str> = self.path.iter().map(String::as_str).collect();
        [&parts[..], &[&variable.to_string()]].concat().join(".")
    }
}

/// All scopes, outer ones before those in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Header {
    /// The first is what lies above all scopes.
    pub(super) scopes: Vec<Scope>,
}

impl Header {
    /// Of a value change dump.
    pub(super) fn of_vcd(header: &vcd::Header) -> Self {
        let mut scopes = Vec::new();
        collect_vcd(&header.items, &[], &mut scopes);
        Self { scopes }
    }

    /// Of a file that `wellen` reads; codes are its signal references.
    pub(super) fn of_hierarchy(hierarchy: &wellen::Hierarchy) -> Self {
        let variable = |item| of_wellen(hierarchy, &hierarchy[item]);
        let mut scopes = vec![Scope { path: vec![], variables: hierarchy.vars().map(variable).collect() }];
        let mut open: Vec<(wellen::ScopeRef, Vec<String>)> =
            hierarchy.scopes().map(|scope| (scope, Vec::new())).collect();
        open.reverse();
        while let Some((item, above)) = open.pop() {
            let scope = &hierarchy[item];
            let path = [&above[..], &[scope.name(hierarchy).to_string()]].concat();
            let first = open.len();
            open.extend(scope.scopes(hierarchy).map(|inner| (inner, path.clone())));
            open[first..].reverse();
            scopes.push(Scope { path, variables: scope.vars(hierarchy).map(variable).collect() });
        }
        Self { scopes }
    }
}

fn collect_vcd(items: &[ScopeItem], path: &[String], found: &mut Vec<Scope>) {
    let variables = items.iter().filter_map(|item| match item {
        ScopeItem::Var(variable) => of_vcd(variable),
        _ => None,
    });
    found.push(Scope { path: path.to_vec(), variables: variables.collect() });
    for item in items {
        if let ScopeItem::Scope(scope) = item {
            collect_vcd(&scope.items, &[path, std::slice::from_ref(&scope.identifier)].concat(), found);
        }
    }
}

/// Some simulators put no space before the range.
fn of_vcd(variable: &vcd::Var) -> Option<Variable> {
    let (name, glued) = match variable.reference.find('[') {
        Some(at) if at > 0 => variable.reference.split_at(at),
        _ => (&variable.reference[..], ""),
    };
    let range = variable.index.map(|index| index.to_string()).unwrap_or_default();
    let code = code(variable.code.to_string().as_bytes())?;
    let bits = !matches!(variable.var_type, vcd::VarType::Real | vcd::VarType::String | vcd::VarType::Event);
    Some(Variable {
        name: name.into(),
        range: format!("{glued}{range}"),
        width: if bits { variable.size } else { 0 },
        code,
    })
}

fn of_wellen(hierarchy: &wellen::Hierarchy, variable: &wellen::Var) -> Variable {
    let range = variable.index().map_or(String::new(), |index| match (index.msb(), index.lsb()) {
        (msb, lsb) if msb == lsb => format!("[{msb}]"),
        (msb, lsb) => format!("[{msb}:{lsb}]"),
    });
    Variable {
        name: variable.name(hierarchy).into(),
        range,
        width: variable.length(hierarchy).unwrap_or_default(),
        code: variable.signal_ref().index() as u64,
    }
}
