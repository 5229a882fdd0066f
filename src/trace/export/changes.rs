//! Every change of occupancy as comma-separated values.

use super::{memory_name, quoted};
use crate::trace::Run;
use crate::workload::Class;
use std::io::{self, Write};

/// Writes a row a change, memory after memory; each row holds until the next one of its memory, the last one until the end of
/// the run. `free_bytes` is empty for a memory of unlimited capacity.
pub(super) fn write(run: &Run, to: &mut impl Write) -> io::Result<()> {
    let needed = Class::ALL.map(|c| format!("needed_{}_bytes", c.name())).join(",");
    writeln!(to, "memory,cycle,{needed},needed_bytes,obsolete_bytes,free_bytes")?;
    for occupancy in &run.occupancy {
        let name = quoted(memory_name(run, occupancy.memory.index()));
        for state in occupancy.changes.iter() {
            let needed = state.needed.map(|b| b.0.to_string()).join(",");
            let free = occupancy.capacity.map_or(String::new(), |c| c.saturating_sub(state.used()).0.to_string());
            let (total, obsolete) = (state.needed_total().0, state.obsolete.0);
            writeln!(to, "{name},{},{needed},{total},{obsolete},{free}", state.cycle.0)?;
        }
    }
    Ok(())
}
