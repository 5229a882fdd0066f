// Self-checking bench of pgsram_axi4 on pgsram_top: a bus master with every kind of burst, random gaps and
// back-pressure, against a model of the bytes. The last domain is forced OFF: what touches it must fail.
// Then bursts without gaps: a beat a cycle, and reads and writes in turn. Ends with PASS or FAIL.
//
//   iverilog -g2005 -s pgsram_axi4_tb -o sim rtl/*.v testbenches/pgsram_axi4_tb.v && vvp -n sim
//   or: verilator --binary --timing -Wno-WIDTH --top-module pgsram_axi4_tb rtl/*.v testbenches/pgsram_axi4_tb.v

module pgsram_axi4_tb;

  parameter DOMAINS = 3;
  parameter DOMAIN_WORDS = 256;
  parameter INTERLEAVE = 2;
  parameter WORD_BITS = 64;
  parameter RD_LATENCY = 3;
  parameter BANK_CYCLES = 1;
  parameter BURSTS = 3000;  // of each kind
  parameter SEED = 1;

  localparam WORDS = DOMAINS * DOMAIN_WORDS;
  localparam GOOD_WORDS = WORDS - DOMAIN_WORDS;  // not in the last domain
  localparam ADDR_BITS = $clog2(WORDS);
  localparam BYTES = WORD_BITS / 8;
  localparam FULL_SIZE = $clog2(BYTES);
  localparam ID_BITS = 5;
  localparam [31:0] BASE = 32'h8000_1000;
  localparam [1:0] OKAY = 2'b00;
  localparam [1:0] SLVERR = 2'b10;

  reg clk, rst_n;
  reg [31:0] now;
  reg [31:0] threshold_light, threshold_ret;  // idle cycles

  reg awvalid, awlock, wvalid, wlast, bready, arvalid, arlock, rready;
  reg [ID_BITS-1:0] awid, arid;
  reg [31:0] awaddr, araddr;
  reg [7:0] awlen, arlen;
  reg [2:0] awsize, arsize;
  reg [1:0] awburst, arburst;
  reg [WORD_BITS-1:0] wdata;
  reg [BYTES-1:0] wstrb;
  wire awready, wready, bvalid, arready, rvalid, rlast, front_busy;
  wire [ID_BITS-1:0] bid, rid;
  wire [1:0] bresp, rresp;
  wire [WORD_BITS-1:0] rdata;

  wire m_req, m_gnt, m_we, m_rvalid, m_err;
  wire [ADDR_BITS-1:0] m_addr;
  wire [BYTES-1:0] m_be;
  wire [WORD_BITS-1:0] m_wdata, m_rdata;
  wire [DOMAINS-1:0] sw;
  reg [DOMAINS-1:0] ack;

  pgsram_axi4 #(
      .BASE(BASE),
      .WORDS(WORDS),
      .WORD_BITS(WORD_BITS),
      .ADDR_BITS(ADDR_BITS),
      .BUS_ID_BITS(ID_BITS),
      .RD_LATENCY(RD_LATENCY)
  ) u_axi4 (
      .clk_i(clk),
      .rst_ni(rst_n),
      .axi_awvalid_i(awvalid),
      .axi_awready_o(awready),
      .axi_awid_i(awid),
      .axi_awaddr_i(awaddr),
      .axi_awlen_i(awlen),
      .axi_awsize_i(awsize),
      .axi_awburst_i(awburst),
      .axi_awlock_i(awlock),
      .axi_wvalid_i(wvalid),
      .axi_wready_o(wready),
      .axi_wdata_i(wdata),
      .axi_wstrb_i(wstrb),
      .axi_wlast_i(wlast),
      .axi_bvalid_o(bvalid),
      .axi_bready_i(bready),
      .axi_bid_o(bid),
      .axi_bresp_o(bresp),
      .axi_arvalid_i(arvalid),
      .axi_arready_o(arready),
      .axi_arid_i(arid),
      .axi_araddr_i(araddr),
      .axi_arlen_i(arlen),
      .axi_arsize_i(arsize),
      .axi_arburst_i(arburst),
      .axi_arlock_i(arlock),
      .axi_rvalid_o(rvalid),
      .axi_rready_i(rready),
      .axi_rid_o(rid),
      .axi_rdata_o(rdata),
      .axi_rresp_o(rresp),
      .axi_rlast_o(rlast),
      .busy_o(front_busy),
      .req_o(m_req),
      .gnt_i(m_gnt),
      .addr_o(m_addr),
      .we_o(m_we),
      .be_o(m_be),
      .wdata_o(m_wdata),
      .rvalid_i(m_rvalid),
      .rdata_i(m_rdata),
      .err_i(m_err)
  );

  pgsram_top #(
      .DOMAINS(DOMAINS),
      .INTERLEAVE(INTERLEAVE),
      .DOMAIN_WORDS(DOMAIN_WORDS),
      .WORD_BITS(WORD_BITS),
      .RD_LATENCY(RD_LATENCY),
      .BANK_CYCLES(BANK_CYCLES)
  ) u_memory (
      .clk_i(clk),
      .rst_ni(rst_n),
      .now_i(now),
      .req_i(m_req),
      .we_i(m_we),
      .addr_i(m_addr),
      .be_i(m_be),
      .wdata_i(m_wdata),
      .aid_i(1'b0),
      .gnt_o(m_gnt),
      .rvalid_o(m_rvalid),
      .rdata_o(m_rdata),
      .err_o(m_err),
      .rid_o(),
      .poison_o(),
      .live_i({DOMAINS{1'b1}}),
      .force_on_i({DOMAINS{1'b0}}),
      .force_off_i({1'b1, {DOMAINS - 1{1'b0}}}),
      .fault_clear_i({DOMAINS{1'b0}}),
      .threshold_light_i(threshold_light),
      .threshold_ret_i(threshold_ret),
      .threshold_off_i(32'd0),
      .sw_o(sw),
      .sw_ack_i(ack),
      .iso_no(),
      .ret_o(),
      .light_o(),
      .state_o(),
      .fault_o(),
      .lost_live_o(),
      .quiescent_o(),
      .next_event_valid_o(),
      .next_event_o(),
      .count_clear_i(1'b0),
      .count_sel_i(16'd0),
      .count_o(),
      .test_en_i(1'b0),
      .scan_mode_i(1'b0)
  );

  initial clk = 1'b0;
  always #5 clk = ~clk;

  integer errors;
  task fail(input integer what);
    begin
      errors = errors + 1;
      if (errors < 10) $display("at %0d: rule %0d broken", now, what);
    end
  endtask

  reg [31:0] state;
  function [31:0] below(input [31:0] limit);  // a random number
    begin
      state = state ^ (state << 13);
      state = state ^ (state >> 17);
      state = state ^ (state << 5);
      below = state % limit;
    end
  endfunction

  // The model: what each byte of the good domains holds, and whether it was ever written.
  reg [7:0] memory[0:GOOD_WORDS*BYTES-1];
  reg known[0:GOOD_WORDS*BYTES-1];

  // Transactions in flight: slot n mod 4 of each kind, from the offer to the response. The address is
  // that of the next beat of data.
  reg [31:0] r_addr[0:3], w_addr[0:3];
  reg [31:0] r_first[0:3], r_end[0:3], w_first[0:3], w_end[0:3];  // bytes it may touch
  reg [7:0] r_len[0:3], w_len[0:3];
  reg [2:0] r_size[0:3], w_size[0:3];
  reg [ID_BITS-1:0] r_id[0:3], w_id[0:3];
  reg r_refused[0:3], w_refused[0:3], w_failed[0:3];
  integer r_offered, r_accepted, r_done, r_beat;
  integer w_offered, w_accepted, w_sent, w_done, w_beat;  // w_sent: all beats taken
  integer expected_reads, expected_writes, granted_reads, granted_writes;
  integer expected_lanes, granted_lanes;  // bytes that reads ask for

  // Seen so far.
  integer bytes_compared, seen_long, seen_narrow, seen_refused, seen_partly, seen_stall_r, seen_stall_b;

  // A burst to try.
  reg [31:0] b_addr, b_first, b_end;
  reg [7:0] b_len;
  reg [2:0] b_size;
  reg [1:0] b_burst;
  reg b_lock, b_refused;
  integer directed;

  task pick;
    begin
      b_size = (below(3) != 0) ? FULL_SIZE : below(FULL_SIZE + 1);
      b_len = (below(12) == 0) ? 255 : (below(4) == 0) ? below(256) : below(12);
      b_addr = BASE - 2 * BYTES + below((WORDS + 4) * BYTES);
      if (below(12) == 0) b_addr = BASE - 1 - below(2 * BYTES);  // begins before the memory
      b_burst = (below(10) == 0) ? below(4) : 2'b01;
      b_lock = below(16) == 0;
      if (below(24) == 0) b_size = FULL_SIZE + 1;
      if (directed != 0) begin  // whole words of a good domain
        b_size = FULL_SIZE;
        b_len = 255;
        b_addr = BASE;
        b_burst = 2'b01;
        b_lock = 1'b0;
      end
      b_refused = b_burst != 2'b01 || b_lock || b_size > FULL_SIZE;
      b_first = b_addr;
      b_end = b_addr + ((b_len + 32'd1) << b_size);
    end
  endtask

  // Whether a beat reaches no word of a good domain.
  function bad_beat(input refused, input [31:0] addr);
    bad_beat = refused || addr < BASE || addr >= BASE + GOOD_WORDS * BYTES;
  endfunction

  function outside(input refused, input [31:0] addr);
    outside = refused || addr < BASE || addr >= BASE + WORDS * BYTES;
  endfunction

  function [31:0] following(input [31:0] addr, input [2:0] size);
    following = ((addr >> size) + 32'd1) << size;
  endfunction

  integer i, clashes, s, at, lane;
  reg failed;

  // Bus traffic. Outputs are looked at as they are before the edge, inputs change after it.
  integer gap;  // one in `gap` cycles pauses on each channel; 0: none
  function pause(input unused);
    pause = gap != 0 && below(gap + (now[9] ? 32'd0 : 32'd6)) < 2;
  endfunction

  task offer_read;
    begin
      pick;
      clashes = 0;
      for (i = w_done; i < w_offered; i = i + 1)
        if (b_first < w_end[i&3] && w_first[i&3] < b_end) clashes = clashes + 1;
      arvalid <= (clashes == 0);
      if (clashes == 0) begin
        s = r_offered & 3;
        r_offered = r_offered + 1;
        arid <= r_offered * 7;
        r_id[s] = r_offered * 7;
        araddr <= b_addr;
        arlen <= b_len;
        arsize <= b_size;
        arburst <= b_burst;
        arlock <= b_lock;
        r_addr[s] = b_addr;
        r_first[s] = b_first;
        r_end[s] = b_end;
        r_len[s] = b_len;
        r_size[s] = b_size;
        r_refused[s] = b_refused;
      end
    end
  endtask

  task offer_write;
    begin
      pick;
      if (directed == 2) begin  // beside the read
        b_first = b_first + 32'd255 * BYTES + BYTES;
        b_addr = b_first;
        b_len = (GOOD_WORDS > 511) ? 8'd255 : GOOD_WORDS - 257;
        b_end = b_addr + ((b_len + 32'd1) << b_size);
      end
      clashes = 0;
      for (i = r_done; i < r_offered; i = i + 1)
        if (b_first < r_end[i&3] && r_first[i&3] < b_end) clashes = clashes + 1;
      awvalid <= (clashes == 0);
      if (clashes == 0) begin
        s = w_offered & 3;
        w_offered = w_offered + 1;
        awid <= w_offered * 11;
        w_id[s] = w_offered * 11;
        awaddr <= b_addr;
        awlen <= b_len;
        awsize <= b_size;
        awburst <= b_burst;
        awlock <= b_lock;
        w_addr[s] = b_addr;
        w_first[s] = b_first;
        w_end[s] = b_end;
        w_len[s] = b_len;
        w_size[s] = b_size;
        w_refused[s] = b_refused;
        w_failed[s] = 1'b0;
      end
    end
  endtask

  // Puts the next beat of write data on the bus, for transaction w_sent.
  task offer_data;
    begin
      s = w_sent & 3;
      wvalid <= 1'b1;
      wlast <= w_beat == w_len[s];
      for (i = 0; i < BYTES; i = i + 1) begin
        wdata[8*i+:8] <= below(256);
        at = w_addr[s] % BYTES;
        wstrb[i] <= i >= at && i < following(at, w_size[s]) && (directed != 0 || below(8) != 0);
      end
    end
  endtask

  task take_data;
    begin
      s = w_sent & 3;
      failed = bad_beat(w_refused[s], w_addr[s]);
      if (failed) w_failed[s] = 1'b1;
      if (!outside(w_refused[s], w_addr[s])) expected_writes = expected_writes + 1;
      for (i = 0; i < BYTES; i = i + 1) begin
        at = (w_addr[s] - BASE) / BYTES * BYTES + i;
        if (wstrb[i] && !failed) begin
          memory[at] = wdata[8*i+:8];
          known[at]  = 1'b1;
        end
      end
      w_addr[s] = following(w_addr[s], w_size[s]);
      w_beat = w_beat + 1;
      if (wlast) begin
        w_beat = 0;
        w_sent = w_sent + 1;
      end
    end
  endtask

  task check_read;
    begin
      s = r_done & 3;
      failed = bad_beat(r_refused[s], r_addr[s]);
      if (!outside(r_refused[s], r_addr[s])) expected_reads = expected_reads + 1;
      if (r_done >= r_accepted) fail(1);  // a beat without a request
      if (rid !== r_id[s]) fail(2);
      if (rresp !== (failed ? SLVERR : OKAY)) fail(3);
      if (rlast !== (r_beat == r_len[s])) fail(4);
      if (failed && rdata !== {WORD_BITS{1'b0}}) fail(5);
      at = (r_addr[s] - BASE) / BYTES * BYTES;
      lane = r_addr[s] % BYTES;
      if (!outside(r_refused[s], r_addr[s]))
        expected_lanes = expected_lanes + following(lane, r_size[s]) - lane;
      for (i = lane; i < BYTES && i < following(lane, r_size[s]) && !failed; i = i + 1) begin
        if (known[at+i]) begin
          bytes_compared = bytes_compared + 1;
          if (rdata[8*i+:8] !== memory[at+i]) fail(6);
        end
      end
      r_addr[s] = following(r_addr[s], r_size[s]);
      r_beat = r_beat + 1;
      if (rlast) begin
        seen_long = seen_long + (r_len[s] == 8'd255 && !r_refused[s]);
        seen_narrow = seen_narrow + (r_size[s] < FULL_SIZE && !r_refused[s]);
        r_beat = 0;
        r_done = r_done + 1;
      end
    end
  endtask

  task check_write;
    begin
      s = w_done & 3;
      if (w_done >= w_accepted || w_done >= w_sent) fail(7);  // answered too early or once too often
      if (bid !== w_id[s]) fail(8);
      if (bresp !== (w_failed[s] ? SLVERR : OKAY)) fail(9);
      seen_refused = seen_refused + w_refused[s];
      seen_partly = seen_partly + (w_failed[s] && !w_refused[s]);
      w_done = w_done + 1;
    end
  endtask

  // Longest run of grants of one kind while both kinds are under way without a pause.
  integer run, longest_run, first_beat, last_beat;
  reg previous_we;

  // Rules of the handshakes: what was offered and not taken stays as it is.
  reg r_waits, b_waits, m_waits;
  reg [WORD_BITS+ID_BITS+2:0] r_was;
  reg [ID_BITS+1:0] b_was;
  reg [WORD_BITS+BYTES+ADDR_BITS:0] m_was;
  wire [WORD_BITS+ID_BITS+2:0] r_is = {rid, rdata, rresp, rlast};
  wire [WORD_BITS+BYTES+ADDR_BITS:0] m_is = {m_wdata & {WORD_BITS{m_we}}, m_be, m_addr, m_we};
  task check_handshakes;
    begin
      if (r_waits && (!rvalid || r_is !== r_was)) fail(20);
      if (b_waits && (!bvalid || {bid, bresp} !== b_was)) fail(21);
      if (m_waits && (!m_req || m_is !== m_was)) fail(22);
      if (rvalid && r_accepted <= r_done) fail(23);
      if (bvalid && w_accepted <= w_done) fail(24);
      if (^{rvalid, bvalid, awready, arready, wready, m_req} === 1'bx) fail(25);
      if (front_busy !== (r_accepted > r_done || w_accepted > w_done)) fail(26);
      seen_stall_r = seen_stall_r + (rvalid && !rready);
      seen_stall_b = seen_stall_b + (bvalid && !bready);
      r_waits = rvalid & ~rready;
      b_waits = bvalid & ~bready;
      m_waits = m_req & ~m_gnt;
      r_was = r_is;
      b_was = {bid, bresp};
      m_was = m_is;
    end
  endtask

  integer target;  // bursts of each kind to offer
  always @(posedge clk) begin
    ack <= sw;
    if (rst_n) begin
      now <= now + 1;
      check_handshakes;
      // Responses first: they free what the next offers look at.
      if (rvalid & rready) begin
        check_read;
        if (directed == 1 && first_beat == 0) first_beat = now;
        last_beat = now;
      end
      if (bvalid & bready) check_write;
      if (awvalid & awready) begin
        w_accepted = w_accepted + 1;
        if (w_accepted - w_done > 1) fail(10);  // two open
      end
      if (arvalid & arready) begin
        r_accepted = r_accepted + 1;
        if (r_accepted - r_done > 1) fail(11);
      end
      if (wvalid & wready) begin
        if (w_sent >= w_accepted) fail(12);  // data taken before their address
        take_data;
      end

      rready <= !pause(1'b0);
      bready <= !pause(1'b0);
      if (!arvalid | arready) begin
        arvalid <= 1'b0;
        if (r_offered < target && r_offered - r_done < 2 && !pause(1'b0)) offer_read;
      end
      if (!awvalid | awready) begin
        awvalid <= 1'b0;
        if (w_offered < target && w_offered - w_done < 2 && directed != 1 && !pause(1'b0)) offer_write;
      end
      if (!wvalid | wready) begin
        wvalid <= 1'b0;
        if (w_sent < w_offered && !pause(1'b0)) offer_data;
      end

      if (m_req & m_gnt) begin
        if (m_we) granted_writes = granted_writes + 1;
        else begin
          granted_reads = granted_reads + 1;
          for (i = 0; i < BYTES; i = i + 1) granted_lanes = granted_lanes + m_be[i];
        end
        run = (m_we == previous_we) ? run + 1 : 1;
        previous_we = m_we;
        if (directed == 2 && r_accepted > r_done && w_accepted > w_sent && r_len[r_done&3] - r_beat > 20 &&
            r_beat > 8 && run > longest_run)
          longest_run = run;
      end
    end
  end

  task play(input integer bursts, input integer limit);
    integer cycles;
    begin
      target = target + bursts;
      cycles = 0;
      while (cycles < limit && (r_done < target || w_done < ((directed == 1) ? w_done : target))) begin
        @(posedge clk);
        #1 cycles = cycles + 1;
      end
      if (cycles == limit) fail(30);  // it stands still
    end
  endtask

  initial begin
    errors = 0;
    state = 32'h1234_5678 ^ (SEED * 32'h9e37_79b9);
    now = 0;
    ack = 0;
    gap = 5;
    threshold_light = 3;
    threshold_ret = 9;
    directed = 0;
    target = 0;
    {awvalid, awlock, wvalid, wlast, bready, arvalid, arlock, rready} = 8'd0;
    {awid, arid, awaddr, araddr, awlen, arlen, awsize, arsize, awburst, arburst, wdata, wstrb} = 0;
    {r_waits, b_waits, m_waits, previous_we} = 4'd0;
    r_was = 0;
    b_was = 0;
    m_was = 0;
    r_offered = 0;
    r_accepted = 0;
    r_done = 0;
    r_beat = 0;
    w_offered = 0;
    w_accepted = 0;
    w_sent = 0;
    w_done = 0;
    w_beat = 0;
    expected_reads = 0;
    expected_writes = 0;
    granted_reads = 0;
    granted_writes = 0;
    expected_lanes = 0;
    granted_lanes = 0;
    bytes_compared = 0;
    seen_long = 0;
    seen_narrow = 0;
    seen_refused = 0;
    seen_partly = 0;
    seen_stall_r = 0;
    seen_stall_b = 0;
    run = 0;
    longest_run = 0;
    first_beat = 0;
    last_beat = 0;
    for (i = 0; i < GOOD_WORDS * BYTES; i = i + 1) known[i] = 1'b0;
    rst_n = 1'b0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    play(BURSTS, 3000 * BURSTS);
    // Without pauses: a word a cycle where the banks take one, however deep the pipeline is.
    gap = 0;
    threshold_light = 1000;
    threshold_ret = 1000;
    directed = 1;
    play(1, 5000);
    if (BANK_CYCLES <= INTERLEAVE && last_beat - first_beat != 255) fail(31);
    // Both kinds at once: in turn.
    directed = 2;
    play(1, 5000);
    if (BANK_CYCLES == 1 && longest_run != 1) fail(32);
    if (granted_reads != expected_reads || granted_writes != expected_writes ||
        granted_lanes != expected_lanes) fail(33);
    if (bytes_compared < BYTES * BURSTS || seen_long == 0 || (BYTES > 1 && seen_narrow == 0) || seen_refused == 0 ||
        seen_partly == 0 || seen_stall_r == 0 || seen_stall_b == 0) fail(34);
    if (errors == 0)
      $display("PASS (%0d reads, %0d writes, %0d bytes compared)", r_done, w_done, bytes_compared);
    else $display("FAIL (%0d errors)", errors);
    $finish;
  end

endmodule
