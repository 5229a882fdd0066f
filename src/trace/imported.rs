//! `imported.json`: what stands in a run directory in place of a workload and an accelerator when only an occupancy is known.

use crate::accelerator::{Accelerator, Dispatch, Dram, Memory, Reclaim, Replacement, Serves, VectorUnit, Victims};
use crate::schema;
use crate::units::{Bytes, Cycles, Hertz};
use serde::{Deserialize, Serialize};

/// The memories of an imported trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Imported {
    /// `trapti.imported/1`.
    pub schema: String,
    /// Name of the workload.
    pub workload: String,
    /// Name of the accelerator.
    pub accelerator: String,
    /// Its clock.
    pub clock_hertz: u64,
    /// Its memories, the largest first.
    pub memories: Vec<ImportedMemory>,
}

/// A memory of an imported trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportedMemory {
    /// Name.
    pub name: String,
    /// Capacity, if it is limited.
    pub capacity_bytes: Option<u64>,
    /// Equal ports.
    pub ports: u32,
    /// Width of a port.
    pub port_bits: u32,
    /// Cycles of an access besides its words.
    pub latency_cycles: u64,
}

impl Imported {
    /// What is known of a run that has only an occupancy.
    pub fn of(workload: &str, accelerator: &Accelerator) -> Self {
        let memory = |m: &Memory| ImportedMemory {
            name: m.name.clone(),
            capacity_bytes: m.capacity.map(|c| c.0),
            ports: m.ports,
            port_bits: m.port_bits,
            latency_cycles: m.latency.0,
        };
        Self {
            schema: schema::IMPORTED.into(),
            workload: workload.into(),
            accelerator: accelerator.name.clone(),
            clock_hertz: accelerator.clock.0,
            memories: accelerator.memories.iter().map(memory).collect(),
        }
    }

    /// The memories with nothing around them: no array, no unit that computes, no traffic off chip.
    pub fn accelerator(&self) -> Accelerator {
        let clock = Hertz(self.clock_hertz.max(1));
        Accelerator {
            name: self.accelerator.clone(),
            clock,
            arrays: vec![],
            vector: VectorUnit { lanes: 1, buffer: Bytes(1) },
            memories: self.memories.iter().map(ImportedMemory::shape).collect(),
            dram: Dram {
                latency: Cycles::ZERO,
                channel_bits: 8,
                transfers_per_second: clock.0,
                burst: 1,
                ports: 1,
                energy_per_bit: None,
            },
            dispatch: Dispatch::RoundRobin,
        }
    }
}

impl ImportedMemory {
    fn shape(&self) -> Memory {
        Memory {
            name: self.name.clone(),
            capacity: self.capacity_bytes.map(Bytes),
            ports: self.ports,
            port_bits: self.port_bits,
            latency: Cycles(self.latency_cycles),
            replacement: Replacement::Lru,
            victims: Victims::Any,
            reclaim: Reclaim::Lazy,
            above: None,
            serves: Serves::default(),
        }
    }
}
