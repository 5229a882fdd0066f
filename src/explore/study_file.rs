//! The study as written: TOML to a checked [`Study`].

use super::study::{Objective, PlacementRule, PolicyRule, Study, Threshold};
use crate::config::{Document, Field, FromValue, Table};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::power::place::Rule;
use crate::power::{Assumptions, ControllerGates, OrganisationSpec, SleepLeakage, States, WakeTimes};
use crate::sram::{Characterisation, Ports, Technology};
use crate::units::{Bytes, Kelvin, Nanoseconds};
use std::path::PathBuf;
use std::sync::Arc;
use toml::de::DeValue;

impl FromValue for Technology {
    fn expected() -> String {
        "a technology such as `22nm-lstp`, `45nm-hp` or `22nm-lstp-hp` (cell, periphery)".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl Study {
    /// Reads `[study]`.
    ///
    /// # Errors
    /// Every problem of the file, each with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse(source)?;
        let mut root = document.root();
        let study = root.required("study").table().and_then(study);
        root.finish();
        document.result(study)
    }
}

fn study(mut table: Table<'_>) -> Option<Study> {
    let capacities = capacities(&table.required("capacity"));
    let technologies = filled::<Technology>(&table.required("technology"));
    let domains = domains(&table.required("domains"));
    let interleave = interleave(&table.optional("interleave"));
    let alpha = alpha(&table.optional("alpha"));
    let placements = placements(&table.optional("placement"));
    let policies = policies(&table.required("policies"));
    let states = states(&table.optional("states"));
    let objectives = objectives(&table.optional("objectives"));
    let workloads = texts(&table.optional("workloads"));
    let weights = weights(&table.optional("weights"), workloads.len());
    let periods = periods(&table.optional("period"));
    let temperature = table.optional("temperature").value::<Kelvin>().unwrap_or(Study::TEMPERATURE);
    let macro_min = table.optional("macro_min").value().unwrap_or(OrganisationSpec::MACRO_MIN);
    let macro_max = table.optional("macro_max").value().unwrap_or(OrganisationSpec::MACRO_MAX);
    let macro_ports = table.optional("macro_ports").keyword(&Ports::NAMES, &[]).unwrap_or_default();
    let memory = table.optional("memory").value();
    let extrapolate = table.optional("extrapolate").value().unwrap_or(false);
    let characterisation = characterisation(&table.optional("characterisation"));
    let wake = wake(&mut table);
    let assumptions = assumptions(&mut table);
    table.finish();
    Some(Study {
        capacities: capacities?,
        domains: domains?,
        interleave: interleave?,
        alpha: alpha?,
        placements: placements?,
        policies: policies?,
        states: states?,
        technologies: technologies?,
        workloads,
        weights: weights?,
        objectives: objectives?,
        periods: periods?,
        temperature,
        macro_min,
        macro_max,
        macro_ports,
        memory,
        wake,
        assumptions,
        extrapolate,
        characterisation: characterisation?,
    })
}

/// Every element, each read even if one before it is wrong.
fn each<'d, T>(field: &Field<'d>, read: impl Fn(&Field<'d>) -> Option<T>) -> Option<Vec<T>> {
    let values: Vec<Option<T>> = field.one_or_more().iter().map(read).collect();
    values.into_iter().collect()
}

/// As [`each`], but an empty list is refused: it would make the study empty.
fn at_least_one<'d, T>(
    field: &Field<'d>,
    expected: impl AsRef<str>,
    read: impl Fn(&Field<'d>) -> Option<T>,
) -> Option<Vec<T>> {
    let values = each(field, read)?;
    if field.is_present() && values.is_empty() {
        field.refuse("empty-list", expected);
        return None;
    }
    Some(values)
}

/// One value or several, none of them wrong, at least one.
fn filled<T: FromValue>(field: &Field<'_>) -> Option<Vec<T>> {
    at_least_one(field, format!("at least one: {}", T::expected()), Field::value)
}

/// Largest capacity: far above what is on any chip, far below where products of sizes overflow.
const LARGEST: Bytes = Bytes(1 << 40);
/// Most gates of a controller, a domain or shared.
const MOST_GATES: u64 = 1 << 40;
/// Longest period, so that domain-cycles of all workloads stay countable.
const LONGEST_PERIOD: Nanoseconds = Nanoseconds(1e15);
/// Longest time of waking, so that the controller's counters hold it.
const LONGEST_WAKE: Nanoseconds = Nanoseconds(1e8);

fn capacities(field: &Field<'_>) -> Option<Vec<Bytes>> {
    at_least_one(field, format!("at least one: {}", Bytes::expected()), |f| {
        let capacity: Bytes = f.value()?;
        within(f, capacity, (Bytes(1)..=LARGEST).contains(&capacity), "a size from 1 B to 1024 GiB")
    })
}

/// The value if it is `inside`, else a diagnostic.
fn within<T>(field: &Field<'_>, value: T, inside: bool, expected: &str) -> Option<T> {
    if !inside {
        field.refuse("out-of-range", expected);
    }
    inside.then_some(value)
}

fn domains(field: &Field<'_>) -> Option<Vec<u32>> {
    if field.as_text() == Some("auto") {
        return Some(Vec::new());
    }
    const EXPECTED: &str = "numbers from 1 to 64, or \"auto\"";
    if field.as_text().is_some() {
        field.refuse("wrong-value", EXPECTED);
        return None;
    }
    at_least_one(field, EXPECTED, |f| f.integer(1..=64))
}

fn interleave(field: &Field<'_>) -> Option<Vec<u32>> {
    if !field.is_present() {
        return Some(vec![1]);
    }
    let power = |f: &Field<'_>| {
        let number: u32 = f.integer(1..=64)?;
        if !number.is_power_of_two() {
            f.refuse("out-of-range", "a power of two from 1 to 64");
        }
        Some(number)
    };
    at_least_one(field, "powers of two from 1 to 64", power)
}

fn alpha(field: &Field<'_>) -> Option<Vec<f64>> {
    match field.is_present() {
        true => at_least_one(field, "shares from 0.01 to 1", |f| f.number(0.01..=1.0)),
        false => Some(vec![1.0]),
    }
}

fn placements(field: &Field<'_>) -> Option<Vec<PlacementRule>> {
    match field.is_present() {
        true => at_least_one(field, "placements such as \"first-fit\"", |f| f.keyword(&PlacementRule::NAMES, &[])),
        false => Some(vec![PlacementRule::Ideal, PlacementRule::Placed(Rule::FirstFit)]),
    }
}

fn policies(field: &Field<'_>) -> Option<Vec<PolicyRule>> {
    at_least_one(field, "policies such as \"never\" and \"mask\"", policy)
}

fn policy(field: &Field<'_>) -> Option<PolicyRule> {
    const NAMES: [(&str, PolicyRule); 4] = [
        ("never", PolicyRule::Never),
        ("immediate", PolicyRule::Immediate),
        ("scheduled", PolicyRule::Scheduled),
        ("mask", PolicyRule::Mask),
    ];
    if !field.is_table() {
        return field.keyword(&NAMES, &[]);
    }
    let mut outer = field.table()?;
    let mut timeout = outer.required("timeout").table()?;
    outer.finish();
    let fields = ["light", "retention", "off"].map(|key| timeout.optional(key));
    timeout.finish();
    let [light, retention, off] = fields.each_ref().map(threshold);
    if !fields.iter().any(Field::is_present) {
        field.refuse("empty-list", "at least one threshold: light, retention or off");
        return None;
    }
    Some(PolicyRule::Timeout { light, retention, off })
}

fn threshold(field: &Field<'_>) -> Option<Threshold> {
    match field.as_text() {
        Some("break-even") => Some(Threshold::BreakEven),
        Some(_) => {
            field.refuse("wrong-value", "a number of cycles or \"break-even\"");
            None
        }
        None => field.integer(1..=(1 << 31) - 1).map(Threshold::Cycles),
    }
}

fn states(field: &Field<'_>) -> Option<States> {
    if !field.is_present() {
        return Some(States { light: true, retention: true });
    }
    let mut states = States::default();
    for element in field.elements() {
        match element.keyword(&[("light", true), ("retention", false)], &[])? {
            true => states.light = true,
            false => states.retention = true,
        }
    }
    Some(states)
}

fn objectives(field: &Field<'_>) -> Option<Vec<Objective>> {
    let given: Vec<Objective> = each(field, |f| f.keyword(&Objective::NAMES, &[]))?;
    Some(if given.is_empty() { Objective::DEFAULT.to_vec() } else { given })
}

/// `"embedded"`, `"cacti"`, or a table with one of `csv`, `liberty`, `cacti`; paths count from the folder of the study.
fn characterisation(field: &Field<'_>) -> Option<Characterisation> {
    if !field.is_present() {
        return Some(Characterisation::Embedded);
    }
    if !field.is_table() {
        let cacti = field.keyword(&[("embedded", false), ("cacti", true)], &[])?;
        return Some(if cacti { Characterisation::Cacti(None) } else { Characterisation::Embedded });
    }
    let folder = field.document().source().path.parent().map(PathBuf::from).unwrap_or_default();
    let path = |field: &Field<'_>| field.value::<String>().map(|text| folder.join(text));
    let mut table = field.table()?;
    let (csv, liberty, cacti) = (table.optional("csv"), table.optional("liberty"), table.optional("cacti"));
    table.finish();
    match (csv.is_present(), liberty.is_present(), cacti.is_present()) {
        (true, false, false) => path(&csv).map(Characterisation::Csv),
        (false, true, false) => each(&liberty, path).map(Characterisation::Liberty),
        (false, false, true) => path(&cacti).map(|path| Characterisation::Cacti(Some(path))),
        _ => {
            field.refuse("wrong-value", "one of `csv`, `liberty` and `cacti`, each with a path");
            None
        }
    }
}

fn texts(field: &Field<'_>) -> Vec<String> {
    field.one_or_more().iter().filter_map(Field::value).collect()
}

/// One period or several; `"back to back"` is one.
fn periods(field: &Field<'_>) -> Option<Vec<Option<Nanoseconds>>> {
    let period = |f: &Field<'_>| match f.as_text() {
        Some("back to back") => Some(None),
        _ => {
            let time: Nanoseconds = f.value()?;
            let inside = time.0 > 0.0 && time.0 <= LONGEST_PERIOD.0;
            within(f, Some(time), inside, "a time above 0, up to 1000000 s, or \"back to back\"")
        }
    };
    match field.is_present() {
        true => at_least_one(field, "at least one period, such as `1 s`, or \"back to back\"", period),
        false => Some(vec![None]),
    }
}

/// One number above 0 for each of `workloads`.
fn weights(field: &Field<'_>, workloads: usize) -> Option<Vec<f64>> {
    if !field.is_present() {
        return Some(Vec::new());
    }
    let weights = each(field, |f| f.number(0.0..=f64::MAX))?;
    if weights.len() != workloads || !weights.iter().any(|w| *w > 0.0) {
        field.refuse("wrong-value", format!("a number for each of the {workloads} `workloads`, not all 0"));
    }
    Some(weights)
}

fn wake(table: &mut Table<'_>) -> WakeTimes {
    let default = WakeTimes::default();
    let mut time = |key: &'static str, default: Nanoseconds| {
        let field = table.optional(key);
        let given = field.value::<Nanoseconds>();
        given.and_then(|time| within(&field, time, time.0 <= LONGEST_WAKE.0, "a time up to 100 ms")).unwrap_or(default)
    };
    WakeTimes {
        light: time("wake_light", default.light),
        retention: time("wake_retention", default.retention),
        off: time("wake_off", default.off),
    }
}

fn assumptions(table: &mut Table<'_>) -> Assumptions {
    let default = Assumptions::default();
    Assumptions {
        kappa: table.optional("kappa").number(0.0..=100.0).unwrap_or(default.kappa),
        activity: table.optional("activity").number(0.0..=1.0).unwrap_or(default.activity),
        wire_length: table.optional("wire_length").value(),
        mux_energy: table.optional("mux_energy").value(),
        system_power: table.optional("system_power").value().unwrap_or_default(),
        controller: controller(table),
        sleep_leakage: sleep_leakage(table),
        leakage_scale: table.optional("leakage_scale").number(0.0..=1000.0).unwrap_or(default.leakage_scale),
    }
}

/// A size of the controller instead of the counted one; a key that is left out is 0.
fn controller(table: &mut Table<'_>) -> Option<ControllerGates> {
    let keys = ["controller_gates_per_domain", "controller_gates_shared"].map(|key| table.optional(key));
    let given = keys.iter().any(Field::is_present);
    let [per_domain, shared] = keys.each_ref().map(|key| key.integer(0..=MOST_GATES).unwrap_or(0));
    given.then_some(ControllerGates { per_domain, shared })
}

fn sleep_leakage(table: &mut Table<'_>) -> SleepLeakage {
    let source = table.optional("sleep_leakage").keyword(&[("shares", false), ("characterisation", true)], &[]);
    let shares = ["retention_leakage", "off_leakage"].map(|key| table.optional(key));
    if source == Some(true) {
        let given = shares.iter().filter(|share| share.is_present());
        given.for_each(|share| {
            share.refuse("contradiction", "no share: `sleep_leakage` takes the characterisation's own")
        });
    }
    let [retention, off] = shares.each_ref().map(|share| share.number(0.0..=1.0));
    match source {
        Some(true) => SleepLeakage::Characterisation,
        _ => SleepLeakage::Shares { retention: retention.unwrap_or(0.30), off },
    }
}
