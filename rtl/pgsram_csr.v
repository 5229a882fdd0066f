// SPDX-License-Identifier: MIT OR Apache-2.0
// Control and status registers, 64 bits each, on a bus of 32 bits: OBI with a grant in the same cycle and the answer in the
// next. Written by trapti from its register table (registers.md): do not edit.
//
// A change takes effect in the cycle after the write, each written word by itself. Reading the low word keeps the high word
// for a read of it that follows, so a pair read low first is of one cycle. What does not exist, is not aligned to words or
// cannot be written is answered with an error.
//
// The outputs are named like the inputs of pgsram_top that they drive, and the inputs like its outputs. `busy_o` is 1 with a
// request and its answer, and so with every pulse.
module pgsram_csr #(
    parameter DOMAINS = 4,
    parameter PORTS = 1,
    parameter TIME_BITS = 32,
    parameter SCHED_DEPTH = 0,
    parameter [TIME_BITS-1:0] THRESHOLD_LIGHT = 0,
    parameter [TIME_BITS-1:0] THRESHOLD_RET = 0,
    parameter [TIME_BITS-1:0] THRESHOLD_OFF = 0
) (
    input clk_i,
    input rst_ni,
    input csr_req_i,
    output csr_gnt_o,
    input [8:0] csr_addr_i,
    input csr_we_i,
    input [3:0] csr_be_i,
    input [31:0] csr_wdata_i,
    output csr_rvalid_o,
    output [31:0] csr_rdata_o,
    output csr_err_o,
    output busy_o,
    input [TIME_BITS-1:0] now_i,
    input quiescent_i,
    output [DOMAINS-1:0] live_o,
    output [DOMAINS-1:0] force_on_o,
    output [DOMAINS-1:0] force_off_o,
    output [DOMAINS-1:0] fault_clear_o,
    output [TIME_BITS-1:0] threshold_light_o,
    output [TIME_BITS-1:0] threshold_ret_o,
    output [TIME_BITS-1:0] threshold_off_o,
    input [DOMAINS-1:0] fault_i,
    input [DOMAINS-1:0] lost_live_i,
    output count_clear_o,
    output [15:0] count_sel_o,
    input [63:0] count_i,
    input [4*DOMAINS-1:0] state_i,
    output [TIME_BITS-1:0] sched_delta_o,
    output [8:0] sched_entry_o,
    output sched_filled_o,
    output sched_start_o,
    output sched_clear_o,
    input [2:0] sched_status_i
);

  // Fewer bits than 64, with zeros.
  function [63:0] of_domains(input [DOMAINS-1:0] bits);
    integer i;
    begin
      of_domains = 64'd0;
      for (i = 0; i < DOMAINS; i = i + 1) of_domains[i] = bits[i];
    end
  endfunction

  function [63:0] of_time(input [TIME_BITS-1:0] bits);
    integer i;
    begin
      of_time = 64'd0;
      for (i = 0; i < TIME_BITS; i = i + 1) of_time[i] = bits[i];
    end
  endfunction

  function [63:0] of_states(input [4*DOMAINS-1:0] bits, input integer first);
    integer i;
    begin
      of_states = 64'd0;
      for (i = 0; i < 64; i = i + 1) if (first + i < 4 * DOMAINS) of_states[i] = bits[first+i];
    end
  endfunction

  // The register that is addressed: its value, and the value after a write.
  wire [5:0] index = csr_addr_i[8:3];
  wire high = csr_addr_i[2];
  wire [31:0] mask = {{8{csr_be_i[3]}}, {8{csr_be_i[2]}}, {8{csr_be_i[1]}}, {8{csr_be_i[0]}}};
  wire [63:0] changes = high ? {mask, 32'd0} : {32'd0, mask};
  reg [63:0] value;
  reg exists, writable;
  wire sound = exists & (writable | ~csr_we_i) & (csr_addr_i[1:0] == 2'b00);
  wire write = csr_gnt_o & csr_we_i & sound;
  wire [63:0] next = (value & ~changes) | ({2{csr_wdata_i}} & changes);
  wire unused_next = &{1'b0, next};

  // The answer. Nothing is granted in reset.
  reg up_q, rvalid_q, err_q;
  reg [31:0] rdata_q, high_q;
  wire read = csr_gnt_o & ~csr_we_i & sound;
  assign csr_gnt_o = csr_req_i & up_q;
  assign csr_rvalid_o = rvalid_q;
  assign csr_rdata_o = rdata_q;
  assign csr_err_o = err_q;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      up_q <= 1'b0;
      rvalid_q <= 1'b0;
      err_q <= 1'b0;
      rdata_q <= 32'd0;
      high_q <= 32'd0;
    end else begin
      up_q <= 1'b1;
      rvalid_q <= csr_gnt_o;
      err_q <= csr_gnt_o & ~sound;
      rdata_q <= !read ? 32'd0 : high ? high_q : value[31:0];
      if (read & ~high) high_q <= value[63:32];
    end
  end

  // The table.
  reg [DOMAINS-1:0] live_q;
  reg [DOMAINS-1:0] force_on_q;
  reg [DOMAINS-1:0] force_off_q;
  reg [DOMAINS-1:0] fault_clear_q;
  reg [TIME_BITS-1:0] threshold_light_q;
  reg [TIME_BITS-1:0] threshold_ret_q;
  reg [TIME_BITS-1:0] threshold_off_q;
  reg count_clear_q;
  reg [15:0] count_sel_q;
  reg [TIME_BITS-1:0] sched_delta_q;
  reg [8:0] sched_entry_q;
  reg sched_filled_q;
  reg sched_start_q;
  reg sched_clear_q;
  always @* begin
    exists = 1'b1;
    writable = 1'b0;
    case (index)
      6'd0: value = 64'h50475352;  // IDENTITY
      6'd1: value = 64'h1;  // VERSION
      6'd2: value = {32'd0, DOMAINS[31:0]};  // DOMAINS
      6'd3: value = {32'd0, PORTS[31:0]};  // PORTS
      6'd4: value = {32'd0, TIME_BITS[31:0]};  // TIME_BITS
      6'd5: value = of_time(now_i);  // NOW
      6'd6: value = {63'd0, quiescent_i};  // QUIESCENT
      6'd7: begin  // LIVE
        value = of_domains(live_q);
        writable = 1'b1;
      end
      6'd8: begin  // FORCE_ON
        value = of_domains(force_on_q);
        writable = 1'b1;
      end
      6'd9: begin  // FORCE_OFF
        value = of_domains(force_off_q);
        writable = 1'b1;
      end
      6'd10: begin  // FAULT_CLEAR
        value = 64'd0;
        writable = 1'b1;
      end
      6'd11: begin  // THRESHOLD_LIGHT
        value = of_time(threshold_light_q);
        writable = 1'b1;
      end
      6'd12: begin  // THRESHOLD_RET
        value = of_time(threshold_ret_q);
        writable = 1'b1;
      end
      6'd13: begin  // THRESHOLD_OFF
        value = of_time(threshold_off_q);
        writable = 1'b1;
      end
      6'd14: value = of_domains(fault_i);  // FAULT
      6'd15: value = of_domains(lost_live_i);  // LOST_LIVE
      6'd16: begin  // COUNT_CLEAR
        value = 64'd0;
        writable = 1'b1;
      end
      6'd17: begin  // COUNT_SELECT
        value = {48'd0, count_sel_q};
        writable = 1'b1;
      end
      6'd18: value = count_i;  // COUNT
      6'd19: value = of_states(state_i, 0);  // STATE_0
      6'd20: value = of_states(state_i, 64);  // STATE_1
      6'd21: value = of_states(state_i, 128);  // STATE_2
      6'd22: value = of_states(state_i, 192);  // STATE_3
      6'd23: value = {32'd0, SCHED_DEPTH[31:0]};  // SCHED_DEPTH
      6'd24: begin  // SCHED_DELTA
        value = of_time(sched_delta_q);
        writable = 1'b1;
      end
      6'd25: begin  // SCHED_ENTRY
        value = 64'd0;
        writable = 1'b1;
      end
      6'd26: begin  // SCHED_FILLED
        value = 64'd0;
        writable = 1'b1;
      end
      6'd27: begin  // SCHED_START
        value = 64'd0;
        writable = 1'b1;
      end
      6'd28: begin  // SCHED_CLEAR
        value = 64'd0;
        writable = 1'b1;
      end
      6'd29: value = {61'd0, sched_status_i};  // SCHED_STATUS
      default: begin
        value = 64'd0;
        exists = 1'b0;
      end
    endcase
  end

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      live_q <= {DOMAINS{1'b0}};
      force_on_q <= {DOMAINS{1'b0}};
      force_off_q <= {DOMAINS{1'b0}};
      fault_clear_q <= {DOMAINS{1'b0}};
      threshold_light_q <= THRESHOLD_LIGHT;
      threshold_ret_q <= THRESHOLD_RET;
      threshold_off_q <= THRESHOLD_OFF;
      count_clear_q <= 1'd0;
      count_sel_q <= 16'd0;
      sched_delta_q <= {TIME_BITS{1'b0}};
      sched_entry_q <= 9'd0;
      sched_filled_q <= 1'd0;
      sched_start_q <= 1'd0;
      sched_clear_q <= 1'd0;
    end else begin
      if (write & (index == 6'd7)) live_q <= next[DOMAINS-1:0];
      if (write & (index == 6'd8)) force_on_q <= next[DOMAINS-1:0];
      if (write & (index == 6'd9)) force_off_q <= next[DOMAINS-1:0];
      fault_clear_q <= (write & (index == 6'd10)) ? next[DOMAINS-1:0] : {DOMAINS{1'b0}};
      if (write & (index == 6'd11)) threshold_light_q <= next[TIME_BITS-1:0];
      if (write & (index == 6'd12)) threshold_ret_q <= next[TIME_BITS-1:0];
      if (write & (index == 6'd13)) threshold_off_q <= next[TIME_BITS-1:0];
      count_clear_q <= (write & (index == 6'd16)) ? next[0] : 1'd0;
      if (write & (index == 6'd17)) count_sel_q <= next[15:0];
      if (write & (index == 6'd24)) sched_delta_q <= next[TIME_BITS-1:0];
      sched_entry_q <= (write & (index == 6'd25)) ? next[8:0] : 9'd0;
      sched_filled_q <= (write & (index == 6'd26)) ? next[0] : 1'd0;
      sched_start_q <= (write & (index == 6'd27)) ? next[0] : 1'd0;
      sched_clear_q <= (write & (index == 6'd28)) ? next[0] : 1'd0;
    end
  end

  assign live_o = live_q;
  assign force_on_o = force_on_q;
  assign force_off_o = force_off_q;
  assign fault_clear_o = fault_clear_q;
  assign threshold_light_o = threshold_light_q;
  assign threshold_ret_o = threshold_ret_q;
  assign threshold_off_o = threshold_off_q;
  assign count_clear_o = count_clear_q;
  assign count_sel_o = count_sel_q;
  assign sched_delta_o = sched_delta_q;
  assign sched_entry_o = sched_entry_q;
  assign sched_filled_o = sched_filled_q;
  assign sched_start_o = sched_start_q;
  assign sched_clear_o = sched_clear_q;
  assign busy_o = csr_req_i | rvalid_q;

endmodule
