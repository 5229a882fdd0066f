//! More of a resource: what it never costs without evictions, and what it can cost with them.

use super::fixtures::Builder;
use super::memories::{run, sequence, serial};
use trapti::accelerator::{Replacement, Victims};
use trapti::workload::{CausalMask, Class, Home};

/// First in, first out: one byte more keeps an older tensor in place of the one that is used next, and costs 26 cycles.
#[test]
fn fifo_has_its_anomaly() {
    let workload = sequence(&[0, 1, 0, 2, 3, 1, 2, 2, 1, 2, 3, 0]);
    let cycles =
        |capacity, policy| run(&workload, &serial(capacity, policy, Victims::ObsoleteFirst)).statistics.cycles.0;
    assert_eq!((cycles(36, Replacement::Fifo), cycles(37, Replacement::Fifo)), (652, 678));
    for policy in [Replacement::Lru, Replacement::Belady] {
        assert!(cycles(37, policy) <= cycles(36, policy));
    }
}

/// Inputs of four tiles, of which a memory of 16 or 17 bytes holds parts: a byte more costs 9 cycles.
#[test]
fn other_policies_have_theirs_where_tensors_stay_in_part() {
    let mut b = Builder::default();
    let inputs = [0; 4].map(|_| b.tensor(5, 6, Class::Activation, Home::Dram));
    let last = b.tensor(6, 4, Class::Weight, Home::Dram);
    for input in [2, 2, 2, 1, 1, 1, 0, 3] {
        b.project(inputs[input], 4, false, Class::Activation);
    }
    b.matmul(inputs[0], last, false, Class::Activation, CausalMask::None);
    for policy in [Replacement::Lru, Replacement::Belady] {
        let cycles = |capacity| run(&b.workload, &serial(capacity, policy, Victims::ObsoleteFirst)).statistics.cycles.0;
        assert_eq!((cycles(16), cycles(17)), (2196, 2205), "{policy:?}");
    }
}
