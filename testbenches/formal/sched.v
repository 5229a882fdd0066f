// Properties of pgsram_sched, with its table (hooks.vh). The host does what it likes; time increases, by any amount below half
// its range a cycle, and
// beyond one no further than the next entry. The tables here are written and played as docs/contract.md has it.
`include "property.vh"
`include "hooks.vh"

module fv #(
    parameter DOMAINS = 2,
    parameter DEPTH = 2,
    parameter TIME_BITS = 3
) (
    input                 clk_i,
    input                 rst_ni,
    input [TIME_BITS-1:0] now_i,
    input                 start_i,
    input                 filled_i,
    input                 write_i,
    input [TIME_BITS-1:0] delta_i,
    input [          5:0] domain_i,
    input [          1:0] operation_i,
    input                 clear_i
);

  `NEVER

  wire filled, missed, overflow, drop, busy;
  wire [DOMAINS-1:0] apply;
  wire [1:0] operation;
  wire [TIME_BITS-1:0] event_in;

  pgsram_sched #(.DOMAINS(DOMAINS), .DEPTH(DEPTH), .TIME_BITS(TIME_BITS)) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .now_i(now_i), .start_i(start_i), .filled_i(filled_i), .write_i(write_i),
      .delta_i(delta_i), .domain_i(domain_i), .operation_i(operation_i), .clear_i(clear_i), .filled_o(filled),
      .missed_o(missed), .overflow_o(overflow), .apply_o(apply), .operation_o(operation), .drop_o(drop),
      .busy_o(busy), .event_in_o(event_in)
  );

  reg begun_q = 0;
  reg [TIME_BITS-1:0] was_now_q;
  reg quiet_q = 0;
  reg [TIME_BITS-1:0] was_event_q;
  wire quiet = rst_ni & ~busy;
  wire [TIME_BITS-1:0] step = now_i - was_now_q;
  always @(posedge clk_i) begin
    begun_q     <= 1;
    was_now_q   <= now_i;
    quiet_q     <= quiet;
    was_event_q <= event_in;
  end

  // The contract.
  reg [2:0] written_q, count_q, played_q;
  reg ready_q, missed_q, overflow_q;
  reg [TIME_BITS:0] age_q;  // cycles since the start, saturating: does not alias
  reg [TIME_BITS-1:0] next_delta_q[0:DEPTH-1], delta_q[0:DEPTH-1];
  reg [5:0] next_domain_q[0:DEPTH-1], domain_q[0:DEPTH-1];
  reg [1:0] next_operation_q[0:DEPTH-1], operation_q[0:DEPTH-1];
  wire [TIME_BITS:0] more = {1'b0, age_q} + {1'b0, step};
  wire [TIME_BITS:0] age = more[TIME_BITS] ? {1'b1, {TIME_BITS{1'b0}}} : more;
  wire starts = start_i & ready_q;
  wire write = write_i & ~start_i & ~filled_i;
  wire room = ~ready_q & (written_q != DEPTH);
  wire waiting = played_q != count_q;
  wire applies = waiting & ~start_i & (age >= {1'b0, delta_q[played_q]});
  integer i;
  always @(posedge clk_i) begin
    age_q <= starts ? 0 : age;
    if (!rst_ni) begin
      {written_q, count_q, played_q} <= 0;
      {ready_q, missed_q, overflow_q} <= 0;
    end else begin
      missed_q   <= (missed_q & ~clear_i) | (start_i & ~ready_q);
      overflow_q <= (overflow_q & ~clear_i) | (write & ~room);
      if (start_i) begin
        played_q <= 0;
        count_q  <= ready_q ? written_q : 0;
      end else played_q <= played_q + applies;
      if (starts) begin
        written_q <= 0;
        ready_q   <= 0;
        for (i = 0; i < DEPTH; i = i + 1) begin
          delta_q[i]     <= next_delta_q[i];
          domain_q[i]    <= next_domain_q[i];
          operation_q[i] <= next_operation_q[i];
        end
      end else if (filled_i & ~start_i) ready_q <= 1;
      if (write & room) begin
        written_q <= written_q + 1'b1;
        next_delta_q[written_q]     <= delta_i;
        next_domain_q[written_q]    <= domain_i;
        next_operation_q[written_q] <= operation_i;
      end
    end
  end

  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (begun_q) begin
      assume (step != 0 && !step[TIME_BITS-1]);
      if (step != 1) assume (quiet_q && step <= was_event_q);
    end
    assume (!delta_i[TIME_BITS-1]);
  end

  wire [DOMAINS-1:0] named = {{DOMAINS - 1{1'b0}}, 1'b1} << domain_q[played_q];
  wire live = begun_q & rst_ni;

  // 24: an entry is applied when it is due, in order and once: never early, one a cycle, the others not at all.
  `PROPERTY(bad_24_applied, seen_24_applied, live & applies, (apply == named) & (operation == operation_q[played_q]))
  `PROPERTY(bad_24_nothing_else, seen_24_nothing_else, live & ~applies, apply == 0)
  `COVER(seen_24_second_entry, live & applies & (played_q == DEPTH - 1) & (named != 0))
  `COVER(seen_24_late_entry, live & applies & (age > {1'b0, delta_q[played_q]}))
  // A start without a table is told and drops everything; so is a write without room.
  `PROPERTY(bad_24_missed, seen_24_missed, live & (missed_q | missed), missed == missed_q)
  `PROPERTY(bad_24_overflow, seen_24_overflow, live & (overflow_q | overflow), overflow == overflow_q)
  `PROPERTY(bad_24_drop, seen_24_drop, live & (start_i | drop), drop == (start_i & ~ready_q))
  `PROPERTY(bad_24_filled, seen_24_filled, live & (filled | ready_q), filled == ready_q)
  // 15, 28: a cycle in which something happens is not quiet; the next entry is due when it says, and later than now.
  `PROPERTY(bad_15_busy, seen_15_busy, live & (applies | start_i | filled_i | write_i), busy)
  `PROPERTY(bad_15_complete, seen_15_complete, live & busy, applies | start_i | filled_i | write_i)
  `PROPERTY(bad_28_later, seen_28_later, live & quiet & waiting, event_in != 0)
  `PROPERTY(bad_15_then_entry, seen_15_then_entry,
            live & quiet_q & (was_event_q != {TIME_BITS{1'b1}}) & (step == was_event_q) & ~start_i, applies)
  `PROPERTY(bad_15_none_before, seen_15_none_before, live & quiet_q & (step < was_event_q), ~applies)

endmodule
