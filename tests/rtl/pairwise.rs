//! `rtl/parameter_sets.csv` has every pair of levels, and enough sets for Yosys.

use std::collections::{BTreeMap, BTreeSet};

const SETS: &str = include_str!("../../rtl/parameter_sets.csv");

fn sets() -> (Vec<&'static str>, Vec<Vec<&'static str>>) {
    let mut lines = SETS.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(',').collect());
    (lines.next().unwrap(), lines.collect())
}

#[test]
fn any_two_levels_of_two_parameters_meet_in_a_set() {
    let (names, rows) = sets();
    assert_eq!(rows.len(), 40);
    let levels = |column: usize| rows.iter().map(|row| row[column]).collect::<BTreeSet<_>>();
    let mut missing = Vec::new();
    for a in 1..names.len() {
        for b in a + 1..names.len() {
            let seen: BTreeSet<_> = rows.iter().map(|row| (row[a], row[b])).collect();
            let wanted = levels(a).into_iter().flat_map(|x| levels(b).into_iter().map(move |y| (x, y)));
            missing.extend(
                wanted.filter(|pair| !seen.contains(pair)).map(|(x, y)| format!("{}={x} {}={y}", names[a], names[b])),
            );
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// The levels that the table must have, besides others.
#[test]
fn the_sets_reach_from_the_smallest_to_the_largest() {
    let (names, rows) = sets();
    let wanted = [
        ("DOMAINS", &["1", "3", "64"][..]),
        ("INTERLEAVE", &["1", "8"]),
        ("WORD_BITS", &["32", "64", "128", "256", "512"]),
        ("PORTS", &["1", "2", "3", "4"]),
        ("HAS_LIGHT", &["0", "1"]),
        ("HAS_RETENTION", &["0", "1"]),
        ("FRONT", &["axi4", "obi"]),
    ];
    for (name, levels) in wanted {
        let column = names.iter().position(|n| *n == name).unwrap();
        for level in levels {
            assert!(rows.iter().any(|row| row[column] == *level), "{name}={level}");
        }
    }
}

#[test]
fn at_least_twelve_sets_are_synthesised_and_they_are_small() {
    let (names, rows) = sets();
    let row =
        |values: &Vec<&str>| names.iter().map(|n| n.to_string()).zip(values.iter().map(|v| v.to_string())).collect();
    let small: Vec<BTreeMap<String, String>> = rows.iter().filter(|values| values[0] == "1").map(row).collect();
    assert!(small.len() >= 12, "{}", small.len());
    for set in small {
        let value = |name: &str| set[name].parse::<u32>().unwrap();
        assert!(
            value("DOMAINS") * value("INTERLEAVE") <= 16 && value("PORTS") <= 2 && value("WORD_BITS") <= 64,
            "{set:?}"
        );
    }
}
