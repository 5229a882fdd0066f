//! Mine.
mod sim;
mod transinfersim;
mod workload;
