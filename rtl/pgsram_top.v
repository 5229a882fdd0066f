// Banked, power-gated SRAM: DOMAINS power domains of INTERLEAVE banks each, PORTS request ports.
//
// A request port is OBI-like: a request stays stable until granted (same cycle, combinational), every
// grant is answered RD_LATENCY cycles later, in order. Addresses are word addresses. A domain that is
// not ON wakes when it is asked for and the request waits (ACCESS_ERROR = 0), or answers with an error
// (ACCESS_ERROR = 1). A read's byte enables say which bytes `poison_o` vouches for.
//
// `sw_o`, `sw_ack_i`, `iso_no`, `ret_o`, `light_o` go to the power switches and macros. `sw_ack_i` and
// `rst_ni` are asynchronous, everything else belongs to `clk_i`. Cycle 0 is the third rising edge after
// `rst_ni` rises (see pgsram_rst_sync).
//
// `now_i` is the time: it must increase with every clock edge, by 1 unless the host skips. After a
// cycle with `quiescent_o` and with inputs held, a host may go to any later time up to `next_event_o`
// (any at all if not `next_event_valid_o`): nothing would have happened in between.
//
// Port p of a flat bus with N bits a port is at [p*N +: N]; domains likewise.
module pgsram_top #(
    // Organisation.
    parameter DOMAINS = 4,
    parameter INTERLEAVE = 1,
    parameter PORTS = 1,
    parameter WORD_BITS = 32,
    parameter DOMAIN_WORDS = 1024,
    parameter MACRO_ROWS = 1,
    parameter MACRO_COLUMNS = 1,
    parameter RD_LATENCY = 1,
    parameter BANK_CYCLES = 1,
    parameter ID_BITS = 1,
    // Power control, in cycles.
    parameter T_ISO = 1,
    parameter T_SETTLE_OFF = 8,
    parameter T_SETTLE_RET = 2,
    parameter T_RET = 1,
    parameter T_LIGHT = 1,
    parameter T_ACK_MAX = 64,
    parameter T_MIN_ON = 0,
    parameter T_MIN_OFF = 0,
    parameter MAX_WAKING = 1,
    parameter SYNC_STAGES = 2,
    parameter HAS_LIGHT = 1,
    parameter HAS_RETENTION = 1,
    parameter RESET_ON = 0,
    // 0 never, 1 timeout, 2 mask.
    parameter POLICY = 1,
    // 0 an access waits for its domain, 1 it gets an error.
    parameter ACCESS_ERROR = 0,
    parameter TIME_BITS = 32,
    // 0 none, 1 cycles, transitions and stalls, 2 reads and writes too.
    parameter COUNTERS = 1,
    // Entries of a table of the schedule player, 0: there is none.
    parameter SCHED_DEPTH = 0,
    // 1 isolation clamps here, 0 in the power intent.
    parameter ISO_IN_RTL = 1,
    // Derived: leave alone.
    parameter ADDR_BITS = (DOMAINS * DOMAIN_WORDS > 1) ? $clog2(DOMAINS * DOMAIN_WORDS) : 1
) (
    input                          clk_i,
    input                          rst_ni,
    input  [        TIME_BITS-1:0] now_i,
    // Request ports.
    input  [            PORTS-1:0] req_i,
    input  [            PORTS-1:0] we_i,
    input  [  PORTS*ADDR_BITS-1:0] addr_i,
    input  [PORTS*WORD_BITS/8-1:0] be_i,
    input  [  PORTS*WORD_BITS-1:0] wdata_i,
    input  [    PORTS*ID_BITS-1:0] aid_i,
    output [            PORTS-1:0] gnt_o,
    output [            PORTS-1:0] rvalid_o,
    output [  PORTS*WORD_BITS-1:0] rdata_o,
    output [            PORTS-1:0] err_o,
    output [    PORTS*ID_BITS-1:0] rid_o,
    output [            PORTS-1:0] poison_o,
    // Power policy.
    input  [          DOMAINS-1:0] live_i,
    input  [          DOMAINS-1:0] force_on_i,
    input  [          DOMAINS-1:0] force_off_i,
    input  [          DOMAINS-1:0] fault_clear_i,
    input  [        TIME_BITS-1:0] threshold_light_i,
    input  [        TIME_BITS-1:0] threshold_ret_i,
    input  [        TIME_BITS-1:0] threshold_off_i,
    // Schedule player (see pgsram_sched).
    input                          sched_start_i,
    input                          sched_filled_i,
    input                          sched_write_i,
    input  [        TIME_BITS-1:0] sched_delta_i,
    input  [                  5:0] sched_domain_i,
    input  [                  1:0] sched_operation_i,
    input                          sched_clear_i,
    output                         sched_filled_o,
    output                         sched_missed_o,
    output                         sched_overflow_o,
    // Power switches and macros.
    output [          DOMAINS-1:0] sw_o,
    input  [          DOMAINS-1:0] sw_ack_i,
    output [          DOMAINS-1:0] iso_no,
    output [          DOMAINS-1:0] ret_o,
    output [          DOMAINS-1:0] light_o,
    // Status.
    output [        4*DOMAINS-1:0] state_o,
    output [          DOMAINS-1:0] fault_o,
    output [          DOMAINS-1:0] lost_live_o,
    output                         quiescent_o,
    output                         next_event_valid_o,
    output [        TIME_BITS-1:0] next_event_o,
    // Counters (index map in pgsram_counters).
    input                          count_clear_i,
    input  [                 15:0] count_sel_i,
    output [                 63:0] count_o,
    // Test.
    input                          test_en_i,
    input                          scan_mode_i
);

  localparam BANKS = DOMAINS * INTERLEAVE;
  localparam BANK_WORDS = DOMAIN_WORDS / INTERLEAVE;
  localparam DOMAIN_BITS = (DOMAINS > 1) ? $clog2(DOMAINS) : 1;
  localparam BANK_BITS = (BANKS > 1) ? $clog2(BANKS) : 1;
  localparam ROW_BITS = (BANK_WORDS > 1) ? $clog2(BANK_WORDS) : 1;

  // Illegal parameters stop every tool here, at a module that does not exist.
  generate
    if (DOMAINS < 1 || PORTS < 1 || ID_BITS < 1 || TIME_BITS < 2 || TIME_BITS > 64 ||
        INTERLEAVE < 1 || (1 << $clog2(INTERLEAVE)) != INTERLEAVE ||
        (1 << $clog2(DOMAIN_WORDS)) != DOMAIN_WORDS || DOMAIN_WORDS < INTERLEAVE * MACRO_ROWS ||
        WORD_BITS < 8 || (1 << $clog2(WORD_BITS)) != WORD_BITS) begin : g_illegal_organisation
      pgsram_illegal_organisation u_illegal ();
    end
    if (MACRO_ROWS < 1 || (1 << $clog2(MACRO_ROWS)) != MACRO_ROWS ||
        MACRO_COLUMNS < 1 || WORD_BITS % (8 * MACRO_COLUMNS) != 0 ||
        RD_LATENCY < 1 || RD_LATENCY > 7 || BANK_CYCLES < 1) begin : g_illegal_macro
      pgsram_illegal_macro u_illegal ();
    end
    if (MAX_WAKING < 1 || SYNC_STAGES < 1 || T_ACK_MAX < 1 || POLICY < 0 || POLICY > 2 ||
        SCHED_DEPTH < 0 || SCHED_DEPTH > 1024) begin
      : g_illegal_power
      pgsram_illegal_power u_illegal ();
    end
  endgenerate

  wire rst_n, ready;
  wire [PORTS-1:0] req = req_i & {PORTS{ready}};  // no grant before its answer can come

  pgsram_rst_sync u_rst_sync (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .scan_mode_i(scan_mode_i),
      .rst_no     (rst_n),
      .ready_o    (ready)
  );

  // Requests.
  wire [PORTS-1:0] oob;
  wire [PORTS*DOMAIN_BITS-1:0] domain;
  wire [PORTS*BANK_BITS-1:0] bank;
  wire [PORTS*ROW_BITS-1:0] row;
  wire [PORTS-1:0] access, stall_wake, stall_conflict;
  wire [PORTS*BANKS-1:0] select;
  wire [PORTS-1:0] rsp_read;
  wire [PORTS*BANK_BITS-1:0] rsp_bank;
  wire pending;

  // Domains.
  wire [DOMAINS-1:0] on, failed, want, grant, busy, still, ack_settled;
  wire [DOMAINS-1:0] wake_req, waking, slot;

  // Schedule.
  wire [DOMAINS-1:0] sched_apply;
  wire [1:0] sched_operation;
  wire sched_drop, sched_busy;

  // Time until the next event, all ones: none.
  wire [TIME_BITS-1:0] next_in;

  // Banks.
  wire [WORD_BITS-1:0] bank_rdata[0:BANKS-1];
  wire [BANKS-1:0] bank_poison;

  genvar p, d, b;
  generate
    for (p = 0; p < PORTS; p = p + 1) begin : g_port
      pgsram_addr_map #(
          .DOMAINS     (DOMAINS),
          .INTERLEAVE  (INTERLEAVE),
          .DOMAIN_WORDS(DOMAIN_WORDS),
          .ADDR_BITS   (ADDR_BITS),
          .DOMAIN_BITS (DOMAIN_BITS),
          .BANK_BITS   (BANK_BITS),
          .ROW_BITS    (ROW_BITS)
      ) u_addr_map (
          .addr_i  (addr_i[p*ADDR_BITS+:ADDR_BITS]),
          .domain_o(domain[p*DOMAIN_BITS+:DOMAIN_BITS]),
          .bank_o  (bank[p*BANK_BITS+:BANK_BITS]),
          .row_o   (row[p*ROW_BITS+:ROW_BITS]),
          .oob_o   (oob[p])
      );

      // Data of the answer; 0 with a write or an error.
      wire [BANK_BITS-1:0] from = rsp_bank[p*BANK_BITS+:BANK_BITS];
      assign rdata_o[p*WORD_BITS+:WORD_BITS] = rsp_read[p] ? bank_rdata[from] : {WORD_BITS{1'b0}};
      assign poison_o[p] = rsp_read[p] & bank_poison[from];
    end
  endgenerate

  pgsram_req_ctrl #(
      .DOMAINS    (DOMAINS),
      .BANKS      (BANKS),
      .PORTS      (PORTS),
      .RD_LATENCY (RD_LATENCY),
      .BANK_CYCLES(BANK_CYCLES),
      .ID_BITS    (ID_BITS),
      .DOMAIN_BITS(DOMAIN_BITS),
      .BANK_BITS  (BANK_BITS)
  ) u_req_ctrl (
      .clk_i           (clk_i),
      .rst_ni          (rst_n),
      .req_i           (req),
      .we_i            (we_i),
      .aid_i           (aid_i),
      .oob_i           (oob),
      .domain_i        (domain),
      .bank_i          (bank),
      .gnt_o           (gnt_o),
      .on_i            (on),
      .reject_i        (~on & (failed | force_off_i | {DOMAINS{ACCESS_ERROR != 0}})),
      .iso_ni          (iso_no),
      .want_o          (want),
      .grant_o         (grant),
      .busy_o          (busy),
      .access_o        (access),
      .select_o        (select),
      .stall_wake_o    (stall_wake),
      .stall_conflict_o(stall_conflict),
      .rvalid_o        (rvalid_o),
      .err_o           (err_o),
      .rid_o           (rid_o),
      .rsp_read_o      (rsp_read),
      .rsp_bank_o      (rsp_bank),
      .pending_o       (pending)
  );

  pgsram_wake_arb #(
      .DOMAINS   (DOMAINS),
      .MAX_WAKING(MAX_WAKING)
  ) u_wake_arb (
      .clk_i   (clk_i),
      .rst_ni  (rst_n),
      .req_i   (wake_req),
      .waking_i(waking),
      .slot_o  (slot)
  );

  generate
    for (d = 0; d < DOMAINS; d = d + 1) begin : g_domain
      wire [1:0] target;
      wire min_ok, first, ack, settled, clk_en;
      wire [TIME_BITS-1:0] event_in;

      // The pin reset: see pgsram_sync.
      pgsram_sync #(
          .STAGES(SYNC_STAGES)
      ) u_ack_sync (
          .clk_i    (clk_i),
          .rst_ni   (rst_ni),
          .async_i  (sw_ack_i[d]),
          .sync_o   (ack),
          .settled_o(settled)
      );
      assign ack_settled[d] = settled & (ack == sw_o[d]);

      pgsram_policy #(
          .TIME_BITS    (TIME_BITS),
          .POLICY       (POLICY),
          .SCHEDULED    (SCHED_DEPTH != 0),
          .ACCESS_ERROR (ACCESS_ERROR),
          .HAS_LIGHT    (HAS_LIGHT),
          .HAS_RETENTION(HAS_RETENTION),
          .RESET_ON     (RESET_ON),
          .T_MIN_ON     (T_MIN_ON),
          .T_MIN_OFF    (T_MIN_OFF)
      ) u_policy (
          .clk_i            (clk_i),
          .rst_ni           (rst_n),
          .now_i            (now_i),
          .want_i           (want[d]),
          .grant_i          (grant[d]),
          .live_i           (live_i[d]),
          .force_on_i       (force_on_i[d]),
          .force_off_i      (force_off_i[d]),
          .fault_clear_i    (fault_clear_i[d]),
          .threshold_light_i(threshold_light_i),
          .threshold_ret_i  (threshold_ret_i),
          .threshold_off_i  (threshold_off_i),
          .sched_apply_i    (sched_apply[d]),
          .sched_operation_i(sched_operation),
          .sched_drop_i     (sched_drop),
          .state_i          (state_o[4*d+:4]),
          .first_i          (first),
          .target_o         (target),
          .min_ok_o         (min_ok),
          .lost_live_o      (lost_live_o[d]),
          .event_ask_i      (~pending),
          .event_in_o       (event_in)
      );

      pgsram_domain_ctrl #(
          .T_ISO       (T_ISO),
          .T_SETTLE_OFF(T_SETTLE_OFF),
          .T_SETTLE_RET(T_SETTLE_RET),
          .T_RET       (T_RET),
          .T_LIGHT     (T_LIGHT),
          .T_ACK_MAX   (T_ACK_MAX)
      ) u_ctrl (
          .clk_i        (clk_i),
          .rst_ni       (rst_n),
          .scan_mode_i  (scan_mode_i),
          .target_i     (target),
          .force_off_i  (force_off_i[d]),
          .min_ok_i     (min_ok),
          .busy_i       (busy[d]),
          .ack_i        (ack),
          .fault_clear_i(fault_clear_i[d]),
          .wake_req_o   (wake_req[d]),
          .waking_o     (waking[d]),
          .slot_i       (slot[d]),
          .sw_o         (sw_o[d]),
          .iso_no       (iso_no[d]),
          .ret_o        (ret_o[d]),
          .light_o      (light_o[d]),
          .clk_en_o     (clk_en),
          .state_o      (state_o[4*d+:4]),
          .on_o         (on[d]),
          .failed_o     (failed[d]),
          .still_o      (still[d]),
          .first_o      (first),
          .fault_o      (fault_o[d])
      );

      for (b = 0; b < INTERLEAVE; b = b + 1) begin : g_bank
        localparam BANK = d * INTERLEAVE + b;
        wire [PORTS-1:0] select_port;
        for (p = 0; p < PORTS; p = p + 1) begin : g_select
          assign select_port[p] = select[p*BANKS+BANK];
        end

        pgsram_bank #(
            .PORTS        (PORTS),
            .WORD_BITS    (WORD_BITS),
            .ROWS         (BANK_WORDS),
            .ROW_BITS     (ROW_BITS),
            .MACRO_ROWS   (MACRO_ROWS),
            .MACRO_COLUMNS(MACRO_COLUMNS),
            .RD_LATENCY   (RD_LATENCY),
            .BANK_CYCLES  (BANK_CYCLES),
            .ISO_IN_RTL   (ISO_IN_RTL)
        ) u_bank (
            .clk_i    (clk_i),
            .rst_ni   (rst_n),
            .test_en_i(test_en_i),
            .clk_en_i (clk_en),
            .sw_i     (sw_o[d]),
            .iso_ni   (iso_no[d]),
            .ret_i    (ret_o[d]),
            .light_i  (light_o[d]),
            .select_i (select_port),
            .we_i     (we_i),
            .row_i    (row),
            .be_i     (be_i),
            .wdata_i  (wdata_i),
            .rdata_o  (bank_rdata[BANK]),
            .poison_o (bank_poison[BANK])
        );
      end
    end
  endgenerate

  generate
    if (SCHED_DEPTH != 0) begin : g_sched
      wire [TIME_BITS-1:0] sched_event_in;
      assign next_in =
          (sched_event_in < g_least[1].event_in) ? sched_event_in : g_least[1].event_in;

      pgsram_sched #(
          .DOMAINS  (DOMAINS),
          .DEPTH    (SCHED_DEPTH),
          .TIME_BITS(TIME_BITS)
      ) u_sched (
          .clk_i      (clk_i),
          .rst_ni     (rst_n),
          .now_i      (now_i),
          .start_i    (sched_start_i),
          .filled_i   (sched_filled_i),
          .write_i    (sched_write_i),
          .delta_i    (sched_delta_i),
          .domain_i   (sched_domain_i),
          .operation_i(sched_operation_i),
          .clear_i    (sched_clear_i),
          .filled_o   (sched_filled_o),
          .missed_o   (sched_missed_o),
          .overflow_o (sched_overflow_o),
          .apply_o    (sched_apply),
          .operation_o(sched_operation),
          .drop_o     (sched_drop),
          .busy_o     (sched_busy),
          .event_in_o (sched_event_in)
      );
    end else begin : g_unscheduled
      assign {sched_filled_o, sched_missed_o, sched_overflow_o} = 3'b000;
      assign sched_apply = {DOMAINS{1'b0}};
      assign sched_operation = 2'b00;
      assign {sched_drop, sched_busy} = 2'b00;
      assign next_in = g_least[1].event_in;
      wire unused_sched = &{1'b0, sched_start_i, sched_filled_i, sched_write_i, sched_delta_i,
                            sched_domain_i, sched_operation_i, sched_clear_i};
    end
  endgenerate

  pgsram_counters #(
      .DOMAINS    (DOMAINS),
      .PORTS      (PORTS),
      .DOMAIN_BITS(DOMAIN_BITS),
      .TIME_BITS  (TIME_BITS),
      .COUNTERS   (COUNTERS)
  ) u_counters (
      .clk_i           (clk_i),
      .rst_ni          (rst_n),
      .now_i           (now_i),
      .clear_i         (count_clear_i),
      .state_i         (state_o),
      .ret_i           (ret_o),
      .want_i          (want),
      .domain_i        (domain),
      .we_i            (we_i),
      .access_i        (access),
      .stall_wake_i    (stall_wake),
      .stall_conflict_i(stall_conflict),
      .select_i        (count_sel_i),
      .count_o         (count_o)
  );

  // Quiescence, and the earliest of the domains' next events: a tree, leaves from index DOMAINS on.
  generate
    for (b = 2 * DOMAINS - 1; b > 0; b = b - 1) begin : g_least
      wire [TIME_BITS-1:0] event_in;
      if (b >= DOMAINS) begin : g_leaf
        assign event_in = g_domain[b-DOMAINS].event_in;
      end else begin : g_node
        assign event_in = (g_least[2*b].event_in < g_least[2*b+1].event_in) ?
            g_least[2*b].event_in : g_least[2*b+1].event_in;
      end
    end
  endgenerate

  assign quiescent_o = ~pending & ~sched_busy & (&still) & (&ack_settled);
  assign next_event_valid_o = quiescent_o & ~(&next_in);
  assign next_event_o = now_i + next_in;

endmodule
