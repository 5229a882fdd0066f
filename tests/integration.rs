//! One integration binary; a module a subject.

mod accelerator;
mod architecture;
mod cli;
mod cosim;
mod explore;
mod power;
mod predict;
mod report;
mod rtl;
mod scalesim;
mod sim;
mod sram;
mod study;
mod transinfersim;
mod validation;
mod wave;
mod workload;
