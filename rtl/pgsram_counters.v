// Counters: cycles per class and transitions per domain, stalls per domain and port, accesses.
//
// Index of `select_i`: 32 * domain + k, then 32 * DOMAINS + 2 * port + k.
//
//   domain, k = 0..4    cycles of class OFF RET LIGHT FAULT ON
//             k = 5..12 off_on ret_on on_off on_ret ret_off on_light light_on aborted
//             k = 13,14 stalled requests: domain not ON (wake), else (conflict)
//             k = 15,16 reads, writes granted (COUNTERS = 2)
//   port,     k = 0,1   stalled cycles: wake, conflict
//
// Anything else reads 0. What is read in cycle n covers the cycles before n, so a host that sets
// `now_i` to the end of its run reads the totals. `clear_i` in cycle n restarts with cycle n included.
//
// A class counter subtracts the time on entry and adds it on exit, so it needs no work in between and
// is right when time jumps. Counters have TIME_BITS bits and wrap.
module pgsram_counters #(
    parameter DOMAINS = 4,
    parameter PORTS = 2,
    parameter DOMAIN_BITS = 2,
    parameter TIME_BITS = 32,
    parameter COUNTERS = 1
) (
    input                          clk_i,
    input                          rst_ni,
    input  [        TIME_BITS-1:0] now_i,
    input                          clear_i,
    // Domains.
    input  [        3*DOMAINS-1:0] class_i,
    input  [        8*DOMAINS-1:0] event_i,
    input  [          DOMAINS-1:0] want_i,
    // Ports.
    input  [PORTS*DOMAIN_BITS-1:0] domain_i,
    input  [            PORTS-1:0] we_i,
    input  [            PORTS-1:0] access_i,
    input  [            PORTS-1:0] stall_wake_i,
    input  [            PORTS-1:0] stall_conflict_i,
    // Reading.
    input  [                 15:0] select_i,
    output [                 63:0] count_o
);

  generate
    if (COUNTERS == 0) begin : g_none
      assign count_o = 64'd0;
      wire unused_inputs = &{1'b0, clk_i, rst_ni, now_i, clear_i, class_i, event_i, want_i, domain_i,
                             we_i, access_i, stall_wake_i, stall_conflict_i, select_i};
    end else begin : g_counters
      localparam CLASSES = 5;
      localparam EVENTS = 8;
      localparam STALLS = CLASSES + EVENTS;
      localparam ACCESSES = STALLS + 2;
      localparam KINDS = (COUNTERS > 1) ? ACCESSES + 2 : ACCESSES;
      localparam [2:0] CLASS_ON = 3'd4;

      (* mem2reg *) reg [TIME_BITS-1:0] domain_q[0:DOMAINS*KINDS-1];
      (* mem2reg *) reg [TIME_BITS-1:0] port_q[0:PORTS*2-1];
      reg [3*DOMAINS-1:0] class_q;  // of the cycle before

      // Counting starts with the first cycle after reset, whatever the time is then.
      reg first_q;
      wire restart = clear_i | first_q;

      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          first_q <= 1'b1;
          class_q <= {DOMAINS{CLASS_ON}};
        end else begin
          first_q <= 1'b0;
          class_q <= class_i;
        end
      end

      function [TIME_BITS-1:0] add(input [TIME_BITS-1:0] old, input [TIME_BITS-1:0] more, input fresh);
        add = (fresh ? {TIME_BITS{1'b0}} : old) + more;
      endfunction

      function [TIME_BITS-1:0] one(input flag);
        one = {{TIME_BITS - 1{1'b0}}, flag};
      endfunction

      // How many ports raise a flag for this domain.
      function [TIME_BITS-1:0] ones(input [PORTS-1:0] flags, input [DOMAIN_BITS-1:0] domain);
        integer i;
        begin
          ones = {TIME_BITS{1'b0}};
          for (i = 0; i < PORTS; i = i + 1) begin
            if (flags[i] & (domain_i[i*DOMAIN_BITS+:DOMAIN_BITS] == domain)) ones = ones + 1'b1;
          end
        end
      endfunction

      genvar d, p;
      for (d = 0; d < DOMAINS; d = d + 1) begin : g_domain
        localparam BASE = d * KINDS;
        localparam [DOMAIN_BITS-1:0] THIS = d;
        wire [2:0] class_now = class_i[3*d+:3];
        wire [2:0] class_before = class_q[3*d+:3];
        wire [7:0] happened = event_i[8*d+:8];
        integer k;

        always @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) begin
            for (k = 0; k < KINDS; k = k + 1) domain_q[BASE+k] <= {TIME_BITS{1'b0}};
          end else begin
            if (restart | (class_now != class_before)) begin
              for (k = 0; k < CLASSES; k = k + 1) begin
                if (class_now == k[2:0]) domain_q[BASE+k] <= add(domain_q[BASE+k], -now_i, restart);
                else if (restart) domain_q[BASE+k] <= {TIME_BITS{1'b0}};
                else if (class_before == k[2:0]) domain_q[BASE+k] <= domain_q[BASE+k] + now_i;
              end
            end
            if (restart | (|happened)) begin
              for (k = 0; k < EVENTS; k = k + 1) begin
                domain_q[BASE+CLASSES+k] <= add(domain_q[BASE+CLASSES+k], one(happened[k]), restart);
              end
            end
            if (restart | want_i[d]) begin
              domain_q[BASE+STALLS] <= add(domain_q[BASE+STALLS], ones(stall_wake_i, THIS), restart);
              domain_q[BASE+STALLS+1] <=
                  add(domain_q[BASE+STALLS+1], ones(stall_conflict_i, THIS), restart);
              if (COUNTERS > 1) begin
                domain_q[BASE+ACCESSES] <=
                    add(domain_q[BASE+ACCESSES], ones(access_i & ~we_i, THIS), restart);
                domain_q[BASE+ACCESSES+1] <=
                    add(domain_q[BASE+ACCESSES+1], ones(access_i & we_i, THIS), restart);
              end
            end
          end
        end
      end

      for (p = 0; p < PORTS; p = p + 1) begin : g_port
        always @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) begin
            port_q[2*p]   <= {TIME_BITS{1'b0}};
            port_q[2*p+1] <= {TIME_BITS{1'b0}};
          end else begin
            if (restart | stall_wake_i[p]) port_q[2*p] <= add(port_q[2*p], one(stall_wake_i[p]), restart);
            if (restart | stall_conflict_i[p])
              port_q[2*p+1] <= add(port_q[2*p+1], one(stall_conflict_i[p]), restart);
          end
        end
      end

      // Reading.
      wire [31:0] index = {16'd0, select_i};
      wire [31:0] domain = index >> 5;
      wire [31:0] kind = index & 32'd31;
      wire [31:0] port = index - 32 * DOMAINS;
      wire is_domain = (domain < DOMAINS) & (kind < KINDS);
      wire is_port = (index >= 32 * DOMAINS) & (port < 2 * PORTS);
      wire running = is_domain & (kind < CLASSES) & ~first_q & (class_q[3*domain+:3] == kind[2:0]);

      wire [TIME_BITS-1:0] stored =
          is_domain ? domain_q[domain*KINDS+kind] : is_port ? port_q[port] : {TIME_BITS{1'b0}};
      wire [TIME_BITS-1:0] value = running ? stored + now_i : stored;

      if (TIME_BITS < 64) begin : g_extend
        assign count_o = {{64 - TIME_BITS{1'b0}}, value};
      end else begin : g_whole
        assign count_o = value;
      end
    end
  endgenerate

endmodule
