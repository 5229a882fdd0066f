// Schedule player: tells domains what to aim at, at times counted from a start event.
//
// Two tables of DEPTH entries {delta, domain, operation}: the host writes the inactive one, says that it is filled, and starts
// it: the tables then change places. From the cycle after the start one entry is applied a cycle, in order, each as soon as
// `now_i` is delta after the start: never early, each once. What an earlier table had left is dropped.
//
//   operation  0 prewake, 1 light, 2 retain, 3 off
//
// A start without a filled table raises `missed_o`, stops the player and makes every domain forget what it was told
// (`drop_o`): the idle timers are in charge. An entry that finds no room, or comes after `filled_i`, is lost and raises
// `overflow_o`. Of `start_i`, `filled_i` and `write_i` in one cycle the first counts. `clear_i` clears both flags.
//
// A delta is below 2^(TIME_BITS-1). An entry of a domain that does not exist is applied without effect.
module pgsram_sched #(
    parameter DOMAINS = 4,
    parameter DEPTH = 16,
    parameter TIME_BITS = 32
) (
    input                  clk_i,
    input                  rst_ni,
    input  [TIME_BITS-1:0] now_i,
    // Host.
    input                  start_i,
    input                  filled_i,
    input                  write_i,
    input  [TIME_BITS-1:0] delta_i,
    input  [          5:0] domain_i,
    input  [          1:0] operation_i,
    input                  clear_i,
    output                 filled_o,
    output                 missed_o,
    output                 overflow_o,
    // Policies of the domains: the entry that is applied in this cycle.
    output [  DOMAINS-1:0] apply_o,
    output [          1:0] operation_o,
    output                 drop_o,
    // Something happens in this cycle; and the time until the next entry is due, all ones: none.
    output                 busy_o,
    output [TIME_BITS-1:0] event_in_o
);

  localparam INDEX_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1;
  localparam COUNT_BITS = INDEX_BITS + 1;
  localparam ENTRY_BITS = TIME_BITS + 8;
  localparam [DOMAINS-1:0] ONE = 1;

  reg half_q;  // the active one
  reg filled_q, missed_q, overflow_q;
  reg [TIME_BITS-1:0] base_q;
  reg [COUNT_BITS-1:0] count_q, pointer_q, written_q;

  // The host.
  wire start = start_i & filled_q;
  wire missed = start_i & ~filled_q;
  wire filled = filled_i & ~start_i;
  wire write = write_i & ~start_i & ~filled_i;
  wire full = filled_q | ({{32 - COUNT_BITS{1'b0}}, written_q} == DEPTH);

  // The entry at the pointer.
  wire [TIME_BITS-1:0] delta;
  wire [5:0] domain;
  wire [1:0] operation;
  wire waiting = pointer_q != count_q;
  wire [TIME_BITS-1:0] elapsed = now_i - base_q;
  wire apply = waiting & ~start_i & (elapsed >= delta);

  // Registers of the next cycle; the table reads ahead for them.
  wire half = half_q ^ start;
  wire [COUNT_BITS-1:0] pointer = start_i ? {COUNT_BITS{1'b0}} : pointer_q + {{COUNT_BITS - 1{1'b0}}, apply};

  pgsram_table #(
      .WORDS    (2 << INDEX_BITS),
      .BITS     (ENTRY_BITS),
      .ADDR_BITS(INDEX_BITS + 1)
  ) u_table (
      .clk_i  (clk_i),
      .we_i   (write & ~full),
      .waddr_i({~half_q, written_q[INDEX_BITS-1:0]}),
      .wdata_i({delta_i, domain_i, operation_i}),
      .raddr_i({half, pointer[INDEX_BITS-1:0]}),
      .rdata_o({delta, domain, operation})
  );

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      half_q     <= 1'b0;
      filled_q   <= 1'b0;
      missed_q   <= 1'b0;
      overflow_q <= 1'b0;
      base_q     <= {TIME_BITS{1'b0}};
      count_q    <= {COUNT_BITS{1'b0}};
      pointer_q  <= {COUNT_BITS{1'b0}};
      written_q  <= {COUNT_BITS{1'b0}};
    end else begin
      half_q     <= half;
      pointer_q  <= pointer;
      missed_q   <= (missed_q & ~clear_i) | missed;
      overflow_q <= (overflow_q & ~clear_i) | (write & full);
      if (start) begin
        base_q    <= now_i;
        count_q   <= written_q;
        written_q <= {COUNT_BITS{1'b0}};
        filled_q  <= 1'b0;
      end
      if (missed) count_q <= {COUNT_BITS{1'b0}};
      if (filled) filled_q <= 1'b1;
      if (write & ~full) written_q <= written_q + 1'b1;
    end
  end

  assign filled_o = filled_q;
  assign missed_o = missed_q;
  assign overflow_o = overflow_q;
  assign apply_o = apply ? ONE << domain : {DOMAINS{1'b0}};
  assign operation_o = operation;
  assign drop_o = missed;
  assign busy_o = start_i | filled_i | write_i | apply;
  assign event_in_o = waiting ? delta - elapsed : {TIME_BITS{1'b1}};

endmodule
