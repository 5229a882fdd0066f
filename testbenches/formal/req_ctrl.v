// Properties of pgsram_req_ctrl. Domains are ON, rejecting and isolated as they like, except that one
// that is ON does not reject. The port and bank that fairness and answers are shown for are any.
`include "property.vh"

module fv #(
    parameter DOMAINS = 2,
    parameter INTERLEAVE = 2,
    parameter PORTS = 2,
    parameter RD_LATENCY = 1,
    parameter BANK_CYCLES = 1,
    parameter BANKS = DOMAINS * INTERLEAVE,
    parameter DOMAIN_BITS = (DOMAINS > 1) ? $clog2(DOMAINS) : 1,
    parameter BANK_BITS = (BANKS > 1) ? $clog2(BANKS) : 1
) (
    input                       clk_i,
    input                       rst_ni,
    input [          PORTS-1:0] req_i,
    input [          PORTS-1:0] we_i,
    input [          PORTS-1:0] aid_i,
    input [          PORTS-1:0] oob_i,
    input [PORTS*BANK_BITS-1:0] bank_i,
    input [        DOMAINS-1:0] on_i,
    input [        DOMAINS-1:0] reject_i,
    input [        DOMAINS-1:0] iso_ni,
    input [                1:0] port_i,    // watched
    input [      BANK_BITS-1:0] watched_i  // bank
);

  `NEVER

  localparam BUSY = (RD_LATENCY > BANK_CYCLES ? RD_LATENCY : BANK_CYCLES) - 1;

  // A bank lies in its domain, as pgsram_addr_map has it.
  wire [PORTS*DOMAIN_BITS-1:0] domain;
  genvar g;
  generate
    for (g = 0; g < PORTS; g = g + 1) begin : g_domain
      assign domain[g*DOMAIN_BITS+:DOMAIN_BITS] = bank_i[g*BANK_BITS+:BANK_BITS] / INTERLEAVE;
    end
  endgenerate

  wire [PORTS-1:0] gnt, access, stall_wake, stall_conflict, rvalid, err, rid, rsp_read;
  wire [DOMAINS-1:0] want, grant, busy;
  wire [PORTS*BANKS-1:0] select;
  wire [PORTS*BANK_BITS-1:0] rsp_bank;
  wire pending;

  pgsram_req_ctrl #(
      .DOMAINS(DOMAINS), .BANKS(BANKS), .PORTS(PORTS), .RD_LATENCY(RD_LATENCY),
      .BANK_CYCLES(BANK_CYCLES), .ID_BITS(1), .DOMAIN_BITS(DOMAIN_BITS), .BANK_BITS(BANK_BITS)
  ) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .req_i(req_i), .we_i(we_i), .aid_i(aid_i), .oob_i(oob_i),
      .domain_i(domain), .bank_i(bank_i), .gnt_o(gnt), .on_i(on_i), .reject_i(reject_i),
      .iso_ni(iso_ni), .want_o(want), .grant_o(grant), .busy_o(busy), .access_o(access),
      .select_o(select), .stall_wake_o(stall_wake), .stall_conflict_o(stall_conflict),
      .rvalid_o(rvalid), .err_o(err), .rid_o(rid), .rsp_read_o(rsp_read), .rsp_bank_o(rsp_bank),
      .pending_o(pending)
  );

  reg begun_q = 0;
  reg [1:0] port_q;
  reg [BANK_BITS-1:0] watched_q;
  always @(posedge clk_i) begin
    begun_q   <= 1;
    port_q    <= port_i;
    watched_q <= watched_i;
  end

  integer p;
  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (begun_q) assume (port_i == port_q && watched_i == watched_q);
    assume (port_i < PORTS && watched_i < BANKS);
    assume ((on_i & reject_i) == 0);
    for (p = 0; p < PORTS; p = p + 1) assume (bank_i[p*BANK_BITS+:BANK_BITS] < BANKS);
    if (!rst_ni) assume (req_i == 0);
  end

  // The watched port and its domain.
  wire [BANK_BITS-1:0] bank = bank_i[port_i*BANK_BITS+:BANK_BITS];
  wire [DOMAIN_BITS-1:0] home = domain[port_i*DOMAIN_BITS+:DOMAIN_BITS];
  wire granted = gnt[port_i];
  wire erroneous = oob_i[port_i] | reject_i[home];

  // Which ports go to the watched bank.
  reg [PORTS-1:0] here, others;
  integer q, n;
  always @* begin
    n = 0;
    for (q = 0; q < PORTS; q = q + 1) begin
      here[q] = access[q] & (bank_i[q*BANK_BITS+:BANK_BITS] == watched_i);
      others[q] = access[q] & (q != port_i) & (bank_i[q*BANK_BITS+:BANK_BITS] == bank);
      n = n + here[q];
    end
  end

  // 9: an access means a request in bounds to a domain that is ON, and goes to its bank alone.
  `PROPERTY(bad_9_only_on, seen_9_only_on, access[port_i],
            req_i[port_i] & ~oob_i[port_i] & on_i[home] & gnt[port_i])
  `PROPERTY(bad_9_its_bank, seen_9_its_bank, access[port_i],
            select[port_i*BANKS+:BANKS] == ({{BANKS - 1{1'b0}}, 1'b1} << bank))
  `PROPERTY(bad_9_else_none, seen_9_else_none, req_i[port_i] & ~access[port_i],
            select[port_i*BANKS+:BANKS] == 0)

  // 10: answers, by a record of what was granted RD_LATENCY cycles ago.
  reg [RD_LATENCY-1:0] due_q, wrong_q, id_q, read_q;
  reg [RD_LATENCY*DOMAIN_BITS-1:0] home_q;
  reg [RD_LATENCY*BANK_BITS-1:0] from_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) due_q <= 0;
    else due_q <= (due_q << 1) | granted;
  end
  always @(posedge clk_i) begin
    wrong_q <= (wrong_q << 1) | erroneous;
    id_q    <= (id_q << 1) | aid_i[port_i];
    read_q  <= (read_q << 1) | !we_i[port_i];
    home_q  <= (home_q << DOMAIN_BITS) | home;
    from_q  <= (from_q << BANK_BITS) | bank;
  end
  wire due = due_q[RD_LATENCY-1];
  wire [DOMAIN_BITS-1:0] due_home = home_q[(RD_LATENCY-1)*DOMAIN_BITS+:DOMAIN_BITS];
  wire fine = ~wrong_q[RD_LATENCY-1] & iso_ni[due_home];
  `PROPERTY(bad_10_one_answer, seen_10_one_answer, due, rvalid[port_i])
  `PROPERTY(bad_10_no_other_answer, seen_10_no_other_answer, rvalid[port_i], due)
  `PROPERTY(bad_10_identifier, seen_10_identifier, due, rid[port_i] == id_q[RD_LATENCY-1])
  `PROPERTY(bad_10_error, seen_10_error, due & ~fine, err[port_i] & ~rsp_read[port_i])
  `PROPERTY(bad_10_data, seen_10_data, due & fine,
            ~err[port_i] & (rsp_read[port_i] == read_q[RD_LATENCY-1]) &
            (rsp_bank[port_i*BANK_BITS+:BANK_BITS] == from_q[(RD_LATENCY-1)*BANK_BITS+:BANK_BITS]))
  `PROPERTY(bad_10_error_at_once, seen_10_error_at_once, req_i[port_i] & erroneous, granted)
  `PROPERTY(bad_10_pending, seen_10_pending, (due_q != 0) | req_i[port_i], pending)

  // A request that waits has one cause.
  wire stalled = req_i[port_i] & ~granted;
  `PROPERTY(bad_17_one_cause, seen_17_one_cause, stalled, stall_wake[port_i] ^ stall_conflict[port_i])
  `PROPERTY(bad_17_no_other_cause, seen_17_no_other_cause, req_i[port_i] & granted,
            ~stall_wake[port_i] & ~stall_conflict[port_i])
  `PROPERTY(bad_17_wake_is_domain, seen_17_wake_is_domain, stall_wake[port_i], ~on_i[home])

  // 19: while it waits for a bank of a domain that is ON, each other port goes before it once at most,
  // and the bank does not idle.
  wire waits = rst_ni & stall_conflict[port_i];
  reg [2:0] passed_q = 0;
  reg [BANK_BITS-1:0] bank_q;
  always @(posedge clk_i) begin
    bank_q   <= bank;
    passed_q <= !waits ? 0 : (passed_q != 0 && bank != bank_q ? 0 : passed_q) + (others != 0);
  end
  generate
    if (PORTS > 1) begin : g_ports
      `PROPERTY(bad_19_fair, seen_19_fair, waits & (bank == bank_q), passed_q < PORTS - 1 + (others == 0))
      `COVER(seen_19_fair_is_tight, waits & (bank == bank_q) & (others != 0) & (passed_q == PORTS - 2))
    end
  endgenerate

  // 26: one access a bank in any BANK_CYCLES cycles. Accesses to the watched bank in the cycles before:
  reg [BANK_CYCLES:0] taken_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) taken_q <= 0;
    else taken_q <= (taken_q << 1) | (here != 0);
  end
  wire recent = (taken_q & ((1 << (BANK_CYCLES - 1)) - 1)) != 0;
  `PROPERTY(bad_26_one_access, seen_26_one_access, here != 0, (n == 1) & ~recent)
  `PROPERTY(bad_26_granted_asked, seen_26_granted_asked, granted, req_i[port_i])
  // A free bank that a port may have is not left idle.
  `PROPERTY(bad_26_no_idle_bank, seen_26_no_idle_bank, stall_conflict[port_i] & (bank == watched_i),
            (here != 0) | recent)

  // A domain is busy for BUSY cycles after a grant.
  reg [BUSY:0] used_q;
  wire [DOMAIN_BITS-1:0] domain_watched = watched_i / INTERLEAVE;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) used_q <= 0;
    else used_q <= (used_q << 1) | grant[domain_watched];
  end
  wire used = (used_q & ((1 << BUSY) - 1)) != 0;
  `PROPERTY(bad_25_busy, seen_25_busy, rst_ni & (req_i != 0),
            busy[domain_watched] == used)
  `PROPERTY(bad_25_grant_is_seen, seen_25_grant_is_seen, here != 0, grant[domain_watched])

endmodule
