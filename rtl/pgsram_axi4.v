// AXI4 front of one request port: bursts of byte addresses on the bus side, one word a beat on the
// memory side.
//
// The memory is seen at BASE (a multiple of the word) and up. INCR bursts of 1 to 256 beats are served, as
// wide as the word or narrower, from any start address. A burst that is WRAP, FIXED, exclusive or of beats
// wider than the word reaches no memory and is answered SLVERR, with all its beats. A beat outside the
// memory, or one that the memory answers with an error, makes its read beat or its write's response SLVERR.
//
// One read and one write are open at a time, so identifiers are kept, not queued. Reads and writes take
// turns beat by beat; a request that waits for its domain is not withdrawn for the other kind. Every beat,
// those that reach no memory included, is answered RD_LATENCY cycles after it was taken: one shift register
// says what the answer belongs to. Read data wait for `rready` in a queue of RD_LATENCY + 2, which is
// just enough for a beat a cycle; no read beat is asked for without room for its answer.
//
// `busy_o` is 1 while a transaction is open: with pgsram_top's `quiescent_o`, the front is still without it.
module pgsram_axi4 #(
    parameter BUS_ADDR_BITS = 32,
    parameter [BUS_ADDR_BITS-1:0] BASE = 0,
    parameter [BUS_ADDR_BITS-1:0] WORDS = 4096,
    parameter WORD_BITS = 32,
    parameter ADDR_BITS = 12,
    parameter BUS_ID_BITS = 4,
    parameter RD_LATENCY = 1
) (
    input                      clk_i,
    input                      rst_ni,
    // Write address, write data, write response.
    input                      axi_awvalid_i,
    output                     axi_awready_o,
    input  [  BUS_ID_BITS-1:0] axi_awid_i,
    input  [BUS_ADDR_BITS-1:0] axi_awaddr_i,
    input  [              7:0] axi_awlen_i,
    input  [              2:0] axi_awsize_i,
    input  [              1:0] axi_awburst_i,
    input                      axi_awlock_i,
    input                      axi_wvalid_i,
    output                     axi_wready_o,
    input  [    WORD_BITS-1:0] axi_wdata_i,
    input  [  WORD_BITS/8-1:0] axi_wstrb_i,
    input                      axi_wlast_i,
    output                     axi_bvalid_o,
    input                      axi_bready_i,
    output [  BUS_ID_BITS-1:0] axi_bid_o,
    output [              1:0] axi_bresp_o,
    // Read address, read data.
    input                      axi_arvalid_i,
    output                     axi_arready_o,
    input  [  BUS_ID_BITS-1:0] axi_arid_i,
    input  [BUS_ADDR_BITS-1:0] axi_araddr_i,
    input  [              7:0] axi_arlen_i,
    input  [              2:0] axi_arsize_i,
    input  [              1:0] axi_arburst_i,
    input                      axi_arlock_i,
    output                     axi_rvalid_o,
    input                      axi_rready_i,
    output [  BUS_ID_BITS-1:0] axi_rid_o,
    output [    WORD_BITS-1:0] axi_rdata_o,
    output [              1:0] axi_rresp_o,
    output                     axi_rlast_o,
    output                     busy_o,
    // Port of pgsram_top, which needs no identifiers here.
    output                     req_o,
    input                      gnt_i,
    output [    ADDR_BITS-1:0] addr_o,
    output                     we_o,
    output [  WORD_BITS/8-1:0] be_o,
    output [    WORD_BITS-1:0] wdata_o,
    input                      rvalid_i,
    input  [    WORD_BITS-1:0] rdata_i,
    input                      err_i
);

  localparam BYTES = WORD_BITS / 8;
  localparam FULL_SIZE = $clog2(BYTES);
  localparam [1:0] INCR = 2'b01;
  localparam [1:0] OKAY = 2'b00;
  localparam [1:0] SLVERR = 2'b10;
  localparam [BUS_ADDR_BITS-1:0] ONE = 1;
  localparam [BUS_ADDR_BITS-1:0] IN_WORD = (ONE << FULL_SIZE) - ONE;

  // Illegal parameters stop every tool here, at a module that does not exist.
  generate
    if (WORD_BITS < 8 || WORD_BITS > 1024 || (1 << $clog2(WORD_BITS)) != WORD_BITS || RD_LATENCY < 1 ||
        ADDR_BITS > BUS_ADDR_BITS) begin : g_illegal
      pgsram_illegal_axi4 u_illegal ();
    end
  endgenerate

  // The first byte of the beat after the one at `address`.
  function [BUS_ADDR_BITS-1:0] following(input [BUS_ADDR_BITS-1:0] address, input [2:0] size);
    following = (address | ((ONE << size) - ONE)) + ONE;
  endfunction

  function too_wide(input [2:0] size);
    too_wide = (9'd1 << size) > BYTES[8:0];
  endfunction

  // Open write: from its address to its response.
  reg write_open_q, write_beats_q, write_refused_q, write_err_q, bvalid_q;
  reg [BUS_ID_BITS-1:0] write_id_q;
  reg [BUS_ADDR_BITS-1:0] write_addr_q;
  reg [7:0] write_left_q;
  reg [2:0] write_size_q;

  // Open read: from its address to its last beat.
  reg read_open_q, read_beats_q, read_refused_q;
  reg [BUS_ID_BITS-1:0] read_id_q;
  reg [BUS_ADDR_BITS-1:0] read_addr_q;
  reg [7:0] read_left_q;
  reg [2:0] read_size_q;

  // Beat of this cycle. The kind that was not served last goes first, but a beat once asked for stays.
  wire room;
  reg  up_q;  // out of reset: no transaction is opened before
  reg  waiting_q;
  reg  kind_q;  // of the last beat asked for: 1 = write
  wire read_beat = read_beats_q & room;
  wire write_beat = write_beats_q & axi_wvalid_i;
  wire write = waiting_q ? kind_q : write_beat & ~(read_beat & kind_q);
  wire beat = read_beat | write_beat;

  wire [BUS_ADDR_BITS-1:0] address = write ? write_addr_q : read_addr_q;
  wire [BUS_ADDR_BITS-1:0] word = (address - BASE) >> FULL_SIZE;
  wire refused = write ? write_refused_q : read_refused_q;
  wire illegal = refused | (word >= WORDS);  // below BASE too: the difference wraps
  wire taken = beat & (illegal | gnt_i);
  wire last = (write ? write_left_q : read_left_q) == 8'd0;

  // Bytes of a read beat: from its address to the end of its container.
  wire [BUS_ADDR_BITS-1:0] first_byte = read_addr_q & IN_WORD;
  wire [BUS_ADDR_BITS-1:0] end_byte = following(first_byte, read_size_q);
  wire [BYTES-1:0] lanes = ({BYTES{1'b1}} << first_byte) & ~({BYTES{1'b1}} << end_byte);

  assign req_o = beat & ~illegal;
  assign addr_o = word[ADDR_BITS-1:0];
  assign we_o = write;
  assign be_o = write ? axi_wstrb_i : lanes;
  assign wdata_o = axi_wdata_i;
  assign axi_wready_o = write & taken;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      up_q <= 1'b0;
      waiting_q <= 1'b0;
      kind_q <= 1'b0;
    end else begin
      up_q <= 1'b1;
      waiting_q <= beat & ~taken;
      if (beat) kind_q <= write;
    end
  end

  // What the answers of the coming cycles belong to: {illegal, last, write, valid} a stage.
  reg [4*RD_LATENCY-1:0] record_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) record_q <= {4 * RD_LATENCY{1'b0}};
    else begin
      record_q <= record_q << 4;
      record_q[3:0] <= {illegal, last, write, taken};
    end
  end
  wire answer, answer_write, answer_last, answer_illegal;
  assign {answer_illegal, answer_last, answer_write, answer} = record_q[4*(RD_LATENCY-1)+:4];
  wire answer_err = answer_illegal | err_i;

  // Write transaction.
  assign axi_awready_o = up_q & ~write_open_q;
  assign axi_bvalid_o = bvalid_q;
  assign axi_bid_o = write_id_q;
  assign axi_bresp_o = write_err_q ? SLVERR : OKAY;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_open_q <= 1'b0;
      write_beats_q <= 1'b0;
      write_refused_q <= 1'b0;
      write_err_q <= 1'b0;
      bvalid_q <= 1'b0;
      write_id_q <= {BUS_ID_BITS{1'b0}};
      write_addr_q <= {BUS_ADDR_BITS{1'b0}};
      write_left_q <= 8'd0;
      write_size_q <= 3'd0;
    end else begin
      if (axi_awvalid_i & axi_awready_o) begin
        write_open_q <= 1'b1;
        write_beats_q <= 1'b1;
        write_refused_q <= axi_awlock_i | (axi_awburst_i != INCR) | too_wide(axi_awsize_i);
        write_err_q <= 1'b0;
        write_id_q <= axi_awid_i;
        write_addr_q <= axi_awaddr_i;
        write_left_q <= axi_awlen_i;
        write_size_q <= axi_awsize_i;
      end
      if (write & taken) begin
        write_addr_q <= following(write_addr_q, write_size_q);
        write_left_q <= write_left_q - 8'd1;
        if (last) write_beats_q <= 1'b0;
      end
      if (answer & answer_write) begin
        write_err_q <= write_err_q | answer_err;
        bvalid_q <= answer_last;
      end
      if (bvalid_q & axi_bready_i) begin
        bvalid_q <= 1'b0;
        write_open_q <= 1'b0;
      end
    end
  end

  // Read transaction.
  wire pop = axi_rvalid_o & axi_rready_i;
  assign axi_arready_o = up_q & ~read_open_q;
  assign axi_rid_o = read_id_q;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_open_q <= 1'b0;
      read_beats_q <= 1'b0;
      read_refused_q <= 1'b0;
      read_id_q <= {BUS_ID_BITS{1'b0}};
      read_addr_q <= {BUS_ADDR_BITS{1'b0}};
      read_left_q <= 8'd0;
      read_size_q <= 3'd0;
    end else begin
      if (axi_arvalid_i & axi_arready_o) begin
        read_open_q <= 1'b1;
        read_beats_q <= 1'b1;
        read_refused_q <= axi_arlock_i | (axi_arburst_i != INCR) | too_wide(axi_arsize_i);
        read_id_q <= axi_arid_i;
        read_addr_q <= axi_araddr_i;
        read_left_q <= axi_arlen_i;
        read_size_q <= axi_arsize_i;
      end
      if (~write & taken) begin
        read_addr_q <= following(read_addr_q, read_size_q);
        read_left_q <= read_left_q - 8'd1;
        if (last) read_beats_q <= 1'b0;
      end
      if (pop & axi_rlast_o) read_open_q <= 1'b0;
    end
  end

  // Answers of reads: {last, error, data}; the memory gives no data with an error. `reserved_q` counts those queued and those on their way.
  localparam DEPTH = RD_LATENCY + 2;
  localparam END = DEPTH - 1;
  localparam COUNT_BITS = $clog2(DEPTH + 1);
  localparam INDEX_BITS = $clog2(DEPTH);
  localparam [COUNT_BITS-1:0] NONE = 0;
  localparam [COUNT_BITS-1:0] NEXT = 1;
  localparam [INDEX_BITS-1:0] FIRST = 0;
  localparam [INDEX_BITS-1:0] STEP = 1;

  reg [WORD_BITS+1:0] queue_q[0:DEPTH-1];
  reg [COUNT_BITS-1:0] reserved_q, queued_q;
  reg [INDEX_BITS-1:0] head_q, tail_q;
  wire reserve = ~write & taken;
  wire push = answer & ~answer_write;
  wire error;

  assign room = reserved_q != DEPTH[COUNT_BITS-1:0];
  assign axi_rvalid_o = queued_q != NONE;
  assign {axi_rlast_o, error, axi_rdata_o} = queue_q[head_q];
  assign axi_rresp_o = error ? SLVERR : OKAY;
  assign busy_o = read_open_q | write_open_q;

  always @(posedge clk_i) begin
    if (push)
      queue_q[tail_q] <= {answer_last, answer_err, rdata_i};
  end

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reserved_q <= NONE;
      queued_q <= NONE;
      head_q <= FIRST;
      tail_q <= FIRST;
    end else begin
      if (reserve & ~pop) reserved_q <= reserved_q + NEXT;
      if (pop & ~reserve) reserved_q <= reserved_q - NEXT;
      if (push & ~pop) queued_q <= queued_q + NEXT;
      if (pop & ~push) queued_q <= queued_q - NEXT;
      if (push) tail_q <= (tail_q == END[INDEX_BITS-1:0]) ? FIRST : tail_q + STEP;
      if (pop) head_q <= (head_q == END[INDEX_BITS-1:0]) ? FIRST : head_q + STEP;
    end
  end

`ifndef SYNTHESIS
  // The memory answers exactly when it was expected to, and the bus ends its writes where it said.
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
    end else begin
      if (rvalid_i != (answer & ~answer_illegal)) begin
        $display("%m: an answer of the memory came at the wrong time");
        $stop;
      end
      if (axi_wvalid_i && axi_wready_o && axi_wlast_i != last) begin
        $display("%m: wlast is not on the last beat");
        $stop;
      end
    end
  end
`endif

endmodule
