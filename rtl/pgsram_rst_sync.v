// Reset synchroniser: asserts at once, releases after two clock edges.
//
// Technology hook. The two flip-flops must be placed next to each other. `scan_mode_i` hands the
// reset pin through, so that a scan test controls every flip-flop's reset directly.
//
// After `rst_ni` rises, two rising clock edges pass with `rst_no` still 0. The third one is the first
// edge that the design sees out of reset: cycle 0 of every count in this project. `ready_o` is 1 from cycle 0
// on: a flip-flop of its own, so that what waits for the end of the reset leaves the reset net alone.
module pgsram_rst_sync (
    input  clk_i,
    input  rst_ni,
    input  scan_mode_i,
    output rst_no,
    output ready_o
);

  reg [1:0] sync_q;
  reg ready_q;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      sync_q  <= 2'b00;
      ready_q <= 1'b0;
    end else begin
      sync_q  <= {sync_q[0], 1'b1};
      ready_q <= sync_q[0];
    end
  end

  assign ready_o = ready_q;
  assign rst_no = scan_mode_i ? rst_ni : sync_q[1];

endmodule
