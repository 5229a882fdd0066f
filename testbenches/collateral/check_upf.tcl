# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Checks a generated power intent against the design that Yosys read:
#
#   tclsh check_upf.tcl DESIGN.upf DESIGN.json
#
# The JSON is Yosys's (hierarchy; proc; write_json). The file is executed as Tcl with one procedure for each UPF command: options
# must be legal in UPF 2.1, every name must exist, every switched domain must have a supply, a switch with acknowledge and
# states, and a macro must be in exactly one domain. Prints what it found; exit status 1 if something is wrong.
if {$argc != 2} { puts stderr "usage: check_upf.tcl FILE.upf FILE.json"; exit 2 }
set wrong 0
proc fault {text} { global wrong; incr wrong; puts "FAILED: $text" }

# JSON, as far as Yosys writes it: objects and arrays become lists with a tag, {o key value …} and {a value …}.
proc json_value {} {
  global tokens at
  set token [lindex $tokens $at]
  incr at
  switch -exact -- $token {
    "\{" { set close "\}"; set result o }
    "\[" { set close "\]"; set result a }
    default { return $token }
  }
  while {[lindex $tokens $at] ne $close} {
    if {$result eq "o" || [lindex $result 0] eq "o"} {
      lappend result [string trim [lindex $tokens $at] "\""]
      incr at 2
    }
    lappend result [json_value]
    if {[lindex $tokens $at] eq ","} { incr at }
  }
  incr at
  return $result
}
proc member {object name} {
  foreach {key value} [lrange $object 1 end] { if {$key eq $name} { return $value } }
  return {o}
}
set file [open [lindex $argv 1]]
set tokens [regexp -all -inline {"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,\s"]+} [read $file]]
close $file
set at 0
set modules [member [json_value] modules]
foreach {module content} [lrange $modules 1 end] {
  foreach {port facts} [lrange [member $content ports] 1 end] {
    set width($module,$port) [expr {[llength [member $facts bits]] - 1}]
  }
  foreach {cell facts} [lrange [member $content cells] 1 end] {
    set kind [string trim [member $facts type] "\""]
    if {[string match *pgsram_* $kind]} {
      set type($module,$cell) $kind
      lappend instances($module) $cell
    }
  }
}

# Name of the module without what Yosys adds for its parameters.
proc plain {module} { if {[regexp {pgsram_[a-z0-9_]+} $module found]} { return $found }; return $module }
proc is_rail {name} { global nets; if {![info exists nets($name)]} { fault "no supply net $name" } }
proc is_pin {name} {
  global top width
  if {![regexp {^(\w+)\[(\d+)\]$} $name -> port bit]} { set port $name; set bit 0 }
  if {![info exists width($top,$port)]} { fault "no port $name"; return }
  if {$bit >= $width($top,$port)} { fault "$port has no bit $bit" }
  if {$port eq $name && $width($top,$port) != 1} { fault "$port has more than one bit" }
}
# Every identifier of a Boolean expression but those that are allowed is a pin.
proc is_expression {text {allowed {}}} {
  foreach name [regexp -all -inline {[A-Za-z_]\w*(?:\[\d+\])?} $text] { if {$name ni $allowed} { is_pin $name } }
}
# Options of a command as {option value …}; `flags` take no value.
proc options {command arguments legal {flags {}}} {
  set found {}
  for {set i 0} {$i < [llength $arguments]} {incr i} {
    set option [lindex $arguments $i]
    if {$option in $flags} { lappend found $option 1; continue }
    if {$option ni $legal} { fault "$command has no option $option"; continue }
    incr i
    if {$i == [llength $arguments]} { fault "$command $option has no value"; break }
    lappend found $option [lindex $arguments $i]
  }
  return $found
}
proc one {found option} {
  foreach {key value} $found { if {$key eq $option} { return $value } }
  return {}
}
proc needs {command found args} { foreach option $args { if {[one $found $option] eq {}} { fault "$command without $option" } } }

proc upf_version {version} { if {$version ne "2.1"} { fault "upf_version $version" } }
proc set_design_top {name} { global top modules; set top $name; if {$name ni $modules} { fault "no module $name" } }
proc create_power_domain {name args} {
  global domains owner top type
  set found [options create_power_domain $args {-elements -exclude_elements -supply -scope} {-atomic -update}]
  needs create_power_domain $found -elements
  set domains($name) [one $found -elements]
  if {$domains($name) eq "."} return
  foreach path $domains($name) {
    set module $top
    foreach instance [split $path /] {
      if {![info exists type($module,$instance)]} { fault "no instance $path ($instance in $module)"; return }
      set module $type($module,$instance)
    }
    if {[plain $module] ne "pgsram_macro"} { fault "$path is no macro" }
    if {[info exists owner($path)]} { fault "$path is in $owner($path) and in $name" }
    set owner($path) $name
  }
}
proc create_supply_port {name args} { global ports; options create_supply_port $args {-domain -direction}; set ports($name) 1 }
proc create_supply_net {name args} { global nets; options create_supply_net $args {-domain -resolve} {-reuse}; set nets($name) 1 }
proc connect_supply_net {name args} {
  global ports
  is_rail $name
  foreach port [one [options connect_supply_net $args {-ports -pg_type -cells -domain -pins}] -ports] {
    if {![info exists ports($port)]} { fault "no supply port $port" }
  }
}
proc create_supply_set {name args} {
  global sets
  set sets($name) 1
  set functions {}
  foreach {option value} [options create_supply_set $args {-function -reference_gnd} {-update}] {
    if {$option eq "-function"} { lappend functions [lindex $value 0]; is_rail [lindex $value 1] }
  }
  if {[lsort $functions] ne {ground power}} { fault "$name has $functions" }
}
proc associate_supply_set {name args} {
  global sets supply domains
  if {![info exists sets($name)]} { fault "no supply set $name" }
  set handle [one [options associate_supply_set $args {-handle}] -handle]
  if {![regexp {^(\w+)\.primary$} $handle -> domain] || ![info exists domains($domain)]} { fault "no handle $handle"; return }
  set supply($domain) $name
}
proc create_power_switch {name args} {
  global domains switched
  set legal {-domain -input_supply_port -output_supply_port -control_port -on_state -off_state -on_partial_state -ack_port -ack_delay
    -supply_set -error_state}
  set found [options create_power_switch $args $legal]
  needs create_power_switch $found -domain -input_supply_port -output_supply_port -control_port -on_state -off_state -ack_port
  set domain [one $found -domain]
  if {![info exists domains($domain)]} { fault "$name: no domain $domain" }
  set controls {}
  set inputs {}
  foreach {option value} $found {
    switch -- $option {
      -input_supply_port { lappend inputs [lindex $value 0]; is_rail [lindex $value 1] }
      -output_supply_port { is_rail [lindex $value 1] }
      -control_port { lappend controls [lindex $value 0]; is_pin [lindex $value 1] }
    }
  }
  foreach {option value} $found {
    switch -- $option {
      -ack_port { is_pin [lindex $value 1]; is_expression [lindex $value 2] $controls }
      -on_state { if {[lindex $value 1] ni $inputs} { fault "$name: no input [lindex $value 1]" }; is_expression [lindex $value 2] $controls }
      -off_state { is_expression [lindex $value 1] $controls }
    }
  }
  set switched($domain) $name
}
proc set_isolation {name args} {
  global domains sets isolated
  set legal {-domain -applies_to -clamp_value -isolation_supply_set -isolation_signal -isolation_sense -location -elements -name_prefix
    -name_suffix -source -sink}
  set found [options set_isolation $args $legal {-no_isolation -update}]
  needs set_isolation $found -domain -applies_to -clamp_value -isolation_supply_set -isolation_signal -isolation_sense -location
  is_pin [one $found -isolation_signal]
  if {![info exists sets([one $found -isolation_supply_set])]} { fault "$name: no supply set" }
  if {[one $found -isolation_sense] ni {high low} || [one $found -location] ni {self parent other}} { fault "$name: sense or location" }
  set isolated([one $found -domain]) $name
}
proc add_power_state {name args} {
  global sets domains states
  if {![info exists sets($name)] && ![info exists domains($name)]} { fault "add_power_state: no $name" }
  foreach {option value} [options add_power_state $args {-state} {-supply -domain -complete -update}] {
    if {$option ne "-state"} continue
    set state [lindex $value 0]
    set facts [options "state $state" [lrange $value 1 end] {-logic_expr -supply_expr -simstate} {-legal -illegal}]
    set simstates {{} NORMAL CORRUPT CORRUPT_ON_ACTIVITY CORRUPT_ON_CHANGE CORRUPT_STATE_ON_CHANGE CORRUPT_STATE_ON_ACTIVITY NOT_NORMAL}
    if {[one $facts -simstate] ni $simstates} { fault "no simstate [one $facts -simstate]" }
    if {[info exists sets($name)]} {
      needs "state $name $state" $facts -supply_expr -simstate
      is_expression [one $facts -logic_expr]
      is_expression [one $facts -supply_expr] {power ground FULL_ON PARTIAL_ON OFF}
      set states($name,$state) [one $facts -simstate]
    } else {
      foreach {-> set other} [regexp -all -inline {(\w+) == (\w+)} [one $facts -logic_expr]] {
        if {![info exists states($set,$other)]} { fault "$name $state: $set has no state $other" }
      }
    }
    if {[incr seen($state)] > 1} { fault "$name has two states $state" }
  }
}
proc unknown {name args} { fault "$name is no command of the subset" }

source [lindex $argv 0]

proc macros_below {module path} {
  global type instances
  set found {}
  if {![info exists instances($module)]} { return $found }
  foreach instance $instances($module) {
    set kind $type($module,$instance)
    if {[plain $kind] eq "pgsram_macro"} { lappend found $path$instance } else { set found [concat $found [macros_below $kind $path$instance/]] }
  }
  return $found
}
set macros [macros_below $top {}]
foreach path $macros { if {![info exists owner($path)]} { fault "$path is in no switched domain" } }
set count 0
foreach domain [array names domains] {
  if {$domains($domain) eq "."} continue
  incr count
  if {![info exists supply($domain)]} { fault "$domain has no supply"; continue }
  if {![info exists switched($domain)]} { fault "$domain has no switch" }
  foreach {state simstate} {ON NORMAL OFF CORRUPT} {
    if {![info exists states($supply($domain),$state)] || $states($supply($domain),$state) ne $simstate} { fault "$domain: state $state" }
  }
}
if {![info exists width($top,sw_o)] || $count != $width($top,sw_o)} { fault "$count switched domains, another number of switches" }
puts "$count switched domains, [llength $macros] macros, [array size isolated] isolated here"
exit [expr {$wrong > 0}]
