//! Liberty files: what is read from a macro, what is borrowed, what is refused.

use super::near;
use std::sync::Arc;
use trapti::Error;
use trapti::diagnostic::Source;
use trapti::sram::{Basis, Liberty, MacroPoint, MacroSpec, Metric, Origin, Ports, SramModel};
use trapti::units::{Bytes, Kelvin};

/// A macro of 4 KiB in words of 32 bits as a memory compiler writes it; `{…}` are replaced.
const CELL: &str = r#"
  cell (ram_{words}x32) {
    area : {area};
    memory () { type : ram; address_width : {address}; word_width : 32; }
    pg_pin (VDD) { voltage_name : VDD; pg_type : primary_power; }
    leakage_power () { related_pg_pin : "VDD"; when : "!SD & RETN"; value : {leak}; }
    leakage_power () { related_pg_pin : "VDDA"; when : "!SD & RETN & CEB"; value : 2000; }
    leakage_power () { related_pg_pin : "VDDA"; when : "!SD & RETN & !CEB"; value : 3000; }
    leakage_power () { related_pg_pin : "VDDA"; when : "!SD & !RETN"; value : 900; }
    leakage_power () { related_pg_pin : "VDDA"; when : "SD"; value : 70; }
    leakage_power () { related_pg_pin : "VDD"; when : "SD"; value : 30; }
    pin (CLK) { /* the clock */
      direction : input; clock : true;
      minimum_period () { constraint : 1.25; when : "!CEB"; }
      internal_power () { related_pg_pin : "VDD"; when : "CEB";
        rise_power (slew) { values ("0.1, 0.1"); } fall_power (slew) { values ("0.1, \
          0.1"); } }
      internal_power () { related_pg_pin : "VDD"; when : "!CEB & WEB";
        rise_power (slew) { values ("{read}, {read}"); } fall_power (slew) { values ("0.5, 1.5"); } }
      internal_power () { related_pg_pin : "VDD"; when : "!CEB & !WEB";
        rise_power (slew) { values ("4.0, 6.0"); } fall_power (scalar) { values ("1.0"); } }
      internal_power () { related_pg_pin : "VDDA"; when : "!CEB & !WEB";
        rise_power (scalar) { values ("2.0"); } }
    }
    bus (Q) { bus_type : data; direction : output;
      memory_read () { address : A; }
      timing () { related_pin : "CLK"; timing_type : rising_edge;
        cell_rise (delay) { index_1 ("0.1, 0.2"); values ("0.40, 0.55"); }
        cell_fall (delay) { values ("0.45, 0.50"); } }
    }
    bus (D) { direction : input; memory_write () { address : A; clocked_on : "CLK"; } }
  }
"#;

fn cell(words: u32, leak: &str) -> String {
    let values = [
        ("{words}", words.to_string()),
        ("{area}", (words * 10).to_string()),
        ("{address}", words.ilog2().to_string()),
        ("{leak}", leak.into()),
        ("{read}", "3.0".into()),
    ];
    values.iter().fold(CELL.to_string(), |text, (name, value)| text.replace(name, value))
}

fn library(cells: &str) -> String {
    format!(
        "/* a compiler's */\nlibrary (rams) {{\n  time_unit : \"1ns\"; voltage_unit : \"1V\"; capacitive_load_unit (1, pf);\n  \
         leakage_power_unit : \"1nW\"; // nano\n  nom_temperature : 25.0; nom_voltage : 0.8;\n{cells}\n}}\n"
    )
}

fn open(texts: &[String], extrapolate: bool) -> Result<Liberty, Error> {
    let named = texts.iter().enumerate().map(|(i, text)| Source::new(format!("{i}.lib"), text.as_str()));
    Liberty::new(&named.collect::<Vec<Arc<Source>>>(), "22nm-lstp".parse().unwrap(), extrapolate)
}

fn spec(words: u64, kelvin: f64) -> MacroSpec {
    let (capacity, technology) = (Bytes(words * 4), "22nm-lstp".parse().unwrap());
    MacroSpec { capacity, word_bits: 32, ports: Ports::SingleReadWrite, technology, temperature: Kelvin(kelvin) }
}

fn problems(text: String) -> String {
    match open(&[text], false) {
        Err(Error::Input(problems)) => problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n"),
        other => panic!("{other:?}"),
    }
}

fn answer(text: String) -> MacroPoint {
    open(&[text], false).unwrap().characterise(&spec(1024, 298.15)).unwrap()
}

#[test]
fn the_numbers_of_a_macro_are_read() {
    let point = answer(library(&cell(1024, "5000")));
    for (metric, expected) in [
        (Metric::ReadEnergy, 3.0 + 1.0),
        (Metric::WriteEnergy, 5.0 + 1.0 + 2.0),
        (Metric::AccessTime, 0.55),
        (Metric::CycleTime, 1.25),
        (Metric::Leakage, (5000.0 + 3000.0) * 1e-6),
        (Metric::OffLeakage, 100e-6),
        (Metric::Area, 10240e-6),
    ] {
        let evidence = point.evidence.get(metric);
        assert!(near(point.value(metric), expected, 1e-12), "{metric:?}: {}", point.value(metric));
        assert_eq!(
            (evidence.source, evidence.basis, evidence.estimated_error),
            (Origin::Liberty, Basis::Exact, Some(0.0))
        );
    }
    let light = point.evidence.get(Metric::LightLeakage);
    assert_eq!((light.source, light.basis), (Origin::DefaultShare, Basis::Assumed));
    assert!(near(point.leakage.without_periphery().0, 0.9 * point.leakage.total().0, 1e-12));
    let wake = point.evidence.get(Metric::WakeOff);
    assert_eq!((wake.source, wake.basis, point.basis), (Origin::EmbeddedTable, Basis::Assumed, Basis::Assumed));
    assert!(point.wake.off.0 > 0.0);
}

#[test]
fn units_of_the_file_count() {
    let text = library(&cell(1024, "5000"));
    let other = text.replace("\"1ns\"", "\"10ps\"").replace("(1, pf)", "(100, ff)").replace("\"1nW\"", "\"100pW\"");
    let (a, b) = (answer(text), answer(other));
    assert!(
        near(b.read_energy.0, a.read_energy.0 / 10.0, 1e-12) && near(b.cycle_time.0, a.cycle_time.0 / 100.0, 1e-12)
    );
    assert!(near(b.leakage.total().0, a.leakage.total().0 / 10.0, 1e-12));
}

#[test]
fn a_macro_that_is_in_no_file_does_not_exist() {
    let files = [library(&cell(1024, "5000")), library(&cell(4096, "9000"))];
    let model = open(&files, false).unwrap();
    assert!(model.characterise(&spec(4096, 298.0)).is_ok());
    let refused = |s: MacroSpec| match model.characterise(&s).unwrap_err() {
        Error::Input(problems) => problems[0].render(false),
        other => panic!("{other}"),
    };
    assert!(refused(spec(2048, 298.15)).contains("ram_1024x32"));
    assert!(refused(spec(1024, 350.0)).contains("298.15 K, not at 350 K"));
    let other = MacroSpec { technology: "45nm-hp".parse().unwrap(), ..spec(1024, 298.15) };
    assert!(refused(other).contains("not as 45nm-hp"));
    assert!(refused(MacroSpec { ports: Ports::DualReadWrite, ..spec(1024, 298.15) }).contains("2rw"));
}

#[test]
fn another_temperature_follows_the_law_when_that_is_allowed() {
    let model = open(&[library(&cell(1024, "5000"))], true).unwrap();
    let (file, warm) =
        (model.characterise(&spec(1024, 298.15)).unwrap(), model.characterise(&spec(1024, 350.0)).unwrap());
    assert!(warm.leakage.total().0 > 5.0 * file.leakage.total().0);
    assert_eq!(warm.evidence.get(Metric::Leakage).basis, Basis::Extrapolated);
    assert_eq!(warm.read_energy, file.read_energy);
    let corners = [library(&cell(1024, "5000")), library(&cell(1024, "8000")).replace("25.0", "76.85")];
    let model = open(&corners, false).unwrap();
    let hot = model.characterise(&spec(1024, 350.0)).unwrap();
    assert!(near(hot.leakage.total().0, 11000e-6, 1e-12), "the corner of that temperature is taken");
}

#[test]
fn placeholders_are_refused() {
    let cell_of = |leak: &str| cell(1024, leak);
    let single = |cell: String| problems(library(&cell));
    // The other supply adds 3000 nW: 32768 bit cells of 1 nW each.
    assert!(single(cell_of("29768")).contains("1 nW a bit cell"));
    let alone = cell_of("1").replace("value : 3000", "value : 0").replace("value : 2000", "value : 0");
    assert!(single(alone).contains("its leakage is 1.000000 nW"));
    let same = cell_of("5000")
        .replace("values (\"4.0, 6.0\")", "values (\"3.0\")")
        .replace("values (\"2.0\")", "values (\"0.0\")");
    let same =
        same.replace("rise_power (slew) { values (\"0.1, 0.1\"); }", "rise_power (slew) { values (\"3.9, 3.9\"); }");
    let text = single(same);
    assert!(text.contains("same selected or not"), "{text}");
    let dear = cell_of("5000").replace("values (\"3.0, 3.0\")", "values (\"40000\")");
    assert!(single(dear).contains("pJ a bit"));
    let text = problems(library(&(cell(1024, "5000") + &cell(4096, "5000"))));
    assert!(text.contains("the same at every size") && text.contains("ram_4096x32"), "{text}");
    assert!(open(&[library(&(cell(1024, "5000") + &cell(4096, "9000")))], false).is_ok());
}

#[test]
fn what_is_missing_is_told_with_its_place() {
    let text = library(&cell(1024, "5000"));
    for (from, to, expected) in [
        ("  leakage_power_unit : \"1nW\";", "", "`leakage_power_unit` is missing"),
        ("\"1ns\"", "\"1 fortnight\"", "`time_unit` is missing or unknown"),
        ("capacitive_load_unit (1, pf);", "", "`capacitive_load_unit`"),
        ("nom_temperature : 25.0;", "", "`nom_temperature` is missing"),
        ("area : 10240;", "", "`area` is missing"),
        ("minimum_period () { constraint : 1.25; when : \"!CEB\"; }", "", "`minimum_period` is missing"),
        ("related_pin : \"CLK\";", "", "`timing` is missing"),
        ("address_width : 10;", "address_width : 1000;", "a whole number from 1 to 40"),
        ("memory () {", "memories () {", "has no memory"),
        ("clock : true;", "", "`internal_power` is missing"),
    ] {
        assert!(text.contains(from), "{from}");
        let told = problems(text.replace(from, to));
        assert!(told.contains(expected) && told.contains("0.lib:"), "{expected} in\n{told}");
    }
    let twice = problems(library(&(cell(1024, "5000") + &cell(1024, "6000"))));
    assert!(twice.contains("duplicate"), "{twice}");
}

#[test]
fn broken_text_is_told_with_its_place() {
    let text = library(&cell(1024, "5000"));
    for broken in
        ["", "cell (a) {}", "library", "library (a", "library (a) { x", "library (a) { b : 1; ", "library (a) : 3"]
    {
        let told = problems(broken.into());
        assert!(told.contains("liberty-syntax") && told.contains("0.lib:"), "{broken}: {told}");
    }
    // Cut anywhere, it is refused and never panics.
    for end in (0..text.len() - 3).step_by(37) {
        assert!(open(&[text[..end].to_string()], false).is_err(), "cut at {end}");
    }
    let deep = "g () { ".repeat(100_000);
    assert!(problems(format!("library (a) {{ {deep}")).contains("too deeply"));
}
