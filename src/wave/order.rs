//! The order of clock, isolation, switch and acknowledge, judged on the control signals alone: a controller whose
//! `state_o` lies is caught here.

use super::domain::{Pins, Step};
use super::property::{Ledger, Place, Property};
use crate::power::State;

/// Edges of the latest changes, `None` where they lie before the dump.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Order {
    /// Isolation closed.
    isolated: Option<u64>,
    /// Acknowledge pin rose.
    acknowledged: Option<u64>,
    /// Retention ended with the switch closed.
    retention_ended: Option<u64>,
    /// The rail came up from retention.
    from_retention: bool,
}

impl Order {
    pub(super) fn begin(pins: Pins, _edge: u64) -> Self {
        Self { from_retention: pins.ret, ..Self::default() }
    }

    /// Judges one edge and remembers what changed.
    pub(super) fn step(
        &mut self,
        ledger: &mut Ledger,
        step: &Step<'_>,
        (d, now): (usize, Place),
        (was, is): (Pins, Pins),
        state: State,
    ) {
        let mut book = |property, holds, message: &str| {
            ledger.book(property, holds, now, Some(d), || (message.to_owned(), is.list()));
        };
        let isolated = !was.iso_n && !is.iso_n;
        if was.sw != is.sw && state != State::Fault {
            let long = is.sw || self.lasted(self.isolated, now, u64::from(step.design.timing.t_iso.max(1)));
            book(
                Property::IsolateBeforeSwitch,
                isolated && long,
                "the switch moved before isolation was closed for T_ISO",
            );
        }
        if was.ret != is.ret && state != State::Fault {
            book(Property::RetentionIsolated, isolated, "retention changed on a domain that is not isolated");
        }
        if !was.iso_n && is.iso_n {
            let holds = self.may_release(step, now, is);
            book(Property::SettleBeforeRelease, holds, "isolation ended before the rail was settled");
        }
        self.remember(now.edge, was, is);
    }

    fn lasted(&self, since: Option<u64>, now: Place, least: u64) -> bool {
        since.is_none_or(|since| now.edge - since >= least)
    }

    fn may_release(&self, step: &Step<'_>, now: Place, is: Pins) -> bool {
        let timing = &step.design.timing;
        let settle = if self.from_retention { timing.t_settle_ret } else { timing.t_settle_off };
        let rail = u64::from(timing.sync_stages) + 1 + u64::from(settle.max(1));
        let array = u64::from(timing.t_ret.max(1));
        is.sw && !is.ret && self.lasted(self.acknowledged, now, rail) && self.lasted(self.retention_ended, now, array)
    }

    fn remember(&mut self, edge: u64, was: Pins, is: Pins) {
        if was.iso_n && !is.iso_n {
            self.isolated = Some(edge);
        }
        if !was.ack && is.ack {
            self.acknowledged = Some(edge);
        }
        if !was.sw && is.sw {
            self.from_retention = is.ret;
            self.retention_ended = None;
        }
        if was.ret && !is.ret && is.sw {
            self.retention_ended = Some(edge);
        }
    }
}
