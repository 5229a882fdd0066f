# Adds to an RTLIL design one property for every flip-flop of the instance `dut`: with `quiet_twice` it keeps its value.
# The flags of what an idle time or a shortest stay has reached may rise: nothing else looks at the time, and what they
# store is what the comparison of times, which only grows until the domain moves, says too.
function finish() {
  if (cell ~ /^\\dut\./) {
    name = cell; sub(/^\\dut\./, "", name); sub(/\$.*/, "", name); gsub(/[^A-Za-z0-9_]+/, "_", name)
    name = "bad_15_holds_" name
    while (name in used) name = name "_"
    used[name] = 1
    rises = cell ~ /\.(reached_q|over_q)\$/
    printf "  wire \\%s\n  wire $moves%s\n  wire width %d $change%s\n", name, name, width, name > extra
    if (rises) {
      printf "  wire width %d $not%s\n", width, name > extra
      unary("not", "$not" name, d, width)
      binary("and", "$change" name, q, "$not" name, width, width)
    } else binary("xor", "$change" name, d, q, width, width)
    printf "  cell $reduce_or $any%s\n    parameter \\A_SIGNED 0\n    parameter \\A_WIDTH %d\n    parameter \\Y_WIDTH 1\n", name, width > extra
    printf "    connect \\A $change%s\n    connect \\Y $moves%s\n  end\n", name, name > extra
    binary("and", "\\" name, "$moves" name, "\\quiet_twice", 1, 1)
  }
}
function unary(kind, y, a, w) {
  printf "  cell $%s $c%d\n    parameter \\A_SIGNED 0\n    parameter \\A_WIDTH %d\n    parameter \\Y_WIDTH %d\n", kind, ++cells, w, w > extra
  printf "    connect \\A %s\n    connect \\Y %s\n  end\n", a, y > extra
}
function binary(kind, y, a, b, w, out) {
  printf "  cell $%s $c%d\n    parameter \\A_SIGNED 0\n    parameter \\B_SIGNED 0\n    parameter \\A_WIDTH %d\n    parameter \\B_WIDTH %d\n    parameter \\Y_WIDTH %d\n", kind, ++cells, w, w, out > extra
  printf "    connect \\A %s\n    connect \\B %s\n    connect \\Y %s\n  end\n", a, b, y > extra
}
/^  cell \$/ { cell = "" }
/^  cell \$(dff|ff) / { cell = $3; width = 1 }
cell != "" && /^    parameter \\WIDTH / { width = $3 }
cell != "" && /^    connect \\D / { d = substr($0, 15) }
cell != "" && /^    connect \\Q / { q = substr($0, 15) }
/^  end$/ && cell != "" { print; finish(); cell = ""; next }
/^end$/ { close(extra); while ((getline line < extra) > 0) print line; extra = "/dev/null" }
{ print }
