// Self-checking bench of pgsram_top. Ends with PASS or FAIL.
//
//   iverilog -g2005 -s pgsram_tb -o sim rtl/*.v testbenches/pgsram_tb.v && vvp -n sim
//
// Parameters are set with -Ppgsram_tb.NAME=VALUE; -DPGSRAM_X makes lost contents x instead of poison.
// scripts/simulate-rtl runs it over a spread of parameters.
//
// Three parts. Monitors watch every cycle: outputs belong to the state, nobody is granted a domain that
// is not ON, at most MAX_WAKING domains wake, answers come in order with the data a reference memory
// has, classes, transitions and stalls are counted again, and a quiescent cycle's next event is kept to
// exactly. Directed tests (policy `timeout` with
// accesses that wait) drive each way down and up and measure it. Random traffic shakes all of it, for
// every policy.

module pgsram_tb;

  parameter DOMAINS = 4;
  parameter INTERLEAVE = 2;
  parameter PORTS = 3;
  parameter WORD_BITS = 32;
  parameter DOMAIN_WORDS = 32;
  parameter MACRO_ROWS = 1;
  parameter MACRO_COLUMNS = 1;
  parameter RD_LATENCY = 1;
  parameter BANK_CYCLES = 1;
  parameter T_ISO = 1;
  parameter T_SETTLE_OFF = 4;
  parameter T_SETTLE_RET = 2;
  parameter T_RET = 1;
  parameter T_LIGHT = 1;
  parameter T_ACK_MAX = 16;
  parameter T_MIN_ON = 0;
  parameter T_MIN_OFF = 0;
  parameter MAX_WAKING = 1;
  parameter SYNC_STAGES = 2;
  parameter HAS_LIGHT = 1;
  parameter HAS_RETENTION = 1;
  parameter RESET_ON = 0;
  parameter POLICY = 1;
  parameter ACCESS_ERROR = 0;
  parameter TIME_BITS = 32;
  parameter ISO_IN_RTL = 1;
  parameter SCHED_DEPTH = 0;
  parameter ID_BITS = 3;
  // Delay of the switch model, from sw to the acknowledge.
  parameter T_ACK_OFF = 5;
  parameter T_ACK_RET = 3;
  parameter T_ACK_FALL = 2;
  parameter SEED = 1;
  parameter RANDOM_CYCLES = 2000;

  localparam WORDS = DOMAINS * DOMAIN_WORDS;
  localparam ADDR_BITS = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam BYTES = WORD_BITS / 8;

  localparam OFF = 0, RET = 1, ARB = 2, SW_ON = 3, SETTLE = 4, UNRET = 5, UNISO = 6, ON = 7, LIGHT = 8;
  localparam LIGHT_EXIT = 9, DRAIN = 10, ISO = 11, SET_RET = 12, SW_OFF = 13, FAULT = 14;

  reg clk, run, rst_n;
  reg [TIME_BITS-1:0] now;
  reg [PORTS-1:0] req, we;
  reg [PORTS*ADDR_BITS-1:0] addr;
  reg [PORTS*BYTES-1:0] be;
  reg [PORTS*WORD_BITS-1:0] wdata;
  reg [PORTS*ID_BITS-1:0] aid;
  wire [PORTS-1:0] gnt, rvalid, err, poison;
  wire [PORTS*WORD_BITS-1:0] rdata;
  wire [PORTS*ID_BITS-1:0] rid;
  reg [DOMAINS-1:0] live, force_on, force_off, fault_clear, ack;
  reg [TIME_BITS-1:0] threshold_light, threshold_ret, threshold_off;
  reg sched_start, sched_filled, sched_write, sched_clear;
  reg [TIME_BITS-1:0] sched_delta;
  reg [5:0] sched_domain;
  reg [1:0] sched_operation;
  wire sched_complete, sched_missed, sched_overflow;
  wire [DOMAINS-1:0] sw, iso_n, ret, light, fault, lost_live;
  wire [4*DOMAINS-1:0] state;
  wire quiescent, next_event_valid;
  wire [TIME_BITS-1:0] next_event;
  reg count_clear;
  reg [15:0] count_sel;
  wire [63:0] count;

  pgsram_top #(
      .DOMAINS(DOMAINS),
      .INTERLEAVE(INTERLEAVE),
      .PORTS(PORTS),
      .WORD_BITS(WORD_BITS),
      .DOMAIN_WORDS(DOMAIN_WORDS),
      .MACRO_ROWS(MACRO_ROWS),
      .MACRO_COLUMNS(MACRO_COLUMNS),
      .RD_LATENCY(RD_LATENCY),
      .BANK_CYCLES(BANK_CYCLES),
      .ID_BITS(ID_BITS),
      .T_ISO(T_ISO),
      .T_SETTLE_OFF(T_SETTLE_OFF),
      .T_SETTLE_RET(T_SETTLE_RET),
      .T_RET(T_RET),
      .T_LIGHT(T_LIGHT),
      .T_ACK_MAX(T_ACK_MAX),
      .T_MIN_ON(T_MIN_ON),
      .T_MIN_OFF(T_MIN_OFF),
      .MAX_WAKING(MAX_WAKING),
      .SYNC_STAGES(SYNC_STAGES),
      .HAS_LIGHT(HAS_LIGHT),
      .HAS_RETENTION(HAS_RETENTION),
      .RESET_ON(RESET_ON),
      .POLICY(POLICY),
      .ACCESS_ERROR(ACCESS_ERROR),
      .TIME_BITS(TIME_BITS),
      .COUNTERS(2),
      .SCHED_DEPTH(SCHED_DEPTH),
      .ISO_IN_RTL(ISO_IN_RTL)
  ) u_dut (
      .clk_i(clk),
      .rst_ni(rst_n),
      .now_i(now),
      .req_i(req),
      .we_i(we),
      .addr_i(addr),
      .be_i(be),
      .wdata_i(wdata),
      .aid_i(aid),
      .gnt_o(gnt),
      .rvalid_o(rvalid),
      .rdata_o(rdata),
      .err_o(err),
      .rid_o(rid),
      .poison_o(poison),
      .live_i(live),
      .force_on_i(force_on),
      .force_off_i(force_off),
      .fault_clear_i(fault_clear),
      .threshold_light_i(threshold_light),
      .threshold_ret_i(threshold_ret),
      .threshold_off_i(threshold_off),
      .sched_start_i(sched_start),
      .sched_filled_i(sched_filled),
      .sched_write_i(sched_write),
      .sched_delta_i(sched_delta),
      .sched_domain_i(sched_domain),
      .sched_operation_i(sched_operation),
      .sched_clear_i(sched_clear),
      .sched_filled_o(sched_complete),
      .sched_missed_o(sched_missed),
      .sched_overflow_o(sched_overflow),
      .sw_o(sw),
      .sw_ack_i(ack),
      .iso_no(iso_n),
      .ret_o(ret),
      .light_o(light),
      .state_o(state),
      .fault_o(fault),
      .lost_live_o(lost_live),
      .quiescent_o(quiescent),
      .next_event_valid_o(next_event_valid),
      .next_event_o(next_event),
      .count_clear_i(count_clear),
      .count_sel_i(count_sel),
      .count_o(count),
      .test_en_i(1'b0),
      .scan_mode_i(1'b0)
  );

  integer errors;
  integer checks;
  reg [8*40-1:0] phase;

  task expect_equal(input [8*32-1:0] what, input [63:0] got, input [63:0] want);
    begin
      checks = checks + 1;
      if (got !== want) begin
        errors = errors + 1;
        if (errors < 20)
          $display("%0s, cycle %0d: %0s is %0d, expected %0d", phase, now, what, got, want);
      end
    end
  endtask

  // Time. A cycle begins after the rising edge, where inputs change, and is sampled at the falling one.
  // With `run` low the clock stops before the sample, and counters can be read at leisure.
  initial clk = 1'b0;
  always begin
    #5 clk = 1'b1;
    #5 wait (run) clk = 1'b0;
  end

  reg skip;  // jump over cycles in which nothing happens
  reg [TIME_BITS-1:0] skip_limit;  // but not over this one: the next stimulus
  reg could_skip;
  reg [TIME_BITS-1:0] skip_to;
  reg counting;  // out of reset
  integer skipped;

  always @(posedge clk) begin
    if (counting) now <= (skip && could_skip) ? skip_to : now + 1'b1;
    if (counting && skip && could_skip) skipped = skipped + 1;
  end
  always @(negedge clk) begin
    could_skip = quiescent === 1'b1 && skip_limit > now + 1'b1;
    skip_to = (next_event_valid && next_event < skip_limit) ? next_event : skip_limit;
  end

  // A quiescent cycle promises when something happens next if the inputs hold: not before, and then.
  localparam INPUTS = PORTS + 5 * DOMAINS + 3 * TIME_BITS + 4;
  wire [INPUTS-1:0] inputs = {
    req, live, force_on, force_off, fault_clear, ack, threshold_light, threshold_ret, threshold_off,
    sched_start, sched_filled, sched_write, sched_clear
  };
  reg [INPUTS-1:0] promise_inputs;
  reg promise, promise_event;
  reg [TIME_BITS-1:0] promise_at;

  task watch_quiescence;
    begin
      if (promise && promise_inputs === inputs) begin
        if (promise_event && promise_at == now) expect_equal("quiescent at the next event", quiescent, 0);
        else begin
          expect_equal("quiescent before the next event", quiescent, 1);
          expect_equal("next event valid", next_event_valid, promise_event);
          if (promise_event) expect_equal("next event", next_event, promise_at);
        end
      end
      if (quiescent) expect_equal("pins when quiescent", ack, sw);
      promise = quiescent;
      promise_inputs = inputs;
      promise_event = next_event_valid;
      promise_at = next_event;
      if (next_event_valid) expect_equal("next event is later", next_event > now, 1);
    end
  endtask

  // Power switches. `ack_stuck` keeps the acknowledge low.
  integer delay[0:DOMAINS-1];
  reg [DOMAINS-1:0] ack_stuck;
  integer s;
  always @(posedge clk) begin
    for (s = 0; s < DOMAINS; s = s + 1) begin
      if (ack_stuck[s]) begin
        ack[s] <= 1'b0;
        delay[s] = 0;
      end else if (sw[s] == ack[s]) delay[s] = 0;
      else begin
        delay[s] = delay[s] + 1;
        if (delay[s] >= (!sw[s] ? T_ACK_FALL : ret[s] ? T_ACK_RET : T_ACK_OFF)) begin
          ack[s] <= sw[s];
          delay[s] = 0;
        end
      end
    end
  end

  // Counting again, per domain: 17 counters as in the index map; per port 2.
  integer mine[0:32*DOMAINS+2*PORTS-1];
  integer before[0:DOMAINS-1];
  reg [2:0] before_class[0:DOMAINS-1];
  reg [TIME_BITS-1:0] before_now;

  // Reference memory.
  reg [WORD_BITS-1:0] ref_data[0:WORDS-1];
  reg [BYTES-1:0] ref_valid[0:WORDS-1];
  reg [DOMAINS-1:0] ref_lost;

  // Answers to come, per port and stage.
  localparam SLOTS = PORTS * (RD_LATENCY + 1);
  reg due[0:SLOTS-1];
  reg due_err[0:SLOTS-1];
  reg due_read[0:SLOTS-1];
  reg [WORD_BITS-1:0] due_data[0:SLOTS-1];
  reg [BYTES-1:0] due_valid[0:SLOTS-1];
  reg [BYTES-1:0] due_be[0:SLOTS-1];
  reg [ID_BITS-1:0] due_id[0:SLOTS-1];
  integer due_domain[0:SLOTS-1];

  integer d, p, k, slot, waking, word, domain, st, kind;
  reg [DOMAINS-1:0] lost;  // what lost_live should be
  reg [PORTS-1:0] granted;
  reg [PORTS-1:0] last_poison, last_err;
  reg [PORTS*WORD_BITS-1:0] last_rdata;
  integer grants[0:PORTS-1];

  // sw iso_n light; ret is free where the table says origin or destination.
  function [2:0] outputs_of(input integer of);
    case (of)
      SW_ON, SETTLE, UNRET, ISO, SET_RET: outputs_of = 3'b100;
      UNISO, ON, LIGHT_EXIT, DRAIN: outputs_of = 3'b110;
      LIGHT: outputs_of = 3'b111;
      default: outputs_of = 3'b000;
    endcase
  endfunction

  task watch_domains;
    begin
      expect_equal("lost_live", lost_live, lost);
      lost = (lost & ~fault_clear) | (force_off & live);
      waking = 0;
      for (d = 0; d < DOMAINS; d = d + 1) begin
        st = state[4*d+:4];
        if (st == SW_ON || st == SETTLE) waking = waking + 1;
        expect_equal("outputs of the state", {sw[d], iso_n[d], light[d]}, outputs_of(st));
        if (st == RET || st == SET_RET) expect_equal("ret", ret[d], 1);
        if (st == OFF || st == FAULT || st >= UNRET && st <= ISO) expect_equal("ret", ret[d], 0);
        // Contents.
        if (!sw[d] && !ret[d]) begin
          if (!ref_lost[d])
            for (k = 0; k < DOMAIN_WORDS; k = k + 1) ref_valid[d*DOMAIN_WORDS+k] = {BYTES{1'b0}};
          ref_lost[d] = 1'b1;
        end else ref_lost[d] = 1'b0;
        // Classes and transitions.
        kind = (st == OFF || (st == ARB && !ret[d])) ? 0 : (st == RET || st == ARB) ? 1 :
               (st == LIGHT) ? 2 : (st == FAULT) ? 3 : 4;
        mine[32*d+before_class[d]] = mine[32*d+before_class[d]] + (now - before_now);
        if (before[d] == ARB && st == SW_ON && !ret[d]) mine[32*d+5] = mine[32*d+5] + 1;
        if (before[d] == ARB && st == SW_ON && ret[d]) mine[32*d+6] = mine[32*d+6] + 1;
        if (before[d] == SW_OFF && st == OFF) mine[32*d+7] = mine[32*d+7] + 1;
        if (before[d] == SW_OFF && st == RET) mine[32*d+8] = mine[32*d+8] + 1;
        if (before_class[d] == 1 && st == OFF) mine[32*d+9] = mine[32*d+9] + 1;
        if (before[d] == ON && st == LIGHT) mine[32*d+10] = mine[32*d+10] + 1;
        if (before[d] == LIGHT && st == LIGHT_EXIT) mine[32*d+11] = mine[32*d+11] + 1;
        if ((before[d] == DRAIN && st == ON) || (before[d] == ISO && st == UNISO) ||
            (before[d] == SET_RET && st == UNRET))
          mine[32*d+12] = mine[32*d+12] + 1;
        before[d] = st;
        before_class[d] = kind;
      end
      before_now = now;
      if (waking > MAX_WAKING) expect_equal("waking domains", waking, MAX_WAKING);
    end
  endtask

  task watch_answers;
    for (p = 0; p < PORTS; p = p + 1) begin
      for (k = RD_LATENCY; k > 0; k = k - 1) begin
        slot = p * (RD_LATENCY + 1) + k;
        due[slot] = due[slot-1];
        due_err[slot] = due_err[slot-1];
        due_read[slot] = due_read[slot-1];
        due_data[slot] = due_data[slot-1];
        due_valid[slot] = due_valid[slot-1];
        due_be[slot] = due_be[slot-1];
        due_id[slot] = due_id[slot-1];
        due_domain[slot] = due_domain[slot-1];
      end
      slot = p * (RD_LATENCY + 1);
      due[slot] = 1'b0;
      expect_equal("rvalid", rvalid[p], due[slot+RD_LATENCY]);
      slot = slot + RD_LATENCY;
      if (due[slot]) begin
        if (fault[due_domain[slot]] && !iso_n[due_domain[slot]]) due_err[slot] = 1'b1;
        last_rdata[p*WORD_BITS+:WORD_BITS] = rdata[p*WORD_BITS+:WORD_BITS];
        last_poison[p] = poison[p];
        last_err[p] = err[p];
        expect_equal("err", err[p], due_err[slot]);
        expect_equal("rid", rid[p*ID_BITS+:ID_BITS], due_id[slot]);
        if (due_err[slot] || !due_read[slot]) begin
          expect_equal("rdata without data", |rdata[p*WORD_BITS+:WORD_BITS], 0);
          expect_equal("poison without data", poison[p], 0);
        end else begin
          expect_equal("poison", poison[p], |(due_be[slot] & ~due_valid[slot]));
          for (k = 0; k < BYTES; k = k + 1) begin
            if (due_valid[slot][k])
              expect_equal("byte read", rdata[p*WORD_BITS+8*k+:8], due_data[slot][8*k+:8]);
            else
`ifdef PGSRAM_X
              expect_equal("lost byte", rdata[p*WORD_BITS+8*k+:8], 8'hxx);
`else
              expect_equal("lost byte", rdata[p*WORD_BITS+8*k+:8], 8'hbd);
`endif
          end
        end
      end
    end
  endtask

  task watch_requests;
    for (p = 0; p < PORTS; p = p + 1) begin
      granted[p] = req[p] & (gnt[p] === 1'b1);
      if (gnt[p] !== 1'b0 && !req[p]) expect_equal("gnt without req", gnt[p], 0);
      word = addr[p*ADDR_BITS+:ADDR_BITS];
      domain = word / DOMAIN_WORDS;
      if (word >= WORDS) begin
        if (req[p]) begin
          expect_equal("gnt out of bounds", gnt[p], 1);
          slot = p * (RD_LATENCY + 1);
          due[slot] = 1'b1;
          due_err[slot] = 1'b1;
          due_id[slot] = aid[p*ID_BITS+:ID_BITS];
        end
      end else if (req[p]) begin
        st = state[4*domain+:4];
        if (gnt[p]) begin
          slot = p * (RD_LATENCY + 1);
          due[slot] = 1'b1;
          due_err[slot] = st != ON;
          due_read[slot] = !we[p];
          due_data[slot] = ref_data[word];
          due_valid[slot] = ref_valid[word];
          due_be[slot] = be[p*BYTES+:BYTES];
          due_id[slot] = aid[p*ID_BITS+:ID_BITS];
          due_domain[slot] = domain;
          if (st != ON) begin
            if (ACCESS_ERROR == 0 && st != FAULT) expect_equal("gnt while not ON", force_off[domain], 1);
          end else begin
            grants[p] = grants[p] + 1;
            expect_equal("usable", {sw[domain], iso_n[domain], ret[domain], light[domain]}, 4'b1100);
            mine[32*domain+(we[p]?16 : 15)] = mine[32*domain+(we[p]?16 : 15)] + 1;
            if (we[p]) begin
              for (k = 0; k < BYTES; k = k + 1) begin
                if (be[p*BYTES+k]) begin
                  ref_data[word][8*k+:8] = wdata[p*WORD_BITS+8*k+:8];
                  ref_valid[word][k] = 1'b1;
                end
              end
            end
          end
        end else begin
          k = (st == ON) ? 1 : 0;
          mine[32*domain+13+k] = mine[32*domain+13+k] + 1;
          mine[32*DOMAINS+2*p+k] = mine[32*DOMAINS+2*p+k] + 1;
        end
      end
    end
  endtask

  always @(negedge clk) if (counting) begin
    watch_domains;
    watch_answers;
    watch_requests;
    watch_quiescence;
  end

  // Random traffic: each idle port asks with probability `rate` / 256.
  integer rate;
  integer seed;
  integer roll;
  reg random_forces, random_schedule;
  always @(posedge clk) begin
    #1;
    if (rate > 0) begin
      for (roll = 0; roll < PORTS; roll = roll + 1) begin
        if (!req[roll] || granted[roll]) begin
          req[roll] = ($random(seed) & 255) < rate;
          we[roll] = $random(seed);
          addr[roll*ADDR_BITS+:ADDR_BITS] = $random(seed);
          if (addr[roll*ADDR_BITS+:ADDR_BITS] >= WORDS && ($random(seed) & 7) != 0)
            addr[roll*ADDR_BITS+:ADDR_BITS] = 0;
          be[roll*BYTES+:BYTES] = (($random(seed) & 3) == 0) ? $random(seed) : {BYTES{1'b1}};
          wdata[roll*WORD_BITS+:WORD_BITS] = {(WORD_BITS + 31) / 32{$random(seed)}};
          aid[roll*ID_BITS+:ID_BITS] = $random(seed);
        end
      end
      if (random_forces) begin
        for (roll = 0; roll < DOMAINS; roll = roll + 1) begin
          if (($random(seed) & 127) == 0) live[roll] = $random(seed);
          if (($random(seed) & 255) == 0) force_on[roll] = $random(seed);
          force_off[roll] = force_off[roll] ? ($random(seed) & 15) != 0 : ($random(seed) & 511) == 0;
        end
      end
    end
  end

  // A host that writes tables, and starts most of them when they are complete; time is left for what they do.
  integer action;
  always @(posedge clk) begin
    #1;
    if (random_schedule) begin
      action = $random(seed) & 255;
      sched_start = sched_complete ? action < 2 : action == 255;
      sched_filled = action >= 2 && action < 4;
      sched_write = action >= 4 && action < 20;
      sched_clear = action == 20;
      sched_delta = $random(seed) & 127;
      sched_domain = $random(seed) & (DOMAINS > 4 ? 7 : 3);
      sched_operation = $random(seed);
    end
  end

  // Steps of the directed tests. All start and end just after a rising edge.
  task step(input integer cycles);
    integer c;
    for (c = 0; c < cycles; c = c + 1) begin
      @(posedge clk);
      #1;
    end
  endtask

  task reset;
    integer i;
    begin
      counting = 1'b0;
      rst_n = 1'b0;
      now = 0;
      req = 0;
      we = 0;
      addr = 0;
      be = 0;
      wdata = 0;
      aid = 0;
      live = 0;
      force_on = 0;
      force_off = 0;
      fault_clear = 0;
      ack = 0;
      ack_stuck = 0;
      count_clear = 1'b0;
      count_sel = 0;
      rate = 0;
      random_forces = 1'b0;
      random_schedule = 1'b0;
      {sched_start, sched_filled, sched_write, sched_clear} = 4'b0000;
      sched_delta = 0;
      sched_domain = 0;
      sched_operation = 0;
      skip = 1'b0;
      skip_limit = 0;
      promise = 1'b0;
      ref_lost = 0;
      lost = 0;
      for (i = 0; i < 32 * DOMAINS + 2 * PORTS; i = i + 1) mine[i] = 0;
      for (i = 0; i < DOMAINS; i = i + 1) begin
        before[i] = SW_OFF;
        before_class[i] = 4;
        delay[i] = 0;
      end
      for (i = 0; i < PORTS; i = i + 1) grants[i] = 0;
      for (i = 0; i < SLOTS; i = i + 1) begin
        due[i] = 1'b0;
        due_domain[i] = 0;
      end
      before_now = 0;
      step(2);
      expect_equal("sw in reset", sw, 0);
      expect_equal("iso_n in reset", iso_n, 0);
      rst_n = 1'b1;
      step(2);  // two edges of the reset synchroniser; cycle 0 is now
      counting = 1'b1;
      expect_equal("state in cycle 0", state, {DOMAINS{4'd13}});
    end
  endtask

  task thresholds(input integer light_cycles, input integer ret_cycles, input integer off_cycles);
    begin
      threshold_light = light_cycles;
      threshold_ret = ret_cycles;
      threshold_off = off_cycles;
    end
  endtask

  // One request; `stalls` is how long it waited.
  integer stalls;
  task access(input integer port, input write, input integer at, input [BYTES-1:0] enable,
              input [WORD_BITS-1:0] data);
    begin
      req[port] = 1'b1;
      we[port] = write;
      addr[port*ADDR_BITS+:ADDR_BITS] = at;
      be[port*BYTES+:BYTES] = enable;
      wdata[port*WORD_BITS+:WORD_BITS] = data;
      aid[port*ID_BITS+:ID_BITS] = at;
      stalls = -1;
      granted[port] = 1'b0;
      while (!granted[port] && stalls < 1000) begin
        step(1);
        stalls = stalls + 1;
      end
      req[port] = 1'b0;
      expect_equal("request granted", granted[port], 1);
    end
  endtask

  function [WORD_BITS-1:0] pattern(input integer at);
    pattern = {(WORD_BITS + 31) / 32{at * 32'h01234567 + 32'h89abcdef}};
  endfunction

  task wait_all(input integer of);
    integer i, waited;
    begin
      waited = 0;
      while (state !== {DOMAINS{of[3:0]}} && waited < 2000) begin
        step(1);
        waited = waited + 1;
      end
      expect_equal("state of all domains", state, {DOMAINS{of[3:0]}});
    end
  endtask

  // Counters against ours; clock stopped, in the cycle after the last one counted.
  task read_count(input integer index);
    begin
      count_sel = index;
      #1;
    end
  endtask

  task check_counters;
    integer i, j, total;
    begin
      run = 1'b0;
      for (i = 0; i < DOMAINS; i = i + 1) begin
        total = 0;
        for (j = 0; j < 17; j = j + 1) begin
          read_count(32 * i + j);
          if (j < 5) total = total + count;
          // The cycle just begun is not ours yet.
          expect_equal("counter", count,
                       mine[32*i+j] + ((j == before_class[i]) ? now - before_now : 0));
        end
        expect_equal("sum of the classes", total, now);
      end
      for (i = 0; i < 2 * PORTS; i = i + 1) begin
        read_count(32 * DOMAINS + i);
        expect_equal("counter of a port", count, mine[32*DOMAINS+i]);
      end
      read_count(31);
      expect_equal("counter that is not there", count, 0);
      run = 1'b1;
      step(1);
    end
  endtask

  function integer least(input integer t);
    least = (t > 1) ? t : 1;
  endfunction

  localparam LONG = 100000;
  integer from_off, from_ret, from_light;
  integer i, j, n;

  task test_all_words;
    begin
      phase = "all words";
      reset;
      thresholds(0, 0, LONG);
      step(SYNC_STAGES + 4);
      expect_equal("OFF after reset", state, {DOMAINS{4'd0}});
      expect_equal("quiescent", quiescent, 1);
      for (i = 0; i < DOMAINS; i = i + 1) begin
        access(0, 1, i * DOMAIN_WORDS, {BYTES{1'b1}}, pattern(i * DOMAIN_WORDS));
        expect_equal("stall from OFF", stalls, from_off);
      end
      for (i = 0; i < WORDS; i = i + 1) access(i % PORTS, 1, i, {BYTES{1'b1}}, pattern(i));
      for (i = WORDS - 1; i >= 0; i = i - 1) begin
        access((i + 1) % PORTS, 0, i, {BYTES{1'b1}}, 0);
        step(RD_LATENCY);
        expect_equal("word", last_rdata[((i+1)%PORTS)*WORD_BITS+:WORD_BITS] === pattern(i), 1);
      end
      if (WORDS < (1 << ADDR_BITS)) begin
        access(0, 0, WORDS, {BYTES{1'b1}}, 0);
        step(RD_LATENCY);
        expect_equal("err out of bounds", last_err[0], 1);
      end
    end
  endtask

  task test_light;
    begin
      phase = "light";
      thresholds(10, 0, 0);
      wait_all(HAS_LIGHT ? LIGHT : ON);
      for (i = 0; i < DOMAINS; i = i + 1) begin
        access(0, 0, i * DOMAIN_WORDS + 1, {BYTES{1'b1}}, 0);
        expect_equal("stall from LIGHT", stalls, HAS_LIGHT ? from_light : 0);
        step(9);
        expect_equal("ON until the threshold", state[4*i+:4], ON);
        step(1);
        expect_equal("asleep at the threshold", state[4*i+:4], HAS_LIGHT ? LIGHT : ON);
      end
      step(RD_LATENCY + 1);
    end
  endtask

  task test_retention;
    begin
      phase = "retention";
      thresholds(0, 15, 0);
      wait_all(HAS_RETENTION ? RET : HAS_LIGHT ? LIGHT : ON);
      step(T_ACK_FALL + SYNC_STAGES + T_MIN_OFF + 5);
      expect_equal("quiescent", quiescent, 1);
      for (i = 0; i < DOMAINS; i = i + 1) begin
        access(PORTS - 1, 0, i * DOMAIN_WORDS + 2, {BYTES{1'b1}}, 0);
        if (HAS_RETENTION) expect_equal("stall from RET", stalls, from_ret);
        step(RD_LATENCY);
        expect_equal("kept word",
                     last_rdata[(PORTS-1)*WORD_BITS+:WORD_BITS] === pattern(i * DOMAIN_WORDS + 2), 1);
        expect_equal("poison of a kept word", last_poison[PORTS-1], 0);
      end
    end
  endtask

  task test_live;
    begin
      phase = "live";
      live = {DOMAINS{1'b1}};
      thresholds(0, 0, 12);
      wait_all(HAS_RETENTION ? RET : HAS_LIGHT ? LIGHT : ON);
      step(T_MIN_OFF + T_ACK_FALL + SYNC_STAGES + 5);
      access(0, 0, 3, {BYTES{1'b1}}, 0);
      step(RD_LATENCY);
      expect_equal("poison of a live word", last_poison[0], 0);
    end
  endtask

  task test_off;
    begin
      phase = "off";
      live = 0;
      thresholds(0, 0, 12);
      wait_all(OFF);
      step(T_ACK_FALL + SYNC_STAGES + T_MIN_OFF + 5);
      for (i = 0; i < DOMAINS; i = i + 1) begin
        access(0, 0, i * DOMAIN_WORDS + 3, {BYTES{1'b1}}, 0);
        expect_equal("stall from OFF", stalls, from_off);
        step(RD_LATENCY);
        expect_equal("poison of a lost word", last_poison[0], 1);
`ifdef PGSRAM_X
        expect_equal("lost word is x", ^last_rdata[WORD_BITS-1:0] === 1'bx, 1);
`endif
        access(0, 1, i * DOMAIN_WORDS + 3, 1, {WORD_BITS{1'b1}});
        access(0, 0, i * DOMAIN_WORDS + 3, 1, 0);
        step(RD_LATENCY);
        expect_equal("poison of a byte not asked for", last_poison[0], 0);
        expect_equal("byte written", last_rdata[7:0], 8'hff);
      end
    end
  endtask

  // Sleep deepens by timer: retention first, OFF when its threshold is reached too and no data is live.
  task test_deepening;
    begin
      phase = "deepening";
      live = {DOMAINS{1'b1}};
      thresholds(0, 15, 400);
      for (i = 0; i < DOMAINS; i = i + 1) access(0, 1, i * DOMAIN_WORDS, {BYTES{1'b1}}, pattern(i));
      wait_all(RET);
      step(500);
      expect_equal("live data is retained", state, {DOMAINS{4'd1}});
      expect_equal("nothing ahead", next_event_valid, 0);
      live = 0;
      step(1);
      expect_equal("OFF when its data dies", state, {DOMAINS{4'd0}});

      access(0, 1, 0, {BYTES{1'b1}}, pattern(0));
      n = now - 1;  // granted
      step(T_MIN_ON + T_ACK_FALL + SYNC_STAGES + 100);
      expect_equal("parked in RET", state[3:0], RET);
      expect_equal("quiescent", quiescent, 1);
      expect_equal("next event valid", next_event_valid, 1);
      expect_equal("next event", next_event, n + 400);
      while (now < n + 400) step(1);
      expect_equal("in RET until then", state[3:0], RET);
      step(1);
      expect_equal("OFF by timer", state[3:0], OFF);
    end
  endtask

  task test_force;
    begin
      phase = "force";
      thresholds(0, 0, 12);
      wait_all(OFF);
      force_on = {DOMAINS{1'b1}};
      wait_all(ON);
      step(40);
      expect_equal("held ON", state, {DOMAINS{4'd7}});
      live[0] = 1'b1;
      expect_equal("lost_live before", lost_live, 0);
      force_off[0] = 1'b1;
      n = 0;
      while (state[3:0] != OFF && n < 200) begin
        step(1);
        n = n + 1;
      end
      expect_equal("forced OFF", state[3:0], OFF);
      expect_equal("lost_live", lost_live, 1);
      access(0, 0, 0, {BYTES{1'b1}}, 0);
      expect_equal("error at once", stalls, 0);
      step(RD_LATENCY);
      expect_equal("err of a domain forced OFF", last_err[0], 1);
      force_off = 0;
      live = 0;
      fault_clear[0] = 1'b1;
      step(1);
      fault_clear = 0;
      expect_equal("lost_live cleared", lost_live, 0);
      wait_all(ON);
      force_on = 0;
    end
  endtask

  task test_fault;
    begin
      phase = "fault";
      thresholds(0, 0, LONG);
      force_on = {DOMAINS{1'b1}};
      wait_all(ON);
      force_on = 0;
      ack_stuck[0] = 1'b1;
      step(1 + SYNC_STAGES + 1);
      expect_equal("FAULT when the acknowledge is lost", state[3:0], FAULT);
      expect_equal("fault flag", fault, 1);
      access(0, 0, 0, {BYTES{1'b1}}, 0);
      expect_equal("error at once", stalls, 0);
      step(RD_LATENCY);
      expect_equal("err in FAULT", last_err[0], 1);
      fault_clear[0] = 1'b1;
      step(1);
      fault_clear = 0;
      expect_equal("fault flag cleared", fault, 0);
      expect_equal("SW_OFF after FAULT", state[3:0], SW_OFF);
      // The switch never answers.
      force_on[0] = 1'b1;
      n = 0;
      while (state[3:0] != SW_ON && n < 200) begin
        step(1);
        n = n + 1;
      end
      step(T_ACK_MAX - 1);
      expect_equal("still waiting", state[3:0], SW_ON);
      step(1);
      expect_equal("FAULT without acknowledge", state[3:0], FAULT);
      ack_stuck = 0;
      fault_clear[0] = 1'b1;
      step(1);
      fault_clear = 0;
      n = 0;
      while (state[3:0] != ON && n < 200) begin
        step(1);
        n = n + 1;
      end
      expect_equal("ON after FAULT", state[3:0], ON);
      access(0, 1, 0, {BYTES{1'b1}}, 0);
      // A glitch of the acknowledge.
      step(RD_LATENCY + BANK_CYCLES);
      ack[0] = 1'b0;
      step(1);
      ack[0] = 1'b1;
      step(SYNC_STAGES);
      expect_equal("FAULT after a glitch", state[3:0], FAULT);
      step(T_ACK_FALL + SYNC_STAGES + 2);
      fault_clear[0] = 1'b1;
      step(1);
      fault_clear = 0;
      access(0, 1, 0, {BYTES{1'b1}}, 0);
      force_on = 0;
      step(RD_LATENCY + BANK_CYCLES);
    end
  endtask

  // Every port asks for the same bank all the time: the most and the fewest grants differ by one.
  task test_fairness;
    integer most, fewest;
    begin
      phase = "fairness";
      for (i = 0; i < PORTS; i = i + 1) begin
        grants[i] = 0;
        addr[i*ADDR_BITS+:ADDR_BITS] = 0;
        be[i*BYTES+:BYTES] = 0;
        we[i] = 1'b0;
      end
      req = {PORTS{1'b1}};
      step(PORTS * BANK_CYCLES * 10);
      req = 0;
      most = grants[0];
      fewest = grants[0];
      for (i = 0; i < PORTS; i = i + 1) begin
        if (grants[i] > most) most = grants[i];
        if (grants[i] < fewest) fewest = grants[i];
      end
      expect_equal("grants", most, 10);
      expect_equal("grants", fewest, 10);
      step(RD_LATENCY + 1);
    end
  endtask

  // The same few accesses with long gaps; with and without skipping the counters must be the same.
  integer kept[0:32*DOMAINS+2*PORTS-1];
  task sparse(input skipping);
    begin
      reset;
      thresholds(20, 60, 300);
      skip = skipping;
      skipped = 0;
      n = 0;
      for (i = 0; i < 12; i = i + 1) begin
        n = n + 150 + 40 * i;
        skip_limit = n;
        while (now < n) step(1);
        if (i == 5) live[DOMAINS-1] = 1'b1;
        if (i == 8) live = 0;
        access(i % PORTS, i[0], (i * 7) % WORDS, {BYTES{1'b1}}, pattern(i));
      end
      skip_limit = n + 500;
      while (now < n + 500) step(1);
      check_counters;
    end
  endtask

  task test_skip;
    begin
      phase = "without skip";
      sparse(1'b0);
      for (i = 0; i < 32 * DOMAINS + 2 * PORTS; i = i + 1) kept[i] = mine[i];
      phase = "with skip";
      sparse(1'b1);
      expect_equal("something skipped", skipped > 10, 1);
      for (i = 0; i < 32 * DOMAINS + 2 * PORTS; i = i + 1) expect_equal("counter", mine[i], kept[i]);
    end
  endtask

  task test_random(input integer at_rate, input forces);
    begin
      reset;
      random_forces = forces;
      rate = at_rate;
      step(RANDOM_CYCLES);
      rate = 0;
      req = 0;
      step(RD_LATENCY + 1);
      check_counters;
      expect_equal("fault", fault, 0);
    end
  endtask

  task entry(input integer delta, input integer domain, input integer operation);
    begin
      sched_write = 1'b1;
      sched_delta = delta;
      sched_domain = domain;
      sched_operation = operation;
      step(1);
      sched_write = 1'b0;
    end
  endtask

  // A prewake that is early enough spares the first access its stall, to the cycle; what follows goes by the table and the
  // limits of live data; a start without a table leaves the timers in charge.
  task test_schedule(input integer late);
    begin
      phase = "schedule";
      reset;
      thresholds(0, 0, 0);
      step(20);
      expect_equal("OFF until told", state, 0);
      entry(10, DOMAINS - 1, 0);
      entry(11 + from_off + 20, DOMAINS - 1, 3);
      entry(11 + from_off + 120, 0, 0);
      sched_filled = 1'b1;
      step(1);
      sched_filled = 1'b0;
      expect_equal("filled", sched_complete, 1);
      sched_start = 1'b1;
      n = now;
      step(1);
      sched_start = 1'b0;
      while (now < n + 11 + from_off - late) step(1);
      access(0, 1'b1, (DOMAINS - 1) * DOMAIN_WORDS, {BYTES{1'b1}}, pattern(1));
      expect_equal("stall after a prewake", stalls, late);
      live[DOMAINS-1] = 1'b1;
      while (now < n + 11 + from_off + 100) step(1);
      expect_equal("live data are kept", state[4*(DOMAINS-1)+:4], HAS_RETENTION ? RET : HAS_LIGHT ? LIGHT : ON);
      live = 0;
      step(20);
      expect_equal("OFF when no longer live", state[4*(DOMAINS-1)+:4], OFF);
      if (DOMAINS > 1) begin
        while (now < n + 11 + from_off + 200) step(1);
        expect_equal("kept ON by a prewake", state[3:0], ON);
      end
      sched_start = 1'b1;
      step(1);
      sched_start = 1'b0;
      expect_equal("missed", sched_missed, 1);
      step(40 * DOMAINS);
      expect_equal("left to the timers", state, {DOMAINS{4'd7}});
      sched_clear = 1'b1;
      step(1);
      sched_clear = 1'b0;
      expect_equal("no longer missed", sched_missed, 0);
      check_counters;
    end
  endtask

  task test_scheduled_traffic;
    begin
      thresholds(6, 14, 40);
      for (i = 0; i < 3; i = i + 1) begin
        phase = "traffic and schedule";
        reset;
        random_schedule = 1'b1;
        random_forces = i == 2;
        rate = (i == 0) ? 2 : 8;
        step(4 * RANDOM_CYCLES);
        rate = 0;
        req = 0;
        random_schedule = 1'b0;
        {sched_start, sched_filled, sched_write, sched_clear} = 4'b0000;
        step(RD_LATENCY + 1);
        check_counters;
        expect_equal("fault", fault, 0);
      end
    end
  endtask

  task test_clear;
    begin
      phase = "clear";
      count_clear = 1'b1;
      step(1);
      count_clear = 1'b0;
      step(9);
      run = 1'b0;
      n = 0;
      for (i = 0; i < 5; i = i + 1) begin
        read_count(i);
        n = n + count;
      end
      expect_equal("cycles since the clear", n, 10);
      run = 1'b1;
      step(1);
    end
  endtask

  initial begin
    errors = 0;
    checks = 0;
    run = 1'b1;
    seed = SEED;
    counting = 1'b0;
    thresholds(0, 0, 0);
    from_off = 3 + T_ACK_OFF + SYNC_STAGES + least(T_SETTLE_OFF) + least(T_ISO);
    from_ret = 3 + T_ACK_RET + SYNC_STAGES + least(T_SETTLE_RET) + least(T_RET) + least(T_ISO);
    from_light = 1 + least(T_LIGHT);
    for (i = 0; i < WORDS; i = i + 1) ref_valid[i] = 0;

    if (SCHED_DEPTH > 2 && POLICY == 1 && T_MIN_ON == 0 && T_MIN_OFF == 0) begin
      test_schedule(0);
      test_schedule(1);
    end
    if (SCHED_DEPTH > 0) test_scheduled_traffic;
    if (SCHED_DEPTH == 0 && POLICY == 1 && ACCESS_ERROR == 0 && RESET_ON == 0) begin
      test_all_words;
      test_light;
      test_retention;
      test_live;
      test_off;
      if (HAS_RETENTION) test_deepening;
      test_force;
      test_fault;
      test_fairness;
      check_counters;
      test_clear;
      test_skip;
    end
    thresholds(6, 14, 40);
    phase = "busy traffic";
    test_random(200, 1'b0);
    phase = "sparse traffic";
    test_random(5, 1'b0);
    phase = "traffic and forces";
    test_random(60, 1'b1);
    thresholds(1, 0, 3);
    phase = "light at once";
    test_random(40, 1'b0);
    thresholds(0, 2, 1);
    phase = "off at once";
    test_random(40, 1'b0);

    if (errors == 0) $display("PASS (%0d checks)", checks);
    else $display("FAIL (%0d of %0d checks)", errors, checks);
    $finish;
  end

endmodule
