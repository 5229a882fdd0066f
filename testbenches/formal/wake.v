// Bounded wake: a request waits at most WAKE cycles, the closed formula of docs/wake.md, and a request that waits for all
// of them exists. Domain controllers, their acknowledges, wake arbiter and request control together.
//
// What the policy does is what policy.v proves of it: a domain that is asked for aims at ON, and its shortest stay is over
// T_MIN_OFF cycles after the first one down; everything else about targets is free. The watched domain is not forced off
// and does not end in FAULT; the others fault, are forced off and lose their rails as they like. Requests stay until granted.
`include "property.vh"

module fv #(
    parameter DOMAINS = 1,
    parameter PORTS = 1,
    parameter WATCHED = 0,  // the domain; its port is 0
    parameter MAX_WAKING = 1,
    parameter BANK_CYCLES = 1,
    parameter RD_LATENCY = 1,
    parameter HAS_RETENTION = 1,
    parameter SYNC_STAGES = 1,
    parameter T_ISO = 1,
    parameter T_SETTLE_OFF = 1,
    parameter T_SETTLE_RET = 1,
    parameter T_RET = 1,
    parameter T_ACK_MAX = 2,
    parameter T_MIN_OFF = 0,
    parameter BITS = 7,  // of the counters here
    parameter DOMAIN_BITS = (DOMAINS > 1) ? $clog2(DOMAINS) : 1
) (
    input                         clk_i,
    input                         rst_ni,
    input [            PORTS-1:0] req_i,
    input [PORTS*DOMAIN_BITS-1:0] domain_i,
    input [        2*DOMAINS-1:0] target_i,
    input [          DOMAINS-1:0] force_off_i,
    input [          DOMAINS-1:0] fault_clear_i,
    input [          DOMAINS-1:0] min_ok_i,
    input [          DOMAINS-1:0] pin_i
);

  `NEVER

  localparam [3:0] OFF = 0, RET = 1, ARB = 2, SW_ON = 3, SETTLE = 4, UNRET = 5, UNISO = 6, ON = 7, LIGHT = 8,
      LIGHT_EXIT = 9, DRAIN = 10, ISO = 11, SET_RET = 12, SW_OFF = 13, FAULT = 14;

  // The formula. A state lasts one cycle at least.
  localparam ISO_CYCLES = T_ISO > 1 ? T_ISO : 1;
  localparam OFF_CYCLES = T_SETTLE_OFF > 1 ? T_SETTLE_OFF : 1;
  localparam RET_CYCLES = T_RET > 1 ? T_RET : 1;
  localparam KEPT_CYCLES = HAS_RETENTION ? (T_SETTLE_RET > 1 ? T_SETTLE_RET : 1) : 0;
  localparam UP_RET = HAS_RETENTION ? KEPT_CYCLES + RET_CYCLES : 0;
  localparam UP = (OFF_CYCLES > UP_RET ? OFF_CYCLES : UP_RET) + ISO_CYCLES;
  // A slot, and the wait for one.
  localparam SLOT = T_ACK_MAX + (OFF_CYCLES > KEPT_CYCLES ? OFF_CYCLES : KEPT_CYCLES);
  localparam ROOM = MAX_WAKING < SLOT + 1 ? MAX_WAKING : SLOT + 1;
  localparam OTHERS = DOMAINS - 1;
  localparam QUEUE = (MAX_WAKING == 1 || MAX_WAKING >= OTHERS)
      ? (OTHERS / ROOM) * (SLOT + 1) + OTHERS % ROOM : OTHERS + ((OTHERS + MAX_WAKING) * SLOT) / MAX_WAKING;
  localparam ARRIVE = T_MIN_OFF + 1 + QUEUE + 1 + T_ACK_MAX + UP;  // from OFF or RET to ON
  localparam TURN = T_ACK_MAX + ARRIVE;
  localparam WAKE = (PORTS - 1) * BANK_CYCLES + (TURN > BANK_CYCLES - 1 ? TURN : BANK_CYCLES - 1);

  wire [4*DOMAINS-1:0] state;
  wire [DOMAINS-1:0] on, failed, want, grant, busy, wake_req, waking, slot, iso_n, ret, ack;
  wire [PORTS-1:0] gnt;

  genvar d;
  generate
    for (d = 0; d < DOMAINS; d = d + 1) begin : g_domain
      pgsram_sync #(.STAGES(SYNC_STAGES)) u_sync (
          .clk_i(clk_i), .rst_ni(rst_ni), .async_i(pin_i[d]), .sync_o(ack[d])
      );
      pgsram_domain_ctrl #(
          .T_ISO(T_ISO), .T_SETTLE_OFF(T_SETTLE_OFF), .T_SETTLE_RET(T_SETTLE_RET), .T_RET(T_RET),
          .T_ACK_MAX(T_ACK_MAX)
      ) u_ctrl (
          .clk_i(clk_i), .rst_ni(rst_ni), .scan_mode_i(1'b0), .target_i(target_i[2*d+:2]),
          .force_off_i(force_off_i[d]), .min_ok_i(min_ok_i[d]), .busy_i(busy[d]), .ack_i(ack[d]),
          .fault_clear_i(fault_clear_i[d]), .wake_req_o(wake_req[d]), .waking_o(waking[d]), .slot_i(slot[d]),
          .iso_no(iso_n[d]), .ret_o(ret[d]), .state_o(state[4*d+:4]), .on_o(on[d]), .failed_o(failed[d])
      );
    end
  endgenerate

  pgsram_wake_arb #(.DOMAINS(DOMAINS), .MAX_WAKING(MAX_WAKING)) u_wake_arb (
      .clk_i(clk_i), .rst_ni(rst_ni), .req_i(wake_req), .waking_i(waking), .slot_o(slot)
  );

  // One bank a domain: its ports can only be more in each other's way.
  pgsram_req_ctrl #(
      .DOMAINS(DOMAINS), .BANKS(DOMAINS), .PORTS(PORTS), .RD_LATENCY(RD_LATENCY), .BANK_CYCLES(BANK_CYCLES),
      .ID_BITS(1), .DOMAIN_BITS(DOMAIN_BITS), .BANK_BITS(DOMAIN_BITS)
  ) u_req_ctrl (
      .clk_i(clk_i), .rst_ni(rst_ni), .req_i(req_i), .we_i({PORTS{1'b0}}), .aid_i({PORTS{1'b0}}),
      .oob_i({PORTS{1'b0}}), .domain_i(domain_i), .bank_i(domain_i), .gnt_o(gnt), .on_i(on),
      .reject_i(~on & (failed | force_off_i)), .iso_ni(iso_n), .want_o(want), .grant_o(grant), .busy_o(busy)
  );

  // The environment.
  reg begun_q = 0;
  reg [PORTS-1:0] waits_q;
  reg [PORTS*DOMAIN_BITS-1:0] domain_q;
  always @(posedge clk_i) begin
    begun_q  <= 1;
    waits_q  <= req_i & ~gnt & {PORTS{rst_ni}};
    domain_q <= domain_i;
  end

  reg [BITS-1:0] down_q[0:DOMAINS-1];  // cycles down before this one, saturating
  integer i, p;
  always @(posedge clk_i) begin
    for (i = 0; i < DOMAINS; i = i + 1) begin
      if (!rst_ni || state[4*i+:4] > RET) down_q[i] <= 0;
      else if (down_q[i] < T_MIN_OFF) down_q[i] <= down_q[i] + 1;
    end
  end

  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (!rst_ni) assume (req_i == 0);
    for (p = 0; p < PORTS; p = p + 1) begin
      assume (domain_i[p*DOMAIN_BITS+:DOMAIN_BITS] < DOMAINS);
      if (begun_q && rst_ni && waits_q[p])
        assume (req_i[p] && domain_i[p*DOMAIN_BITS+:DOMAIN_BITS] == domain_q[p*DOMAIN_BITS+:DOMAIN_BITS]);
    end
    assume (domain_i[DOMAIN_BITS-1:0] == WATCHED);
    assume (!force_off_i[WATCHED] && !failed[WATCHED]);
    for (i = 0; i < DOMAINS; i = i + 1) begin
      if (force_off_i[i]) assume (target_i[2*i+:2] == 0);
      else if (want[i]) assume (target_i[2*i+:2] == 3);
      if (HAS_RETENTION == 0) assume (target_i[2*i+:2] != 1);
      if (begun_q && down_q[i] == T_MIN_OFF) assume (min_ok_i[i]);
    end
  end

  // Cycles that the request waited before this one.
  wire stalled = rst_ni & req_i[0] & ~gnt[0];
  reg [BITS-1:0] waited_q = 0;
  always @(posedge clk_i) waited_q <= stalled ? waited_q + 1'b1 : 0;

  `PROPERTY(bad_11_wakes, seen_11_wakes, stalled, waited_q < WAKE)
  `COVER(seen_11_is_tight, stalled & (waited_q == WAKE - 1))

endmodule
