//! One design point: the row of `points.parquet`, every column with its unit.

use super::sink::stored;
use crate::error::Result;
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A type that a column of a table holds.
trait Column: Sized {
    fn add(table: Table, name: &str, values: Vec<Self>) -> Table;
    fn take(table: &mut Table, path: &Path, name: &str) -> Result<Vec<Self>>;
}

impl Column for u64 {
    fn add(table: Table, name: &str, values: Vec<Self>) -> Table {
        table.integers(name, values)
    }

    fn take(table: &mut Table, path: &Path, name: &str) -> Result<Vec<Self>> {
        table.take_integers(path, name)
    }
}

impl Column for f64 {
    fn add(table: Table, name: &str, values: Vec<Self>) -> Table {
        table.floats(name, values)
    }

    fn take(table: &mut Table, path: &Path, name: &str) -> Result<Vec<Self>> {
        table.take_floats(path, name)
    }
}

impl Column for String {
    fn add(table: Table, name: &str, values: Vec<Self>) -> Table {
        table.text(name, values)
    }

    fn take(table: &mut Table, path: &Path, name: &str) -> Result<Vec<Self>> {
        table.take_text(path, name)
    }
}

macro_rules! record {
    ($(#[$outer:meta])* $record:ident { $($(#[$doc:meta])* $name:ident: $type:ty,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
        pub struct $record {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl $record {
            /// The records as a table, one column a field.
            pub fn table(records: &[Self]) -> Table {
                let table = Table::default();
                $(let table = <$type as Column>::add(table, stringify!($name), records.iter().map(|r| r.$name.clone()).collect());)*
                table
            }

            /// The records of a table that was read from `path`.
            ///
            /// # Errors
            /// [`crate::Error::Artefact`] naming a column that is missing or of another type.
            pub fn records(mut table: Table, path: &Path) -> Result<Vec<Self>> {
                let rows = table.rows();
                $(let mut $name = <$type as Column>::take(&mut table, path, stringify!($name))?.into_iter();)*
                Ok((0..rows).map(|_| Self { $($name: $name.next().expect("columns of one length"),)* }).collect())
            }
        }
    };
}

record! {
    /// One design point. Energies are of one inference of every workload, over the period if the study has one.
    Point {
        /// Row, from 0.
        point: u64,
        /// Capacity of the memory.
        capacity_bytes: u64,
        /// Power domains.
        domains: u64,
        /// Interleaved banks of a domain.
        interleave: u64,
        /// Node and device types.
        technology: String,
        /// `ideal` (a bound) or how lifetimes are placed.
        placement: String,
        /// Usable fill of a domain; 1 for a real placement, which uses every byte.
        alpha: f64,
        /// Cycles from one inference to the next, if that is longer than the run; 0: back to back.
        period_cycles: u64,
        /// Policy as the study has it.
        policy: String,
        /// Idle time to LIGHT; 0: none.
        threshold_light_cycles: u64,
        /// Idle time to retention; 0: none.
        threshold_retention_cycles: u64,
        /// Idle time to OFF; 0: none.
        threshold_off_cycles: u64,
        /// Macros of a bank in address direction.
        macro_rows: u64,
        /// Macros of a bank in word direction.
        macro_columns: u64,
        /// Capacity of a macro.
        macro_bytes: u64,
        /// Cycles from grant to response.
        read_latency_cycles: u64,
        /// Cycles between grants of a bank.
        bank_cycles: u64,
        /// `exact`, `interpolated` or `extrapolated`.
        basis: String,
        /// Estimated energy, all terms.
        energy_pj: f64,
        /// Estimated energy of an inference, the mean over the mix of workloads.
        mean_energy_pj: f64,
        /// Estimated energy of the workload that needs most.
        worst_energy_pj: f64,
        /// Leakage of the domains while ON, transitions included.
        leakage_on_pj: f64,
        /// Leakage in LIGHT.
        leakage_light_pj: f64,
        /// Leakage in retention.
        leakage_retention_pj: f64,
        /// Leakage in OFF.
        leakage_off_pj: f64,
        /// Rail energy of wakes.
        transitions_pj: f64,
        /// Reads in their banks.
        reads_pj: f64,
        /// Writes in their banks.
        writes_pj: f64,
        /// Accesses between ports and banks.
        interconnect_pj: f64,
        /// Leakage of the interconnect.
        interconnect_leakage_pj: f64,
        /// Leakage of the power controller.
        controller_leakage_pj: f64,
        /// Spills and reloads.
        dram_pj: f64,
        /// The rest of the system while it waits for the stalls that could be.
        stall_pj: f64,
        /// Energy of the same memory without gating.
        never_pj: f64,
        /// Energy under an omniscient controller with the same placement.
        oracle_pj: f64,
        /// Energy of the same policy under the ideal placement at α = 1.
        ideal_pj: f64,
        /// Energy of infinitely many domains: needed bytes in the cheapest state that keeps them, the others OFF, transitions free.
        limit_pj: f64,
        /// Area of the macros, with sleep transistors unless the policy is `never`.
        area_mm2: f64,
        /// Planned cycles, all workloads.
        cycles: u64,
        /// Cycles that wakes and bank conflicts could add, each counted as if nothing hid it.
        stall_bound_cycles: u64,
        /// Average power over the mix of workloads.
        average_power_mw: f64,
        /// Domain-cycles in which a live byte lies in a domain.
        live_cycles: u64,
        /// The same under the ideal placement at α = 1: no placement can have fewer.
        ideal_live_cycles: u64,
        /// Domain-cycles ON.
        on_cycles: u64,
        /// Domain-cycles in LIGHT.
        light_cycles: u64,
        /// Domain-cycles in retention.
        retention_cycles: u64,
        /// Domain-cycles in OFF.
        off_cycles: u64,
        /// Wakes from LIGHT.
        light_wakes: u64,
        /// Wakes from retention.
        retention_wakes: u64,
        /// Wakes from OFF.
        off_wakes: u64,
        /// 1 on the Pareto front of its kind: placed points and bounds have each their own.
        on_front: u64,
        /// Predicted energy, 0 where none was predicted.
        predicted_energy_pj: f64,
        /// Predicted cycles with all stalls, all workloads; 0 where none was predicted.
        predicted_cycles: u64,
    }
}

record! {
    /// What one workload contributes to a design point: the row of `workloads.parquet`.
    WorkloadPoint {
        /// Row of the point.
        point: u64,
        /// Name of the workload.
        workload: String,
        /// Estimated energy of one inference.
        energy_pj: f64,
        /// The same for each token, prompt and generated; 0 where the workload does not say how many there are.
        energy_per_token_pj: f64,
        /// Energy of the same memory without gating.
        never_pj: f64,
        /// Energy under an omniscient controller.
        oracle_pj: f64,
        /// Planned cycles of one inference.
        cycles: u64,
        /// Cycles that its leakage is charged for: the period if it is longer.
        charged_cycles: u64,
        /// Average power over the charged cycles.
        average_power_mw: f64,
    }
}

/// A point with what each workload contributes.
pub(super) type Detailed = (Point, Vec<WorkloadPoint>);

impl Point {
    /// Rows as they are stored.
    pub(super) fn stored(points: &[Point]) -> Table {
        stored(Self::table(points))
    }

    /// Whether it is a bound, without addresses.
    pub fn is_bound(&self) -> bool {
        self.placement == "ideal"
    }

    /// Whether it is selected without being asked for: it has addresses, and its policy needs nothing but the memory. A schedule
    /// needs a host that writes its tables.
    pub fn is_buildable(&self) -> bool {
        !self.is_bound() && self.policy != "scheduled"
    }

    /// Macro leakage, the part of the energy that a factor on leakage multiplies.
    pub fn macro_leakage_pj(&self) -> f64 {
        self.leakage_on_pj + self.leakage_light_pj + self.leakage_retention_pj + self.leakage_off_pj
    }

    /// The point with predicted instead of estimated energy and latency, where there is a prediction.
    pub fn as_predicted(&self) -> Point {
        match self.predicted_cycles {
            0 => self.clone(),
            cycles => Point { energy_pj: self.predicted_energy_pj, cycles, stall_bound_cycles: 0, ..self.clone() },
        }
    }

    /// Planned cycles and the bound on stalls, or the predicted cycles where there are any.
    pub fn latency_cycles(&self) -> u64 {
        if self.predicted_cycles > 0 { self.predicted_cycles } else { self.cycles + self.stall_bound_cycles }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_their_table() {
        let points = vec![
            Point { point: 0, technology: "22nm-hp".into(), energy_pj: 1.5, ..Point::default() },
            Point { point: 1, policy: "timeout(off=break-even)".into(), cycles: 7, ..Point::default() },
        ];
        let table = Point::table(&points);
        assert_eq!(Point::records(table, Path::new("points.parquet")).unwrap(), points);
        let message = Point::records(Table::default(), Path::new("points.parquet")).unwrap_err().to_string();
        assert!(
            message.contains("points.parquet") && message.contains("capacity_bytes") || message.contains("`point`")
        );
    }
}
