//! Random stimuli: blocks that are written, read a few times after pauses, and given up to later blocks.

pub use trapti::cosim::regress::transfers as random;
