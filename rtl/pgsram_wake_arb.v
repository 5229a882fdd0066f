// Wake arbiter: bounds how many domains charge their rail at the same time (inrush current).
//
// In each cycle in which fewer than MAX_WAKING domains are waking (`waking_i`, from the first cycle of
// SW_ON to the last of SETTLE), one domain that asks gets a slot: round robin, the first at or after
// the pointer; the pointer then moves behind it. At most one slot a cycle. A slot is not stored here:
// it is held by the domain's own state, so a domain that faults gives it back by itself.
module pgsram_wake_arb #(
    parameter DOMAINS = 4,
    parameter MAX_WAKING = 1
) (
    input                    clk_i,
    input                    rst_ni,
    input      [DOMAINS-1:0] req_i,
    input      [DOMAINS-1:0] waking_i,
    output reg [DOMAINS-1:0] slot_o
);

  localparam COUNT_BITS = $clog2(DOMAINS + 1);
  localparam [DOMAINS-1:0] ONE = 1;

  // The pointer as a mask: 1 at and above the domain it points at; all 0 after the last one.
  reg  [   DOMAINS-1:0] at_or_after_q;
  wire [   DOMAINS-1:0] preferred = req_i & at_or_after_q;
  wire [   DOMAINS-1:0] pool = (|preferred) ? preferred : req_i;

  reg  [COUNT_BITS-1:0] waking;
  integer               d;

  always @* begin
    waking = {COUNT_BITS{1'b0}};
    slot_o = {DOMAINS{1'b0}};
    if (|req_i) begin
      for (d = 0; d < DOMAINS; d = d + 1) begin
        if (waking_i[d]) waking = waking + 1'b1;
      end
      if ({{32 - COUNT_BITS{1'b0}}, waking} < MAX_WAKING) slot_o = pool & (~pool + ONE);
    end
  end

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) at_or_after_q <= {DOMAINS{1'b1}};
    else if (|slot_o) at_or_after_q <= ~(slot_o | (slot_o - ONE));
  end

endmodule
