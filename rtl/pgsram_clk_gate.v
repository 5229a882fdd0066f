// Clock gate: latch and AND, as an integrated clock-gating cell does it.
//
// Technology hook. The latch is open while the clock is low, so the enable may settle at any time
// before the rising edge and the gated clock has no glitch. `test_en_i` keeps the clock running.
module pgsram_clk_gate (
    input  clk_i,
    input  en_i,
    input  test_en_i,
    output clk_o
);

  reg en_q;

  always @(clk_i or en_i or test_en_i) begin
    if (!clk_i) en_q = en_i | test_en_i;
  end

  assign clk_o = clk_i & en_q;

endmodule
