//! One design point: the row of `points.parquet`, every column with its unit.

use super::study::Objective;
use crate::error::Result;
use crate::table::{Table, Texts};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A type of a record's fields, kept in columns.
pub(super) trait Field: Sized {
    type Column: std::fmt::Debug + Clone + PartialEq + Default;

    fn gather(values: impl Iterator<Item = Self>) -> Self::Column;
    fn fill(column: &mut Self::Column, value: &Self, count: usize);
    fn append(column: &mut Self::Column, other: &Self::Column);
    fn at(column: &Self::Column, row: usize) -> Self;
    fn store(table: Table, name: &str, column: Self::Column) -> Table;
    fn load(table: &mut Table, path: &Path, name: &str) -> Result<Self::Column>;
}

macro_rules! number {
    ($type:ty, $store:ident, $load:ident) => {
        impl Field for $type {
            type Column = Vec<$type>;

            fn gather(values: impl Iterator<Item = $type>) -> Vec<$type> {
                values.collect()
            }

            fn fill(column: &mut Vec<$type>, value: &$type, count: usize) {
                column.extend(std::iter::repeat_n(*value, count));
            }

            fn append(column: &mut Vec<$type>, other: &Vec<$type>) {
                column.extend_from_slice(other);
            }

            fn at(column: &Vec<$type>, row: usize) -> $type {
                column[row]
            }

            fn store(table: Table, name: &str, column: Vec<$type>) -> Table {
                table.$store(name, column)
            }

            fn load(table: &mut Table, path: &Path, name: &str) -> Result<Vec<$type>> {
                table.$load(path, name)
            }
        }
    };
}

number!(u64, integers, take_integers);
number!(f64, floats, take_floats);

impl Field for String {
    type Column = Texts;

    fn gather(values: impl Iterator<Item = String>) -> Texts {
        values.collect()
    }

    fn fill(column: &mut Texts, value: &String, count: usize) {
        column.fill(value, count);
    }

    fn append(column: &mut Texts, other: &Texts) {
        column.append(other);
    }

    fn at(column: &Texts, row: usize) -> String {
        column.get(row).into()
    }

    fn store(table: Table, name: &str, column: Texts) -> Table {
        table.texts(name, column)
    }

    fn load(table: &mut Table, path: &Path, name: &str) -> Result<Texts> {
        table.take_texts(path, name)
    }
}

macro_rules! record {
    ($(#[$outer:meta])* $record:ident, $columns:ident { $($(#[$doc:meta])* $name:ident: $type:ty,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
        pub struct $record {
            $($(#[$doc])* pub $name: $type,)*
        }

        /// The same, a column a field.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub(super) struct $columns {
            $(pub $name: <$type as Field>::Column,)*
        }

        impl $record {
            /// The records as a table, one column a field.
            pub fn table(records: &[Self]) -> Table {
                $columns::of(records).table()
            }

            /// The records of a table that was read from `path`.
            ///
            /// # Errors
            /// [`crate::Error::Artefact`] naming a column that is missing or of another type.
            pub fn records(table: Table, path: &Path) -> Result<Vec<Self>> {
                let columns = $columns::load(table, path)?;
                Ok((0..columns.rows()).map(|row| columns.at(row)).collect())
            }
        }

        impl $columns {
            /// Some records.
            pub fn of(records: &[$record]) -> Self {
                Self { $($name: <$type as Field>::gather(records.iter().map(|record| record.$name.clone())),)* }
            }

            /// Records.
            pub fn rows(&self) -> usize {
                self.point.len()
            }

            /// Adds `count` times a record.
            pub fn fill(&mut self, record: &$record, count: usize) {
                $(<$type as Field>::fill(&mut self.$name, &record.$name, count);)*
            }

            /// Adds the records of others.
            pub fn append(&mut self, other: &Self) {
                $(<$type as Field>::append(&mut self.$name, &other.$name);)*
            }

            /// One record.
            pub fn at(&self, row: usize) -> $record {
                $record { $($name: <$type as Field>::at(&self.$name, row),)* }
            }

            /// One column a field.
            pub fn table(self) -> Table {
                let table = Table::default();
                $(let table = <$type as Field>::store(table, stringify!($name), self.$name);)*
                table
            }

            /// The columns of a table that was read from `path`.
            ///
            /// # Errors
            /// [`crate::Error::Artefact`] naming a column that is missing or of another type.
            pub fn load(mut table: Table, path: &Path) -> Result<Self> {
                Ok(Self { $($name: <$type as Field>::load(&mut table, path, stringify!($name))?,)* })
            }
        }
    };
}

record! {
    /// One design point. Energies are of one inference of every workload, over the period if the study has one.
    Point, PointColumns {
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
        /// Area of macros and logic, with sleep transistors and power controller unless the policy is `never`.
        area_mm2: f64,
        /// Of it logic: multiplexers between ports and banks, and the power controller.
        logic_area_mm2: f64,
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
    WorkloadPoint, WorkloadColumns {
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

impl PointColumns {
    /// [`Point::macro_leakage_pj`] of a row.
    pub fn macro_leakage_pj(&self, row: usize) -> f64 {
        self.leakage_on_pj[row] + self.leakage_light_pj[row] + self.leakage_retention_pj[row] + self.leakage_off_pj[row]
    }

    /// [`super::pareto::value`] of a row.
    pub fn value(&self, row: usize, objective: Objective) -> f64 {
        match objective {
            Objective::Energy => self.energy_pj[row],
            Objective::MeanEnergy => self.mean_energy_pj[row],
            Objective::WorstEnergy => self.worst_energy_pj[row],
            Objective::Area => self.area_mm2[row],
            Objective::Latency => (self.cycles[row] + self.stall_bound_cycles[row]) as f64,
        }
    }
}

impl Point {
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
