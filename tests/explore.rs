//! Exploration: intervals against cycle-by-cycle evaluation, the oracle against dynamic programming, laws that must hold, studies.

mod intervals;
mod laws;
mod memory;
mod mix;
mod models;
mod organisation;
mod real;
mod reasons;
mod scheduled;
mod stream;
mod study;
mod wrong;
