// Properties of the whole memory, pgsram_top, with what the technology hooks stand for in hooks.vh: macros that keep their
// words while they have supply or retention, and clock gates as enables.
//
// Acknowledges do what they like, and so does the time: what is shown here never depends on either. The reset comes and
// goes at any time, after a first cycle in it. The address that contents are shown for is any.
`include "property.vh"
`include "hooks.vh"

module fv #(
    parameter DOMAINS = 2,
    parameter INTERLEAVE = 2,
    parameter PORTS = 2,
    parameter DOMAIN_WORDS = 2,
    parameter RD_LATENCY = 1,
    parameter BANK_CYCLES = 1,
    parameter TIME_BITS = 6,
    parameter MAX_WAKING = 1,
    parameter SYNC_STAGES = 1,
    parameter T_ISO = 1,  // at most 2
    parameter T_ACK_MAX = 4,
    parameter T_SETTLE_OFF = 2,
    parameter HAS_LIGHT = 1,
    parameter HAS_RETENTION = 1,
    parameter POLICY = 1,
    parameter ACCESS_ERROR = 0,
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
    input [       ADDR_BITS-1:0] watched_i  // the address
);

  `NEVER

  localparam [3:0] OFF = 0, RET = 1, SW_ON = 3, SETTLE = 4, ON = 7, SW_OFF = 13;
  localparam DOMAIN_BITS = (DOMAINS > 1) ? $clog2(DOMAINS) : 1;
  localparam PORT_BITS = (PORTS > 1) ? $clog2(PORTS) : 1;

  wire [PORTS-1:0] gnt, rvalid, err, rid, poison;
  wire [PORTS*8-1:0] rdata;
  wire [DOMAINS-1:0] sw, iso_n, ret, light, fault, lost_live;
  wire [4*DOMAINS-1:0] state;
  wire quiescent, next_valid;
  wire [TIME_BITS-1:0] next;

  pgsram_top #(
      .DOMAINS(DOMAINS), .INTERLEAVE(INTERLEAVE), .PORTS(PORTS), .WORD_BITS(8), .DOMAIN_WORDS(DOMAIN_WORDS),
      .RD_LATENCY(RD_LATENCY), .BANK_CYCLES(BANK_CYCLES), .TIME_BITS(TIME_BITS), .MAX_WAKING(MAX_WAKING),
      .SYNC_STAGES(SYNC_STAGES), .T_ISO(T_ISO), .T_ACK_MAX(T_ACK_MAX), .T_SETTLE_OFF(T_SETTLE_OFF), .HAS_LIGHT(HAS_LIGHT),
      .HAS_RETENTION(HAS_RETENTION), .POLICY(POLICY), .ACCESS_ERROR(ACCESS_ERROR), .COUNTERS(0)
  ) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .now_i(now_i), .req_i(req_i), .we_i(we_i), .addr_i(addr_i), .be_i(be_i),
      .wdata_i(wdata_i), .aid_i(aid_i), .gnt_o(gnt), .rvalid_o(rvalid), .rdata_o(rdata), .err_o(err), .rid_o(rid),
      .poison_o(poison), .live_i(live_i), .force_on_i(force_on_i), .force_off_i(force_off_i),
      .fault_clear_i(fault_clear_i), .threshold_light_i(light_i), .threshold_ret_i(ret_i), .threshold_off_i(off_i),
      .sched_start_i(1'b0), .sched_filled_i(1'b0), .sched_write_i(1'b0), .sched_delta_i({TIME_BITS{1'b0}}),
      .sched_domain_i(6'd0), .sched_operation_i(2'd0), .sched_clear_i(1'b0),
      .sw_o(sw), .sw_ack_i(pin_i), .iso_no(iso_n), .ret_o(ret), .light_o(light), .state_o(state), .fault_o(fault),
      .lost_live_o(lost_live), .quiescent_o(quiescent), .next_event_valid_o(next_valid), .next_event_o(next),
      .count_clear_i(1'b0), .count_sel_i(16'd0), .test_en_i(1'b0), .scan_mode_i(1'b0)
  );

  reg begun_q = 0;
  reg [ADDR_BITS-1:0] watched_q;
  always @(posedge clk_i) begin
    begun_q   <= 1;
    watched_q <= watched_i;
  end
  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (begun_q) assume (watched_i == watched_q);
    assume (watched_i < DOMAINS * DOMAIN_WORDS);
    if (!rst_ni) assume (req_i == 0);
  end

  // The reset of everything but the synchronisers of acknowledges, and whether requests are served.
  reg [1:0] up_q = 0;
  always @(posedge clk_i) up_q <= rst_ni ? {up_q[0], 1'b1} : 2'b00;
  wire up = rst_ni & up_q[1];

  // The watched word's domain and its supply.
  wire [DOMAIN_BITS-1:0] home = watched_i / DOMAIN_WORDS;
  wire kept = sw[home] | ret[home];

  // Requests to the watched word.
  integer p;
  reg [PORTS-1:0] here, writes, reads;
  reg [7:0] data;
  always @* begin
    data = 0;
    for (p = 0; p < PORTS; p = p + 1) begin
      here[p] = gnt[p] & (addr_i[p*ADDR_BITS+:ADDR_BITS] == watched_i);
      writes[p] = here[p] & we_i[p] & be_i[p];
      reads[p] = here[p] & !we_i[p];
      if (writes[p] && state[4*home+:4] == ON) data = data | wdata_i[8*p+:8];
    end
  end

  // What the word holds: what was written last, until its domain has neither supply nor retention.
  reg written_q = 0;
  reg [7:0] word_q;
  wire served = state[4*home+:4] == ON;
  always @(posedge clk_i) begin
    if (!kept) written_q <= 0;
    else if (writes != 0 && served) written_q <= 1;
    if (writes != 0 && served) word_q <= data;
  end

  // What each port's answers must be, by a record of what was granted RD_LATENCY cycles ago.
  genvar g;
  generate
    for (g = 0; g < PORTS; g = g + 1) begin : g_port
      wire [ADDR_BITS-1:0] addr = addr_i[g*ADDR_BITS+:ADDR_BITS];
      wire [DOMAIN_BITS-1:0] domain = addr / DOMAIN_WORDS;
      wire in_bounds = addr < DOMAINS * DOMAIN_WORDS;
      wire on = in_bounds & (state[4*domain+:4] == ON);
      reg [RD_LATENCY-1:0] due_q = 0, id_q, fine_q, read_q, known_q, asked_q;
      reg [RD_LATENCY*8-1:0] data_q;
      reg [RD_LATENCY*DOMAIN_BITS-1:0] domain_q;
      always @(posedge clk_i) begin
        due_q    <= up ? (due_q << 1) | gnt[g] : 0;
        id_q     <= (id_q << 1) | aid_i[g];
        fine_q   <= (fine_q << 1) | on;
        read_q   <= (read_q << 1) | (reads[g] & served);
        known_q  <= (known_q << 1) | written_q;
        asked_q  <= (asked_q << 1) | be_i[g];
        data_q   <= (data_q << 8) | word_q;
        domain_q <= (domain_q << DOMAIN_BITS) | domain;
      end
      wire due = up & due_q[RD_LATENCY-1];
      wire fine = fine_q[RD_LATENCY-1] & iso_n[domain_q[(RD_LATENCY-1)*DOMAIN_BITS+:DOMAIN_BITS]];
      wire read = due & fine & read_q[RD_LATENCY-1];
      wire known = known_q[RD_LATENCY-1];

      // 1, 9: an access needs a domain that is usable.
      `PROPERTY(bad_1_grant_is_usable, seen_1_grant_is_usable, gnt[g] & on,
                sw[domain] & iso_n[domain] & ~ret[domain] & ~light[domain])
      `PROPERTY(bad_9_grant_or_error, seen_9_grant_or_error, due & ~fine, err[g])
      // 10
      `PROPERTY(bad_10_one_answer, seen_10_one_answer, up & rvalid[g], due)
      `PROPERTY(bad_10_answered, seen_10_answered, due, rvalid[g] & (rid[g] == id_q[RD_LATENCY-1]))
      `PROPERTY(bad_10_no_error, seen_10_no_error, due & fine, ~err[g])
      `PROPERTY(bad_26_granted_asked, seen_26_granted_asked, gnt[g], req_i[g])
      // 13, 25: what was written is read, unless the supply went meanwhile; sleep in LIGHT or RET keeps it.
      `PROPERTY(bad_13_not_lost, seen_13_not_lost, read & known,
                (rdata[8*g+:8] == data_q[(RD_LATENCY-1)*8+:8]) & ~poison[g])
      // 14: what was never written, or lost, is poison.
      `PROPERTY(bad_14_lost_is_poison, seen_14_lost_is_poison, read & ~known & asked_q[RD_LATENCY-1], poison[g])
    end
  endgenerate

  // 13: sleep between write and read is reachable, by way of retention.
  reg slept_q = 0;
  always @(posedge clk_i) slept_q <= written_q & kept & (slept_q | (state[4*home+:4] == RET));
  generate
    if (HAS_RETENTION != 0) begin : g_retention
      `COVER(seen_25_retained, slept_q & (reads != 0) & served)
    end
  endgenerate

  // 8, 3, 2 on the pins.
  integer d;
  reg [3:0] waking;
  always @* begin
    waking = 0;
    for (d = 0; d < DOMAINS; d = d + 1)
      waking = waking + (state[4*d+:4] == SW_ON || state[4*d+:4] == SETTLE);
  end
  `PROPERTY(bad_8_inrush, seen_8_inrush, waking != 0, waking <= MAX_WAKING)
  `PROPERTY(bad_3_powered, seen_3_powered, iso_n != 0, (iso_n & ~sw) == 0)

  // 4: the switch falls at least T_ISO + 1 cycles after the last cycle in which the macros' clock ran: it runs with an
  // access only (hooks.vh), and it falls later than that by the isolation and one cycle. Faults and reset are at once.
  generate
    for (g = 0; g < DOMAINS; g = g + 1) begin : g_clock
      wire [PORTS-1:0] access;
      genvar h;
      for (h = 0; h < PORTS; h = h + 1) begin : g_access
        assign access[h] = gnt[h] & g_port[h].on & (g_port[h].domain == g);
      end
      `AGE(2, untouched, access == 0)
      reg was_sw_q = 0;
      always @(posedge clk_i) was_sw_q <= sw[g];
      `PROPERTY(bad_4_clock_stopped, seen_4_clock_stopped, up & was_sw_q & ~sw[g] & ~fault[g], untouched >= T_ISO + 1)
    end
  endgenerate

  // 20: a live domain is never OFF unless forced off, faulty or reset.
  reg [DOMAINS-1:0] loved_q = 0;  // live in ON and ever since
  reg [DOMAINS-1:0] down;
  always @* for (d = 0; d < DOMAINS; d = d + 1) down[d] = ~sw[d] & ~ret[d];
  integer e;
  always @(posedge clk_i)
    for (e = 0; e < DOMAINS; e = e + 1)
      loved_q[e] <= up & live_i[e] & ~force_off_i[e] & ~fault[e] & (loved_q[e] | (state[4*e+:4] == ON));
  generate
    if (HAS_RETENTION != 0) begin : g_kept
      `PROPERTY(bad_20_live_is_kept, seen_20_live_is_kept, up & ((loved_q & live_i) != 0),
                ((loved_q & live_i & down) & ~fault) == 0)
    end
  endgenerate

endmodule
