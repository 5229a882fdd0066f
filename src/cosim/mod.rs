//! Stage IV: builds the RTL with Verilator, replays a run on it and compares with the reference model.
