// Properties of pgsram_counters for one domain and one port. States, stalls and time are what they
// like: time may jump. The counter that is read is any, and stays so.
`include "property.vh"

module fv #(
    parameter TIME_BITS = 8
) (
    input                 clk_i,
    input                 rst_ni,
    input [TIME_BITS-1:0] now_i,
    input                 clear_i,
    input [          3:0] state_i,
    input                 ret_i,
    input                 want_i,
    input                 we_i,
    input                 access_i,
    input                 stall_wake_i,
    input                 stall_conflict_i,
    input [          5:0] select_i
);

  `NEVER

  localparam [3:0] OFF = 0, RET = 1, ARB = 2, SW_ON = 3, UNRET = 5, UNISO = 6, ON = 7, LIGHT = 8,
      LIGHT_EXIT = 9, DRAIN = 10, ISO = 11, SET_RET = 12, SW_OFF = 13, FAULT = 14;

  wire [63:0] count;
  pgsram_counters #(
      .DOMAINS(1), .PORTS(1), .DOMAIN_BITS(1), .TIME_BITS(TIME_BITS), .COUNTERS(2)
  ) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .now_i(now_i), .clear_i(clear_i), .state_i(state_i),
      .ret_i(ret_i), .want_i(want_i), .domain_i(1'b0), .we_i(we_i), .access_i(access_i),
      .stall_wake_i(stall_wake_i), .stall_conflict_i(stall_conflict_i),
      .select_i({10'd0, select_i}), .count_o(count)
  );

  reg begun_q = 0;
  reg [5:0] select_q;
  reg [3:0] was_q;
  reg was_ret_q, was_out_q, was_clear_q;
  reg [TIME_BITS-1:0] now_q;
  always @(posedge clk_i) begin
    begun_q     <= 1;
    select_q    <= select_i;
    was_q       <= state_i;
    was_ret_q   <= ret_i;
    was_out_q   <= rst_ni;
    was_clear_q <= clear_i;
    now_q       <= now_i;
  end
  // A cycle that follows one out of reset; in the first of all there is nothing to count yet.
  wire runs = begun_q & rst_ni & was_out_q;

  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (begun_q) assume (select_i == select_q);
    if (access_i || stall_wake_i || stall_conflict_i) assume (want_i);
    // Retention is the origin of a wake, kept in ARB (domain_ctrl.v, 7).
    if (begun_q && state_i == ARB && was_q == ARB) assume (ret_i == was_ret_q);
    // What a domain in reset is, and stays until the first cycle out of it.
    if (!rst_ni || !was_out_q) assume (state_i == SW_OFF && !ret_i);
  end

  function [2:0] kind(input [3:0] state, input ret);
    kind = state == OFF ? 0 : state == RET ? 1 : state == ARB ? {2'd0, ret} : state == LIGHT ? 2 :
        state == FAULT ? 3 : 4;
  endfunction

  // Time in the class since the start or the last clear: the steps of the cycles in it.
  reg [TIME_BITS-1:0] spent_q;  // up to the cycle before
  wire [TIME_BITS-1:0] step = now_i - now_q;
  wire [TIME_BITS-1:0] base = was_clear_q ? 0 : spent_q;
  wire [TIME_BITS-1:0] spent = base + (kind(was_q, was_ret_q) == select_i ? step : 0);
  always @(posedge clk_i) spent_q <= runs ? spent : 0;

  // What happened in a cycle, for the other counters.
  reg happened;
  always @* begin
    happened = 0;
    case (select_i)
      5: happened = was_q == ARB && state_i == SW_ON && !was_ret_q;
      6: happened = was_q == ARB && state_i == SW_ON && was_ret_q;
      7: happened = was_q == SW_OFF && state_i == OFF;
      8: happened = was_q == SW_OFF && state_i == RET;
      9: happened = state_i == OFF && (was_q == RET || (was_q == ARB && was_ret_q));
      10: happened = was_q == ON && state_i == LIGHT;
      11: happened = was_q == LIGHT && state_i == LIGHT_EXIT;
      12: happened = (was_q == DRAIN && state_i == ON) || (was_q == ISO && state_i == UNISO) ||
          (was_q == SET_RET && state_i == UNRET);
      13, 32: happened = stall_wake_i;
      14, 33: happened = stall_conflict_i;
      15: happened = access_i && !we_i;
      16: happened = access_i && we_i;
      default: ;
    endcase
  end
  // A transition is one from the cycle before, so the first cycle has none.
  wire counts = happened & (runs | (select_i > 12));
  reg [TIME_BITS-1:0] events_q;
  always @(posedge clk_i)
    events_q <= !rst_ni ? 0 : (clear_i ? 0 : events_q) + counts;

  // 17
  `PROPERTY(bad_17_class_time, seen_17_class_time, runs & (select_i < 5), count == spent)
  `PROPERTY(bad_17_events, seen_17_events,
            begun_q & rst_ni & (select_i >= 5) & (select_i < 17), count == events_q)
  `PROPERTY(bad_17_port, seen_17_port, begun_q & rst_ni & (select_i >= 32) & (select_i < 34),
            count == events_q)
  `PROPERTY(bad_17_else_zero, seen_17_else_zero,
            (select_i >= 34) | ((select_i >= 17) & (select_i < 32)), count == 0)
  `COVER(seen_17_time_passes, runs & (select_i == 2) & (count == 7))

endmodule
