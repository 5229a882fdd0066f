// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Plays a recording of a laboratory memory: inputs of every evaluated cycle in, outputs compared. In a four-state simulator an output
// that should be known and is x is a difference, which a two-state one cannot see.
//
// `pgsram_replay.vh`, written beside the recording, defines PGSRAM_INPUTS, PGSRAM_OUTPUTS (bits), PGSRAM_LINES and PGSRAM_PINS (the
// connections of the memory to `in` and `out`). A line of `recording.hex` is {inputs at the clock edge, inputs when it is low again,
// outputs, mask of the outputs that are known}.
`timescale 1ns / 1ns
`include "pgsram_replay.vh"
module pgsram_replay_tb;

  localparam LINE = 2 * `PGSRAM_INPUTS + 2 * `PGSRAM_OUTPUTS;

  reg clk;
  reg [`PGSRAM_INPUTS-1:0] in;
  wire [`PGSRAM_OUTPUTS-1:0] out;
  reg [LINE-1:0] lines[0:`PGSRAM_LINES-1];
  reg [`PGSRAM_INPUTS-1:0] low;
  reg [`PGSRAM_OUTPUTS-1:0] expected, known, wrong;
  integer k, bit_index, first;

  pgsram_harness u_harness (
      .clk_i(clk),
      `PGSRAM_PINS
  );

  initial begin
    $readmemh("recording.hex", lines);
    clk = 1'b0;
    in  = {`PGSRAM_INPUTS{1'b0}};
    for (k = 0; k < `PGSRAM_LINES; k = k + 1) begin
      {in, low, expected, known} = lines[k];
      #1 clk = 1'b1;
      #1 in = low;
      #1 clk = 1'b0;
      #1 wrong = (out ^ expected) & known;
      if (wrong !== {`PGSRAM_OUTPUTS{1'b0}}) begin
        first = 0;
        for (bit_index = `PGSRAM_OUTPUTS - 1; bit_index >= 0; bit_index = bit_index - 1) begin
          if (wrong[bit_index] !== 1'b0) first = bit_index;
        end
        $display("DIFFERENT line %0d bit %0d expected %b seen %b", k, first, expected[first], out[first]);
        $finish;
      end
    end
    $display("EQUAL %0d", `PGSRAM_LINES);
    $finish;
  end

endmodule
