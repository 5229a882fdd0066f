// Self-checking bench of pgsram_csr on pgsram_top, with the offsets and reset values of the C header: reset values
// read back through the bus, writes by byte, pairs read in one cycle, errors, and what the registers do to the memory.
// Ends with PASS or FAIL. The header becomes Verilog first:
//
//   sed -n 's/^#define \([A-Z0-9_]*\) 0x\([0-9a-f]*\)u$/`define \1 64'"'"'h\2/p' \
//     rtl/registers/pgsram_registers.h > pgsram_registers.vh
//   iverilog -g2005 -I. -s pgsram_csr_tb -o sim rtl/*.v testbenches/pgsram_csr_tb.v && vvp -n sim
`include "pgsram_registers.vh"

module pgsram_csr_tb;

  parameter DOMAINS = 5;
  parameter TIME_BITS = 64;

  localparam PORTS = 2;
  localparam SCHED_DEPTH = 3;
  localparam [3:0] OFF = 4'd0;
  localparam [3:0] ON = 4'd7;
  localparam [3:0] LIGHT = 4'd8;
  localparam [63:0] ALL_DOMAINS = {64{1'b1}} >> (64 - DOMAINS);
  localparam [63:0] ALL_TIME = {64{1'b1}} >> (64 - TIME_BITS);
  localparam [TIME_BITS-1:0] RESET_LIGHT = 11;
  localparam [TIME_BITS-1:0] RESET_RET = 22;
  localparam [TIME_BITS-1:0] RESET_OFF = 33;

  reg clk, rst_n;
  reg [TIME_BITS-1:0] now;
  reg req, we;
  reg [8:0] addr;
  reg [3:0] be;
  reg [31:0] wdata;
  wire gnt, rvalid, err, busy;
  wire [31:0] rdata;

  wire [DOMAINS-1:0] live, force_on, force_off, fault_clear, fault, lost_live, sw;
  wire [TIME_BITS-1:0] threshold_light, threshold_ret, threshold_off;
  wire [4*DOMAINS-1:0] state;
  wire count_clear, quiescent;
  wire [15:0] count_sel;
  wire [63:0] count;
  wire [TIME_BITS-1:0] sched_delta;
  wire [8:0] sched_entry;
  wire sched_filled, sched_start, sched_clear;
  wire [2:0] sched_status;
  reg [DOMAINS-1:0] ack;
  reg stuck;  // the acknowledge does not come

  pgsram_csr #(
      .DOMAINS(DOMAINS),
      .PORTS(PORTS),
      .TIME_BITS(TIME_BITS),
      .SCHED_DEPTH(SCHED_DEPTH),
      .THRESHOLD_LIGHT(RESET_LIGHT),
      .THRESHOLD_RET(RESET_RET),
      .THRESHOLD_OFF(RESET_OFF)
  ) u_csr (
      .clk_i(clk),
      .rst_ni(rst_n),
      .csr_req_i(req),
      .csr_gnt_o(gnt),
      .csr_addr_i(addr),
      .csr_we_i(we),
      .csr_be_i(be),
      .csr_wdata_i(wdata),
      .csr_rvalid_o(rvalid),
      .csr_rdata_o(rdata),
      .csr_err_o(err),
      .busy_o(busy),
      .now_i(now),
      .quiescent_i(quiescent),
      .live_o(live),
      .force_on_o(force_on),
      .force_off_o(force_off),
      .fault_clear_o(fault_clear),
      .threshold_light_o(threshold_light),
      .threshold_ret_o(threshold_ret),
      .threshold_off_o(threshold_off),
      .fault_i(fault),
      .lost_live_i(lost_live),
      .count_clear_o(count_clear),
      .count_sel_o(count_sel),
      .count_i(count),
      .state_i(state),
      .sched_delta_o(sched_delta),
      .sched_entry_o(sched_entry),
      .sched_filled_o(sched_filled),
      .sched_start_o(sched_start),
      .sched_clear_o(sched_clear),
      .sched_status_i(sched_status)
  );

  pgsram_top #(
      .DOMAINS(DOMAINS),
      .PORTS(PORTS),
      .TIME_BITS(TIME_BITS),
      .DOMAIN_WORDS(16),
      .SCHED_DEPTH(SCHED_DEPTH)
  ) u_memory (
      .clk_i(clk),
      .rst_ni(rst_n),
      .now_i(now),
      .req_i({PORTS{1'b0}}),
      .we_i({PORTS{1'b0}}),
      .addr_i({PORTS * $clog2(DOMAINS * 16) {1'b0}}),
      .be_i({PORTS * 4{1'b0}}),
      .wdata_i({PORTS * 32{1'b0}}),
      .aid_i({PORTS{1'b0}}),
      .gnt_o(),
      .rvalid_o(),
      .rdata_o(),
      .err_o(),
      .rid_o(),
      .poison_o(),
      .live_i(live),
      .force_on_i(force_on),
      .force_off_i(force_off),
      .fault_clear_i(fault_clear),
      .threshold_light_i(threshold_light),
      .threshold_ret_i(threshold_ret),
      .threshold_off_i(threshold_off),
      .sched_start_i(sched_start),
      .sched_filled_i(sched_filled),
      .sched_write_i(sched_entry[8]),
      .sched_delta_i(sched_delta),
      .sched_domain_i(sched_entry[7:2]),
      .sched_operation_i(sched_entry[1:0]),
      .sched_clear_i(sched_clear),
      .sched_filled_o(sched_status[0]),
      .sched_missed_o(sched_status[1]),
      .sched_overflow_o(sched_status[2]),
      .sw_o(sw),
      .sw_ack_i(ack),
      .iso_no(),
      .ret_o(),
      .light_o(),
      .state_o(state),
      .fault_o(fault),
      .lost_live_o(lost_live),
      .quiescent_o(quiescent),
      .next_event_valid_o(),
      .next_event_o(),
      .count_clear_i(count_clear),
      .count_sel_i(count_sel),
      .count_o(count),
      .test_en_i(1'b0),
      .scan_mode_i(1'b0)
  );

  initial clk = 1'b0;
  always #5 clk = ~clk;
  always @(posedge clk) begin
    ack <= stuck ? {DOMAINS{1'b0}} : sw;
    if (rst_n) now <= now + 1'b1;
  end

  integer errors, checks;
  task expect(input integer what, input [63:0] found, input [63:0] wanted);
    begin
      checks = checks + 1;
      if (found !== wanted) begin
        errors = errors + 1;
        $display("check %0d: %h, expected %h", what, found, wanted);
      end
    end
  endtask

  // One access; its answer must come in the next cycle. Called, and returns, just after an edge.
  reg [31:0] answer;
  reg failed;
  task access(input [63:0] offset, input write, input [3:0] enables, input [31:0] value);
    begin
      req = 1'b1;
      addr = offset[8:0];
      we = write;
      be = enables;
      wdata = value;
      #1 expect(1, gnt, 1);
      expect(2, rvalid, 0);
      @(posedge clk);
      #1 req = 1'b0;
      expect(3, {busy, rvalid}, 2'b11);
      answer = rdata;
      failed = err;
    end
  endtask

  reg [63:0] pair;
  task read(input [63:0] offset);
    begin
      access(offset, 1'b0, 4'hf, 0);
      pair[31:0] = answer;
      expect(4, failed, 0);
      @(posedge clk);
      #1 expect(5, rvalid, 0);
      access(offset + 4, 1'b0, 4'hf, 0);
      pair[63:32] = answer;
      expect(6, failed, 0);
      @(posedge clk);
      #1;
    end
  endtask

  task write(input [63:0] offset, input [63:0] value);
    begin
      access(offset, 1'b1, 4'hf, value[31:0]);
      expect(7, failed, 0);
      @(posedge clk);
      #1 access(offset + 4, 1'b1, 4'hf, value[63:32]);
      expect(8, failed, 0);
      @(posedge clk);
      #1;
    end
  endtask

  task reads_as(input integer what, input [63:0] offset, input [63:0] wanted);
    begin
      read(offset);
      expect(what, pair, wanted);
    end
  endtask

  // A register that can be written: keeps the bits it has, byte by byte, from the next cycle on.
  task keeps(input integer what, input [63:0] offset, input [63:0] bits);
    reg [63:0] before;
    begin
      read(offset);
      before = pair;
      write(offset, 64'hdead_beef_0123_4567);
      reads_as(what, offset, 64'hdead_beef_0123_4567 & bits);
      write(offset, 64'h0);
      access(offset, 1'b1, 4'b0101, 32'hffff_ffff);
      @(posedge clk);
      #1 access(offset + 4, 1'b1, 4'b1000, 32'hffff_ffff);
      @(posedge clk);
      #1 reads_as(what, offset, 64'hff00_0000_00ff_00ff & bits);
      write(offset, before);
    end
  endtask

  task refuses(input integer what, input [63:0] offset, input write);
    begin
      access(offset, write, 4'hf, 32'hffff_ffff);
      expect(what, {failed, answer}, {1'b1, 32'd0});
      @(posedge clk);
      #1;
    end
  endtask

  reg [255:0] wide;
  initial begin
    errors = 0;
    checks = 0;
    now = 0;
    ack = 0;
    stuck = 1'b0;
    req = 1'b0;
    we = 1'b0;
    addr = 0;
    be = 0;
    wdata = 0;
    rst_n = 1'b0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    repeat (20) @(posedge clk);
    #1;

    // Reset values.
    reads_as(10, `PGSRAM_IDENTITY_OFFSET, `PGSRAM_IDENTITY_RESET);
    reads_as(11, `PGSRAM_VERSION_OFFSET, `PGSRAM_VERSION_RESET);
    reads_as(12, `PGSRAM_DOMAINS_OFFSET, DOMAINS);
    reads_as(13, `PGSRAM_PORTS_OFFSET, PORTS);
    reads_as(14, `PGSRAM_TIME_BITS_OFFSET, TIME_BITS);
    reads_as(15, `PGSRAM_LIVE_OFFSET, `PGSRAM_LIVE_RESET);
    reads_as(16, `PGSRAM_FORCE_ON_OFFSET, `PGSRAM_FORCE_ON_RESET);
    reads_as(17, `PGSRAM_FORCE_OFF_OFFSET, `PGSRAM_FORCE_OFF_RESET);
    reads_as(18, `PGSRAM_FAULT_CLEAR_OFFSET, `PGSRAM_FAULT_CLEAR_RESET);
    reads_as(19, `PGSRAM_THRESHOLD_LIGHT_OFFSET, RESET_LIGHT);
    reads_as(20, `PGSRAM_THRESHOLD_RET_OFFSET, RESET_RET);
    reads_as(21, `PGSRAM_THRESHOLD_OFF_OFFSET, RESET_OFF);
    reads_as(22, `PGSRAM_FAULT_OFFSET, 0);
    reads_as(23, `PGSRAM_LOST_LIVE_OFFSET, 0);
    reads_as(24, `PGSRAM_COUNT_CLEAR_OFFSET, `PGSRAM_COUNT_CLEAR_RESET);
    reads_as(25, `PGSRAM_COUNT_SELECT_OFFSET, `PGSRAM_COUNT_SELECT_RESET);
    reads_as(26, `PGSRAM_QUIESCENT_OFFSET, 1);
    reads_as(27, `PGSRAM_STATE_0_OFFSET, 0);  // every domain OFF
    reads_as(28, `PGSRAM_STATE_1_OFFSET, 0);
    reads_as(29, `PGSRAM_STATE_2_OFFSET, 0);
    reads_as(30, `PGSRAM_STATE_3_OFFSET, 0);
    reads_as(35, `PGSRAM_SCHED_DEPTH_OFFSET, SCHED_DEPTH);
    reads_as(36, `PGSRAM_SCHED_DELTA_OFFSET, `PGSRAM_SCHED_DELTA_RESET);
    reads_as(37, `PGSRAM_SCHED_ENTRY_OFFSET, `PGSRAM_SCHED_ENTRY_RESET);
    reads_as(38, `PGSRAM_SCHED_FILLED_OFFSET, `PGSRAM_SCHED_FILLED_RESET);
    reads_as(39, `PGSRAM_SCHED_START_OFFSET, `PGSRAM_SCHED_START_RESET);
    reads_as(49, `PGSRAM_SCHED_CLEAR_OFFSET, `PGSRAM_SCHED_CLEAR_RESET);
    reads_as(57, `PGSRAM_SCHED_STATUS_OFFSET, 0);

    // A pair is of one cycle: the high word is the one that belonged to the low word.
    now = ALL_TIME >> 32;
    access(`PGSRAM_NOW_OFFSET, 1'b0, 4'hf, 0);
    expect(31, answer, 32'hffff_ffff & (ALL_TIME >> 32));
    repeat (5) @(posedge clk);
    #1 expect(32, now >> 32, (TIME_BITS == 64) ? 1 : 0);
    access(`PGSRAM_NOW_OFFSET + 4, 1'b0, 4'hf, 0);
    expect(33, answer, 0);
    @(posedge clk);
    #1 read(`PGSRAM_NOW_OFFSET);
    expect(34, pair, now - 4);

    // Writes.
    keeps(40, `PGSRAM_THRESHOLD_LIGHT_OFFSET, ALL_TIME);
    keeps(41, `PGSRAM_THRESHOLD_RET_OFFSET, ALL_TIME);
    keeps(42, `PGSRAM_THRESHOLD_OFF_OFFSET, ALL_TIME);
    keeps(58, `PGSRAM_SCHED_DELTA_OFFSET, ALL_TIME);
    keeps(43, `PGSRAM_COUNT_SELECT_OFFSET, 64'hffff);
    keeps(44, `PGSRAM_LIVE_OFFSET, ALL_DOMAINS);
    keeps(45, `PGSRAM_FORCE_ON_OFFSET, ALL_DOMAINS);
    keeps(46, `PGSRAM_FORCE_OFF_OFFSET, ALL_DOMAINS);
    access(`PGSRAM_LIVE_OFFSET, 1'b1, 4'hf, 32'd1);
    expect(47, live, 1);  // in the cycle after the write
    @(posedge clk);
    #1 access(`PGSRAM_LIVE_OFFSET, 1'b1, 4'hf, 32'd0);
    expect(48, live, 0);

    // Errors.
    @(posedge clk);
    #1 refuses(50, `PGSRAM_IDENTITY_OFFSET, 1'b1);
    refuses(51, `PGSRAM_NOW_OFFSET, 1'b1);
    refuses(52, `PGSRAM_SCHED_STATUS_OFFSET + 8, 1'b0);
    refuses(53, `PGSRAM_SCHED_STATUS_OFFSET + 8, 1'b1);
    refuses(54, `PGSRAM_LIVE_OFFSET + 1, 1'b0);
    refuses(55, `PGSRAM_LIVE_OFFSET + 2, 1'b1);
    expect(56, live, 0);

    // A start without a table leaves the timers in charge of what the schedule player told after reset: OFF.
    access(`PGSRAM_SCHED_START_OFFSET, 1'b1, 4'hf, 1);
    @(posedge clk);
    #1 reads_as(59, `PGSRAM_SCHED_STATUS_OFFSET, 2);
    write(`PGSRAM_SCHED_CLEAR_OFFSET, 1);

    // What they do: wake, count, forget, fail and clear.
    write(`PGSRAM_THRESHOLD_LIGHT_OFFSET, 0);
    write(`PGSRAM_THRESHOLD_RET_OFFSET, 0);
    write(`PGSRAM_THRESHOLD_OFF_OFFSET, 0);
    write(`PGSRAM_FORCE_ON_OFFSET, 1);
    repeat (40) @(posedge clk);
    #1 reads_as(60, `PGSRAM_STATE_0_OFFSET, ON | (state & ~15));
    expect(61, state[3:0], ON);
    write(`PGSRAM_FORCE_ON_OFFSET, 0);
    write(`PGSRAM_THRESHOLD_LIGHT_OFFSET, 1);
    repeat (8) @(posedge clk);
    #1 expect(62, state[3:0], LIGHT);
    write(`PGSRAM_COUNT_SELECT_OFFSET, 2);  // cycles in LIGHT
    access(`PGSRAM_COUNT_CLEAR_OFFSET, 1'b1, 4'hf, 1);
    expect(63, {count_clear, busy}, 2'b11);
    @(posedge clk);
    #1 expect(64, {count_clear, busy}, 2'b00);
    repeat (9) @(posedge clk);
    #1 access(`PGSRAM_COUNT_OFFSET, 1'b0, 4'hf, 0);
    expect(65, answer, 10);
    @(posedge clk);
    #1 write(`PGSRAM_LIVE_OFFSET, 1);
    write(`PGSRAM_FORCE_OFF_OFFSET, 1);
    reads_as(66, `PGSRAM_LOST_LIVE_OFFSET, 1);
    write(`PGSRAM_LIVE_OFFSET, 0);
    write(`PGSRAM_FORCE_OFF_OFFSET, 0);
    reads_as(67, `PGSRAM_LOST_LIVE_OFFSET, 1);
    access(`PGSRAM_FAULT_CLEAR_OFFSET, 1'b1, 4'b0001, 1);
    expect(68, fault_clear, 1);
    @(posedge clk);
    #1 expect(69, fault_clear, 0);
    reads_as(70, `PGSRAM_LOST_LIVE_OFFSET, 0);
    write(`PGSRAM_THRESHOLD_LIGHT_OFFSET, 0);
    // A schedule: the last domain is woken 50 cycles after the start. A table has room for three entries.
    access(`PGSRAM_SCHED_ENTRY_OFFSET, 1'b1, 4'hf, 'h103 | (DOMAINS - 1) << 2);
    @(posedge clk);
    #1 write(`PGSRAM_SCHED_DELTA_OFFSET, 50);
    access(`PGSRAM_SCHED_ENTRY_OFFSET, 1'b1, 4'hf, 'h100 | (DOMAINS - 1) << 2);
    @(posedge clk);
    #1 access(`PGSRAM_SCHED_FILLED_OFFSET, 1'b1, 4'hf, 1);
    @(posedge clk);
    #1 reads_as(80, `PGSRAM_SCHED_STATUS_OFFSET, 1);
    write(`PGSRAM_FORCE_OFF_OFFSET, ALL_DOMAINS);
    repeat (30 * DOMAINS) @(posedge clk);
    #1 expect(81, state, 0);
    access(`PGSRAM_SCHED_START_OFFSET, 1'b1, 4'hf, 1);
    @(posedge clk);
    @(posedge clk);
    #1 write(`PGSRAM_FORCE_OFF_OFFSET, ALL_DOMAINS >> 1);
    repeat (40) @(posedge clk);
    #1 expect(82, state[4*DOMAINS-4+:4], OFF);
    repeat (35) @(posedge clk);
    #1 expect(83, state[4*DOMAINS-4+:4], ON);
    access(`PGSRAM_SCHED_START_OFFSET, 1'b1, 4'hf, 1);
    @(posedge clk);
    #1 reads_as(84, `PGSRAM_SCHED_STATUS_OFFSET, 2);
    write(`PGSRAM_SCHED_CLEAR_OFFSET, 1);
    write(`PGSRAM_FORCE_OFF_OFFSET, 0);
    reads_as(85, `PGSRAM_SCHED_STATUS_OFFSET, 0);
    repeat (4) begin
      access(`PGSRAM_SCHED_ENTRY_OFFSET, 1'b1, 4'hf, 'h1ff);
      @(posedge clk);
      #1;
    end
    @(posedge clk);
    #1 reads_as(86, `PGSRAM_SCHED_STATUS_OFFSET, 4);
    write(`PGSRAM_FORCE_ON_OFFSET, 64'h5555_5555_5555_5555);
    repeat (30 * DOMAINS) @(posedge clk);
    #1 wide = state;
    reads_as(74, `PGSRAM_STATE_0_OFFSET, wide[63:0]);
    reads_as(75, `PGSRAM_STATE_1_OFFSET, wide[127:64]);
    reads_as(76, `PGSRAM_STATE_2_OFFSET, wide[191:128]);
    reads_as(77, `PGSRAM_STATE_3_OFFSET, wide[255:192]);
    expect(78, wide[4*((DOMAINS-1)/2*2)+:4], ON);
    stuck = 1'b1;
    write(`PGSRAM_FORCE_ON_OFFSET, 1);
    repeat (100) @(posedge clk);
    #1 read(`PGSRAM_FAULT_OFFSET);
    expect(71, pair, fault);
    expect(72, pair[0], 1);
    expect(73, state[3:0], 14);  // FAULT

    if (errors == 0) $display("PASS (%0d checks)", checks);
    else $display("FAIL (%0d errors)", errors);
    $finish;
  end

endmodule
