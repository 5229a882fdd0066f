//! `when` conditions: in which state of a macro they hold.
//!
//! Which pin does what is known by its name alone, as memory compilers use them; a pin of another name may have any value.

/// What a pin does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Selects the macro for an access.
    Select,
    /// Makes the access a write.
    Write,
    /// Gates the periphery, keeps the data.
    Light,
    /// Keeps the data at a low voltage.
    Retention,
    /// Switches everything off.
    Off,
}

/// Names of pins: role, active level.
const PINS: [(&str, Role, bool); 38] = [
    ("CE", Role::Select, true),
    ("CS", Role::Select, true),
    ("ME", Role::Select, true),
    ("CEN", Role::Select, false),
    ("CEB", Role::Select, false),
    ("CSN", Role::Select, false),
    ("CSB", Role::Select, false),
    ("CE_N", Role::Select, false),
    ("CS_N", Role::Select, false),
    ("WE", Role::Write, true),
    ("WEN", Role::Write, false),
    ("WEB", Role::Write, false),
    ("WE_N", Role::Write, false),
    ("GWEN", Role::Write, false),
    ("GWE", Role::Write, true),
    ("LS", Role::Light, true),
    ("NAP", Role::Light, true),
    ("SLP", Role::Light, true),
    ("SLEEP", Role::Light, true),
    ("LIGHT_SLEEP", Role::Light, true),
    ("DS", Role::Retention, true),
    ("DSLP", Role::Retention, true),
    ("DEEP_SLEEP", Role::Retention, true),
    ("RET", Role::Retention, true),
    ("RETN", Role::Retention, false),
    ("RET1N", Role::Retention, false),
    ("RET2N", Role::Retention, false),
    ("RET_N", Role::Retention, false),
    ("SD", Role::Off, true),
    ("SHUTDOWN", Role::Off, true),
    ("SHUT_DOWN", Role::Off, true),
    ("PGEN", Role::Off, true),
    ("PD", Role::Off, true),
    ("SDN", Role::Off, false),
    ("SD_N", Role::Off, false),
    ("PGENN", Role::Off, false),
    ("PDN", Role::Off, false),
    ("PD_N", Role::Off, false),
];

/// Role and active level of a pin: its name, or its name without a port's `0`, `A`, `_in` or `_i` at the end.
fn pin(name: &str) -> Option<(Role, bool)> {
    let upper = name.to_ascii_uppercase();
    let known = |n: &str| PINS.iter().find(|p| p.0 == n).map(|p| (p.1, p.2));
    let shorter = ["_IN", "_I", "0", "1", "A", "B"].iter().find_map(|end| known(upper.strip_suffix(end)?));
    known(&upper).or(shorter)
}

/// A state of a macro: which roles are active; what is not given may be either.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Setting {
    pub select: Option<bool>,
    pub write: Option<bool>,
    pub light: Option<bool>,
    pub retention: Option<bool>,
    pub off: Option<bool>,
}

impl Setting {
    /// Powered, idle or accessed.
    pub const ON: Self =
        Self { select: None, write: None, light: Some(false), retention: Some(false), off: Some(false) };
    /// Powered, not accessed.
    pub const IDLE: Self = Self { select: Some(false), ..Self::ON };
    /// Being read.
    pub const READ: Self = Self { select: Some(true), write: Some(false), ..Self::ON };
    /// Being written.
    pub const WRITE: Self = Self { select: Some(true), write: Some(true), ..Self::ON };
    /// Periphery gated.
    pub const LIGHT: Self = Self { select: None, write: None, light: Some(true), ..Self::ON };
    /// In retention.
    pub const RETENTION: Self = Self { light: None, retention: Some(true), ..Self::ON };
    /// Off.
    pub const OFF: Self = Self { light: None, retention: None, off: Some(true), ..Self::ON };

    fn level(&self, name: &str) -> Option<bool> {
        let (role, active) = pin(name)?;
        let on = match role {
            Role::Select => self.select,
            Role::Write => self.write,
            Role::Light => self.light,
            Role::Retention => self.retention,
            Role::Off => self.off,
        };
        on.map(|on| on == active)
    }
}

/// Whether a condition names a pin of that role.
pub(super) fn mentions(condition: &str, role: Role) -> bool {
    let names = condition.split(|c: char| !c.is_alphanumeric() && c != '_');
    names.into_iter().any(|name| pin(name).is_some_and(|p| p.0 == role))
}

/// Value of a condition in a state: `None` where it depends on other pins or cannot be read.
pub(super) fn holds(condition: &str, setting: &Setting) -> Option<bool> {
    let tokens: Vec<char> = condition.chars().filter(|c| *c != '"').collect();
    let mut reader = Reader { tokens: &tokens, at: 0, setting };
    reader.sum(0)
}

/// Deepest nesting of parentheses that is read.
const DEPTH: u32 = 64;

struct Reader<'c> {
    tokens: &'c [char],
    at: usize,
    setting: &'c Setting,
}

fn not(value: Option<bool>) -> Option<bool> {
    value.map(|v| !v)
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        while self.tokens.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.tokens.get(self.at).copied()
    }

    fn eat(&mut self, marks: &[char]) -> bool {
        let found = self.peek().is_some_and(|c| marks.contains(&c));
        self.at += usize::from(found);
        found
    }

    fn sum(&mut self, depth: u32) -> Option<bool> {
        let mut value = self.product(depth);
        loop {
            if self.eat(&['|', '+']) {
                self.eat(&['|']);
                let other = self.product(depth);
                value = not(and(not(value), not(other)));
            } else if self.eat(&['^']) {
                let other = self.product(depth);
                value = value.zip(other).map(|(a, b)| a != b);
            } else {
                return value;
            }
        }
    }

    fn product(&mut self, depth: u32) -> Option<bool> {
        let mut value = self.factor(depth);
        loop {
            let explicit = self.eat(&['&', '*']);
            self.eat(&['&']);
            let implied = self.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '!' | '('));
            if !explicit && !implied {
                return value;
            }
            let before = self.at;
            let other = self.factor(depth);
            value = and(value, other);
            if self.at == before {
                return value;
            }
        }
    }

    fn factor(&mut self, depth: u32) -> Option<bool> {
        if depth > DEPTH {
            self.at = self.tokens.len();
            return None;
        }
        let mut value = match self.peek() {
            Some('!') => {
                self.at += 1;
                not(self.factor(depth + 1))
            }
            Some('(') => {
                self.at += 1;
                let value = self.sum(depth + 1);
                self.eat(&[')']);
                value
            }
            _ => self.name(),
        };
        while self.eat(&['\'']) {
            value = not(value);
        }
        value
    }

    fn name(&mut self) -> Option<bool> {
        let rest = &self.tokens[self.at..];
        let length = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
        let name: String = rest[..length].iter().collect();
        self.at += length;
        match name.as_str() {
            "0" => Some(false),
            "1" => Some(true),
            _ => self.setting.level(&name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_in_states() {
        for (condition, read, write, idle, off) in [
            ("!CEB & WEB", Some(true), Some(false), Some(false), None),
            ("(! (ce_in))", Some(false), Some(false), Some(true), None),
            ("CE WE'", Some(true), Some(false), Some(false), None),
            ("SD", Some(false), Some(false), Some(false), Some(true)),
            ("SD | !RETN", Some(false), Some(false), Some(false), Some(true)),
            ("!csb0 & clk0 & !web0", Some(false), None, Some(false), None),
            ("CE ^ WE", Some(true), Some(false), None, None),
            ("A0 + 1", Some(true), Some(true), Some(true), Some(true)),
        ] {
            let found = [Setting::READ, Setting::WRITE, Setting::IDLE, Setting::OFF].map(|s| holds(condition, &s));
            assert_eq!(found, [read, write, idle, off], "{condition}");
        }
    }

    #[test]
    fn broken_conditions_end() {
        for condition in ["", "!", "(", ")))", "& &", "A B )(", &"!(".repeat(500)] {
            holds(condition, &Setting::READ);
        }
        assert!(mentions("!RET1N & CEN", Role::Retention) && !mentions("CEN", Role::Retention));
    }
}
