// What the technology hooks stand for in a proof that has one clock.

// A clock gate: its output says whether the clock runs in this cycle.
module pgsram_clk_gate (
    input  clk_i,
    input  en_i,
    input  test_en_i,
    output clk_o
);
  assign clk_o = en_i | test_en_i;
endmodule

// A macro, for words of one byte a macro and an answer after one access: as rtl/pgsram_macro.v, with every word's validity in
// place of its epoch.
module pgsram_macro #(
    parameter WORDS = 1,
    parameter BITS = 8,
    parameter ADDR_BITS = 1,
    parameter LATENCY = 1
) (
    input                  clk_i,
    input                  ce_i,
    input                  we_i,
    input  [ADDR_BITS-1:0] addr_i,
    input  [          0:0] be_i,
    input  [     BITS-1:0] wdata_i,
    output [     BITS-1:0] rdata_o,
    output                 poison_o,
    input                  sw_i,
    input                  ret_i,
    input                  light_i
);

  localparam [BITS-1:0] POISON = 8'hbd;

  reg [BITS-1:0] data_q[0:WORDS-1];
  reg [WORDS-1:0] valid_q = 0;
  reg [BITS:0] out_q;
  wire usable = sw_i & ~ret_i & ~light_i;
  wire known = usable & valid_q[addr_i];

  always @($global_clock) begin
    if (!(sw_i | ret_i)) valid_q <= 0;
    if (clk_i & ce_i & usable & we_i & be_i[0]) begin
      data_q[addr_i]  <= wdata_i;
      valid_q[addr_i] <= 1;
    end
    if (clk_i & ce_i & ~we_i) out_q <= {be_i[0] & ~known, known ? data_q[addr_i] : POISON};
  end

  assign {poison_o, rdata_o} = out_q;

  // 4, 9: the clock runs with an access only, and that finds the macro usable.
  wire bad_9_clocked = clk_i & ~(ce_i & usable);
  wire seen_9_clocked = clk_i;
endmodule

// The memory of the schedule player.
module pgsram_table #(
    parameter WORDS = 32,
    parameter BITS = 40,
    parameter ADDR_BITS = 5
) (
    input                  clk_i,
    input                  we_i,
    input  [ADDR_BITS-1:0] waddr_i,
    input  [     BITS-1:0] wdata_i,
    input  [ADDR_BITS-1:0] raddr_i,
    output [     BITS-1:0] rdata_o
);

  reg [BITS-1:0] data_q[0:WORDS-1];
  reg [BITS-1:0] rdata_q;

  always @(posedge clk_i) begin
    if (we_i) data_q[waddr_i] <= wdata_i;
    rdata_q <= data_q[raddr_i];
  end

  assign rdata_o = rdata_q;
endmodule
