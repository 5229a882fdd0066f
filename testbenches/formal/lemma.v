// The arithmetic behind skipping, for times of any width: while a threshold L is not reached and the time moves on by less than
// what is left to it, it is not reached; moved on by exactly that, it is. There are no registers here.
`define PROPERTY(bad, seen, IF, THEN) \
  wire bad = (IF) & ~(THEN); \
  wire seen = (IF);

module fv #(
    parameter TIME_BITS = 32
) (
    input [TIME_BITS-1:0] now_i,
    input [TIME_BITS-1:0] later_i,
    input [TIME_BITS-1:0] last_i,
    input [TIME_BITS-1:0] threshold_i
);

  wire [TIME_BITS-1:0] idle = now_i - last_i;
  wire [TIME_BITS-1:0] step = later_i - now_i;
  wire [TIME_BITS-1:0] left = last_i + threshold_i - now_i;
  wire waits = idle < threshold_i;

  `PROPERTY(bad_15_not_before, seen_15_not_before, waits & (step < left), later_i - last_i < threshold_i)
  `PROPERTY(bad_15_then, seen_15_then, waits & (step == left), later_i - last_i >= threshold_i)
  `PROPERTY(bad_15_less_is_left, seen_15_less_is_left, waits & (step < left) & (step != 0),
            (last_i + threshold_i - later_i) == left - step)

endmodule
