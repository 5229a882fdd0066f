// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Latches of Yosys to the latch of cells.lib (dfflibmap maps flip-flops only).
module \$_DLATCH_N_ (input E, D, output Q);
  LATN _TECHMAP_REPLACE_ (.G(E), .D(D), .Q(Q));
endmodule
