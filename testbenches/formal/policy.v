// Properties of pgsram_policy together with pgsram_domain_ctrl: one domain with its time. The
// acknowledge is faithful; thresholds stay as they are; time increases by one a cycle unless the domain
// is still, when it may jump up to the next event (SKIP = 1) with the inputs held.
`include "property.vh"

module fv #(
    parameter TIME_BITS = 5,
    parameter POLICY = 1,
    parameter SKIP = 0,
    parameter HAS_LIGHT = 1,
    parameter HAS_RETENTION = 1,
    parameter RESET_ON = 0,
    parameter T_MIN_ON = 0,
    parameter T_MIN_OFF = 0,
    parameter T_ACK_MAX = 4
) (
    input                 clk_i,
    input                 rst_ni,
    input [TIME_BITS-1:0] now_i,
    input                 want_i,
    input                 grant_i,
    input                 live_i,
    input                 force_on_i,
    input                 force_off_i,
    input                 busy_i,
    input                 fault_clear_i,
    input                 ack_i,
    input                 slot_i,
    input [TIME_BITS-1:0] light_i,
    input [TIME_BITS-1:0] ret_i,
    input [TIME_BITS-1:0] off_i
);

  `NEVER

  localparam [3:0] OFF = 0, RET = 1, ON = 7, LIGHT = 8, DRAIN = 10, ISO = 11, SW_OFF = 13, FAULT = 14;
  localparam [TIME_BITS-1:0] NONE = {TIME_BITS{1'b1}};

  wire [3:0] state;
  wire [1:0] target;
  wire min_ok, first, lost_live;
  wire [TIME_BITS-1:0] event_in;
  wire wake_req, waking, sw, iso_n, ret, light, clk_en, on, failed, still, fault;

  pgsram_policy #(
      .TIME_BITS(TIME_BITS), .POLICY(POLICY), .HAS_LIGHT(HAS_LIGHT), .HAS_RETENTION(HAS_RETENTION),
      .RESET_ON(RESET_ON), .T_MIN_ON(T_MIN_ON), .T_MIN_OFF(T_MIN_OFF)
  ) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .now_i(now_i), .want_i(want_i), .grant_i(grant_i),
      .live_i(live_i), .force_on_i(force_on_i), .force_off_i(force_off_i),
      .fault_clear_i(fault_clear_i), .threshold_light_i(light_i), .threshold_ret_i(ret_i),
      .threshold_off_i(off_i), .state_i(state), .first_i(first), .target_o(target),
      .min_ok_o(min_ok), .lost_live_o(lost_live), .event_ask_i(~want_i), .event_in_o(event_in)
  );

  pgsram_domain_ctrl #(.T_ACK_MAX(T_ACK_MAX)) ctrl (
      .clk_i(clk_i), .rst_ni(rst_ni), .scan_mode_i(1'b0), .target_i(target),
      .force_off_i(force_off_i), .min_ok_i(min_ok), .busy_i(busy_i), .ack_i(ack_i),
      .fault_clear_i(fault_clear_i), .wake_req_o(wake_req), .waking_o(waking), .slot_i(slot_i),
      .sw_o(sw), .iso_no(iso_n), .ret_o(ret), .light_o(light), .clk_en_o(clk_en), .state_o(state),
      .on_o(on), .failed_o(failed), .still_o(still), .first_o(first), .fault_o(fault)
  );

  // The cycle before.
  reg begun_q = 0;
  reg quiet_q, was_reset_q, was_ack_q, was_sw_q, was_first_q;
  reg was_live_q, was_on_q, was_off_q;
  reg [3:0] was_state_q;
  reg [1:0] was_target_q;
  reg [TIME_BITS-1:0] was_now_q, was_event_q, light_q, ret_q, off_q;
  wire quiet = rst_ni & still & ~want_i & ~busy_i & (ack_i == sw);
  always @(posedge clk_i) begin
    begun_q      <= 1;
    quiet_q      <= quiet;
    was_reset_q  <= ~rst_ni;
    was_ack_q    <= ack_i;
    was_sw_q     <= sw;
    was_live_q   <= live_i;
    was_on_q     <= force_on_i;
    was_off_q    <= force_off_i;
    was_state_q  <= state;
    was_target_q <= target;
    was_now_q    <= now_i;
    was_event_q  <= event_in;
    light_q      <= light_i;
    ret_q        <= ret_i;
    off_q        <= off_i;
  end

  wire [TIME_BITS-1:0] step = now_i - was_now_q;
  // Inputs that a skip holds.
  wire held = (live_i == was_live_q) & (force_on_i == was_on_q) & (force_off_i == was_off_q) &
      (ack_i == was_ack_q) & ~want_i & ~fault_clear_i & rst_ni & ~busy_i;

  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (begun_q) assume (light_i == light_q && ret_i == ret_q && off_i == off_q);
    assume (!light_i[TIME_BITS-1] && !ret_i[TIME_BITS-1] && !off_i[TIME_BITS-1]);
    if (grant_i) assume (want_i && on);
    if (slot_i) assume (wake_req);
    if (!rst_ni) assume (!want_i);
    if (!begun_q) assume (!ack_i);
    if (begun_q && ack_i && !was_ack_q) assume (sw && was_sw_q);
    if (begun_q && !ack_i && was_ack_q) assume (!sw && !was_sw_q);
    if (begun_q) begin
      assume (step != 0);
      if (step != 1) assume (SKIP != 0 && quiet_q && step <= was_event_q);
      // Beyond half the range differences are not defined; a host that skips without an event stops there.
      if (step != 1 && was_event_q == NONE) assume (!step[TIME_BITS-1]);
    end
  end

  // 20: live in ON and ever since, neither forced off, faulty nor reset: never OFF.
  reg kept_q = 0;
  always @(posedge clk_i)
    kept_q <= rst_ni & live_i & ~force_off_i & ~failed & (kept_q | on);
  `PROPERTY(bad_20_live_is_kept, seen_20_live_is_kept, kept_q & rst_ni & live_i & ~failed,
            (state != OFF) & ~((state == SW_OFF) & ~ret))
  `PROPERTY(bad_20_target, seen_20_target, live_i & ~force_off_i, target != 0)
  reg lost_q = 0;
  always @(posedge clk_i) lost_q <= rst_ni & live_i & force_off_i;
  `PROPERTY(bad_20_forced_is_told, seen_20_forced_is_told, lost_q & rst_ni, lost_live)
  `PROPERTY(bad_20_forced_off, seen_20_forced_off, force_off_i, target == 0)

  generate
    if (SKIP != 0) begin : g_skip
      // 28: something that happens later, happens later.
      wire same = held & begun_q;
      `PROPERTY(bad_28_later, seen_28_later, quiet, event_in != 0)

      // 15: after a quiet cycle with inputs held nothing happens before the event, and at it something does.
      `PROPERTY(bad_15_nothing_before, seen_15_nothing_before,
                quiet_q & same & (was_event_q != NONE) & (step < was_event_q),
                (state == was_state_q) & still & (event_in == was_event_q - step))
      `PROPERTY(bad_15_nothing_ever, seen_15_nothing_ever, quiet_q & same & (was_event_q == NONE),
                (state == was_state_q) & still & (event_in == NONE))
      if (POLICY == 1 || T_MIN_ON > 0 || T_MIN_OFF > 0) begin : g_events
        `PROPERTY(bad_15_then_something, seen_15_then_something,
                  quiet_q & same & (was_event_q != NONE) & (step == was_event_q), ~still)
      end
    end

    // 23: shortest stays, by a count of cycles from the first one that stops counting when over.
    if (T_MIN_ON > 0) begin : g_min_on
      reg [TIME_BITS:0] stay_q = 0;
      wire [TIME_BITS:0] more = stay_q + (begun_q ? {1'b0, step} : 0);
      wire [TIME_BITS:0] stay = first & on ? 0 : (more > T_MIN_ON) ? T_MIN_ON : more;
      always @(posedge clk_i) stay_q <= rst_ni ? stay : 0;
      reg [TIME_BITS:0] at_q;
      always @(posedge clk_i) at_q <= stay;
      `PROPERTY(bad_23_min_on, seen_23_min_on,
                begun_q & rst_ni & ((was_state_q == ON & state == DRAIN) | (was_state_q == LIGHT & state == ISO)),
                at_q >= T_MIN_ON)
    end
    if (T_MIN_OFF > 0) begin : g_min_off
      reg [TIME_BITS:0] stay_q = T_MIN_OFF;
      wire [TIME_BITS:0] more = stay_q + (begun_q ? {1'b0, step} : 0);
      wire [TIME_BITS:0] stay = first & ~on ? 0 : (more > T_MIN_OFF) ? T_MIN_OFF : more;
      always @(posedge clk_i) stay_q <= rst_ni ? stay : T_MIN_OFF;
      reg [TIME_BITS:0] at_q;
      always @(posedge clk_i) at_q <= stay;
      `PROPERTY(bad_23_min_off, seen_23_min_off,
                begun_q & rst_ni & (was_state_q == OFF | was_state_q == RET) & state == 2, at_q >= T_MIN_OFF)
    end
  endgenerate

endmodule
