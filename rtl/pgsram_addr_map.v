// Address map: word address to domain, bank and row. One instance a port.
//
//   domain = address / DOMAIN_WORDS
//   bank   = domain * INTERLEAVE + address mod INTERLEAVE     (counted over all domains)
//   row    = (address mod DOMAIN_WORDS) / INTERLEAVE
//
// DOMAIN_WORDS and INTERLEAVE are powers of two, so this is wiring; only an address beyond the last
// domain needs a comparison. The map is bijective onto the words that exist. For an address out of
// bounds the other outputs mean nothing.
module pgsram_addr_map #(
    parameter DOMAINS = 4,
    parameter INTERLEAVE = 2,
    parameter DOMAIN_WORDS = 1024,
    parameter ADDR_BITS = 12,
    parameter DOMAIN_BITS = 2,
    parameter BANK_BITS = 3,
    parameter ROW_BITS = 9
) (
    input  [  ADDR_BITS-1:0] addr_i,
    output [DOMAIN_BITS-1:0] domain_o,
    output [  BANK_BITS-1:0] bank_o,
    output [   ROW_BITS-1:0] row_o,
    output                   oob_o
);

  localparam WORD_IN_DOMAIN_BITS = $clog2(DOMAIN_WORDS);
  localparam WAY_BITS = $clog2(INTERLEAVE);
  localparam CAPACITY = DOMAINS * DOMAIN_WORDS;

  // Shifts rather than part selects: every field may be 0 bits wide.
  wire [ADDR_BITS-1:0] domain = addr_i >> WORD_IN_DOMAIN_BITS;
  wire [ADDR_BITS-1:0] row = addr_i >> WAY_BITS;

  generate
    if (DOMAINS > 1) begin : g_domains
      assign domain_o = domain[DOMAIN_BITS-1:0];
    end else begin : g_domain
      assign domain_o = 1'b0;
      wire unused_domain = &{1'b0, domain};
    end

    if (INTERLEAVE > 1 && DOMAINS > 1) begin : g_bank_both
      assign bank_o = {domain[DOMAIN_BITS-1:0], addr_i[WAY_BITS-1:0]};
    end else if (INTERLEAVE > 1) begin : g_bank_way
      assign bank_o = addr_i[WAY_BITS-1:0];
    end else if (DOMAINS > 1) begin : g_bank_domain
      assign bank_o = domain[DOMAIN_BITS-1:0];
    end else begin : g_bank_one
      assign bank_o = 1'b0;
    end

    if (DOMAIN_WORDS > INTERLEAVE) begin : g_rows
      assign row_o = row[ROW_BITS-1:0];
    end else begin : g_row
      assign row_o = 1'b0;
    end

    if (CAPACITY == (1 << ADDR_BITS)) begin : g_full
      assign oob_o = 1'b0;
    end else begin : g_partial
      assign oob_o = addr_i >= CAPACITY[ADDR_BITS-1:0];
    end
  endgenerate

  wire unused_high_bits = &{1'b0, domain, row};

endmodule
