//! Reading the hardware counters.

use super::Dut;
use crate::Result;
use crate::power::{Activity, DomainActivity, Organisation, PortActivity, Transitions};
use crate::units::Cycles;

/// Distance of two domains in the index of `pgsram_counters`.
const STRIDE: u32 = 32;

/// What the hardware counted in the cycles before `end`.
///
/// # Errors
/// [`crate::Error::Tool`] if the memory stops.
pub(super) fn read(dut: &mut Dut, organisation: &Organisation, end: u64) -> Result<Activity> {
    dut.finish(end)?;
    let domains = (0..organisation.domains).map(|domain| read_domain(dut, domain * STRIDE));
    let domains = domains.collect::<Result<Vec<_>>>()?;
    let first_port = organisation.domains * STRIDE;
    let ports = (0..organisation.ports).map(|port| read_port(dut, first_port + 2 * port));
    Ok(Activity { cycles: Cycles(end), domains, ports: ports.collect::<Result<Vec<_>>>()? })
}

fn read_domain(dut: &mut Dut, base: u32) -> Result<DomainActivity> {
    let mut values = [0; 17];
    for (k, value) in (0..).zip(&mut values) {
        *value = dut.counter(base + k)?;
    }
    let [off, retention, light, fault, on, off_on, ret_on, on_off, on_ret, ret_off, on_light, light_on, aborted, ..] =
        values;
    let [.., stall_wake, stall_conflict, reads, writes] = values;
    Ok(DomainActivity {
        class_cycles: [off, retention, light, fault, on].map(Cycles),
        transitions: Transitions { off_on, ret_on, on_off, on_ret, ret_off, on_light, light_on, aborted },
        reads,
        writes,
        stall_wake,
        stall_conflict,
    })
}

fn read_port(dut: &mut Dut, base: u32) -> Result<PortActivity> {
    Ok(PortActivity { stall_wake: dut.counter(base)?, stall_conflict: dut.counter(base + 1)? })
}
