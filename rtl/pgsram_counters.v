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
    input  [        4*DOMAINS-1:0] state_i,
    input  [          DOMAINS-1:0] ret_i,
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
      wire unused_inputs = &{1'b0, clk_i, rst_ni, now_i, clear_i, state_i, ret_i, want_i, domain_i,
                             we_i, access_i, stall_wake_i, stall_conflict_i, select_i};
    end else begin : g_counters
      localparam [3:0] OFF = 4'd0;
      localparam [3:0] RET = 4'd1;
      localparam [3:0] ARB = 4'd2;
      localparam [3:0] SW_ON = 4'd3;
      localparam [3:0] UNRET = 4'd5;
      localparam [3:0] UNISO = 4'd6;
      localparam [3:0] ON = 4'd7;
      localparam [3:0] LIGHT = 4'd8;
      localparam [3:0] LIGHT_EXIT = 4'd9;
      localparam [3:0] DRAIN = 4'd10;
      localparam [3:0] ISO = 4'd11;
      localparam [3:0] SET_RET = 4'd12;
      localparam [3:0] SW_OFF = 4'd13;
      localparam [3:0] FAULT = 4'd14;

      localparam CLASSES = 5;
      localparam EVENTS = 8;
      localparam STALLS = CLASSES + EVENTS;
      localparam ACCESSES = STALLS + 2;
      localparam KINDS = (COUNTERS > 1) ? ACCESSES + 2 : ACCESSES;

      (* mem2reg *) reg [TIME_BITS-1:0] domain_q[0:DOMAINS*KINDS-1];
      (* mem2reg *) reg [TIME_BITS-1:0] port_q[0:PORTS*2-1];

      // States of the cycle before. Counting starts with the first cycle after reset, whatever the time
      // is then.
      reg [4*DOMAINS-1:0] state_q;
      reg [DOMAINS-1:0] ret_q;
      reg first_q;
      wire restart = clear_i | first_q;

      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          state_q <= {DOMAINS{SW_OFF}};
          ret_q   <= {DOMAINS{1'b0}};
          first_q <= 1'b1;
        end else begin
          state_q <= state_i;
          ret_q   <= ret_i;
          first_q <= 1'b0;
        end
      end

      function [2:0] class_of(input [3:0] state, input from_ret);
        case (state)
          OFF: class_of = 3'd0;
          RET: class_of = 3'd1;
          ARB: class_of = from_ret ? 3'd1 : 3'd0;
          LIGHT: class_of = 3'd2;
          FAULT: class_of = 3'd3;
          default: class_of = 3'd4;
        endcase
      endfunction

      // The transition whose first cycle this is, one bit each in the order of the index map.
      function [EVENTS-1:0] events(input [3:0] was, input [3:0] is, input from_ret);
        events = {
          (was == DRAIN && is == ON) || (was == ISO && is == UNISO) || (was == SET_RET && is == UNRET),
          was == LIGHT && is == LIGHT_EXIT,
          was == ON && is == LIGHT,
          (was == RET || (was == ARB && from_ret)) && is == OFF,
          was == SW_OFF && is == RET,
          was == SW_OFF && is == OFF,
          was == ARB && is == SW_ON && from_ret,
          was == ARB && is == SW_ON && !from_ret
        };
      endfunction

      function [TIME_BITS-1:0] one(input flag);
        one = {{TIME_BITS - 1{1'b0}}, flag};
      endfunction

      function [TIME_BITS-1:0] ones(input [PORTS-1:0] flags);
        integer i;
        begin
          ones = {TIME_BITS{1'b0}};
          for (i = 0; i < PORTS; i = i + 1) ones = ones + one(flags[i]);
        end
      endfunction

      // One process for all counters, so that a cycle in which nothing happens costs a simulator
      // nothing. It updates them in place: only `count_o` reads them elsewhere.
      integer d, k, p;
      reg [2:0] was, is;
      reg [EVENTS-1:0] happened;
      reg [PORTS-1:0] here;

      always @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          for (k = 0; k < DOMAINS * KINDS; k = k + 1) domain_q[k] = {TIME_BITS{1'b0}};
          for (k = 0; k < PORTS * 2; k = k + 1) port_q[k] = {TIME_BITS{1'b0}};
        end else begin
          if (restart) begin
            for (d = 0; d < DOMAINS; d = d + 1) begin
              for (k = 0; k < KINDS; k = k + 1) domain_q[d*KINDS+k] = {TIME_BITS{1'b0}};
              is = class_of(state_i[4*d+:4], ret_i[d]);
              for (k = 0; k < CLASSES; k = k + 1) if (is == k[2:0]) domain_q[d*KINDS+k] = -now_i;
            end
            for (k = 0; k < PORTS * 2; k = k + 1) port_q[k] = {TIME_BITS{1'b0}};
          end

          if (state_i != state_q) begin
            for (d = 0; d < DOMAINS; d = d + 1) begin
              if (state_i[4*d+:4] != state_q[4*d+:4]) begin
                was = class_of(state_q[4*d+:4], ret_q[d]);
                is = class_of(state_i[4*d+:4], ret_i[d]);
                happened = events(state_q[4*d+:4], state_i[4*d+:4], ret_q[d]);
                for (k = 0; k < CLASSES; k = k + 1) begin
                  if (was != is && !restart) begin
                    if (was == k[2:0]) domain_q[d*KINDS+k] = domain_q[d*KINDS+k] + now_i;
                    if (is == k[2:0]) domain_q[d*KINDS+k] = domain_q[d*KINDS+k] - now_i;
                  end
                end
                for (k = 0; k < EVENTS; k = k + 1) begin
                  domain_q[d*KINDS+CLASSES+k] = domain_q[d*KINDS+CLASSES+k] + one(happened[k]);
                end
              end
            end
          end

          if (|want_i) begin
            for (d = 0; d < DOMAINS; d = d + 1) begin
              if (want_i[d]) begin
                for (p = 0; p < PORTS; p = p + 1) begin
                  here[p] = domain_i[p*DOMAIN_BITS+:DOMAIN_BITS] == d[DOMAIN_BITS-1:0];
                end
                domain_q[d*KINDS+STALLS] = domain_q[d*KINDS+STALLS] + ones(here & stall_wake_i);
                domain_q[d*KINDS+STALLS+1] =
                    domain_q[d*KINDS+STALLS+1] + ones(here & stall_conflict_i);
                if (COUNTERS > 1) begin
                  domain_q[d*KINDS+ACCESSES] =
                      domain_q[d*KINDS+ACCESSES] + ones(here & access_i & ~we_i);
                  domain_q[d*KINDS+ACCESSES+1] =
                      domain_q[d*KINDS+ACCESSES+1] + ones(here & access_i & we_i);
                end
              end
            end
            for (p = 0; p < PORTS; p = p + 1) begin
              port_q[2*p] = port_q[2*p] + one(stall_wake_i[p]);
              port_q[2*p+1] = port_q[2*p+1] + one(stall_conflict_i[p]);
            end
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
      wire running = is_domain & (kind < CLASSES) & ~first_q &
          (class_of(state_q[4*domain+:4], ret_q[domain]) == kind[2:0]);

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
