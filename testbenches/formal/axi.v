// Properties of pgsram_axi4. The bus keeps what the standard asks of a master (valid and its payload stay until ready, WLAST on
// the last beat) and does what it likes otherwise; the memory grants when it likes and answers each grant RD_LATENCY cycles
// later, with any error. Bursts have up to LEN + 1 beats.
`include "property.vh"

module fv #(
    parameter WORD_BITS = 8,
    parameter RD_LATENCY = 1,
    parameter LEN = 2,
    parameter BUS_ADDR_BITS = 4,
    parameter ADDR_BITS = 2
) (
    input                     clk_i,
    input                     rst_ni,
    input                     awvalid_i,
    input                     awid_i,
    input [BUS_ADDR_BITS-1:0] awaddr_i,
    input [              7:0] awlen_i,
    input [              2:0] awsize_i,
    input [              1:0] awburst_i,
    input                     awlock_i,
    input                     wvalid_i,
    input [    WORD_BITS-1:0] wdata_i,
    input [  WORD_BITS/8-1:0] wstrb_i,
    input                     bready_i,
    input                     arvalid_i,
    input                     arid_i,
    input [BUS_ADDR_BITS-1:0] araddr_i,
    input [              7:0] arlen_i,
    input [              2:0] arsize_i,
    input [              1:0] arburst_i,
    input                     arlock_i,
    input                     rready_i,
    input                     gnt_i,
    input [    WORD_BITS-1:0] mem_i,
    input                     err_i
);

  `NEVER

  localparam WORDS = 1 << ADDR_BITS;
  localparam [1:0] INCR = 1, OKAY = 0, SLVERR = 2;
  localparam FULL_SIZE = $clog2(WORD_BITS / 8);

  wire awready, wready, bvalid, bid, arready, rvalid, rid, rlast, busy, req, we;
  wire [1:0] bresp, rresp;
  wire [WORD_BITS-1:0] rdata, wdata;
  wire [WORD_BITS/8-1:0] be;
  wire [ADDR_BITS-1:0] addr;

  // What the bus has open: beats left, and what they must be answered with.
  reg w_open_q, w_beats_q, w_wrong_q, w_id_q;
  reg [7:0] w_left_q;
  reg r_open_q, r_id_q, r_refused_q;
  reg [7:0] r_left_q;
  wire wlast = w_left_q == 0;

  // The memory answers what it granted.
  reg [RD_LATENCY-1:0] granted_q, kind_q;
  wire answer = granted_q[RD_LATENCY-1];
  always @(posedge clk_i) begin
    granted_q <= rst_ni ? (granted_q << 1) | (req & gnt_i) : 0;
    kind_q    <= (kind_q << 1) | we;
  end

  pgsram_axi4 #(
      .BUS_ADDR_BITS(BUS_ADDR_BITS), .BASE(0), .WORDS(WORDS), .WORD_BITS(WORD_BITS), .ADDR_BITS(ADDR_BITS),
      .BUS_ID_BITS(1), .RD_LATENCY(RD_LATENCY)
  ) dut (
      .clk_i(clk_i), .rst_ni(rst_ni), .axi_awvalid_i(awvalid_i), .axi_awready_o(awready), .axi_awid_i(awid_i),
      .axi_awaddr_i(awaddr_i), .axi_awlen_i(awlen_i), .axi_awsize_i(awsize_i), .axi_awburst_i(awburst_i),
      .axi_awlock_i(awlock_i), .axi_wvalid_i(wvalid_i), .axi_wready_o(wready), .axi_wdata_i(wdata_i),
      .axi_wstrb_i(wstrb_i), .axi_wlast_i(wlast), .axi_bvalid_o(bvalid), .axi_bready_i(bready_i), .axi_bid_o(bid),
      .axi_bresp_o(bresp), .axi_arvalid_i(arvalid_i), .axi_arready_o(arready), .axi_arid_i(arid_i),
      .axi_araddr_i(araddr_i), .axi_arlen_i(arlen_i), .axi_arsize_i(arsize_i), .axi_arburst_i(arburst_i),
      .axi_arlock_i(arlock_i), .axi_rvalid_o(rvalid), .axi_rready_i(rready_i), .axi_rid_o(rid), .axi_rdata_o(rdata),
      .axi_rresp_o(rresp), .axi_rlast_o(rlast), .busy_o(busy), .req_o(req), .gnt_i(gnt_i & req), .addr_o(addr), .we_o(we),
      .be_o(be), .wdata_o(wdata), .rvalid_i(answer), .rdata_i(mem_i), .err_i(err_i & answer)
  );

  // The cycle before.
  reg begun_q = 0, was_up_q = 0;
  reg awwaits_q, arwaits_q, wwaits_q, bwaits_q, rwaits_q, reqwaits_q;
  reg [BUS_ADDR_BITS+14:0] aw_q, ar_q;
  reg [WORD_BITS*9/8-1:0] w_q;
  reg [2:0] b_q;
  reg [WORD_BITS+3:0] r_q;
  reg [ADDR_BITS+WORD_BITS*9/8:0] req_q;
  wire [BUS_ADDR_BITS+14:0] aw = {awid_i, awaddr_i, awlen_i, awsize_i, awburst_i, awlock_i};
  wire [BUS_ADDR_BITS+14:0] ar = {arid_i, araddr_i, arlen_i, arsize_i, arburst_i, arlock_i};
  wire [WORD_BITS*9/8-1:0] w = {wdata_i, wstrb_i};
  wire [2:0] b = {bid, bresp};
  wire [WORD_BITS+3:0] r = {rid, rresp, rlast, rdata};
  wire [ADDR_BITS+WORD_BITS*9/8:0] request = {we, addr, we ? {be, wdata} : {be, {WORD_BITS{1'b0}}}};
  always @(posedge clk_i) begin
    begun_q <= 1;
    was_up_q <= rst_ni;
    {aw_q, ar_q, w_q, b_q, r_q, req_q} <= {aw, ar, w, b, r, request};
    awwaits_q  <= rst_ni & awvalid_i & ~awready;
    arwaits_q  <= rst_ni & arvalid_i & ~arready;
    wwaits_q   <= rst_ni & wvalid_i & ~wready;
    bwaits_q   <= rst_ni & bvalid & ~bready_i;
    rwaits_q   <= rst_ni & rvalid & ~rready_i;
    reqwaits_q <= rst_ni & req & ~gnt_i;
  end

  always @* begin
    if (!begun_q) assume (!rst_ni);
    if (!rst_ni) assume (!awvalid_i && !wvalid_i && !arvalid_i);
    else begin
      if (awwaits_q) assume (awvalid_i && aw == aw_q);
      if (arwaits_q) assume (arvalid_i && ar == ar_q);
      if (wwaits_q) assume (wvalid_i && w == w_q);
    end
    assume (awlen_i <= LEN && arlen_i <= LEN);
    assume (!(wvalid_i && rst_ni) || w_beats_q);  // data follow their address
  end

  wire aw_taken = awvalid_i & awready, w_taken = wvalid_i & wready, b_taken = bvalid & bready_i;
  wire ar_taken = arvalid_i & arready, r_taken = rvalid & rready_i;
  wire aw_refused = awlock_i | (awburst_i != INCR) | (awsize_i > FULL_SIZE);
  wire ar_refused = arlock_i | (arburst_i != INCR) | (arsize_i > FULL_SIZE);
  always @(posedge clk_i) begin
    if (!rst_ni) {w_open_q, w_beats_q, r_open_q, w_wrong_q, w_left_q, r_left_q} <= 0;
    else begin
      if (b_taken) w_open_q <= 0;
      if (w_taken) begin
        w_left_q <= w_left_q - 1'b1;
        if (wlast) w_beats_q <= 0;
      end
      // A refused burst, an error of the memory, or a beat that reached no memory.
      if ((w_taken & ~(req & we)) | (answer & kind_q[RD_LATENCY-1] & err_i)) w_wrong_q <= 1;
      if (aw_taken) begin
        {w_open_q, w_beats_q} <= 2'b11;
        w_id_q    <= awid_i;
        w_left_q  <= awlen_i;
        w_wrong_q <= aw_refused;
      end
      if (r_taken) begin
        r_left_q <= r_left_q - 1'b1;
        if (r_left_q == 0) r_open_q <= 0;
      end
      if (ar_taken) begin
        r_open_q    <= 1;
        r_id_q      <= arid_i;
        r_left_q    <= arlen_i;
        r_refused_q <= ar_refused;
      end
    end
  end
  wire up = begun_q & rst_ni;

  // 27: stable until ready.
  `PROPERTY(bad_27_b_stable, seen_27_b_stable, up & bwaits_q, bvalid & (b == b_q))
  `PROPERTY(bad_27_r_stable, seen_27_r_stable, up & rwaits_q, rvalid & (r == r_q))
  `PROPERTY(bad_27_request_stable, seen_27_request_stable, up & reqwaits_q, req & (request == req_q))
  // No response without a request, one for each: B after the last beat of an open write, R beats of an open read.
  `PROPERTY(bad_27_b_after_w, seen_27_b_after_w, up & bvalid, w_open_q & ~w_beats_q)
  `PROPERTY(bad_27_r_asked, seen_27_r_asked, up & rvalid, r_open_q)
  `PROPERTY(bad_27_one_write, seen_27_one_write, up & aw_taken, ~w_open_q)
  `PROPERTY(bad_27_one_read, seen_27_one_read, up & ar_taken, ~r_open_q)
  // RLAST on the last beat, identifiers returned.
  `PROPERTY(bad_27_r_last, seen_27_r_last, up & rvalid, rlast == (r_left_q == 0))
  `PROPERTY(bad_27_identifiers, seen_27_identifiers, up & (bvalid | rvalid),
            (~bvalid | (bid == w_id_q)) & (~rvalid | (rid == r_id_q)))
  // Errors of beats become SLVERR; refused bursts reach no memory.
  `PROPERTY(bad_27_b_resp, seen_27_b_resp, up & bvalid, bresp == (w_wrong_q ? SLVERR : OKAY))
  `PROPERTY(bad_27_r_refused, seen_27_r_refused, up & rvalid & r_refused_q, rresp == SLVERR)
  `PROPERTY(bad_27_refused_unseen, seen_27_refused_unseen, up & r_open_q & r_refused_q & req, we)
  `PROPERTY(bad_27_busy, seen_27_busy, up & (w_open_q | r_open_q), busy)
  `COVER(seen_27_long_read, up & r_taken & rlast & (r_left_q == 0) & w_open_q)
  // A response is not held back for good: once all beats were taken, B comes RD_LATENCY + 1 cycles later at the latest.
  `AGE(4, b_due, up & w_open_q & ~w_beats_q)
  `PROPERTY(bad_27_b_comes, seen_27_b_comes, up & w_open_q & ~w_beats_q & (b_due >= RD_LATENCY), bvalid)

endmodule
