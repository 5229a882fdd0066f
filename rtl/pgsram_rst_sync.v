// Reset synchroniser: asserts at once, releases after two clock edges.
//
// Technology hook. The two flip-flops must be placed next to each other. `scan_mode_i` hands the
// reset pin through, so that a scan test controls every flip-flop's reset directly.
//
// After `rst_ni` rises, two rising clock edges pass with `rst_no` still 0. The third one is the first
// edge that the design sees out of reset: cycle 0 of every count in this project.
module pgsram_rst_sync (
    input  clk_i,
    input  rst_ni,
    input  scan_mode_i,
    output rst_no
);

  reg [1:0] sync_q;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) sync_q <= 2'b00;
    else sync_q <= {sync_q[0], 1'b1};
  end

  assign rst_no = scan_mode_i ? rst_ni : sync_q[1];

endmodule
