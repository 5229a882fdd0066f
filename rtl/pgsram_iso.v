// Isolation of the outputs of a switched macro: an AND clamp to 0 in the always-on domain.
//
// Technology hook. With ISO_IN_RTL = 0 the clamp comes from the power intent instead, and this
// module is a wire.
module pgsram_iso #(
    parameter WIDTH = 32,
    parameter ISO_IN_RTL = 1
) (
    input              iso_ni,
    input  [WIDTH-1:0] data_i,
    output [WIDTH-1:0] data_o
);

  generate
    if (ISO_IN_RTL != 0) begin : g_clamp
      assign data_o = data_i & {WIDTH{iso_ni}};
    end else begin : g_wire
      wire unused_iso = iso_ni;
      assign data_o = data_i;
    end
  endgenerate

endmodule
