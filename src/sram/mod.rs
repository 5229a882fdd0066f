//! SRAM characterisation: energy, time, leakage and area of one macro.
