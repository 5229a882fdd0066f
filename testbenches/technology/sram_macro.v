// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Stand-in for a macro of a memory compiler: enables and mask active low, a mask bit for each data bit. Shutdown without
// retention makes its contents and output x; a use in shutdown, in retention or in light sleep makes the word x.
module sram_macro #(
    parameter WORDS = 1024,
    parameter BITS = 32,
    parameter ADDR_BITS = (WORDS > 1) ? $clog2(WORDS) : 1
) (
    input                      CLK,
    input                      CEN,
    input                      WEN,
    input      [     BITS-1:0] BWEN,
    input      [ADDR_BITS-1:0] A,
    input      [     BITS-1:0] D,
    output reg [     BITS-1:0] Q,
    input                      SD,
    input                      RET,
    input                      LS
);

  reg [BITS-1:0] data[0:WORDS-1];
  integer k;

  always @(posedge SD or negedge RET) begin
    if (SD) Q = {BITS{1'bx}};
    if (SD & ~RET) for (k = 0; k < WORDS; k = k + 1) data[k] = {BITS{1'bx}};
  end

  always @(posedge CLK) begin
    if (!CEN) begin
      if (SD | RET | LS) begin
        data[A] <= {BITS{1'bx}};
        Q <= {BITS{1'bx}};
      end else if (!WEN) data[A] <= (D & ~BWEN) | (data[A] & BWEN);
      else Q <= data[A];
    end
  end

endmodule
