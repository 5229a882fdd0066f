//! Organisations: what maps, which macros are taken, what wires cost.

use super::memory::spec;
use super::models::{explored, runs};
use trapti::explore::{Choice, predict_points, select};
use trapti::power::{Infeasible, OrganisationSpec, SleepLeakage, organise};
use trapti::sram::EmbeddedTable;
use trapti::units::{Bytes, Picojoules};

const MIB: u64 = 1 << 20;

fn refused(spec: OrganisationSpec) -> Infeasible {
    organise(&spec, &EmbeddedTable::new(false).unwrap()).unwrap_err()
}

#[test]
fn what_does_not_map_is_named() {
    let at = |mib: u64, domains, interleave| spec("22nm-lstp", Bytes(mib * MIB), domains, interleave);
    for (spec, reason) in [
        (at(48, 4, 1), "is not a power of two"),
        (at(48, 65, 1), "1 to 64 domains"),
        (at(48, 3, 3), "interleave of 3"),
        (at(1, 7, 1), "no whole number of words"),
    ] {
        let found = refused(spec);
        assert!(matches!(found, Infeasible::NotMappable { .. }) && found.to_string().contains(reason), "{found}");
    }
    assert!(refused(OrganisationSpec { word_bits: 96, ..at(48, 3, 1) }).to_string().contains("words of 96 bits"));
    assert!(
        refused(OrganisationSpec { word_bits: 32, ..at(48, 3, 1) })
            .to_string()
            .contains("outside the characterisation")
    );
    let none = OrganisationSpec { macro_min: Bytes(3 * MIB), macro_max: Bytes(3 * MIB), ..at(48, 3, 1) };
    assert!(refused(none).to_string().contains("none between 3.00 MiB and 3.00 MiB"));
    for domains in [3, 6, 12, 24, 48] {
        assert!(organise(&at(48, domains, 2), &EmbeddedTable::new(false).unwrap()).is_ok());
    }
}

/// 16 and 128 MiB of 22 nm hp in separate macros: bank count, read energy of a macro, wire energy (nJ), total area (mm²), leakage
/// (mW), as measured with CACTI 7 at 350 K for words of 256 bits; wires of 0.75·√area, activity 0.5.
const MEASURED: [(u64, u32, f64, f64, f64, f64); 2] =
    [(16, 4, 0.111358, 0.0585441, 13.3265, 2239.88), (16, 2, 0.155686, 0.0572239, 12.7322, 2239.88)];

#[test]
fn macros_and_wires_cost_what_was_measured() {
    let model = EmbeddedTable::new(false).unwrap();
    for (mib, banks, read_nj, wire_nj, area, leakage) in MEASURED {
        let macro_size = Bytes(mib * MIB / u64::from(banks));
        let mut spec = OrganisationSpec {
            macro_min: macro_size,
            macro_max: macro_size,
            ..spec("22nm-hp", Bytes(mib * MIB), banks, 1)
        };
        spec.assumptions.mux_energy = Some(Picojoules::ZERO);
        let memory = organise(&spec, &model).unwrap();
        let near = |found: f64, expected: f64, by: f64| (found / expected - 1.0).abs() < by;
        assert_eq!((memory.macro_shape.rows, memory.macro_shape.columns), (1, 1));
        assert!(near(memory.read_energy.0, read_nj * 1e3, 1e-5), "{:?}", memory.read_energy);
        // The measured wires carry 256 + 24 bits (byte addresses); ours 256 + 19 (words).
        assert!(near(memory.interconnect_energy.0, wire_nj * 1e3, 0.03), "{:?}", memory.interconnect_energy);
        assert!(near(memory.area.0, area, 1e-4) && near(memory.power.on.0 * f64::from(banks), leakage, 2e-3));
    }
}

#[test]
fn a_smaller_bank_is_cheaper_to_reach_until_wires_dominate() {
    let model = EmbeddedTable::new(false).unwrap();
    let energy = |domains| {
        let memory = organise(&spec("22nm-hp", Bytes(64 * MIB), domains, 1), &model).unwrap();
        memory.read_energy.0 + memory.interconnect_energy.0
    };
    let all: Vec<f64> = [1, 4, 16, 64].into_iter().map(energy).collect();
    let (least, most) = (all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(0.0, f64::max));
    // With a macro size chosen freely, the split into banks hardly changes the access: no benefit is invented.
    assert!(most / least < 1.1, "{all:?}");
}

#[test]
fn the_macro_is_fast_enough_for_a_sequential_port_where_one_is() {
    let model = EmbeddedTable::new(false).unwrap();
    for (technology, interleave) in [("22nm-lstp", 1), ("22nm-lstp", 4), ("22nm-hp", 1)] {
        let memory = organise(&spec(technology, Bytes(64 * MIB), 16, interleave), &model).unwrap();
        assert!(memory.organisation.bank_cycles <= interleave, "{technology} {interleave}: {memory:?}");
        let fits = memory.clock.period().0 * f64::from(memory.organisation.bank_cycles);
        assert!(memory.cycle_time.0 <= fits * (1.0 + 1e-9));
        assert!(
            memory.access_time.0
                <= f64::from(memory.organisation.read_latency) * memory.clock.period().0 * (1.0 + 1e-9)
        );
    }
    // 512 KiB of 45 nm lstp cannot cycle in 1 ns: the fastest is taken and says so.
    let only = Bytes(512 << 10);
    let spec = OrganisationSpec { macro_min: only, macro_max: only, ..spec("45nm-lstp", Bytes(64 * MIB), 16, 1) };
    assert!(organise(&spec, &model).unwrap().organisation.bank_cycles > 1);
}

#[test]
fn sleeping_deeper_never_leaks_more() {
    let model = EmbeddedTable::new(false).unwrap();
    for technology in ["22nm-hp", "22nm-lstp", "22nm-lstp-hp", "45nm-lop", "90nm-lstp"] {
        for sleep_leakage in [SleepLeakage::default(), SleepLeakage::Characterisation] {
            let mut spec = spec(technology, Bytes(8 * MIB), 8, 1);
            spec.assumptions.sleep_leakage = sleep_leakage;
            let power = organise(&spec, &model).unwrap().power;
            let [light, retention, off] = power.asleep;
            assert!(
                power.on > light && light >= retention && retention >= off && off.0 > 0.0,
                "{technology} {power:?}"
            );
        }
    }
}

#[test]
fn sensitivity_scales_all_macro_leakage() {
    let model = EmbeddedTable::new(false).unwrap();
    let mut spec = spec("22nm-lstp", Bytes(8 * MIB), 8, 1);
    let nominal = organise(&spec, &model).unwrap();
    spec.assumptions.leakage_scale = 3.0;
    let triple = organise(&spec, &model).unwrap();
    assert!((triple.power.on.0 / nominal.power.on.0 - 3.0).abs() < 1e-12);
    assert!((triple.power.asleep[2].0 / nominal.power.asleep[2].0 - 3.0).abs() < 1e-12);
    assert_eq!(triple.read_energy, nominal.read_energy);
}

/// Two-port macros are estimated; there is no RTL to play or to generate.
#[test]
fn two_ports_are_characterised_and_not_selected() {
    let study = |ports: &str| {
        format!(
            "[study]\ncapacity = '1 MiB'\ndomains = 4\nplacement = 'first-fit'\npolicies = ['never', 'mask']\n\
             technology = '22nm-hp'\nmacro_ports = '{ports}'\n"
        )
    };
    let [single, double] = ["1rw", "2rw"].map(|ports| explored(&study(ports), runs(), true));
    for (one, two) in single.points.iter().zip(&double.points) {
        assert!(two.area_mm2 > 1.2 * one.area_mm2, "{one:?} {two:?}");
    }
    assert!(!double.summary.front.is_empty() && double.summary.front.iter().all(|front| front.prediction.is_none()));
    let model = EmbeddedTable::new(false).unwrap();
    assert!(select(&single, Choice::Point(0), &model).is_ok());
    let refused = select(&double, Choice::Point(0), &model).unwrap_err().to_string();
    assert!(refused.contains("no-rtl") && refused.contains("2rw"), "{refused}");
    let mut double = double;
    let refused = predict_points(&mut double, &[0], runs(), &model).unwrap_err().to_string();
    assert!(refused.contains("no-rtl"), "{refused}");
}
