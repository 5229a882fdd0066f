// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Technology hook of long co-simulations: the macro of rtl/pgsram_macro.v with one clock and no other event.
//
// The loss of the supply is noticed at the next clock edge instead of at once. Nothing can tell: a rail stays down for at
// least a cycle, and the outputs are isolated long before it falls and long after it rose.
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
    input                  light_i
);

  localparam BYTES = BITS / 8;
  localparam [7:0] POISON = 8'hbd;
  localparam ENTRY = BITS + 1;

  reg [BITS-1:0] data_q[0:WORDS-1];
  reg [31:0] epoch_q[0:WORDS-1];
  reg [BYTES-1:0] valid_q[0:WORDS-1];
  reg [LATENCY*ENTRY-1:0] out_q;
  // Accesses on their way through the pipeline.
  reg [LATENCY-1:0] flight_q = {LATENCY{1'b0}};

  // Words are stale while their epoch differs: epoch 0 is never the present one.
  reg [31:0] present_q = 32'd1;
  reg kept_q = 1'b0;
  wire kept = sw_i | ret_i;
  wire usable = sw_i & ~ret_i & ~light_i;

  integer i;
  reg [BYTES-1:0] valid;
  reg [BITS-1:0] word;
  initial for (i = 0; i < WORDS; i = i + 1) epoch_q[i] = 32'd0;

  // Whoever does nothing in a cycle must cost next to nothing: most macros of a memory do, in most cycles. So everything that only
  // this process reads is updated in place, and the pipeline stands still when nothing is in it.
  always @(posedge clk_i) begin
    if (kept_q & ~kept) present_q = present_q + 32'd1;
    kept_q = kept;
    if (ce_i | (|flight_q)) begin
      if (LATENCY > 1) out_q <= out_q << ENTRY;
      flight_q <= (flight_q << 1) | {{LATENCY{1'b0}}, ce_i};
      if (ce_i) begin
        valid = (usable && epoch_q[addr_i] == present_q) ? valid_q[addr_i] : {BYTES{1'b0}};
        word = data_q[addr_i];
        if (!we_i) begin
          for (i = 0; i < BYTES; i = i + 1) if (!valid[i]) word[8*i+:8] = POISON;
          out_q[ENTRY-1:0] <= {usable ? |(be_i & ~valid) : 1'b1, word};
        end else if (usable) begin
          for (i = 0; i < BYTES; i = i + 1) if (be_i[i]) word[8*i+:8] = wdata_i[8*i+:8];
          data_q[addr_i]  = word;
          valid_q[addr_i] = valid | be_i;
          epoch_q[addr_i] = present_q;
        end
      end
    end
  end

  assign {poison_o, rdata_o} = out_q[LATENCY*ENTRY-1-:ENTRY];

endmodule
