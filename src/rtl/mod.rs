//! Stage III: from a [`crate::power::Design`] to a directory of Verilog and collateral.
