// Skipping, on the whole memory: in the second of two quiescent cycles with inputs held no register changes (`run` adds one
// property for every flip-flop that Yosys finds, see registers.awk), nothing happens before the next event, something
// happens at it (EVENTS = 1), and the next event is later than now.
//
// Time increases by one a cycle, or after a quiescent cycle with inputs held by up to what the next event allows. The
// acknowledge does what it likes; thresholds stay as they are. The reset comes at any time.
`include "property.vh"
`include "hooks.vh"

module fv #(
    parameter DOMAINS = 2,
    parameter INTERLEAVE = 2,
    parameter PORTS = 2,
    parameter DOMAIN_WORDS = 2,
    parameter TIME_BITS = 6,
    parameter POLICY = 1,
    parameter COUNTERS = 1,
    parameter SCHED_DEPTH = 0,
    parameter EVENTS = 0,  // 1: also when exactly something happens
    parameter HAS_LIGHT = 1,
    parameter HAS_RETENTION = 1,
    parameter T_MIN_ON = 0,
    parameter T_MIN_OFF = 0,
    parameter T_ACK_MAX = 4,
    parameter ADDR_BITS = $clog2(DOMAINS * DOMAIN_WORDS)
) (
    input                        clk_i,
    input                        rst_ni,
    input [       TIME_BITS-1:0] now_i,
    input [           PORTS-1:0] req_i,
    input [           PORTS-1:0] we_i,
    input [ PORTS*ADDR_BITS-1:0] addr_i,
    input [           PORTS-1:0] be_i,
    input [         PORTS*8-1:0] wdata_i,
    input [           PORTS-1:0] aid_i,
    input [         DOMAINS-1:0] live_i,
    input [         DOMAINS-1:0] force_on_i,
    input [         DOMAINS-1:0] force_off_i,
    input [         DOMAINS-1:0] fault_clear_i,
    input [         DOMAINS-1:0] pin_i,
    input [       TIME_BITS-1:0] light_i,
    input [       TIME_BITS-1:0] ret_i,
    input [       TIME_BITS-1:0] off_i,
    input                        start_i,
    input                        filled_i,
    input                        write_i,
    input                        sched_clear_i,
    input [       TIME_BITS-1:0] delta_i,
    input [                 5:0] domain_i,
    input [                 1:0] operation_i
);

  `NEVER

  wire [PORTS-1:0] gnt, rvalid;
  wire [4*DOMAINS-1:0] state;
  wire [DOMAINS-1:0] sw;
  wire quiescent, next_valid;
  wire [TIME_BITS-1:0] next;

  pgsram_top #(
      .DOMAINS(DOMAINS), .INTERLEAVE(INTERLEAVE), .PORTS(PORTS), .WORD_BITS(8), .DOMAIN_WORDS(DOMAIN_WORDS),
      .TIME_BITS(TIME_BITS), .SYNC_STAGES(1), .T_ACK_MAX(T_ACK_MAX), .T_SETTLE_OFF(2), .HAS_LIGHT(HAS_LIGHT),
      .HAS_RETENTION(HAS_RETENTION), .POLICY(POLICY), .T_MIN_ON(T_MIN_ON), .T_MIN_OFF(T_MIN_OFF),
      .SCHED_DEPTH(SCHED_DEPTH), .COUNTERS(COUNTERS)
  ) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .now_i(now_i), .req_i(req_i), .we_i(we_i), .addr_i(addr_i), .be_i(be_i),
      .wdata_i(wdata_i), .aid_i(aid_i), .gnt_o(gnt), .rvalid_o(rvalid), .live_i(live_i), .force_on_i(force_on_i),
      .force_off_i(force_off_i), .fault_clear_i(fault_clear_i), .threshold_light_i(light_i), .threshold_ret_i(ret_i),
      .threshold_off_i(off_i), .sched_start_i(start_i), .sched_filled_i(filled_i), .sched_write_i(write_i),
      .sched_delta_i(delta_i), .sched_domain_i(domain_i), .sched_operation_i(operation_i),
      .sched_clear_i(sched_clear_i), .sw_o(sw), .sw_ack_i(pin_i), .state_o(state), .quiescent_o(quiescent),
      .next_event_valid_o(next_valid), .next_event_o(next), .count_clear_i(1'b0), .count_sel_i(16'd0),
      .test_en_i(1'b0), .scan_mode_i(1'b0)
  );

  // Inputs that a skip holds; of the schedule only what asks for something.
  wire [PORTS*(ADDR_BITS+12)+5*DOMAINS+3:0] inputs = {
    req_i, we_i, addr_i, be_i, wdata_i, aid_i, live_i, force_on_i, force_off_i, fault_clear_i, pin_i, start_i, filled_i,
    write_i, sched_clear_i
  };

  reg begun_q = 0;
  reg quiet_q = 0, was_valid_q;
  reg [TIME_BITS-1:0] was_now_q, was_next_q, light_q, ret_q, off_q;
  reg [PORTS*(ADDR_BITS+12)+5*DOMAINS+3:0] inputs_q;
  reg [4*DOMAINS-1:0] was_state_q;
  always @(posedge clk_i) begin
    begun_q     <= 1;
    quiet_q     <= rst_ni & quiescent;
    was_valid_q <= next_valid;
    was_now_q   <= now_i;
    was_next_q  <= next;
    inputs_q    <= inputs;
    was_state_q <= state;
    {light_q, ret_q, off_q} <= {light_i, ret_i, off_i};
  end

  wire held = begun_q & rst_ni & (inputs == inputs_q);
  wire [TIME_BITS-1:0] step = now_i - was_now_q;
  wire [TIME_BITS-1:0] left = was_next_q - was_now_q;

  // Slips by schedule entries that are late are an event in every cycle, so a delta is below half the range.
  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (!rst_ni) assume (req_i == 0);
    if (begun_q) begin
      assume ({light_i, ret_i, off_i} == {light_q, ret_q, off_q});
      assume (step != 0);
      if (step != 1) begin
        assume (quiet_q && !step[TIME_BITS-1]);
        if (was_valid_q) assume (step <= left);
      end
    end
    assume (!light_i[TIME_BITS-1] && !ret_i[TIME_BITS-1] && !off_i[TIME_BITS-1] && !delta_i[TIME_BITS-1]);
  end

  // What the properties of registers are about.
  (* keep *) wire quiet_twice = quiet_q & held & quiescent & ~never_q;

  `PROPERTY(bad_28_later, seen_28_later, rst_ni & next_valid, quiescent & (next != now_i))
  `PROPERTY(bad_15_nothing_ever, seen_15_nothing_ever, quiet_q & held & ~was_valid_q,
            quiescent & ~next_valid & (state == was_state_q))
  generate
    if (EVENTS != 0) begin : g_events
      `PROPERTY(bad_15_nothing_before, seen_15_nothing_before, quiet_q & held & was_valid_q & (step < left),
                quiescent & next_valid & (next == was_next_q) & (state == was_state_q))
      `PROPERTY(bad_15_then_something, seen_15_then_something, quiet_q & held & was_valid_q & (step == left), ~quiescent)
    end
  endgenerate

  // Completeness: with nothing asked for or due, acknowledges as the switches and every domain at rest, it is quiescent unless
  // a domain moves next.
  reg [2:0] calm_q = 0;  // cycles without a request, with acknowledges as they should be, saturating
  wire calm = rst_ni & (req_i == 0) & (pin_i == sw) & ~start_i & ~filled_i & ~write_i;
  always @(posedge clk_i) calm_q <= !calm ? 0 : (&calm_q) ? calm_q : calm_q + 1'b1;
  integer d;
  reg rests;
  always @* begin
    rests = 1;
    for (d = 0; d < DOMAINS; d = d + 1)
      if (state[4*d+:4] > 1 && state[4*d+:4] != 7 && state[4*d+:4] != 8 && state[4*d+:4] != 14) rests = 0;
  end
  reg restless_q = 0;
  always @(posedge clk_i) restless_q <= calm & (&calm_q) & rests & ~quiescent;
  generate
    if (SCHED_DEPTH == 0) begin : g_complete
      `PROPERTY(bad_15_complete, seen_15_complete, restless_q & rst_ni, state != was_state_q)
    end
  endgenerate

endmodule
