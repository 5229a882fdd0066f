// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Stand-in with the parameters, ports and timing that PULP's tc_sram documents, for one port: read data Latency edges after the
// request, kept by later writes; a byte is written where its enable is 1.
module tc_sram #(
    parameter NumWords = 1024,
    parameter DataWidth = 128,
    parameter ByteWidth = 8,
    parameter NumPorts = 1,
    parameter Latency = 1,
    parameter AddrWidth = (NumWords > 1) ? $clog2(NumWords) : 1
) (
    input                                      clk_i,
    input                                      rst_ni,
    input  [                     NumPorts-1:0] req_i,
    input  [                     NumPorts-1:0] we_i,
    input  [           NumPorts*AddrWidth-1:0] addr_i,
    input  [           NumPorts*DataWidth-1:0] wdata_i,
    input  [NumPorts*(DataWidth/ByteWidth)-1:0] be_i,
    output [           NumPorts*DataWidth-1:0] rdata_o
);

  reg [DataWidth-1:0] sram[0:NumWords-1];
  reg [AddrWidth-1:0] last_q;
  reg [Latency*DataWidth-1:0] out_q;
  wire unused_reset = rst_ni;
  wire read = req_i & ~we_i;
  integer i;

  always @(posedge clk_i) begin
    if (read) last_q <= addr_i;
    if (Latency > 1) out_q <= out_q << DataWidth;
    out_q[DataWidth-1:0] <= sram[read ? addr_i : last_q];
    if (req_i & we_i) begin
      for (i = 0; i < DataWidth; i = i + 1) if (be_i[i/ByteWidth]) sram[addr_i][i] <= wdata_i[i];
    end
  end

  assign rdata_o = out_q[(Latency-1)*DataWidth+:DataWidth];

endmodule
