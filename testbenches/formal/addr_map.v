// Properties of pgsram_addr_map: combinational, for any two addresses and any place.
`include "property.vh"

module fv #(
    parameter DOMAINS = 3,
    parameter INTERLEAVE = 2,
    parameter DOMAIN_WORDS = 16,
    parameter ADDR_BITS = $clog2(DOMAINS * DOMAIN_WORDS) > 0 ? $clog2(DOMAINS * DOMAIN_WORDS) : 1
) (
    input                 clk_i,
    input [ADDR_BITS-1:0] one_i,
    input [ADDR_BITS-1:0] other_i,
    input [         15:0] domain_i,
    input [         15:0] way_i,
    input [         15:0] row_i
);

  `NEVER

  localparam BANKS = DOMAINS * INTERLEAVE;
  localparam BANK_WORDS = DOMAIN_WORDS / INTERLEAVE;
  localparam DOMAIN_BITS = (DOMAINS > 1) ? $clog2(DOMAINS) : 1;
  localparam BANK_BITS = (BANKS > 1) ? $clog2(BANKS) : 1;
  localparam ROW_BITS = (BANK_WORDS > 1) ? $clog2(BANK_WORDS) : 1;

  `define MAP(NAME, ADDR, DOMAIN, BANK, ROW, OOB) \
    wire [DOMAIN_BITS-1:0] DOMAIN; \
    wire [BANK_BITS-1:0] BANK; \
    wire [ROW_BITS-1:0] ROW; \
    wire OOB; \
    pgsram_addr_map #( \
        .DOMAINS(DOMAINS), .INTERLEAVE(INTERLEAVE), .DOMAIN_WORDS(DOMAIN_WORDS), .ADDR_BITS(ADDR_BITS), \
        .DOMAIN_BITS(DOMAIN_BITS), .BANK_BITS(BANK_BITS), .ROW_BITS(ROW_BITS) \
    ) NAME (.addr_i(ADDR), .domain_o(DOMAIN), .bank_o(BANK), .row_o(ROW), .oob_o(OOB));

  `MAP(dut_one, one_i, domain_one, bank_one, row_one, oob_one)
  `MAP(dut_other, other_i, domain_other, bank_other, row_other, oob_other)

  // The address of a place, by multiplication.
  wire placed = (domain_i < DOMAINS) & (way_i < INTERLEAVE) & (row_i < BANK_WORDS);
  wire [31:0] address = domain_i * DOMAIN_WORDS + row_i * INTERLEAVE + way_i;
  `MAP(dut_place, address[ADDR_BITS-1:0], domain_place, bank_place, row_place, oob_place)

  wire both = ~oob_one & ~oob_other;

  // 18: one place an address, one address a place, and out of bounds is what has no place.
  `PROPERTY(bad_18_injective, seen_18_injective, both & (one_i != other_i),
            (bank_one != bank_other) | (row_one != row_other))
  `PROPERTY(bad_18_surjective, seen_18_surjective, placed,
            ~oob_place & (domain_place == domain_i) & (row_place == row_i) &
            (bank_place == domain_i * INTERLEAVE + way_i))
  `PROPERTY(bad_18_in_range, seen_18_in_range, ~oob_one & (one_i != other_i),
            (domain_one < DOMAINS) & (bank_one < BANKS) & (row_one < BANK_WORDS))
  `PROPERTY(bad_18_bank_of_domain, seen_18_bank_of_domain, ~oob_one & (one_i != other_i),
            bank_one / INTERLEAVE == domain_one)
  wire beyond = one_i >= DOMAINS * DOMAIN_WORDS;
  `PROPERTY(bad_18_bounds, seen_18_bounds, one_i != other_i, oob_one == beyond)

endmodule
