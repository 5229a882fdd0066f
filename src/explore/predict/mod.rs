//! Prediction: what a cycle-accurate controller and memory would count, worked out event by event.
//!
//! `docs/contract.md` says what is played and counted; the result equals the reference model and the RTL exactly. Nothing
//! here advances cycle by cycle, except streams that contend for banks, and these only until they are apart or repeat.
//!
//! | file | what it knows |
//! |---|---|
//! | `player` | the event loop: live, ports, wake arbiter and domains act in this order within a cycle |
//! | `order`, `blocks`, `port` | when nodes and blocks are done, when a transfer may start, the stretches it consists of |
//! | `banks`, `period` | grants: closed form for streams that are apart, periods for streams that never are |
//! | `schedule` | when tables start and their entries are applied |
//! | `domain`, `transitions`, `target`, `wake` | the power states, by the cycle in which each is left |

mod agenda;
mod banks;
mod blocks;
mod check;
mod domain;
mod order;
mod period;
mod player;
mod port;
mod schedule;
mod target;
mod transitions;
mod wake;

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::power::{Activity, Controller, StartTable, Stimulus};

/// Predicts what reference model and RTL count when `stimulus` is played on a memory under `controller`.
///
/// `progress` is called now and then, and at the end, with the number of requests of the transfers done.
///
/// # Errors
/// [`Error::Input`] if the stimulus does not fit the memory, or if transfers wait for each other for ever.
pub fn predict(stimulus: &Stimulus, controller: &Controller, progress: &mut dyn FnMut(u64)) -> Result<Activity> {
    predict_tables(stimulus, &stimulus.tables, controller, progress)
}

/// As [`predict`], with other tables for the schedule player than those of the stimulus.
///
/// # Errors
/// As [`predict`].
pub fn predict_tables(
    stimulus: &Stimulus,
    tables: &[StartTable],
    controller: &Controller,
    progress: &mut dyn FnMut(u64),
) -> Result<Activity> {
    check::check(stimulus, tables, controller)?;
    let mut player = player::Player::new(stimulus, tables, controller);
    match player.play(progress) {
        0 => Ok(player.activity()),
        stuck => Err(Error::input(
            Diagnostic::new("stimulus-stuck", format!("{stuck} transfers wait for each other and never start"))
                .with_help("of two blocks that share words, the later one waits for all transfers of the earlier one"),
        )),
    }
}
