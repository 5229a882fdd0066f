// Properties of pgsram_wake_arb. Its clients are what domain_ctrl.v proves of a domain: it wakes only
// after a slot in a cycle in which it asked, and stops when it likes. The reset comes at any time.
`include "property.vh"

module fv #(
    parameter DOMAINS = 3,
    parameter MAX_WAKING = 1
) (
    input               clk_i,
    input               rst_ni,
    input [DOMAINS-1:0] req_i,
    input [DOMAINS-1:0] waking_i,
    input [        1:0] watched_i  // the domain that fairness is shown for: any
);

  `NEVER

  wire [DOMAINS-1:0] slot;

  pgsram_wake_arb #(.DOMAINS(DOMAINS), .MAX_WAKING(MAX_WAKING)) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .req_i(req_i), .waking_i(waking_i), .slot_o(slot)
  );

  reg begun_q = 0;
  reg [DOMAINS-1:0] may_wake_q = 0;  // woke in the last cycle, or got a slot in it
  reg [1:0] watched_q;
  always @(posedge clk_i) begin
    begun_q    <= 1;
    may_wake_q <= waking_i | slot;
    watched_q  <= watched_i;
  end

  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (begun_q) assume (watched_i == watched_q);
    assume (watched_i < DOMAINS);
    assume ((req_i & waking_i) == 0);  // a domain is in one state
    if (!rst_ni) assume (waking_i == 0 && req_i == 0);
    else assume ((waking_i & ~may_wake_q) == 0);
  end

  integer d;
  reg [3:0] waking, slots;
  always @* begin
    waking = 0;
    slots = 0;
    for (d = 0; d < DOMAINS; d = d + 1) begin
      waking = waking + waking_i[d];
      slots = slots + slot[d];
    end
  end

  // Slots that others got while the watched domain asked without pause.
  wire asks = rst_ni & req_i[watched_i];
  reg [2:0] passed_q = 0;
  always @(posedge clk_i)
    passed_q <= !asks || slot[watched_i] ? 0 : passed_q + (slots != 0);

  // 8
  `PROPERTY(bad_8_inrush, seen_8_inrush, waking != 0, waking <= MAX_WAKING)
  `COVER(seen_8_inrush_is_tight, waking == (MAX_WAKING < DOMAINS ? MAX_WAKING : DOMAINS))
  `PROPERTY(bad_8_one_slot, seen_8_one_slot, slots != 0, (slots == 1) & ((slot & ~req_i) == 0))
  // 19: nobody waits while there is room, and nobody is passed by all others twice.
  `PROPERTY(bad_19_no_idle_slot, seen_19_no_idle_slot, (req_i != 0) & (waking < MAX_WAKING), slots == 1)
  `PROPERTY(bad_19_fair, seen_19_fair, asks, passed_q < DOMAINS)
  `COVER(seen_19_fair_is_tight, passed_q == DOMAINS - 1)

endmodule
