// Request control: grant or stall, bank arbitration, in-order answers, for all ports together.
//
// A request is granted in the cycle in which its domain is ON, its bank is free (BANK_CYCLES cycles
// since the bank's last grant) and no other port precedes it: round robin per bank, the first
// requesting port at or after the bank's pointer, which then moves behind it. A request that no bank
// can serve (out of bounds, or to a domain in `reject_i`) is granted at once and answered with an error.
//
// Every grant is answered RD_LATENCY cycles later, so answers stay in order without a queue: one shift
// register a port carries who asked, and serves as the record of busy banks and domains too.
// Comparing ports with each other (P^2) instead of visiting every bank keeps this small for many banks.
module pgsram_req_ctrl #(
    parameter DOMAINS = 4,
    parameter BANKS = 8,
    parameter PORTS = 2,
    parameter RD_LATENCY = 1,
    parameter BANK_CYCLES = 1,
    parameter ID_BITS = 1,
    parameter DOMAIN_BITS = 2,
    parameter BANK_BITS = 3
) (
    input                          clk_i,
    input                          rst_ni,
    // Requests, with their decoded address.
    input  [            PORTS-1:0] req_i,
    input  [            PORTS-1:0] we_i,
    input  [    PORTS*ID_BITS-1:0] aid_i,
    input  [            PORTS-1:0] oob_i,
    input  [PORTS*DOMAIN_BITS-1:0] domain_i,
    input  [  PORTS*BANK_BITS-1:0] bank_i,
    output [            PORTS-1:0] gnt_o,
    // Domains: ON; answering with errors; not isolated.
    input  [          DOMAINS-1:0] on_i,
    input  [          DOMAINS-1:0] reject_i,
    input  [          DOMAINS-1:0] iso_ni,
    output [          DOMAINS-1:0] want_o,
    output [          DOMAINS-1:0] grant_o,
    output [          DOMAINS-1:0] busy_o,
    // Accesses: which port goes to its bank, and the same as one select per bank and port.
    output [            PORTS-1:0] access_o,
    output [      PORTS*BANKS-1:0] select_o,
    // Stalls of this cycle, by cause.
    output [            PORTS-1:0] stall_wake_o,
    output [            PORTS-1:0] stall_conflict_o,
    // Answers; the top adds the data of bank `rsp_bank_o` if `rsp_read_o`.
    output [            PORTS-1:0] rvalid_o,
    output [            PORTS-1:0] err_o,
    output [    PORTS*ID_BITS-1:0] rid_o,
    output [            PORTS-1:0] rsp_read_o,
    output [  PORTS*BANK_BITS-1:0] rsp_bank_o,
    // A request, an answer to come or a busy bank.
    output                         pending_o
);

  localparam PORT_BITS = (PORTS > 1) ? $clog2(PORTS) : 1;
  // Stages of the record, and how long an access keeps its domain busy.
  localparam DEPTH = (RD_LATENCY > BANK_CYCLES - 1) ? RD_LATENCY : BANK_CYCLES - 1;
  localparam BUSY = ((RD_LATENCY > BANK_CYCLES) ? RD_LATENCY : BANK_CYCLES) - 1;

  // A stage of the record: {id, domain, bank, read, access, valid}; `access` unless it is an error.
  localparam VALID = 0;
  localparam ACCESS = 1;
  localparam READ = 2;
  localparam BANK = 3;
  localparam DOMAIN = BANK + BANK_BITS;
  localparam ID = DOMAIN + DOMAIN_BITS;
  localparam ENTRY_BITS = ID + ID_BITS;
  localparam RECORD_BITS = DEPTH * ENTRY_BITS;

  localparam [DOMAINS-1:0] DOMAIN_ONE = 1;
  localparam [BANKS-1:0] BANK_ONE = 1;

  // Port p, granted k cycles ago: entry p * DEPTH + k - 1.
  wire [PORTS*RECORD_BITS-1:0] record;
  // For each port the pointer of the bank it asks for.
  wire [  PORTS*PORT_BITS-1:0] pointer;

  wire [            PORTS-1:0] served;  // the domain is ON
  wire [            PORTS-1:0] rejected;
  reg  [            PORTS-1:0] bank_busy;
  reg  [            PORTS-1:0] beaten;
  wire [            PORTS-1:0] ready = served & ~bank_busy;

  assign access_o = ready & ~beaten;
  assign gnt_o = access_o | rejected;
  assign stall_wake_o = req_i & ~served & ~rejected;
  assign stall_conflict_o = served & ~access_o;

  integer p, q, k;

  always @* begin
    bank_busy = {PORTS{1'b0}};
    for (p = 0; p < PORTS; p = p + 1) begin
      for (q = 0; q < PORTS; q = q + 1) begin
        for (k = 0; k < BANK_CYCLES - 1; k = k + 1) begin
          if (record[(q*DEPTH+k)*ENTRY_BITS+ACCESS] &
              (record[(q*DEPTH+k)*ENTRY_BITS+BANK+:BANK_BITS] == bank_i[p*BANK_BITS+:BANK_BITS]))
            bank_busy[p] = 1'b1;
        end
      end
    end
  end

  // Whether port `a` comes before port `b` in the cyclic order that starts at `first`.
  function precedes(input integer a, input integer b, input [PORT_BITS-1:0] first);
    integer at;
    begin
      at = {{32 - PORT_BITS{1'b0}}, first};
      precedes = (a < b) ? !(a < at && at <= b) : (b < at && at <= a);
    end
  endfunction

  always @* begin
    beaten = {PORTS{1'b0}};
    for (p = 0; p < PORTS; p = p + 1) begin
      for (q = 0; q < PORTS; q = q + 1) begin
        if (q != p && ready[q] && bank_i[q*BANK_BITS+:BANK_BITS] == bank_i[p*BANK_BITS+:BANK_BITS] &&
            precedes(q, p, pointer[p*PORT_BITS+:PORT_BITS]))
          beaten[p] = 1'b1;
      end
    end
  end

  // Per port: decode, record and answer.
  wire [PORTS*DOMAINS-1:0] want;
  wire [PORTS*DOMAINS-1:0] granted;
  wire [        PORTS-1:0] outstanding;

  genvar g;
  generate
    for (g = 0; g < PORTS; g = g + 1) begin : g_port
      wire [DOMAIN_BITS-1:0] domain = domain_i[g*DOMAIN_BITS+:DOMAIN_BITS];
      wire [BANK_BITS-1:0] bank = bank_i[g*BANK_BITS+:BANK_BITS];
      wire hit = req_i[g] & ~oob_i[g];
      assign served[g]   = hit & on_i[domain];
      assign rejected[g] = req_i[g] & (oob_i[g] | reject_i[domain]);

      assign want[g*DOMAINS+:DOMAINS]    = hit ? DOMAIN_ONE << domain : {DOMAINS{1'b0}};
      assign granted[g*DOMAINS+:DOMAINS] = access_o[g] ? DOMAIN_ONE << domain : {DOMAINS{1'b0}};
      assign select_o[g*BANKS+:BANKS]    = access_o[g] ? BANK_ONE << bank : {BANKS{1'b0}};

      reg [RECORD_BITS-1:0] record_q;
      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) record_q <= {RECORD_BITS{1'b0}};
        else begin
          record_q <= record_q << ENTRY_BITS;
          record_q[ENTRY_BITS-1:0] <= {
            aid_i[g*ID_BITS+:ID_BITS], domain, bank, ~we_i[g], access_o[g], gnt_o[g]
          };
        end
      end
      assign record[g*RECORD_BITS+:RECORD_BITS] = record_q;

      // A domain that lost its supply under an access is isolated when the answer is due; it cannot
      // be up again by then (RD_LATENCY is limited to 7 for this).
      wire [ENTRY_BITS-1:0] answer = record_q[(RD_LATENCY-1)*ENTRY_BITS+:ENTRY_BITS];
      wire sound = answer[ACCESS] & iso_ni[answer[DOMAIN+:DOMAIN_BITS]];
      assign rvalid_o[g] = answer[VALID];
      assign err_o[g] = answer[VALID] & ~sound;
      assign rid_o[g*ID_BITS+:ID_BITS] = answer[ID+:ID_BITS] & {ID_BITS{answer[VALID]}};
      assign rsp_read_o[g] = answer[READ] & sound;
      assign rsp_bank_o[g*BANK_BITS+:BANK_BITS] = answer[BANK+:BANK_BITS];

      reg open;
      integer s;
      always @* begin
        open = 1'b0;
        for (s = 0; s < DEPTH; s = s + 1) begin
          if (record_q[s*ENTRY_BITS+((s<RD_LATENCY)?VALID : ACCESS)]) open = 1'b1;
        end
      end
      assign outstanding[g] = open;
    end

    if (PORTS > 1) begin : g_pointers
      reg [BANKS*PORT_BITS-1:0] pointer_q;
      integer w;
      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) pointer_q <= {BANKS * PORT_BITS{1'b0}};
        else begin
          for (w = 0; w < PORTS; w = w + 1) begin
            if (access_o[w])
              pointer_q[bank_i[w*BANK_BITS+:BANK_BITS]*PORT_BITS+:PORT_BITS] <=
                  (w == PORTS - 1) ? {PORT_BITS{1'b0}} : w[PORT_BITS-1:0] + 1'b1;
          end
        end
      end
      for (g = 0; g < PORTS; g = g + 1) begin : g_pointer
        assign pointer[g*PORT_BITS+:PORT_BITS] =
            pointer_q[bank_i[g*BANK_BITS+:BANK_BITS]*PORT_BITS+:PORT_BITS];
      end
    end else begin : g_no_pointers
      assign pointer = 1'b0;
    end

    if (BUSY > 0) begin : g_busy
      reg [BUSY*DOMAINS-1:0] busy_q;
      reg [DOMAINS-1:0] busy;
      integer b;
      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) busy_q <= {BUSY * DOMAINS{1'b0}};
        else begin
          busy_q <= busy_q << DOMAINS;
          busy_q[DOMAINS-1:0] <= grant_o;
        end
      end
      always @* begin
        busy = {DOMAINS{1'b0}};
        for (b = 0; b < BUSY; b = b + 1) busy = busy | busy_q[b*DOMAINS+:DOMAINS];
      end
      assign busy_o = busy;
    end else begin : g_never_busy
      assign busy_o = {DOMAINS{1'b0}};
    end
  endgenerate

  // Over all ports.
  reg [DOMAINS-1:0] any_want, any_grant;
  always @* begin
    any_want  = {DOMAINS{1'b0}};
    any_grant = {DOMAINS{1'b0}};
    for (p = 0; p < PORTS; p = p + 1) begin
      any_want  = any_want | want[p*DOMAINS+:DOMAINS];
      any_grant = any_grant | granted[p*DOMAINS+:DOMAINS];
    end
  end
  assign want_o = any_want;
  assign grant_o = any_grant;
  assign pending_o = (|req_i) | (|outstanding);

endmodule
