// One SRAM macro, single port, with power switch, retention and light sleep: behavioural model.
//
// Technology hook. With PGSRAM_BLACKBOX defined the module is empty and stands for the macro of the
// technology. It is the only module on a gated clock and the only one inside a switched domain.
//
// LATENCY = 1: the output follows an access and holds until the next. LATENCY > 1: a pipelined macro
// that takes an access every cycle and answers LATENCY clock edges later.
//
// The model loses its contents when both the supply and the retention supply are off, and it does so
// in a two-state simulator too: each word carries the epoch it was last written in and which of its
// bytes were, and each collapse starts a new epoch. A byte that was not written since the last
// collapse reads as POISON, and `poison_o` is raised if such a byte was enabled. With PGSRAM_X
// defined (four-state simulators) POISON is x. Collapse is assumed at once: the model keeps nothing
// that a slowly falling rail might keep.
//
// An access without supply, in retention or in light sleep does not write and reads as POISON.
`ifdef PGSRAM_BLACKBOX
(* blackbox *)
`endif
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

`ifndef PGSRAM_BLACKBOX

  localparam BYTES = BITS / 8;
`ifdef PGSRAM_X
  localparam [7:0] POISON = 8'hxx;
`else
  localparam [7:0] POISON = 8'hbd;
`endif

  reg [  BITS-1:0] data_q[0:WORDS-1];
  reg [      31:0] epoch_q[0:WORDS-1];
  reg [ BYTES-1:0] valid_q[0:WORDS-1];

  reg [      31:0] now_epoch_q;

  // Epoch 0 is "never written"; the tags are the only contents that need a start value.
  integer          k;
  initial begin
    now_epoch_q = 32'd1;
    for (k = 0; k < WORDS; k = k + 1) epoch_q[k] = 32'd0;
  end

  wire powered_or_retained = sw_i | ret_i;
  always @(negedge powered_or_retained) now_epoch_q <= now_epoch_q + 32'd1;

  wire usable = sw_i & ~ret_i & ~light_i;

  // Which bytes of a word hold what was written to them.
  function [BYTES-1:0] valid_bytes(input [ADDR_BITS-1:0] addr);
    valid_bytes = (epoch_q[addr] == now_epoch_q) ? valid_q[addr] : {BYTES{1'b0}};
  endfunction

  // `word` where `mask` is set, `other` elsewhere; whole words, the usual case, take the short way.
  function [BITS-1:0] merge(input [BYTES-1:0] mask, input [BITS-1:0] word, input [BITS-1:0] other);
    integer i;
    begin
      merge = word;
      if (!(&mask)) begin
        for (i = 0; i < BYTES; i = i + 1) if (!mask[i]) merge[8*i+:8] = other[8*i+:8];
      end
    end
  endfunction

  always @(posedge clk_i) begin
    if (ce_i & we_i & usable) begin
      data_q[addr_i]  <= merge(be_i, wdata_i, data_q[addr_i]);
      valid_q[addr_i] <= be_i | valid_bytes(addr_i);
      epoch_q[addr_i] <= now_epoch_q;
    end
  end

  // The output stages, newest lowest, each a poison flag above the data.
  reg [LATENCY*(BITS+1)-1:0] out_q;

  always @(posedge clk_i) begin
    if (LATENCY > 1) out_q <= out_q << (BITS + 1);
    if (ce_i & ~we_i) begin
      if (usable) begin
        out_q[BITS:0] <= {
          |(be_i & ~valid_bytes(addr_i)),
          merge(valid_bytes(addr_i), data_q[addr_i], {BYTES{POISON}})
        };
      end else out_q[BITS:0] <= {1'b1, {BYTES{POISON}}};
    end
  end

  assign poison_o = out_q[LATENCY*(BITS+1)-1];
`ifdef PGSRAM_X
  // An output without supply that nothing isolates is seen.
  assign rdata_o = sw_i ? out_q[(LATENCY-1)*(BITS+1)+:BITS] : {BITS{1'bx}};
`else
  assign rdata_o = out_q[(LATENCY-1)*(BITS+1)+:BITS];
`endif

`endif

endmodule
