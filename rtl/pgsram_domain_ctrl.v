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
    output       fault_o,
    // For counting: class of this cycle (0 OFF, 1 RET, 2 LIGHT, 3 FAULT, 4 ON) and the transition whose
    // first cycle this is (bits: off_on ret_on on_off on_ret ret_off on_light light_on aborted).
    output [2:0] class_o,
    output [7:0] event_o
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

  localparam OFF_ON = 0;
  localparam RET_ON = 1;
  localparam ON_OFF = 2;
  localparam ON_RET = 3;
  localparam RET_OFF = 4;
  localparam ON_LIGHT = 5;
  localparam LIGHT_ON = 6;
  localparam ABORTED = 7;

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

  reg [3:0] state_q, state_d;
  reg [COUNT_BITS-1:0] count_q, count_d;
  reg sw_q, iso_nq, ret_q, light_q, clk_en_q;
  reg sw_d, iso_nd, ret_d, light_d, clk_en_d;
  reg to_ret_q, to_ret_d;  // destination of a way down, latched on entering ISO
  reg first_q, first_d;
  reg fault_q, fault_d;
  reg after_reset_q;
  reg [7:0] event_q, event_d;

  wire over = count_q == {COUNT_BITS{1'b0}};
  wire from_ret = ret_q;
  wire wanted_up = (target_i == TO_ON) | (from_ret & (target_i == TO_LIGHT));
  wire wanted_down = target_i < TO_LIGHT;

  assign wake_req_o = (state_q == ARB) & wanted_up;
  assign waking_o = (state_q == SW_ON) | (state_q == SETTLE);

  always @* begin
    state_d = state_q;
    ret_d = ret_q;
    to_ret_d = to_ret_q;
    first_d = 1'b0;
    fault_d = fault_q & ~fault_clear_i;
    event_d = 8'd0;
    case (state_q)
      OFF: if ((target_i == TO_ON) & min_ok_i) state_d = ARB;

      RET:
      if (target_i == TO_OFF) begin
        state_d = OFF;
        ret_d = 1'b0;
        event_d[RET_OFF] = 1'b1;
      end else if (!wanted_down & min_ok_i) state_d = ARB;

      ARB:
      if (force_off_i) begin
        state_d = OFF;
        ret_d = 1'b0;
        event_d[RET_OFF] = from_ret;
      end else if (!wanted_up) state_d = from_ret ? RET : OFF;
      else if (slot_i) begin
        state_d = SW_ON;
        event_d[RET_ON] = from_ret;
        event_d[OFF_ON] = ~from_ret;
      end

      SW_ON:
      if (ack_i) state_d = SETTLE;
      else if (over) state_d = FAULT;

      SETTLE:
      if (over) begin
        state_d = from_ret ? UNRET : UNISO;
        ret_d   = 1'b0;
      end

      UNRET: if (over) state_d = UNISO;

      UNISO:
      if (over) begin
        state_d = ON;
        first_d = 1'b1;
      end

      ON:
      if ((target_i == TO_LIGHT) & !busy_i) begin
        state_d = LIGHT;
        event_d[ON_LIGHT] = 1'b1;
      end else if (wanted_down & min_ok_i) state_d = DRAIN;

      LIGHT:
      if (target_i == TO_ON) begin
        state_d = LIGHT_EXIT;
        event_d[LIGHT_ON] = 1'b1;
      end else if (wanted_down & min_ok_i) begin
        state_d  = ISO;
        to_ret_d = target_i == TO_RET;
      end

      LIGHT_EXIT: if (over) state_d = ON;

      DRAIN:
      if (!wanted_down) begin
        state_d = ON;
        event_d[ABORTED] = 1'b1;
      end else if (!busy_i) begin
        state_d  = ISO;
        to_ret_d = target_i == TO_RET;
      end

      ISO:
      if (over) begin
        if (target_i == TO_ON) begin
          state_d = UNISO;
          event_d[ABORTED] = 1'b1;
        end else begin
          state_d = to_ret_q ? SET_RET : SW_OFF;
          ret_d   = to_ret_q;
        end
      end

      SET_RET:
      if (over) begin
        if (target_i == TO_ON) begin
          state_d = UNRET;
          ret_d = 1'b0;
          event_d[ABORTED] = 1'b1;
        end else state_d = SW_OFF;
      end

      SW_OFF:
      if (!ack_i) begin
        state_d = ret_q ? RET : OFF;
        first_d = ~after_reset_q;
        event_d[ON_RET] = ret_q;
        event_d[ON_OFF] = ~ret_q;
      end else if (over) state_d = FAULT;

      FAULT: if (fault_clear_i) state_d = SW_OFF;

      default: begin
        state_d = SW_OFF;
        ret_d   = 1'b0;
        fault_d = 1'b1;
      end
    endcase

    // The rail went away under a domain that uses it.
    if (sw_q & (state_q != SW_ON) & !ack_i) begin
      state_d = FAULT;
      first_d = 1'b0;
      event_d = 8'd0;
    end
    if (state_d == FAULT) begin
      ret_d   = 1'b0;
      fault_d = fault_d | (state_q != FAULT);
    end
  end

  // Outputs and counter follow the next state, so that they change together with it.
  always @* begin
    sw_d = 1'b0;
    iso_nd = 1'b0;
    light_d = 1'b0;
    clk_en_d = 1'b0;
    case (state_d)
      SW_ON, SETTLE, UNRET, ISO, SET_RET: sw_d = 1'b1;
      UNISO, LIGHT_EXIT: {sw_d, iso_nd} = 2'b11;
      ON, DRAIN: {sw_d, iso_nd, clk_en_d} = 3'b111;
      LIGHT: {sw_d, iso_nd, light_d} = 3'b111;
      default: ;
    endcase

    count_d = count_q - {{COUNT_BITS - 1{1'b0}}, ~over};
    if (state_d != state_q) begin
      case (state_d)
        SW_ON, SW_OFF: count_d = ACK_LAST[COUNT_BITS-1:0];
        SETTLE:
        count_d = from_ret ? SETTLE_RET_LAST[COUNT_BITS-1:0] : SETTLE_OFF_LAST[COUNT_BITS-1:0];
        UNRET, SET_RET: count_d = RET_LAST[COUNT_BITS-1:0];
        UNISO, ISO: count_d = ISO_LAST[COUNT_BITS-1:0];
        LIGHT_EXIT: count_d = LIGHT_LAST[COUNT_BITS-1:0];
        default: ;
      endcase
    end
  end

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= SW_OFF;
      count_q       <= ACK_LAST[COUNT_BITS-1:0];
      sw_q          <= 1'b0;
      iso_nq        <= 1'b0;
      ret_q         <= 1'b0;
      light_q       <= 1'b0;
      clk_en_q      <= 1'b0;
      to_ret_q      <= 1'b0;
      first_q       <= 1'b0;
      fault_q       <= 1'b0;
      after_reset_q <= 1'b1;
      event_q       <= 8'd0;
    end else if (!scan_mode_i) begin
      state_q       <= state_d;
      count_q       <= count_d;
      sw_q          <= sw_d;
      iso_nq        <= iso_nd;
      ret_q         <= ret_d;
      light_q       <= light_d;
      clk_en_q      <= clk_en_d;
      to_ret_q      <= to_ret_d;
      first_q       <= first_d;
      fault_q       <= fault_d;
      after_reset_q <= after_reset_q & (state_d == SW_OFF);
      event_q       <= event_d;
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
  assign event_o = event_q;

  wire resting = (state_q == OFF) | (state_q == RET) | (state_q == LIGHT) | (state_q == ON) |
                 (state_q == FAULT);
  assign still_o = resting & (state_d == state_q);

  reg [2:0] kind;
  always @* begin
    case (state_q)
      OFF: kind = 3'd0;
      RET: kind = 3'd1;
      ARB: kind = from_ret ? 3'd1 : 3'd0;
      LIGHT: kind = 3'd2;
      FAULT: kind = 3'd3;
      default: kind = 3'd4;
    endcase
  end
  assign class_o = kind;

endmodule
