// A property: whenever `IF`, then `THEN`. `bad` is what must never be 1; `seen` is what must be
// reachable, or the property says nothing.
`define PROPERTY(bad, seen, IF, THEN) \
  wire bad = ((IF) & ~(THEN)) | never_q; \
  wire seen = (IF) | never_q;

// Something that must be reachable, for itself.
`define COVER(seen, WHAT) wire seen = (WHAT) | never_q;

// Every file of properties starts with this: a signal that is 0, which only the model checker knows. It
// keeps Yosys from simplifying a property away, which would be neither proved nor refuted.
`define NEVER \
  reg never_q = 0; \
  wire whatever = $anyseq; \
  always @(posedge clk_i) never_q <= never_q & whatever;

// For how many cycles before this one something has been so; saturates.
`define AGE(BITS, name, WHAT) \
  reg [BITS-1:0] name = 0; \
  always @(posedge clk_i) name <= !(WHAT) ? {BITS{1'b0}} : (&name) ? name : name + 1'b1;
