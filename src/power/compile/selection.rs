//! Which part of a run is played.

use crate::ids::LayerId;
use crate::units::grouped;
use crate::workload::Workload;
use std::fmt;

/// Which ops of a run are played: all, or the first in program order within limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selection {
    /// The ops before the first one of layer `layers`; `None` sets no limit.
    pub layers: Option<u32>,
    /// As many whole ops as make at most so many requests; `None` sets no limit.
    pub requests: Option<u64>,
}

/// What was taken of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// Ops taken: the first in program order.
    pub ops: usize,
    /// Ops of the run.
    pub all_ops: usize,
    /// Layers of which every op before the end was taken, if the portion ends with a layer.
    pub layers: Option<usize>,
    /// Layers of the run.
    pub all_layers: usize,
    /// Requests taken.
    pub requests: u64,
    /// Requests of the run to this memory.
    pub all_requests: u64,
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = grouped(self.requests);
        match (self.layers, self.ops) {
            _ if self.ops == self.all_ops => write!(f, "the whole run, {requests} requests"),
            (Some(1), _) => write!(f, "layer 0 of {}, {requests} requests", self.all_layers),
            (Some(layers), _) if layers > 1 => {
                write!(f, "layers 0–{} of {}, {requests} requests", layers - 1, self.all_layers)
            }
            (_, 0) => write!(f, "nothing"),
            (_, 1) => write!(f, "op 0 of {}, {requests} requests", self.all_ops),
            (_, ops) => write!(f, "ops 0–{} of {}, {requests} requests", ops - 1, self.all_ops),
        }
    }
}

impl Selection {
    /// The portion of `workload` that is selected; `requests_of_ops` are the requests of each op.
    pub(super) fn portion(&self, workload: &Workload, requests_of_ops: &[u64]) -> Portion {
        let starts_later = |limit: u32| workload.ops.iter().position(|op| op.layer >= Some(LayerId(limit)));
        let by_layer = self.layers.and_then(starts_later).unwrap_or(workload.ops.len());
        let limit = self.requests.unwrap_or(u64::MAX);
        let totals = requests_of_ops.iter().scan(0u64, |total, requests| {
            *total += requests;
            Some(*total)
        });
        let ops = by_layer.min(totals.take_while(|&total| total <= limit).count());
        Portion {
            ops,
            all_ops: workload.ops.len(),
            layers: layers_before(workload, ops),
            all_layers: workload.layers.len(),
            requests: requests_of_ops[..ops].iter().sum(),
            all_requests: requests_of_ops.iter().sum(),
        }
    }
}

/// How many layers the first `ops` ops are, if they end with a layer.
fn layers_before(workload: &Workload, ops: usize) -> Option<usize> {
    let last = workload.ops.iter().take(ops).filter_map(|op| op.layer).max()?;
    let next = workload.ops.get(ops).and_then(|op| op.layer)?;
    (next > last).then(|| last.index() + 1)
}
