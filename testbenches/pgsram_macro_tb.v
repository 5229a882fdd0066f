// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Bench of pgsram_macro: of the model (MARKS = 1: what was lost reads as poison and is flagged) or of an adapter (MARKS = 0;
// LOSES = 1: its cells lose their contents to x).
//
// Random accesses with byte enables against an array; retention keeps, a power cycle loses; the port of the memory test takes
// precedence and writes whole words.
`timescale 1ns / 1ps
module pgsram_macro_tb;

  parameter WORDS = 16;
  parameter BITS = 32;
  parameter LATENCY = 1;
  parameter MARKS = 1;
  parameter LOSES = 1;
  // With POLARITIES defined, for the generic adapter: pins driven the wrong way round.
  parameter ENABLE_WRONG = 0;
  parameter WRITE_WRONG = 0;
  parameter MASK_WRONG = 0;
  parameter SHUTDOWN_WRONG = 0;
  parameter RETENTION_WRONG = 0;
  parameter LIGHT_WRONG = 0;
  localparam ADDR_BITS = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam BYTES = BITS / 8;
`ifdef PGSRAM_X
  localparam [BITS-1:0] POISON = {BITS{1'bx}};
`else
  localparam [BITS-1:0] POISON = {BYTES{8'hbd}};
`endif

  reg clk = 1'b0;
  reg ce = 1'b0, we = 1'b0, sw = 1'b1, ret = 1'b0, light = 1'b0;
  reg bist_en = 1'b0, bist_ce = 1'b0, bist_we = 1'b0;
  reg [ADDR_BITS-1:0] addr = 0, bist_addr = 0;
  reg [BYTES-1:0] be = 0;
  reg [BITS-1:0] wdata = 0, bist_wdata = 0;
  wire [BITS-1:0] rdata;
  wire poison;

  pgsram_macro #(
      .WORDS    (WORDS),
      .BITS     (BITS),
      .ADDR_BITS(ADDR_BITS),
`ifdef POLARITIES
      .ENABLE_HIGH(ENABLE_WRONG),
      .WRITE_HIGH(WRITE_WRONG),
      .MASK_HIGH(MASK_WRONG),
      .SHUTDOWN_HIGH(1 - SHUTDOWN_WRONG),
      .RETENTION_HIGH(1 - RETENTION_WRONG),
      .LIGHT_HIGH(1 - LIGHT_WRONG),
`endif
      .LATENCY  (LATENCY)
  ) dut (
      .clk_i(clk), .ce_i(ce), .we_i(we), .addr_i(addr), .be_i(be), .wdata_i(wdata), .rdata_o(rdata), .poison_o(poison),
      .sw_i(sw), .ret_i(ret), .light_i(light), .bist_en_i(bist_en), .bist_ce_i(bist_ce), .bist_we_i(bist_we),
      .bist_addr_i(bist_addr), .bist_wdata_i(bist_wdata)
  );

  // What is there: the data, and which bytes were written since the contents were lost.
  reg [BITS-1:0] kept[0:WORDS-1];
  reg [BYTES-1:0] written[0:WORDS-1];

  integer errors = 0, i, word, byte_no;
  task check(input ok, input [8*40-1:0] what);
    if (!ok) begin
      errors = errors + 1;
      if (errors < 10) $display("FAIL at %0t: %0s, word %0d", $time, what, word);
    end
  endtask

  task edges(input integer count);
    repeat (count) begin
      #5 clk = 1'b1;
      #5 clk = 1'b0;
    end
  endtask

  // An access by the plain port, or by that of the memory test while the plain port does something else.
  task access(input test, input write, input integer at, input [BYTES-1:0] enables, input [BITS-1:0] data);
    begin
      {bist_en, bist_ce, bist_we} = {test, test, test & write};
      {ce, we} = {1'b1, test ? ~write : write};
      addr = test ? at + 1 : at;
      bist_addr = at;
      be = test ? {BYTES{1'b0}} : enables;
      wdata = test ? ~data : data;
      bist_wdata = data;
      edges(1);
      {ce, bist_en} = 2'b00;
    end
  endtask

  task store(input test, input integer at, input [BYTES-1:0] enables, input [BITS-1:0] data);
    integer b;
    begin
      access(test, 1'b1, at, enables, data);
      for (b = 0; b < BYTES; b = b + 1) if (test | enables[b]) kept[at][8*b+:8] = data[8*b+:8];
      written[at] = written[at] | enables | {BYTES{test}};
    end
  endtask

  task load(input test, input integer at);
    integer b;
    begin
      word = at;
      access(test, 1'b0, at, {BYTES{1'b1}}, 0);
      edges(LATENCY - 1);
      #1;
      for (b = 0; b < BYTES; b = b + 1) begin
        if (written[at][b]) check(rdata[8*b+:8] === kept[at][8*b+:8], "wrong data");
        else if (MARKS != 0) check(rdata[8*b+:8] === POISON[7:0], "no poison for what is not there");
        else if (LOSES != 0) check(rdata[8*b+:8] === 8'hxx, "no x for what is not there");
      end
      if (MARKS != 0) check(poison == !(&written[at]), "poison flag");
    end
  endtask

  task lose;
    integer k;
    for (k = 0; k < WORDS; k = k + 1) written[k] = 0;
  endtask

  function [BITS-1:0] pattern(input integer seed);
    integer b;
    for (b = 0; b < BYTES; b = b + 1) pattern[8*b+:8] = 8'd29 * seed[7:0] + 8'd3 * b[7:0];
  endfunction

  task fill;
    for (i = 0; i < WORDS; i = i + 1) store(1'b0, i, {BYTES{1'b1}}, pattern(i));
  endtask

  task load_all;
    for (i = 0; i < WORDS; i = i + 1) load(1'b0, i);
  endtask

  initial begin
    lose;
    #1;
    load_all;
    for (byte_no = 0; byte_no < BYTES; byte_no = byte_no + 1) begin
      store(1'b0, 0, {{BYTES - 1{1'b0}}, 1'b1} << byte_no, pattern(byte_no));
      load(1'b0, 0);
    end
    for (i = 0; i < 500; i = i + 1) begin
      if ($random & 1) store(1'b0, $unsigned($random) % WORDS, $random, pattern($random));
      else load(1'b0, $unsigned($random) % WORDS);
    end

    fill;
    ret = 1'b1;
    #1 sw = 1'b0;
    edges(3);
    sw = 1'b1;
    #1 ret = 1'b0;
    load_all;
    light = 1'b1;
    edges(3);
    light = 1'b0;
    load_all;

    sw = 1'b0;
    edges(3);
    sw = 1'b1;
    #1;
    if (LOSES != 0) lose;
    load_all;

    for (i = 0; i < WORDS; i = i + 1) store(1'b1, i, 0, ~pattern(i));
    for (i = 0; i < WORDS; i = i + 1) load(1'b1, i);
    load_all;

    if (errors == 0) $display("PASS");
    $finish;
  end

endmodule
