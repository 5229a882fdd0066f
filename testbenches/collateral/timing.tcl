# SPDX-License-Identifier: MIT OR Apache-2.0
#
# OpenSTA reads a netlist with generated constraints: sta -exit timing.tcl, with LIBERTY, NETLIST, TOP and SDC in the environment.
# What the constraints name and the design lacks is a warning; the caller looks for them.
read_liberty $env(LIBERTY)
read_verilog $env(NETLIST)
link_design $env(TOP)
puts "CONSTRAINTS"
read_sdc $env(SDC)
puts "CHECKED"
report_checks -path_delay max -digits 3
