// Power policy of one domain: which state it should be in, and when that may next change by itself.
//
// Target, first match: force_off -> OFF; an access that may wake -> ON; force_on (RESET_ON acts as such
// until the first ON) -> ON; what the schedule player told the domain last (SCHEDULED = 1), until an access or a missed start;
// then the policy:
//   POLICY 0 never:   ON.
//   POLICY 1 timeout: the deepest state whose threshold the idle time has reached (0 = disabled), seen
//                     in ON, LIGHT and RET, so that sleep deepens step by step; once reached it stays
//                     so until the next grant or wake. After reset every enabled threshold counts as
//                     reached. None reached: ON.
//   POLICY 2 mask:    ON while live, else OFF.
// A live domain is not sent to OFF by the policy but to RET; a state the design lacks becomes the next
// one up.
//
// Time is an input: differences of `now_i` are taken modulo 2^TIME_BITS, and what was reached is
// stored, so age cannot alias. Thresholds and T_MIN_* are below 2^(TIME_BITS-1).
//
// In ERROR mode (ACCESS_ERROR = 1) an access wakes nothing but keeps a domain ON that is ON.
module pgsram_policy #(
    parameter TIME_BITS = 32,
    parameter POLICY = 1,
    parameter SCHEDULED = 0,
    parameter ACCESS_ERROR = 0,
    parameter HAS_LIGHT = 1,
    parameter HAS_RETENTION = 1,
    parameter RESET_ON = 0,
    parameter T_MIN_ON = 0,
    parameter T_MIN_OFF = 0
) (
    input                  clk_i,
    input                  rst_ni,
    input  [TIME_BITS-1:0] now_i,
    // Requests of this cycle.
    input                  want_i,
    input                  grant_i,
    // What the host says.
    input                  live_i,
    input                  force_on_i,
    input                  force_off_i,
    input                  fault_clear_i,
    input  [TIME_BITS-1:0] threshold_light_i,
    input  [TIME_BITS-1:0] threshold_ret_i,
    input  [TIME_BITS-1:0] threshold_off_i,
    // The schedule player: an entry for this domain, and that none is in force any more.
    input                  sched_apply_i,
    input  [          1:0] sched_operation_i,
    input                  sched_drop_i,
    // The domain controller: its state, first cycle of a stay (see there), and what to aim at.
    input  [          3:0] state_i,
    input                  first_i,
    output [          1:0] target_o,
    output                 min_ok_o,
    output                 lost_live_o,
    // The next event of a still domain, as time from now; all ones: none. Asked for only when nothing
    // is pending.
    input                  event_ask_i,
    output [TIME_BITS-1:0] event_in_o
);

  localparam [3:0] OFF = 4'd0;
  localparam [3:0] RET = 4'd1;
  localparam [3:0] ON = 4'd7;
  localparam [3:0] LIGHT = 4'd8;

  localparam [1:0] TO_OFF = 2'd0;
  localparam [1:0] TO_RET = 2'd1;
  localparam [1:0] TO_LIGHT = 2'd2;
  localparam [1:0] TO_ON = 2'd3;

  localparam [TIME_BITS-1:0] ZERO = 0;
  localparam [TIME_BITS-1:0] NEVER = {TIME_BITS{1'b1}};

  wire in_on = state_i == ON;
  wire awake = in_on | (state_i == LIGHT);
  wire in_ret = state_i == RET;
  wire down = (state_i == OFF) | in_ret;
  wire timed = awake | in_ret;  // looks at the idle time

  // A state that the design lacks becomes the next one up; so does OFF for live data.
  localparam [1:0] AIM_LIGHT = (HAS_LIGHT != 0) ? TO_LIGHT : TO_ON;
  localparam [1:0] AIM_RET = (HAS_RETENTION != 0) ? TO_RET : AIM_LIGHT;

  // Shortest stay: whether it is over, kept once it is.
  wire min_ok;
  // What the idle timers or the mask ask for.
  wire [1:0] aim;
  // What the schedule asks for, while it does.
  wire told;
  wire [1:0] told_aim;

  reg reset_on_q;
  reg lost_live_q;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reset_on_q  <= RESET_ON != 0;
      lost_live_q <= 1'b0;
    end else begin
      if (in_on) reset_on_q <= 1'b0;
      lost_live_q <= (lost_live_q & ~fault_clear_i) | (force_off_i & live_i);
    end
  end

  wire keep_on = force_on_i | (reset_on_q & ~in_on);
  wire wake = want_i & ((ACCESS_ERROR == 0) | in_on);

  assign target_o = force_off_i ? TO_OFF : (wake | keep_on) ? TO_ON : told ? told_aim : aim;
  assign min_ok_o = min_ok;
  assign lost_live_o = lost_live_q;

  // The next event of a still domain: a shortest stay that holds its target back ends, or idleness
  // asks for a deeper state.
  wire [TIME_BITS-1:0] min_in;
  wire [TIME_BITS-1:0] idle_in;
  wire                 idle_keeps;  // in RET: before the shortest stay lets it up
  wire                 wanted_down = target_o < TO_LIGHT;
  wire                 held = ~min_ok & ((awake & wanted_down) | (in_ret & ~wanted_down & ~idle_keeps) |
                                         ((state_i == OFF) & (target_o == TO_ON)));

  assign event_in_o = !event_ask_i ? NEVER : held ? min_in : idle_in;

  generate
    if (SCHEDULED != 0) begin : g_told
      // After reset: OFF. The codes of operations run against those of targets.
      reg told_q;
      reg [1:0] operation_q;
      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          told_q <= 1'b1;
          operation_q <= ~TO_OFF;
        end else begin
          if (sched_apply_i) operation_q <= sched_operation_i;
          if (sched_drop_i) told_q <= 1'b0;
          else if (sched_apply_i) told_q <= 1'b1;
          else if (grant_i) told_q <= 1'b0;
        end
      end
      wire [1:0] asked = ~operation_q;
      assign told = told_q;
      assign told_aim = (asked == TO_ON) ? TO_ON : (asked == TO_LIGHT) ? AIM_LIGHT :
          (asked == TO_RET | live_i) ? AIM_RET : TO_OFF;
    end else begin : g_untold
      assign told = 1'b0;
      assign told_aim = TO_ON;
      wire unused_schedule = &{1'b0, sched_apply_i, sched_operation_i, sched_drop_i};
    end

    if (T_MIN_ON > 0 || T_MIN_OFF > 0) begin : g_minimum
      wire [TIME_BITS-1:0] minimum;
      reg  [TIME_BITS-1:0] since_q;  // first cycle of the stay
      reg                  over_q;
      wire [TIME_BITS-1:0] stay = first_i ? ZERO : now_i - since_q;
      assign min_ok = (over_q & ~first_i) | ((awake | down) & (stay >= minimum));
      assign min_in = min_ok ? ZERO : minimum - stay;

      if (TIME_BITS > 32) begin : g_extend
        wire [31:0] least = down ? T_MIN_OFF : T_MIN_ON;
        assign minimum = {{TIME_BITS - 32{1'b0}}, least};
      end else begin : g_cut
        assign minimum = down ? T_MIN_OFF[TIME_BITS-1:0] : T_MIN_ON[TIME_BITS-1:0];
      end

      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          since_q <= ZERO;
          over_q  <= 1'b1;
        end else begin
          if (first_i) since_q <= now_i;
          over_q <= min_ok;
        end
      end
    end else begin : g_no_minimum
      assign min_ok = 1'b1;
      assign min_in = ZERO;
      wire unused_minimum = &{1'b0, down, now_i, first_i};
    end

    if (POLICY == 1) begin : g_timeout
      reg [TIME_BITS-1:0] last_q;
      reg [2:0] reached_q;  // LIGHT, RET, OFF from bit 0
      wire [2:0] enabled = {|threshold_off_i, |threshold_ret_i, |threshold_light_i};
      wire woken = first_i & in_on;

      // Only a domain that rests above OFF looks at the time.
      reg [2:0] reached;
      reg [TIME_BITS-1:0] idle;
      always @* begin
        idle = ZERO;
        reached = reached_q;
        if (woken) reached = 3'b000;
        else if (timed) begin
          idle = now_i - last_q;
          reached = reached_q | (enabled & {
            idle >= threshold_off_i, idle >= threshold_ret_i, idle >= threshold_light_i
          });
        end
      end

      wire [2:0] due = reached & enabled;
      assign aim =
          (due[2] & ~live_i) ? TO_OFF : (due[2] | due[1]) ? AIM_RET : due[0] ? AIM_LIGHT : TO_ON;

      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          last_q    <= ZERO;
          reached_q <= 3'b111;
        end else if (grant_i) begin
          last_q    <= now_i;
          reached_q <= 3'b000;
        end else if (timed) begin
          if (woken) last_q <= now_i;
          reached_q <= reached;
        end
      end

      // Time until a threshold is reached.
      function [TIME_BITS-1:0] left(input [TIME_BITS-1:0] threshold, input [TIME_BITS-1:0] elapsed,
                                    input on, input was);
        left = !on ? NEVER : was ? ZERO : threshold - elapsed;
      endfunction

      function [TIME_BITS-1:0] least(input [TIME_BITS-1:0] a, input [TIME_BITS-1:0] b);
        least = (a < b) ? a : b;
      endfunction

      // When a threshold first asks for something below LIGHT, and when one moves the domain by another
      // way: from ON to LIGHT, from RET to OFF. A threshold below LIGHT that is reached first hides
      // LIGHT, even while T_MIN_ON holds it back. In RET it moves nothing, but keeps the domain there.
      reg [TIME_BITS-1:0] to_light, to_ret, to_off, shallow, deep;
      always @* begin
        to_light = NEVER;
        to_ret = NEVER;
        to_off = NEVER;
        shallow = NEVER;
        deep = NEVER;
        if (event_ask_i & timed & ~keep_on & ~told) begin
          to_light = left(threshold_light_i, idle, enabled[0], reached[0]);
          to_ret = left(threshold_ret_i, idle, enabled[1], reached[1]);
          to_off = left(threshold_off_i, idle, enabled[2], reached[2]);
          if (in_ret) begin
            if (!live_i) shallow = to_off;
          end else if (HAS_LIGHT != 0 && in_on) begin
            shallow = to_light;
            if (HAS_RETENTION == 0) shallow = least(shallow, to_ret);
            if (HAS_RETENTION == 0 && live_i) shallow = least(shallow, to_off);
          end
          if (HAS_RETENTION != 0) deep = to_ret;
          if (HAS_RETENTION != 0 || !live_i) deep = least(deep, to_off);
        end
      end

      assign idle_in = (in_ret | (shallow < deep)) ? shallow : (deep > min_in) ? deep : min_in;
      assign idle_keeps = in_ret & !(deep > min_in);
    end else begin : g_fixed
      assign aim = (POLICY == 2 && !live_i) ? TO_OFF : TO_ON;
      assign idle_in = NEVER;
      assign idle_keeps = 1'b0;
      wire unused_fixed = &{1'b0, timed, now_i, first_i, grant_i, live_i, keep_on, in_on,
                            threshold_light_i, threshold_ret_i, threshold_off_i};
    end
  endgenerate

endmodule
