// Properties of pgsram_domain_ctrl, with the synchronisers of its acknowledge and reset.
//
// FAITHFUL = 1: the acknowledge rises only with the switch on and falls only after it went off.
// FAITHFUL = 0: the acknowledge does what it likes.
// The pin reset comes and goes at any time, after a first cycle in reset.
`include "property.vh"

module fv #(
    parameter FAITHFUL = 1,
    parameter SYNC_STAGES = 2,
    parameter T_ISO = 1,
    parameter T_SETTLE_OFF = 1,
    parameter T_SETTLE_RET = 1,
    parameter T_RET = 1,
    parameter T_LIGHT = 1,
    parameter T_ACK_MAX = 4,
    parameter AGE_BITS = 6  // of the counters here, enough for the longest bound below
) (
    input       clk_i,
    input       rst_ni,
    input [1:0] target_i,
    input       force_off_i,
    input       min_ok_i,
    input       busy_i,
    input       pin_i,
    input       fault_clear_i,
    input       slot_i
);

  `NEVER

  localparam [3:0] OFF = 0, RET = 1, ARB = 2, SW_ON = 3, SETTLE = 4, UNRET = 5, UNISO = 6, ON = 7,
      LIGHT = 8, LIGHT_EXIT = 9, DRAIN = 10, ISO = 11, SET_RET = 12, SW_OFF = 13, FAULT = 14;

  // A state lasts one cycle at least.
  localparam ISO_CYCLES = T_ISO > 1 ? T_ISO : 1;
  localparam SETTLE_OFF_CYCLES = T_SETTLE_OFF > 1 ? T_SETTLE_OFF : 1;
  localparam SETTLE_RET_CYCLES = T_SETTLE_RET > 1 ? T_SETTLE_RET : 1;
  localparam LIGHT_CYCLES = T_LIGHT > 1 ? T_LIGHT : 1;
  localparam RET_CYCLES = T_RET > 1 ? T_RET : 1;

  wire rst_n, ack, settled;
  wire wake_req, waking, sw, iso_n, ret, light, clk_en, on, failed, still, first, fault;
  wire [3:0] state;

  pgsram_rst_sync u_rst_sync (
      .clk_i(clk_i), .rst_ni(rst_ni), .scan_mode_i(1'b0), .rst_no(rst_n)
  );

  pgsram_sync #(.STAGES(SYNC_STAGES)) u_sync (
      .clk_i(clk_i), .rst_ni(rst_ni), .async_i(pin_i), .sync_o(ack), .settled_o(settled)
  );

  pgsram_domain_ctrl #(
      .T_ISO(T_ISO), .T_SETTLE_OFF(T_SETTLE_OFF), .T_SETTLE_RET(T_SETTLE_RET), .T_RET(T_RET),
      .T_LIGHT(T_LIGHT), .T_ACK_MAX(T_ACK_MAX)
  ) dut (
      .clk_i(clk_i), .rst_ni(rst_n), .scan_mode_i(1'b0), .target_i(target_i),
      .force_off_i(force_off_i), .min_ok_i(min_ok_i), .busy_i(busy_i), .ack_i(ack),
      .fault_clear_i(fault_clear_i), .wake_req_o(wake_req), .waking_o(waking), .slot_i(slot_i),
      .sw_o(sw), .iso_no(iso_n), .ret_o(ret), .light_o(light), .clk_en_o(clk_en), .state_o(state),
      .on_o(on), .failed_o(failed), .still_o(still), .first_o(first), .fault_o(fault)
  );

  // The cycle before. `begun_q` is 0 in the first cycle.
  reg begun_q = 0;
  reg was_reset_q, was_sw_q, was_iso_nq, was_pin_q, was_slot_q, was_waking_q;
  reg [3:0] was_state_q;
  always @(posedge clk_i) begin
    begun_q      <= 1;
    was_reset_q  <= ~rst_n;
    was_sw_q     <= sw;
    was_iso_nq   <= iso_n;
    was_pin_q    <= pin_i;
    was_slot_q   <= slot_i & wake_req;
    was_waking_q <= waking;
    was_state_q  <= state;
  end

  // The environment.
  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (force_off_i) assume (target_i == 0);
    if (slot_i) assume (wake_req);
    if (FAITHFUL != 0) begin
      if (!begun_q) assume (!pin_i);
      if (begun_q && pin_i && !was_pin_q) assume (sw || was_sw_q);
      if (begun_q && !pin_i && was_pin_q) assume (!sw || !was_sw_q);
    end
  end

  `AGE(AGE_BITS, isolated_for, ~iso_n)
  `AGE(AGE_BITS, unclocked_for, ~clk_en)
  `AGE(AGE_BITS, acked_for, sw & ack)
  `AGE(AGE_BITS, not_retained_for, ~(sw & ret))

  wire falls = begun_q & was_sw_q & ~sw;
  wire unisolates = begun_q & ~was_iso_nq & iso_n;

  // Cycles spent in this state before this one.
  reg [AGE_BITS-1:0] stayed_q = 0;
  always @(posedge clk_i) stayed_q <= rst_n ? stayed + 1'b1 : 0;
  wire [AGE_BITS-1:0] stayed = (state == was_state_q) ? stayed_q : 0;

  // Where the wake in progress came from.
  reg from_ret_q;
  always @(posedge clk_i) if (state == OFF || state == RET) from_ret_q <= state == RET;

  // 1: what a grant needs, in every cycle in which one is possible.
  `PROPERTY(bad_1_on_is_usable, seen_1_on_is_usable, on, sw & iso_n & clk_en & ~ret & ~light)
  // 2
  `PROPERTY(bad_2_clocked_not_isolated, seen_2_clocked_not_isolated, clk_en, iso_n)
  // 3
  `PROPERTY(bad_3_not_isolated_powered, seen_3_not_isolated_powered, iso_n, sw)
  generate
    if (FAITHFUL != 0) begin : g_faithful
      `PROPERTY(bad_1_on_acknowledged, seen_1_on_acknowledged, on, ack & pin_i)
      `PROPERTY(bad_3_not_isolated_acknowledged, seen_3_not_isolated_acknowledged, iso_n, ack & pin_i)
    end else begin : g_faithless
      // A rail that goes away by itself: SYNC_STAGES cycles to see it, one to act.
      reg [SYNC_STAGES:0] lost_q = 0;
      always @(posedge clk_i) lost_q <= {lost_q[SYNC_STAGES-1:0], ~pin_i & iso_n};
      `PROPERTY(bad_3_lost_isolated, seen_3_lost_isolated, lost_q[SYNC_STAGES], ~iso_n)
      // Nothing is un-isolated for longer with a rail that never came.
      `AGE(AGE_BITS, low_for, ~pin_i)
      `PROPERTY(bad_3_never_up_isolated, seen_3_never_up_isolated, low_for > SYNC_STAGES, ~iso_n)
    end
  endgenerate
  // 4: reset and loss of the rail take everything at once.
  `PROPERTY(bad_4_switch_falls_isolated, seen_4_switch_falls_isolated,
            falls & rst_n & ~failed, isolated_for >= ISO_CYCLES)
  `PROPERTY(bad_4_switch_falls_unclocked, seen_4_switch_falls_unclocked,
            falls & rst_n & ~failed, unclocked_for >= ISO_CYCLES)
  // 5
  `PROPERTY(bad_5_settled_from_off, seen_5_settled_from_off,
            unisolates & ~from_ret_q, acked_for >= SETTLE_OFF_CYCLES)
  `PROPERTY(bad_5_settled_from_ret, seen_5_settled_from_ret,
            unisolates & from_ret_q, acked_for >= SETTLE_RET_CYCLES)
  `PROPERTY(bad_5_retention_ended, seen_5_retention_ended,
            unisolates & from_ret_q, not_retained_for >= RET_CYCLES)

  // 6 and 7: the vectors {sw, iso_n, ret, light, clk} of the table; x where the origin or destination
  // says whether retention is on.
  reg [4:0] vector;
  always @* begin
    case (state)
      RET: vector = 5'b00100;
      SW_ON, SETTLE: vector = {2'b10, ret, 2'b00};
      UNRET, ISO: vector = 5'b10000;
      UNISO, LIGHT_EXIT: vector = 5'b11000;
      ON, DRAIN: vector = 5'b11001;
      LIGHT: vector = 5'b11010;
      SET_RET: vector = 5'b10100;
      ARB, SW_OFF: vector = {2'b00, ret, 2'b00};
      default: vector = 5'b00000;
    endcase
  end
  wire as_table = {sw, iso_n, ret, light, clk_en} == vector;
  `PROPERTY(bad_6_off_vector, seen_6_off_vector, state == OFF, as_table)
  `PROPERTY(bad_6_ret_vector, seen_6_ret_vector, state == RET, as_table)
  `PROPERTY(bad_7_legal, seen_7_legal, rst_n, state <= FAULT)
  `PROPERTY(bad_7_outputs, seen_7_outputs, rst_n, as_table)
  `PROPERTY(bad_7_origin, seen_7_origin, (state == ARB) | waking, ret == from_ret_q)

  // The arrows of the table.
  reg arrow;
  always @* begin
    case (was_state_q)
      OFF: arrow = state == ARB;
      RET: arrow = state == OFF || state == ARB;
      ARB: arrow = state == OFF || state == SW_ON || (state == RET && ret);
      SW_ON: arrow = state == SETTLE || state == FAULT;
      SETTLE: arrow = state == (from_ret_q ? UNRET : UNISO) || state == FAULT;
      UNRET: arrow = state == UNISO || state == FAULT;
      UNISO, LIGHT_EXIT: arrow = state == ON || state == FAULT;
      ON: arrow = state == LIGHT || state == DRAIN || state == FAULT;
      LIGHT: arrow = state == LIGHT_EXIT || state == ISO || state == FAULT;
      DRAIN: arrow = state == ON || state == ISO || state == FAULT;
      ISO: arrow = state == UNISO || state == SET_RET || state == SW_OFF || state == FAULT;
      SET_RET: arrow = state == UNRET || state == SW_OFF || state == FAULT;
      SW_OFF: arrow = state == (ret ? RET : OFF) || state == FAULT;
      FAULT: arrow = state == SW_OFF;
      default: arrow = 0;
    endcase
  end
  wire moves = begun_q & rst_n & (state != was_state_q);
  `PROPERTY(bad_7_arrows, seen_7_arrows, moves, arrow)

  // A state of T cycles lasts exactly that, unless the rail is lost or reset comes.
  reg [AGE_BITS-1:0] cycles, limit;
  always @* begin
    case (was_state_q)
      SETTLE: cycles = from_ret_q ? SETTLE_RET_CYCLES : SETTLE_OFF_CYCLES;
      UNRET, SET_RET: cycles = RET_CYCLES;
      UNISO, ISO: cycles = ISO_CYCLES;
      LIGHT_EXIT: cycles = LIGHT_CYCLES;
      default: cycles = 0;
    endcase
    case (state)
      SETTLE: limit = from_ret_q ? SETTLE_RET_CYCLES : SETTLE_OFF_CYCLES;
      UNRET, SET_RET: limit = RET_CYCLES;
      UNISO, ISO: limit = ISO_CYCLES;
      LIGHT_EXIT: limit = LIGHT_CYCLES;
      SW_ON, SW_OFF: limit = T_ACK_MAX;
      default: limit = 0;
    endcase
  end
  `PROPERTY(bad_7_not_shorter, seen_7_not_shorter, moves & ~failed & (cycles != 0), stayed_q == cycles)
  `PROPERTY(bad_7_not_longer, seen_7_not_longer, begun_q & rst_n & (limit != 0),
            stayed < limit)

  // 8, the domain's part (wake_arb.v has the rest): it wakes only in its slot. It leaves a slot by the
  // end of SETTLE or a fault.
  `PROPERTY(bad_8_wakes_in_slot, seen_8_wakes_in_slot, begun_q & waking & ~was_waking_q, was_slot_q)
  `PROPERTY(bad_22_fault_frees_slot, seen_22_fault_frees_slot, failed, ~waking & ~wake_req)
  `PROPERTY(bad_22_fault_is_told, seen_22_fault_is_told, moves & failed, fault)

  // 12: asked down without pause, a domain is down (or says FAULT) after at most SLEEP cycles. The
  // longest way starts with the switch just turned on.
  localparam UP_OFF = SETTLE_OFF_CYCLES, UP_RET = SETTLE_RET_CYCLES + RET_CYCLES;
  localparam FORCED = 2 * T_ACK_MAX + (UP_OFF > UP_RET ? UP_OFF : UP_RET) + 2 * ISO_CYCLES + 2;
  localparam SLEEP = FORCED + RET_CYCLES;
  wire unhindered = begun_q & rst_n & min_ok_i & ~busy_i & ~fault_clear_i;
  `AGE(AGE_BITS, lowered_for, unhindered & (target_i < 2))
  wire asleep = (state == OFF) | (state == RET) | failed;
  `PROPERTY(bad_12_sleeps, seen_12_sleeps, rst_n & (lowered_for >= SLEEP), asleep)
  `COVER(seen_12_sleep_is_tight, (lowered_for == SLEEP - 1) & ~asleep)
  // 16: forced off without pause, it is OFF after at most FORCED cycles.
  `AGE(AGE_BITS, forced_for, unhindered & force_off_i)
  `PROPERTY(bad_16_forced_off, seen_16_forced_off, rst_n & (forced_for >= FORCED), (state == OFF) | failed)
  `COVER(seen_16_forced_is_tight, (forced_for == FORCED - 1) & ~(state == OFF) & ~failed)

  // 21: in reset, of the pin too, and in the cycle after it.
  `PROPERTY(bad_21_reset, seen_21_reset, ~rst_ni | ~rst_n | (begun_q & was_reset_q),
            (state == SW_OFF) & ({sw, iso_n, ret, light, clk_en} == 5'b00000))

endmodule
