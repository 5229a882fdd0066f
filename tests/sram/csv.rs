//! Tables that a user gives, sound and broken.

use super::{MACROS, spec};
use trapti::Error;
use trapti::sram::{Basis, EmbeddedTable, Metric, Origin, SramModel};

fn rendered(name: &str, text: &str) -> String {
    match EmbeddedTable::from_csv(name, text, false) {
        Err(Error::Input(problems)) => problems.iter().map(|p| p.render(false)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broken_table_is_told_with_its_place() {
    let line = MACROS.lines().position(|l| l.contains(",0.144601,")).unwrap() + 1;
    let broken = |from: &str, to: &str| rendered("mine.csv", &MACROS.replacen(from, to, 1));
    for (text, expected) in [
        (broken(",0.144601,", ",fast,"), "a number"),
        (broken(",0.144601,", ",0,"), "a number above 0"),
        (broken(",0.144601,", ",nan,"), "a number"),
        (broken("22,hp,hp,1r1w,4096", "22,tsmc,hp,1r1w,4096"), "hp, lstp or lop"),
        (broken("22,hp,hp,1r1w,4096", "22,hp,hp,3rw,4096"), "1rw, 1r1w or 2rw"),
        (broken("22,hp,hp,1r1w,4096,128", "22,hp,hp,1r1w,4096,1.5"), "a whole number"),
    ] {
        assert!(text.contains(&format!("mine.csv:{line}:")) && text.contains(expected), "{text}");
    }
    assert!(broken("access_ns", "access_ps").contains("no column `access_ns`"));
    let short = MACROS.replacen(",0.000187245\n", "\n", 1);
    assert!(rendered("mine.csv", &short).contains("off_leak_mw"));
    assert!(rendered("empty.csv", "# nothing\n").contains("no header"));
    let first = MACROS.lines().find(|l| l.starts_with("22,")).unwrap();
    let twice = rendered("mine.csv", &format!("{}{first}\n", MACROS));
    assert!(twice.contains("a macro twice"), "{twice}");
}

#[test]
fn rows_may_come_in_any_order_and_line_ends() {
    let (head, mut rows): (Vec<&str>, Vec<&str>) =
        MACROS.lines().partition(|l| !l.starts_with(|c: char| c.is_ascii_digit()));
    rows.reverse();
    let text = [head, rows].concat().join("\r\n");
    let (mine, embedded) =
        (EmbeddedTable::from_csv("mine.csv", &text, false).unwrap(), EmbeddedTable::new(false).unwrap());
    for (kib, bits) in [(64, 128), (100, 200)] {
        let spec = spec("45nm-lstp", kib, bits, 330.0);
        let (a, b) = (mine.characterise(&spec).unwrap(), embedded.characterise(&spec).unwrap());
        assert!(Metric::ALL.iter().all(|m| a.value(*m) == b.value(*m)));
        assert_eq!(
            (a.evidence.get(Metric::Area).source, b.evidence.get(Metric::Area).source),
            (Origin::Csv, Origin::EmbeddedTable)
        );
    }
    assert_ne!(mine.provenance().digest, embedded.provenance().digest);
    assert!(mine.provenance().name.contains("mine.csv"));
}

#[test]
fn a_node_of_ones_own_leaks_at_350_kelvin_alone() {
    let header = MACROS.lines().find(|l| l.starts_with("tech_nm")).unwrap();
    let row = MACROS.lines().find(|l| l.starts_with("22,hp,hp,1rw")).unwrap();
    let text = format!("{header}\n{}\n", row.replacen("22,", "16,", 1));
    let table = EmbeddedTable::from_csv("mine.csv", &text, false).unwrap();
    let at = |kelvin| table.characterise(&spec("16nm-hp", 4, 64, kelvin));
    assert_eq!(at(350.0).unwrap().basis, Basis::Exact);
    assert!(at(340.0).unwrap_err().to_string().contains("only at 350 K"));
    assert!(table.check("16nm-hp".parse().unwrap(), trapti::units::Kelvin(350.0)).is_ok());
    assert!(table.check("22nm-hp".parse().unwrap(), trapti::units::Kelvin(350.0)).is_err());
}
