// Memory of the schedule player: one port writes, one reads; what is read is the output of the next cycle.
//
// Technology hook. With PGSRAM_BLACKBOX defined the module is empty and stands for a register file of the technology. It is
// always on, and its contents need no reset: nothing is read that was not written.
`ifdef PGSRAM_BLACKBOX
(* blackbox *)
`endif
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

`ifndef PGSRAM_BLACKBOX

  reg [BITS-1:0] data_q[0:WORDS-1];
  reg [BITS-1:0] rdata_q;

  always @(posedge clk_i) begin
    if (we_i) data_q[waddr_i] <= wdata_i;
    rdata_q <= data_q[raddr_i];
  end

  assign rdata_o = rdata_q;

`endif

endmodule
