//! Repetition: entries whose numbers grow linearly from one repetition of a block to the next.

mod find;
mod linear;
mod numbers;
mod series;

pub(super) use find::{Part, parts};
pub(super) use linear::{Linear, Mistake, is_index};
pub use numbers::Entry;
pub use series::{Iter, Series};
