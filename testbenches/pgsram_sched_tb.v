// Self-checking bench of pgsram_sched and of what pgsram_policy makes of it: random tables, starts, writes and accesses
// against the rules of docs/contract.md, written down once more as a queue. Ends with PASS or FAIL.
//
//   iverilog -g2005 -s pgsram_sched_tb -o sim rtl/*.v testbenches/pgsram_sched_tb.v && vvp -n sim
module pgsram_sched_tb;

  parameter DOMAINS = 5;
  parameter DEPTH = 6;
  parameter TIME_BITS = 32;
  parameter CYCLES = 40000;
  parameter SEED = 1;

  localparam [1:0] PREWAKE = 2'd0;
  localparam [1:0] SLEEP_OFF = 2'd3;
  localparam [3:0] LIGHT = 4'd8;

  reg clk, rst_n;
  reg [TIME_BITS-1:0] now;
  reg start, filled, write, clear;
  reg [TIME_BITS-1:0] delta;
  reg [5:0] domain;
  reg [1:0] operation;
  reg [DOMAINS-1:0] grant, live;
  wire filled_flag, missed, overflow, drop, busy;
  wire [DOMAINS-1:0] apply;
  wire [1:0] applied_operation;
  wire [TIME_BITS-1:0] event_in;
  wire [2*DOMAINS-1:0] target;

  pgsram_sched #(
      .DOMAINS(DOMAINS),
      .DEPTH(DEPTH),
      .TIME_BITS(TIME_BITS)
  ) u_sched (
      .clk_i(clk),
      .rst_ni(rst_n),
      .now_i(now),
      .start_i(start),
      .filled_i(filled),
      .write_i(write),
      .delta_i(delta),
      .domain_i(domain),
      .operation_i(operation),
      .clear_i(clear),
      .filled_o(filled_flag),
      .missed_o(missed),
      .overflow_o(overflow),
      .apply_o(apply),
      .operation_o(applied_operation),
      .drop_o(drop),
      .busy_o(busy),
      .event_in_o(event_in)
  );

  // Policies that leave a domain ON when nothing is told.
  genvar g;
  generate
    for (g = 0; g < DOMAINS; g = g + 1) begin : g_policy
      pgsram_policy #(
          .TIME_BITS(TIME_BITS),
          .POLICY(0),
          .SCHEDULED(1)
      ) u_policy (
          .clk_i(clk),
          .rst_ni(rst_n),
          .now_i(now),
          .want_i(1'b0),
          .grant_i(grant[g]),
          .live_i(live[g]),
          .force_on_i(1'b0),
          .force_off_i(1'b0),
          .fault_clear_i(1'b0),
          .threshold_light_i({TIME_BITS{1'b0}}),
          .threshold_ret_i({TIME_BITS{1'b0}}),
          .threshold_off_i({TIME_BITS{1'b0}}),
          .sched_apply_i(apply[g]),
          .sched_operation_i(applied_operation),
          .sched_drop_i(drop),
          .state_i(LIGHT),
          .first_i(1'b0),
          .target_o(target[2*g+:2]),
          .min_ok_o(),
          .lost_live_o(),
          .event_ask_i(1'b0),
          .event_in_o()
      );
    end
  endgenerate

  initial clk = 1'b0;
  always #5 clk = ~clk;

  // The rules once more: tables as lists, a pointer, and what each domain was told (4: nothing).
  reg [TIME_BITS-1:0] active_delta[0:DEPTH], next_delta[0:DEPTH];
  integer active_domain[0:DEPTH], next_domain[0:DEPTH];
  integer active_operation[0:DEPTH], next_operation[0:DEPTH];
  integer count, pointer, written;
  reg complete, was_missed, was_overflow, due;
  reg [TIME_BITS-1:0] base, left;
  integer told[0:DOMAINS-1];

  // Random numbers (xorshift): the same in every simulator.
  reg [31:0] drawn;
  function [31:0] draw(input unused);
    begin
      drawn = drawn ^ (drawn << 13);
      drawn = drawn ^ (drawn >> 17);
      drawn = drawn ^ (drawn << 5);
      draw = drawn;
    end
  endfunction

  integer errors, checks, applied, starts, i, roll;
  task expect_equal(input [8*24-1:0] what, input [63:0] got, input [63:0] want);
    begin
      checks = checks + 1;
      if (got !== want) begin
        errors = errors + 1;
        if (errors < 20) $display("cycle %0d: %0s is %0d, expected %0d", now, what, got, want);
      end
    end
  endtask

  task check_cycle;
    begin
      due = pointer < count && !start;
      if (due) due = now - base >= active_delta[pointer];
      expect_equal("filled", filled_flag, complete);
      expect_equal("missed", missed, was_missed);
      expect_equal("overflow", overflow, was_overflow);
      expect_equal("busy", busy, start || filled || write || due);
      for (i = 0; i < DOMAINS; i = i + 1) begin
        expect_equal("apply", apply[i], due && active_domain[pointer] == i);
        expect_equal("target", target[2*i+:2], (told[i] == 4) ? 3 : (told[i] == SLEEP_OFF && live[i]) ? 1 : 3 - told[i]);
      end
      if (pointer == count) expect_equal("no event", &event_in, 1);
      else if (!due && !start) begin
        left = active_delta[pointer] - (now - base);
        expect_equal("next event", event_in, left);
      end
    end
  endtask

  task clock_model;
    begin
      if (clear) {was_missed, was_overflow} = 2'b00;
      for (i = 0; i < DOMAINS; i = i + 1) if (grant[i]) told[i] = 4;
      if (due) begin
        if (active_domain[pointer] < DOMAINS) told[active_domain[pointer]] = active_operation[pointer];
        pointer = pointer + 1;
        applied = applied + 1;
      end
      if (start) begin
        pointer = 0;
        count = 0;
        if (complete) begin
          starts = starts + 1;
          base = now;
          count = written;
          for (i = 0; i < DEPTH; i = i + 1) begin
            active_delta[i] = next_delta[i];
            active_domain[i] = next_domain[i];
            active_operation[i] = next_operation[i];
          end
          written = 0;
          complete = 1'b0;
        end else begin
          was_missed = 1'b1;
          for (i = 0; i < DOMAINS; i = i + 1) told[i] = 4;
        end
      end else if (filled) complete = 1'b1;
      else if (write) begin
        if (complete || written == DEPTH) was_overflow = 1'b1;
        else begin
          next_delta[written] = delta;
          next_domain[written] = domain;
          next_operation[written] = operation;
          written = written + 1;
        end
      end
    end
  endtask

  initial begin
    errors = 0;
    checks = 0;
    applied = 0;
    starts = 0;
    drawn = SEED;
    {start, filled, write, clear} = 4'b0000;
    delta = 0;
    domain = 0;
    operation = PREWAKE;
    grant = 0;
    live = 0;
    now = 0;
    count = 0;
    pointer = 0;
    written = 0;
    base = 0;
    {complete, was_missed, was_overflow} = 3'b000;
    for (i = 0; i < DOMAINS; i = i + 1) told[i] = SLEEP_OFF;
    rst_n = 1'b0;
    repeat (2) @(posedge clk);
    #1 rst_n = 1'b1;
    now = {TIME_BITS{1'b1}} - 1000;  // wraps during the test
    base = 0;
    repeat (CYCLES) begin
      roll = draw(0) & 255;
      start = roll < 6;
      filled = roll >= 4 && roll < 16;
      write = roll >= 12 && roll < 100;
      clear = (draw(0) & 63) == 0;
      delta = draw(0) & 31;
      domain = draw(0) & 7;
      operation = draw(0);
      for (i = 0; i < DOMAINS; i = i + 1) grant[i] = (draw(0) & 15) == 0;
      if ((draw(0) & 7) == 0) live = draw(0);
      @(negedge clk);
      check_cycle;
      clock_model;
      @(posedge clk);
      #1 now = now + ((roll == 255) ? 7 : 1);
    end
    expect_equal("enough applied", applied > CYCLES / 200, 1);
    expect_equal("enough starts", starts > CYCLES / 1000, 1);
    if (errors == 0) $display("PASS (%0d checks)", checks);
    else $display("FAIL (%0d errors)", errors);
    $finish;
  end

endmodule
