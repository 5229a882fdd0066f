// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Technology hook: pgsram_macro on the `tc_sram` of the PULP technology cells (any implementation with its interface, which is
// SystemVerilog: read that file with -sv or as .sv). Compile this file instead of rtl/pgsram_macro.v.
//
// tc_sram has no power pins: switch, retention and light sleep reach its cells through the power intent, and what was lost
// is not marked (`poison_o` is 0).
module pgsram_macro #(
    parameter WORDS = 1024,
    parameter BITS = 32,
    parameter ADDR_BITS = 10,
    parameter LATENCY = 1
) (
    input                  clk_i,
    input                  ce_i,
    input                  we_i,
    input  [ADDR_BITS-1:0] addr_i,
    input  [   BITS/8-1:0] be_i,
    input  [     BITS-1:0] wdata_i,
    output [     BITS-1:0] rdata_o,
    output                 poison_o,
    input                  sw_i,
    input                  ret_i,
    input                  light_i,
    // Memory test.
    input                  bist_en_i,
    input                  bist_ce_i,
    input                  bist_we_i,
    input  [ADDR_BITS-1:0] bist_addr_i,
    input  [     BITS-1:0] bist_wdata_i
);

  wire unused_power = &{1'b0, sw_i, ret_i, light_i};
  assign poison_o = 1'b0;

  tc_sram #(
      .NumWords (WORDS),
      .DataWidth(BITS),
      .ByteWidth(8),
      .NumPorts (1),
      .Latency  (LATENCY)
  ) u_sram (
      .clk_i  (clk_i),
      .rst_ni (1'b1),
      .req_i  (bist_en_i ? bist_ce_i : ce_i),
      .we_i   (bist_en_i ? bist_we_i : we_i),
      .addr_i (bist_en_i ? bist_addr_i : addr_i),
      .wdata_i(bist_en_i ? bist_wdata_i : wdata_i),
      .be_i   (be_i | {BITS / 8{bist_en_i}}),
      .rdata_o(rdata_o)
  );

endmodule
