// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Technology hook: pgsram_macro on a macro of a memory compiler. A template: name the macro in PGSRAM_CELL (default
// `sram_macro`), and set the polarities below and the pin names of its instance to those of the data sheet. Compile this file
// instead of rtl/pgsram_macro.v.
//
// As it stands: chip enable, write enable and write mask active low, a mask bit for each data bit, shutdown and light sleep
// active high, retention active high. What was lost is not marked (`poison_o` is 0).
`ifndef PGSRAM_CELL
`define PGSRAM_CELL sram_macro
`endif
module pgsram_macro #(
    parameter WORDS = 1024,
    parameter BITS = 32,
    parameter ADDR_BITS = 10,
    parameter LATENCY = 1,
    // 1: active high, 0: active low.
    parameter ENABLE_HIGH = 0,
    parameter WRITE_HIGH = 0,
    parameter MASK_HIGH = 0,
    parameter SHUTDOWN_HIGH = 1,
    parameter RETENTION_HIGH = 1,
    parameter LIGHT_HIGH = 1,
    // Data bits of a mask bit: 1 or 8.
    parameter MASK_OF = 1
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

  localparam MASK_BITS = BITS / MASK_OF;

  wire ce = bist_en_i ? bist_ce_i : ce_i;
  wire we = bist_en_i ? bist_we_i : we_i;
  wire [BITS/8-1:0] be = be_i | {BITS / 8{bist_en_i}};

  wire [MASK_BITS-1:0] mask;
  genvar m;
  generate
    for (m = 0; m < MASK_BITS; m = m + 1) begin : g_mask
      assign mask[m] = (MASK_HIGH != 0) ? be[m*MASK_OF/8] : ~be[m*MASK_OF/8];
    end

    // A macro that answers later than the cells of the compiler needs a wrapper of its own.
    if (LATENCY != 1) begin : g_pipelined
      pgsram_macro_has_no_pipeline u_illegal ();
    end
    if (MASK_OF != 1 && MASK_OF != 8) begin : g_illegal_mask
      pgsram_macro_has_no_such_mask u_illegal ();
    end
  endgenerate

  assign poison_o = 1'b0;

  `PGSRAM_CELL #(
      .WORDS(WORDS),
      .BITS (BITS)
  ) u_macro (
      .CLK (clk_i),
      .CEN (ce ^ (ENABLE_HIGH == 0)),
      .WEN (we ^ (WRITE_HIGH == 0)),
      .BWEN(mask),
      .A   (bist_en_i ? bist_addr_i : addr_i),
      .D   (bist_en_i ? bist_wdata_i : wdata_i),
      .Q   (rdata_o),
      // Power pins: shutdown also in retention, where the retention pin keeps the array.
      .SD  (sw_i ^ (SHUTDOWN_HIGH != 0)),
      .RET (ret_i ^ (RETENTION_HIGH == 0)),
      .LS  (light_i ^ (LIGHT_HIGH == 0))
  );

endmodule
