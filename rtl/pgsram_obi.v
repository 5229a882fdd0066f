// OBI front of one request port: byte addresses on the bus side, word addresses on the memory side.
//
// The memory is seen at BASE and up. A request outside it is granted at once and answered with an error
// after RD_LATENCY cycles, like every other request, so answers stay in order: at most one request is
// granted a cycle and all take equally long. There is no rready: the bus takes every answer.
module pgsram_obi #(
    parameter BUS_ADDR_BITS = 32,
    parameter [BUS_ADDR_BITS-1:0] BASE = 0,
    parameter [BUS_ADDR_BITS-1:0] WORDS = 4096,
    parameter WORD_BITS = 32,
    parameter ADDR_BITS = 12,
    parameter ID_BITS = 1,
    parameter RD_LATENCY = 1
) (
    input                      clk_i,
    input                      rst_ni,
    // Bus.
    input                      obi_req_i,
    output                     obi_gnt_o,
    input  [BUS_ADDR_BITS-1:0] obi_addr_i,
    input                      obi_we_i,
    input  [  WORD_BITS/8-1:0] obi_be_i,
    input  [    WORD_BITS-1:0] obi_wdata_i,
    input  [      ID_BITS-1:0] obi_aid_i,
    output                     obi_rvalid_o,
    output [    WORD_BITS-1:0] obi_rdata_o,
    output                     obi_err_o,
    output [      ID_BITS-1:0] obi_rid_o,
    // Port of pgsram_top.
    output                     req_o,
    input                      gnt_i,
    output [    ADDR_BITS-1:0] addr_o,
    output                     we_o,
    output [  WORD_BITS/8-1:0] be_o,
    output [    WORD_BITS-1:0] wdata_o,
    output [      ID_BITS-1:0] aid_o,
    input                      rvalid_i,
    input  [    WORD_BITS-1:0] rdata_i,
    input                      err_i,
    input  [      ID_BITS-1:0] rid_i
);

  localparam ENTRY_BITS = ID_BITS + 1;

  wire [BUS_ADDR_BITS-1:0] word = (obi_addr_i - BASE) >> $clog2(WORD_BITS / 8);
  wire outside = word >= WORDS;  // below BASE too: the difference wraps

  // Nothing is granted in reset.
  reg up_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) up_q <= 1'b0;
    else up_q <= 1'b1;
  end
  wire req = obi_req_i & up_q;

  assign req_o = req & ~outside;
  assign obi_gnt_o = outside ? req : gnt_i;
  assign addr_o = word[ADDR_BITS-1:0];
  assign we_o = obi_we_i;
  assign be_o = obi_be_i;
  assign wdata_o = obi_wdata_i;
  assign aid_o = obi_aid_i;

  // Errors on their way to the bus.
  reg [RD_LATENCY*ENTRY_BITS-1:0] error_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) error_q <= {RD_LATENCY * ENTRY_BITS{1'b0}};
    else begin
      error_q <= error_q << ENTRY_BITS;
      error_q[ENTRY_BITS-1:0] <= {obi_aid_i, req & outside};
    end
  end
  wire [ID_BITS-1:0] error_id;
  wire error_valid;
  assign {error_id, error_valid} = error_q[(RD_LATENCY-1)*ENTRY_BITS+:ENTRY_BITS];

  assign obi_rvalid_o = rvalid_i | error_valid;
  assign obi_rdata_o = rdata_i;
  assign obi_err_o = err_i | error_valid;
  assign obi_rid_o = error_valid ? error_id : rid_i;

`ifndef SYNTHESIS
  // OBI: a request stays as it is until it is granted.
  reg waiting_q;
  reg [BUS_ADDR_BITS+WORD_BITS/8+WORD_BITS+ID_BITS:0] offered_q;
  wire [BUS_ADDR_BITS+WORD_BITS/8+WORD_BITS+ID_BITS:0] offered = {
    obi_addr_i, obi_we_i, obi_be_i, obi_wdata_i, obi_aid_i
  };
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) waiting_q <= 1'b0;
    else begin
      waiting_q <= obi_req_i & ~obi_gnt_o;
      offered_q <= offered;
      if (waiting_q & (!obi_req_i | (offered_q != offered))) begin
        $display("%m: a request changed before it was granted");
        $stop;
      end
    end
  end
`endif

endmodule
