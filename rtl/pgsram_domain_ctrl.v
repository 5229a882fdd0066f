// Power controller of one domain.
//
//   state      | sw iso_n ret light clk | leaves when
//   OFF        | 0  0     0   0     0   | target ON and min_ok -> ARB
//   RET        | 0  0     1   0     0   | target OFF -> OFF; target above RET and min_ok -> ARB
//   ARB        | 0  0     org 0     0   | not wanted up -> origin; force_off -> OFF; slot -> SW_ON
//   SW_ON      | 1  0     org 0     0   | ack -> SETTLE; T_ACK_MAX cycles without -> FAULT
//   SETTLE     | 1  0     org 0     0   | T_SETTLE_* over -> UNRET if from RET, else UNISO
//   UNRET      | 1  0     0   0     0   | T_RET over -> UNISO
//   UNISO      | 1  1     0   0     0   | T_ISO over -> ON
//   ON         | 1  1     0   0     1   | target LIGHT, not busy -> LIGHT; below, min_ok -> DRAIN
//   LIGHT      | 1  1     0   1     0   | target ON -> LIGHT_EXIT; below LIGHT, min_ok -> ISO
//   LIGHT_EXIT | 1  1     0   0     0   | T_LIGHT over -> ON
//   DRAIN      | 1  1     0   0     1   | target above RET -> ON; else not busy -> ISO
//   ISO        | 1  0     0   0     0   | T_ISO over: target ON -> UNISO; else SET_RET or SW_OFF
//   SET_RET    | 1  0     1   0     0   | T_RET over: target ON -> UNRET; else SW_OFF
//   SW_OFF     | 0  0     dst 0     0   | ack low -> RET or OFF; T_ACK_MAX cycles -> FAULT
//   FAULT      | 0  0     0   0     0   | fault_clear -> SW_OFF
//
// A state with a time T lasts max(1, T) cycles, by a local counter: no input of time reaches this
// module, so no error of time can break the order of the steps. All control outputs are flip-flops.
// `ret_q` doubles as the origin of a wake (ARB to SETTLE) and the destination of SW_OFF.
// Losing the acknowledge with the switch on (SW_ON aside) faults at once. An illegal state goes to
// SW_OFF and raises the fault flag. Reset enters SW_OFF, so a rail that is still up is waited for.
//
// `scan_mode_i` freezes the state and holds the domain usable for scan and memory test.
module pgsram_domain_ctrl #(
    parameter T_ISO = 1,
    parameter T_SETTLE_OFF = 1,
    parameter T_SETTLE_RET = 1,
    parameter T_RET = 1,
    parameter T_LIGHT = 1,
    parameter T_ACK_MAX = 64
) (
    input        clk_i,
    input        rst_ni,
    input        scan_mode_i,
    // What is wanted: 0 OFF, 1 RET, 2 LIGHT, 3 ON.
    input  [1:0] target_i,
    input        force_off_i,
    input        min_ok_i,
    input        busy_i,
    input        ack_i,
    input        fault_clear_i,
    // Wake arbiter.
    output       wake_req_o,
    output       waking_o,
    input        slot_i,
    // Power control of the domain.
    output       sw_o,
    output       iso_no,
    output       ret_o,
    output       light_o,
    output       clk_en_o,
    // Status. `still_o`: a resting state whose next state is itself. `first_o`: first cycle in ON after
    // UNISO, or in OFF or RET after SW_OFF (except the SW_OFF that reset enters).
    output [3:0] state_o,
    output       on_o,
    output       failed_o,
    output       still_o,
    output       first_o,
    output       fault_o
);

  localparam [3:0] OFF = 4'd0;
  localparam [3:0] RET = 4'd1;
  localparam [3:0] ARB = 4'd2;
  localparam [3:0] SW_ON = 4'd3;
  localparam [3:0] SETTLE = 4'd4;
  localparam [3:0] UNRET = 4'd5;
  localparam [3:0] UNISO = 4'd6;
  localparam [3:0] ON = 4'd7;
  localparam [3:0] LIGHT = 4'd8;
  localparam [3:0] LIGHT_EXIT = 4'd9;
  localparam [3:0] DRAIN = 4'd10;
  localparam [3:0] ISO = 4'd11;
  localparam [3:0] SET_RET = 4'd12;
  localparam [3:0] SW_OFF = 4'd13;
  localparam [3:0] FAULT = 4'd14;

  localparam [1:0] TO_OFF = 2'd0;
  localparam [1:0] TO_RET = 2'd1;
  localparam [1:0] TO_LIGHT = 2'd2;
  localparam [1:0] TO_ON = 2'd3;

  // Width of the down counter: the longest time of any state.
  localparam MAX_A = (T_ISO > T_RET) ? T_ISO : T_RET;
  localparam MAX_B = (T_SETTLE_OFF > T_SETTLE_RET) ? T_SETTLE_OFF : T_SETTLE_RET;
  localparam MAX_C = (T_LIGHT > T_ACK_MAX) ? T_LIGHT : T_ACK_MAX;
  localparam MAX_AB = (MAX_A > MAX_B) ? MAX_A : MAX_B;
  localparam MAX_T = (MAX_AB > MAX_C) ? MAX_AB : MAX_C;
  localparam COUNT_BITS = (MAX_T > 2) ? $clog2(MAX_T) : 1;

  // What the counter starts from: a state of T cycles ends at 0, and lasts one cycle at least.
  localparam ISO_LAST = (T_ISO > 1) ? T_ISO - 1 : 0;
  localparam SETTLE_OFF_LAST = (T_SETTLE_OFF > 1) ? T_SETTLE_OFF - 1 : 0;
  localparam SETTLE_RET_LAST = (T_SETTLE_RET > 1) ? T_SETTLE_RET - 1 : 0;
  localparam RET_LAST = (T_RET > 1) ? T_RET - 1 : 0;
  localparam LIGHT_LAST = (T_LIGHT > 1) ? T_LIGHT - 1 : 0;
  localparam ACK_LAST = (T_ACK_MAX > 1) ? T_ACK_MAX - 1 : 0;

  reg [3:0] state_q;
  reg [COUNT_BITS-1:0] count_q;
  reg sw_q, iso_nq, ret_q, light_q, clk_en_q;
  reg to_ret_q;  // destination of a way down, latched on entering ISO
  reg first_q;
  reg fault_q;
  reg after_reset_q;

  wire over = count_q == {COUNT_BITS{1'b0}};
  wire wanted_down = target_i < TO_LIGHT;
  wire wanted_up = (target_i == TO_ON) | (ret_q & !wanted_down);
  // The rail went away under a domain that uses it.
  wire lost = sw_q & (state_q != SW_ON) & ~ack_i;
  // The switch did not answer in time.
  wire unanswered = over & (((state_q == SW_ON) & ~ack_i) | ((state_q == SW_OFF) & ack_i));

  assign wake_req_o = (state_q == ARB) & wanted_up;
  assign waking_o = (state_q == SW_ON) | (state_q == SETTLE);

  // Whether a resting state is left in this cycle. The others are always on their way.
  reg leaves;
  always @* begin
    case (state_q)
      OFF: leaves = (target_i == TO_ON) & min_ok_i;
      RET: leaves = (target_i == TO_OFF) | (!wanted_down & min_ok_i);
      ON: leaves = ((target_i == TO_LIGHT) & ~busy_i) | (wanted_down & min_ok_i);
      LIGHT: leaves = (target_i == TO_ON) | (wanted_down & min_ok_i);
      FAULT: leaves = fault_clear_i;
      default: leaves = 1'b1;
    endcase
  end
  assign still_o = ~leaves & ~lost;

  // {sw, iso_n, light, clk} of a state.
  function [3:0] outputs(input [3:0] state);
    case (state)
      SW_ON, SETTLE, UNRET, ISO, SET_RET: outputs = 4'b1000;
      UNISO, LIGHT_EXIT: outputs = 4'b1100;
      ON, DRAIN: outputs = 4'b1101;
      LIGHT: outputs = 4'b1110;
      default: outputs = 4'b0000;
    endcase
  endfunction

  function [COUNT_BITS-1:0] count_of(input [3:0] state, input from_ret);
    case (state)
      SW_ON, SW_OFF: count_of = ACK_LAST[COUNT_BITS-1:0];
      SETTLE: count_of = from_ret ? SETTLE_RET_LAST[COUNT_BITS-1:0] : SETTLE_OFF_LAST[COUNT_BITS-1:0];
      UNRET, SET_RET: count_of = RET_LAST[COUNT_BITS-1:0];
      UNISO, ISO: count_of = ISO_LAST[COUNT_BITS-1:0];
      LIGHT_EXIT: count_of = LIGHT_LAST[COUNT_BITS-1:0];
      default: count_of = {COUNT_BITS{1'b0}};
    endcase
  endfunction

  // Outputs and counter change together with the state.
  task go(input [3:0] state);
    begin
      state_q <= state;
      {sw_q, iso_nq, light_q, clk_en_q} <= outputs(state);
      count_q <= count_of(state, ret_q);
    end
  endtask

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= SW_OFF;
      {sw_q, iso_nq, light_q, clk_en_q} <= 4'b0000;
      count_q       <= ACK_LAST[COUNT_BITS-1:0];
      ret_q         <= 1'b0;
      to_ret_q      <= 1'b0;
      first_q       <= 1'b0;
      fault_q       <= 1'b0;
      after_reset_q <= 1'b1;
    end else if (!scan_mode_i) begin
      first_q <= 1'b0;
      if (fault_clear_i) fault_q <= 1'b0;
      if (!over) count_q <= count_q - 1'b1;

      case (state_q)
        OFF: if (leaves) go(ARB);

        RET:
        if (leaves) begin
          if (wanted_down) begin
            go(OFF);
            ret_q <= 1'b0;
          end else go(ARB);
        end

        ARB:
        if (force_off_i) begin
          go(OFF);
          ret_q <= 1'b0;
        end else if (!wanted_up) go(ret_q ? RET : OFF);
        else if (slot_i) go(SW_ON);

        SW_ON: if (ack_i) go(SETTLE);

        SETTLE:
        if (over) begin
          go(ret_q ? UNRET : UNISO);
          ret_q <= 1'b0;
        end

        UNRET: if (over) go(UNISO);

        UNISO:
        if (over) begin
          go(ON);
          first_q <= 1'b1;
        end

        ON: if (leaves) go(wanted_down ? DRAIN : LIGHT);

        LIGHT:
        if (leaves) begin
          go(wanted_down ? ISO : LIGHT_EXIT);
          to_ret_q <= target_i == TO_RET;
        end

        LIGHT_EXIT: if (over) go(ON);

        DRAIN:
        if (!wanted_down) go(ON);
        else if (!busy_i) begin
          go(ISO);
          to_ret_q <= target_i == TO_RET;
        end

        ISO:
        if (over) begin
          if (target_i == TO_ON) go(UNISO);
          else begin
            go(to_ret_q ? SET_RET : SW_OFF);
            ret_q <= to_ret_q;
          end
        end

        SET_RET:
        if (over) begin
          if (target_i == TO_ON) begin
            go(UNRET);
            ret_q <= 1'b0;
          end else go(SW_OFF);
        end

        SW_OFF:
        if (!ack_i) begin
          go(ret_q ? RET : OFF);
          after_reset_q <= 1'b0;
          first_q <= ~after_reset_q;
        end

        FAULT: if (leaves) go(SW_OFF);

        default: begin
          go(SW_OFF);
          ret_q   <= 1'b0;
          fault_q <= 1'b1;
        end
      endcase

      if (lost | unanswered) begin
        go(FAULT);
        ret_q         <= 1'b0;
        fault_q       <= 1'b1;
        first_q       <= 1'b0;
        after_reset_q <= 1'b0;
      end
    end
  end

  assign sw_o = sw_q | scan_mode_i;
  assign iso_no = iso_nq | scan_mode_i;
  assign ret_o = ret_q & ~scan_mode_i;
  assign light_o = light_q & ~scan_mode_i;
  assign clk_en_o = clk_en_q;

  assign state_o = state_q;
  assign on_o = state_q == ON;
  assign failed_o = state_q == FAULT;
  assign first_o = first_q;
  assign fault_o = fault_q;

endmodule
