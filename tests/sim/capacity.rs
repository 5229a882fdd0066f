//! More of a resource: what it never costs without evictions, and what it can cost with them.

use super::memories::{run, sequence, serial};
use trapti::accelerator::{Replacement, Victims};

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
