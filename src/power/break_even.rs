//! How long a domain must sleep for the sleep to pay.

use super::{BankedMemory, Sleep, TransitionCycles};
use crate::units::Cycles;

/// Break-even time of a state, in cycles, rounded up: the idle time from which entering the state at once and leaving it in time
/// costs less than staying ON.
///
/// `max(t_in + t_out, (E_in + E_out − P_k·(t_in + t_out)) / (P_on − P_k))`, with `E_in + E_out` the rail energy and the leakage of
/// ON during both transitions. `None` when the state does not leak less than ON.
pub fn break_even(memory: &BankedMemory, times: &TransitionCycles, state: Sleep) -> Option<Cycles> {
    let index = state.index();
    let (on, asleep) = (memory.power.on.0, memory.power.asleep[index].0);
    if asleep >= on {
        return None;
    }
    let both = times.both(state);
    let cycle_ns = memory.clock.period().0;
    let moving_ns = both.0 as f64 * cycle_ns;
    let energy = memory.wake[index].0 + on * moving_ns;
    let pays = (energy - asleep * moving_ns) / (on - asleep) / cycle_ns;
    Some(Cycles((pays.ceil() as u64).max(both.0).max(1)))
}
