//! One integration binary; a module a subject.

mod accelerator;
mod architecture;
mod cli;
mod cosim;
mod diagnostics;
mod examples;
mod explore;
mod extending;
mod package;
mod power;
mod predict;
mod report;
mod robustness;
mod rtl;
mod scalesim;
mod sim;
mod sram;
mod starting;
mod study;
mod terminal;
mod traces;
mod transinfersim;
mod validation;
mod wave;
mod workload;
