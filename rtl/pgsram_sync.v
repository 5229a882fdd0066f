// Synchroniser of one asynchronous input: the only place where one enters the design.
//
// Technology hook. It is reset by the pin reset, not by the synchronised one, so it follows its input
// already while the rest of the design is held: a rail that is still up after a reset is seen in time.
//
// `settled_o` says that the input and every stage agree. It is asynchronous and serves only the
// quiescence output, which a simulation host reads; nothing in the design depends on it.
module pgsram_sync #(
    parameter STAGES = 2
) (
    input  clk_i,
    input  rst_ni,
    input  async_i,
    output sync_o,
    output settled_o
);

  reg [STAGES-1:0] sync_q;

  generate
    if (STAGES == 1) begin : g_one
      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) sync_q <= 1'b0;
        else sync_q <= async_i;
      end
    end else begin : g_chain
      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) sync_q <= {STAGES{1'b0}};
        else sync_q <= {sync_q[STAGES-2:0], async_i};
      end
    end
  endgenerate

  assign sync_o = sync_q[STAGES-1];
  assign settled_o = sync_q == {STAGES{async_i}};

endmodule
