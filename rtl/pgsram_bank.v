// One bank: a tiling of MACRO_ROWS x MACRO_COLUMNS macros behind one port, with its clock gate and
// isolation.
//
// `select_i` says which port accesses the bank in this cycle (none or one). Only the addressed row of
// macros is enabled, and the clock runs only in cycles with something to do: it is the domain's enable,
// a flip-flop, that may stop it for safety; this narrower condition only saves power.
//
// A bank that takes accesses more often than it answers them (BANK_CYCLES < RD_LATENCY) is built from
// pipelined macros. Otherwise the macro's output holds until the next access, long enough.
module pgsram_bank #(
    parameter PORTS = 2,
    parameter WORD_BITS = 32,
    parameter ROWS = 1024,
    parameter ROW_BITS = 10,
    parameter MACRO_ROWS = 1,
    parameter MACRO_COLUMNS = 1,
    parameter RD_LATENCY = 1,
    parameter BANK_CYCLES = 1,
    parameter ISO_IN_RTL = 1
) (
    input                          clk_i,
    input                          rst_ni,
    input                          test_en_i,
    // Power control of the domain.
    input                          clk_en_i,
    input                          sw_i,
    input                          iso_ni,
    input                          ret_i,
    input                          light_i,
    // Requests of all ports.
    input  [            PORTS-1:0] select_i,
    input  [            PORTS-1:0] we_i,
    input  [   PORTS*ROW_BITS-1:0] row_i,
    input  [PORTS*WORD_BITS/8-1:0] be_i,
    input  [  PORTS*WORD_BITS-1:0] wdata_i,
    output [        WORD_BITS-1:0] rdata_o,
    output                         poison_o
);

  localparam STAGES = (BANK_CYCLES < RD_LATENCY) ? RD_LATENCY : 1;
  localparam BYTES = WORD_BITS / 8;
  localparam COLUMN_BITS = WORD_BITS / MACRO_COLUMNS;
  localparam MACRO_WORDS = ROWS / MACRO_ROWS;
  localparam MACRO_ADDR_BITS = (MACRO_WORDS > 1) ? $clog2(MACRO_WORDS) : 1;
  localparam TILE_BITS = (MACRO_ROWS > 1) ? $clog2(MACRO_ROWS) : 1;

  // The selected request; 0 in an idle bank, so its inputs do not toggle.
  reg                  we;
  reg [  ROW_BITS-1:0] row;
  reg [     BYTES-1:0] be;
  reg [ WORD_BITS-1:0] wdata;
  wire                 access = |select_i;

  generate
    if (PORTS == 1) begin : g_one_port
      always @* {we, row, be, wdata} = {we_i, row_i, be_i, wdata_i};
    end else begin : g_ports
      integer p;
      always @* begin
        we = 1'b0;
        row = {ROW_BITS{1'b0}};
        be = {BYTES{1'b0}};
        wdata = {WORD_BITS{1'b0}};
        if (access) begin
          for (p = 0; p < PORTS; p = p + 1) begin
            if (select_i[p]) begin
              we = we | we_i[p];
              row = row | row_i[p*ROW_BITS+:ROW_BITS];
              be = be | be_i[p*BYTES+:BYTES];
              wdata = wdata | wdata_i[p*WORD_BITS+:WORD_BITS];
            end
          end
        end
      end
    end
  endgenerate

  // Clock: in cycles with an access, and while a pipelined macro works on one.
  wire working;
  wire gated_clk;

  pgsram_clk_gate u_clk_gate (
      .clk_i    (clk_i),
      .en_i     (clk_en_i & (access | working)),
      .test_en_i(test_en_i),
      .clk_o    (gated_clk)
  );

  generate
    if (STAGES > 1) begin : g_pipelined
      reg [STAGES-2:0] working_q;
      if (STAGES == 2) begin : g_two
        always @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) working_q <= 1'b0;
          else working_q <= access;
        end
      end else begin : g_more
        always @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) working_q <= {STAGES - 1{1'b0}};
          else working_q <= {working_q[STAGES-3:0], access};
        end
      end
      assign working = |working_q;
    end else begin : g_plain
      assign working = 1'b0;
      wire unused_reset = &{1'b0, rst_ni};
    end
  endgenerate

  // Macros. Row r, column c has bits c * COLUMN_BITS and up of word r * MACRO_WORDS and up.
  wire [MACRO_ROWS*WORD_BITS-1:0] rdata;
  wire [MACRO_ROWS-1:0] poison;

  wire [MACRO_ROWS-1:0] tile_enable;
  wire [MACRO_ADDR_BITS-1:0] macro_addr;

  genvar r, c;
  generate
    if (MACRO_WORDS > 1) begin : g_addr
      assign macro_addr = row[MACRO_ADDR_BITS-1:0];
    end else begin : g_no_addr
      assign macro_addr = 1'b0;
      wire unused_row = &{1'b0, row};
    end

    for (r = 0; r < MACRO_ROWS; r = r + 1) begin : g_row
      wire [WORD_BITS-1:0] raw;
      wire [MACRO_COLUMNS-1:0] raw_poison;
      for (c = 0; c < MACRO_COLUMNS; c = c + 1) begin : g_column
        pgsram_macro #(
            .WORDS    (MACRO_WORDS),
            .BITS     (COLUMN_BITS),
            .ADDR_BITS(MACRO_ADDR_BITS),
            .LATENCY  (STAGES)
        ) u_macro (
            .clk_i   (gated_clk),
            .ce_i    (tile_enable[r]),
            .we_i    (we),
            .addr_i  (macro_addr),
            .be_i    (be[c*COLUMN_BITS/8+:COLUMN_BITS/8]),
            .wdata_i (wdata[c*COLUMN_BITS+:COLUMN_BITS]),
            .rdata_o (raw[c*COLUMN_BITS+:COLUMN_BITS]),
            .poison_o(raw_poison[c]),
            .sw_i    (sw_i),
            .ret_i   (ret_i),
            .light_i (light_i)
        );
      end

      pgsram_iso #(
          .WIDTH     (WORD_BITS),
          .ISO_IN_RTL(ISO_IN_RTL)
      ) u_iso (
          .iso_ni(iso_ni),
          .data_i(raw),
          .data_o(rdata[r*WORD_BITS+:WORD_BITS])
      );
      assign poison[r] = |raw_poison;
    end

    if (MACRO_ROWS > 1) begin : g_tiles
      // The answering row of macros: the one of the access STAGES cycles ago, or the last one.
      localparam [MACRO_ROWS-1:0] TILE_ONE = 1;
      wire [TILE_BITS-1:0] tile = row[ROW_BITS-1-:TILE_BITS];
      reg [STAGES*TILE_BITS-1:0] tile_q;
      assign tile_enable = access ? TILE_ONE << tile : {MACRO_ROWS{1'b0}};
      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) tile_q <= {STAGES * TILE_BITS{1'b0}};
        else if (access | working) begin
          tile_q <= tile_q << TILE_BITS;
          tile_q[TILE_BITS-1:0] <= tile;
        end
      end
      wire [TILE_BITS-1:0] answering = tile_q[(STAGES-1)*TILE_BITS+:TILE_BITS];
      assign rdata_o  = rdata[answering*WORD_BITS+:WORD_BITS];
      assign poison_o = poison[answering];
    end else begin : g_tile
      assign tile_enable = access;
      assign rdata_o = rdata;
      assign poison_o = poison;
    end
  endgenerate

endmodule
