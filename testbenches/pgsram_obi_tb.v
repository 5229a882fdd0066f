// Self-checking bench of pgsram_obi on pgsram_top: requests inside and outside the window in one stream,
// answers in order with the identifiers and errors that belong to them. Ends with PASS or FAIL.
//
//   iverilog -g2005 -s pgsram_obi_tb -o sim rtl/*.v testbenches/pgsram_obi_tb.v && vvp -n sim

module pgsram_obi_tb;

  parameter DOMAINS = 3;
  parameter DOMAIN_WORDS = 16;
  parameter WORD_BITS = 64;
  parameter RD_LATENCY = 3;
  parameter REQUESTS = 2000;

  localparam WORDS = DOMAINS * DOMAIN_WORDS;
  localparam ADDR_BITS = $clog2(WORDS);
  localparam BYTES = WORD_BITS / 8;
  localparam ID_BITS = 5;
  localparam [31:0] BASE = 32'h8000_1000;

  reg clk, rst_n;
  reg [31:0] now;
  reg obi_req, obi_we;
  reg [31:0] obi_addr;
  reg [BYTES-1:0] obi_be;
  reg [WORD_BITS-1:0] obi_wdata;
  reg [ID_BITS-1:0] obi_aid;
  wire obi_gnt, obi_rvalid, obi_err;
  wire [WORD_BITS-1:0] obi_rdata;
  wire [ID_BITS-1:0] obi_rid;

  wire req, gnt, we, rvalid, err;
  wire [ADDR_BITS-1:0] addr;
  wire [BYTES-1:0] be;
  wire [WORD_BITS-1:0] wdata, rdata;
  wire [ID_BITS-1:0] aid, rid;
  wire [DOMAINS-1:0] sw;
  reg [DOMAINS-1:0] ack;

  pgsram_obi #(
      .BASE(BASE),
      .WORDS(WORDS),
      .WORD_BITS(WORD_BITS),
      .ADDR_BITS(ADDR_BITS),
      .ID_BITS(ID_BITS),
      .RD_LATENCY(RD_LATENCY)
  ) u_obi (
      .clk_i(clk),
      .rst_ni(rst_n),
      .obi_req_i(obi_req),
      .obi_gnt_o(obi_gnt),
      .obi_addr_i(obi_addr),
      .obi_we_i(obi_we),
      .obi_be_i(obi_be),
      .obi_wdata_i(obi_wdata),
      .obi_aid_i(obi_aid),
      .obi_rvalid_o(obi_rvalid),
      .obi_rdata_o(obi_rdata),
      .obi_err_o(obi_err),
      .obi_rid_o(obi_rid),
      .req_o(req),
      .gnt_i(gnt),
      .addr_o(addr),
      .we_o(we),
      .be_o(be),
      .wdata_o(wdata),
      .aid_o(aid),
      .rvalid_i(rvalid),
      .rdata_i(rdata),
      .err_i(err),
      .rid_i(rid)
  );

  pgsram_top #(
      .DOMAINS(DOMAINS),
      .DOMAIN_WORDS(DOMAIN_WORDS),
      .WORD_BITS(WORD_BITS),
      .RD_LATENCY(RD_LATENCY),
      .ID_BITS(ID_BITS)
  ) u_memory (
      .clk_i(clk),
      .rst_ni(rst_n),
      .now_i(now),
      .req_i(req),
      .we_i(we),
      .addr_i(addr),
      .be_i(be),
      .wdata_i(wdata),
      .aid_i(aid),
      .gnt_o(gnt),
      .rvalid_o(rvalid),
      .rdata_o(rdata),
      .err_o(err),
      .rid_o(rid),
      .poison_o(),
      .live_i({DOMAINS{1'b1}}),
      .force_on_i({DOMAINS{1'b0}}),
      .force_off_i({DOMAINS{1'b0}}),
      .fault_clear_i({DOMAINS{1'b0}}),
      .threshold_light_i(32'd3),
      .threshold_ret_i(32'd9),
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
  always @(posedge clk) ack <= sw;

  // What is expected of each answer, in the order of the grants.
  reg [WORD_BITS-1:0] memory[0:WORDS-1];
  reg [ID_BITS-1:0] want_id[0:REQUESTS-1];
  reg want_err[0:REQUESTS-1];
  reg want_read[0:REQUESTS-1];
  reg [WORD_BITS-1:0] want_data[0:REQUESTS-1];
  integer asked, answered, errors, seed, word, i;

  // Inside the window three times out of four; else below it, behind it, or far away.
  task next_request;
    begin
      obi_req = ($random(seed) & 3) != 0 && asked < REQUESTS;
      word = $random(seed) & 63;
      case ($random(seed) & 15)
        0: obi_addr = BASE - BYTES;
        1: obi_addr = BASE + WORDS * BYTES;
        2: obi_addr = 32'd0;
        3: obi_addr = 32'hffff_fff8;
        default: obi_addr = BASE + (word % WORDS) * BYTES;
      endcase
      obi_we = $random(seed);
      obi_be = {BYTES{1'b1}};
      obi_wdata = {$random(seed), $random(seed)};
      obi_aid = $random(seed);
      if (asked < WORDS) begin  // write everything once, so that every read has an answer
        obi_addr = BASE + asked * BYTES;
        obi_we   = 1'b1;
      end
    end
  endtask

  always @(negedge clk) begin
    if (obi_req & obi_gnt) begin
      word = (obi_addr - BASE) / BYTES;
      want_id[asked] = obi_aid;
      want_err[asked] = obi_addr < BASE || obi_addr >= BASE + WORDS * BYTES;
      want_read[asked] = !obi_we;
      want_data[asked] = want_err[asked] ? 0 : memory[word];
      if (!want_err[asked] && obi_we) memory[word] = obi_wdata;
      asked = asked + 1;
    end
    if (obi_rvalid) begin
      if (answered >= asked || obi_rid !== want_id[answered] || obi_err !== want_err[answered] ||
          (want_read[answered] && !obi_err && obi_rdata !== want_data[answered])) begin
        errors = errors + 1;
        if (errors < 10)
          $display("answer %0d: id %0d err %b data %h, expected %0d %b %h", answered, obi_rid, obi_err,
                   obi_rdata, want_id[answered], want_err[answered], want_data[answered]);
      end
      answered = answered + 1;
    end
  end

  always @(posedge clk) begin
    if (rst_n) now <= now + 1;
  end

  initial begin
    asked = 0;
    answered = 0;
    errors = 0;
    seed = 1;
    now = 0;
    ack = 0;
    obi_req = 1'b0;
    obi_we = 1'b0;
    obi_addr = 0;
    obi_be = 0;
    obi_wdata = 0;
    obi_aid = 0;
    rst_n = 1'b0;
    repeat (3) @(posedge clk);
    #1 rst_n = 1'b1;
    for (i = 0; answered < REQUESTS && i < 100 * REQUESTS; i = i + 1) begin
      // A request stays until it is granted; the grant was sampled at the falling edge.
      if (!obi_req || granted) next_request;
      @(posedge clk);
      #1;
    end
    if (errors == 0 && answered == REQUESTS) $display("PASS (%0d answers)", answered);
    else $display("FAIL (%0d errors, %0d of %0d answers)", errors, answered, REQUESTS);
    $finish;
  end

  reg granted;
  always @(negedge clk) granted = obi_req & obi_gnt;

endmodule
