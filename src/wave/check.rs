//! The check of one dump.

use super::access::Accesses;
use super::domain::Step;
use super::file::{Listener, Problem, WaveformFile};
use super::property::{Ledger, Property};
use super::signals::{self, Codes, Signals};
use super::tracker::{Edge, Levels, Tracker};
use super::values::Values;
use super::verdict::{Counted, Verdict};
use crate::error::Result;
use crate::power::Design;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

/// Stretch of time over which activity is counted, in values of `now_i`; rules are judged over the whole dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First cycle.
    pub from: u64,
    /// First cycle after it.
    pub to: u64,
}

impl Default for Window {
    /// Everything outside reset.
    fn default() -> Self {
        Self { from: 0, to: u64::MAX }
    }
}

impl Window {
    /// Whether a cycle lies in it.
    pub fn contains(&self, cycle: u64) -> bool {
        (self.from..self.to).contains(&cycle)
    }

    pub(super) fn clip(&self, cycle: u64) -> u64 {
        cycle.clamp(self.from, self.to)
    }
}

/// Checks a VCD or FST file of any size against the power protocol of `design`, in constant memory.
///
/// The memory's top is found by its ports, under any hierarchy. A violated rule is a result, see [`Verdict::passed`].
///
/// # Errors
/// When the file cannot be read, is neither of the two, or does not hold the ports of the design.
pub fn check(path: &Path, design: &Design, window: Window) -> Result<Verdict> {
    judge(WaveformFile::open(path)?, design, window).map_err(|problem| problem.at(path))
}

/// [`check`] on a stream, such as the output of a decompressor.
///
/// # Errors
/// As [`check`].
pub fn check_reader(source: impl Read, design: &Design, window: Window) -> std::result::Result<Verdict, Problem> {
    judge(WaveformFile::vcd(source)?, design, window)
}

fn judge(file: WaveformFile<impl Read>, design: &Design, window: Window) -> std::result::Result<Verdict, Problem> {
    let mut values = Values::default();
    let (signals, codes) = signals::find(&file.header, design, &mut values).map_err(Problem::Form)?;
    let accesses = Accesses::new(&design.organisation, &signals, &values);
    let (stalls, writes) = accesses.visible();
    let counted = Counted { states: true, stalls, accesses: writes };
    let now_bits = signals.now.map_or(64, |slot| values.width(slot).clamp(1, 64));
    let step = Step { design, clk_en: signals.clk_en.is_some(), force_off: signals.force_off.is_some() };
    let ledger = ledger(&signals, stalls);
    let tracker = Tracker::new(step, accesses, ledger, window, now_bits);
    let mut sampler = Sampler { values, signals, codes, tracker, time: 0 };
    let watched = sampler.codes.watched().to_vec();
    file.play(&watched, &mut sampler)?;
    sampler.settle();
    Ok(sampler.tracker.finish(sampler.signals.scope, counted))
}

/// An account that says which properties the dump's signals do not allow to judge.
fn ledger(signals: &Signals, requests: bool) -> Ledger {
    let mut ledger = Ledger::new();
    if !requests {
        for property in [Property::Grants, Property::RequestsHeld, Property::BankRate] {
            ledger.skip(property, "the dump lacks req_i, gnt_o or addr_i");
        }
    }
    let missing = [
        (signals.live.is_none(), Property::LiveKept, "the dump lacks live_i"),
        (signals.now.is_none(), Property::Time, "the dump lacks now_i; cycles are clock edges"),
        (signals.rst_n.is_none(), Property::Reset, "the dump lacks rst_ni"),
    ];
    for (absent, property, reason) in missing {
        if absent {
            ledger.skip(property, reason);
        }
    }
    ledger
}

/// Turns value changes into samples at rising edges.
struct Sampler<'a> {
    values: Values,
    signals: Signals,
    codes: Codes,
    tracker: Tracker<'a>,
    time: u64,
}

impl Listener for Sampler<'_> {
    fn change(&mut self, code: u64, digits: &[u8]) {
        if let Some(slot) = self.codes.slot(code) {
            self.values.set(slot, digits);
        }
    }

    fn time(&mut self, time: u64) -> ControlFlow<()> {
        self.settle();
        self.time = time;
        ControlFlow::Continue(())
    }

    fn gap(&mut self) {
        self.tracker.forget();
    }
}

impl Sampler<'_> {
    /// All changes of one time are known: sample what was before them if the clock rises, then let them take effect.
    fn settle(&mut self) {
        let clk = self.signals.clk;
        let low = self.values.word(clk, 0) & 1 == 0 && !self.values.is_unknown(clk);
        if low && self.values.coming(clk) {
            self.sample();
        }
        self.values.commit();
    }

    fn sample(&mut self) {
        let (values, signals) = (&self.values, &self.signals);
        let bit = |slot: Option<_>| slot.map(|slot| values.word(slot, 0) & 1 == 1);
        let event = signals.next_event.filter(|_| bit(signals.next_event_valid) != Some(false));
        let edge = Edge {
            time: self.time,
            now: signals.now.map(|slot| values.word(slot, 0)),
            quiescent: bit(signals.quiescent),
            next_event: event.map(|slot| values.word(slot, 0)),
            levels: Levels::read(values, signals),
        };
        if bit(signals.scan_mode) == Some(true) {
            return self.tracker.forget();
        }
        if bit(signals.rst_n) == Some(false) {
            if !signals.rst_n.is_some_and(|slot| values.is_unknown(slot)) {
                self.tracker.reset(&edge);
            }
            return;
        }
        if self.tracker.is_held() {
            return;
        }
        self.judge_known(&edge);
        self.tracker.step(&edge, &self.values, &self.signals);
    }

    fn judge_known(&mut self, edge: &Edge) {
        let s = &self.signals;
        let always =
            [("state_o", s.state), ("sw_o", s.sw), ("iso_no", s.iso_n), ("ret_o", s.ret), ("light_o", s.light)];
        let optional = [("req_i", s.req), ("gnt_o", s.gnt), ("now_i", s.now)];
        let present = optional.iter().filter_map(|(name, slot)| slot.map(|slot| (*name, slot)));
        let unknown = always.into_iter().chain(present).find(|(_, slot)| self.values.is_unknown(*slot));
        self.tracker.book_known(edge, unknown.map(|(name, _)| name));
    }
}
