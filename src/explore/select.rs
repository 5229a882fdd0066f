//! From a point to a design: every parameter that RTL and co-simulation need.

use super::evaluate::{policy, timing};
use super::exploration::Exploration;
use super::point::Point;
use super::study::{Objective, PolicyRule};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::power::{BankedMemory, BusFront, Design, DesignProvenance, TransitionCycles, organise};
use crate::schema;
use crate::sram::{SramModel, Technology};
use crate::units::Bytes;

/// Which point to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The best with addresses for an objective.
    Best(Objective),
    /// A row of `points.parquet`.
    Point(u64),
}

/// Makes a point a design.
///
/// # Errors
/// A point that does not exist, is a bound without addresses, has macros that no RTL is for, or comes from another characterisation than
/// `model`.
pub fn select(exploration: &Exploration, choice: Choice, model: &dyn SramModel) -> Result<Design> {
    let point = choose(exploration, choice)?;
    if point.is_bound() {
        return Err(refuse(
            format!("point {} is a bound: the ideal placement has no addresses", point.point),
            "select a point that is placed first-fit",
        ));
    }
    let study = &exploration.summary.study;
    if !study.has_rtl() {
        let message =
            format!("no-rtl: point {} is of {} macros, the RTL has macros of one port", point.point, study.macro_ports);
        return Err(refuse(message, "explore with `macro_ports = \"1rw\"`, the default"));
    }
    let memory = memory_of(exploration, point, model)?;
    let (timing, switch) = timing(study, &memory);
    let rule = rule_of(exploration, point)?;
    Ok(Design {
        schema: schema::DESIGN.into(),
        name: name(point),
        capacity: Bytes(point.capacity_bytes),
        organisation: memory.organisation,
        macro_shape: memory.macro_shape,
        timing,
        switch,
        states: study.states,
        policy: policy(&rule, &memory, &TransitionCycles::of(&timing, switch)),
        reset_on: false,
        time_bits: 32,
        counters: 2,
        iso_in_rtl: true,
        bus: BusFront::Native,
        registers: false,
        clock: memory.clock,
        placement: point.placement.clone(),
        provenance: provenance(exploration, point, &memory),
    })
}

fn choose(exploration: &Exploration, choice: Choice) -> Result<&Point> {
    let row = match choice {
        Choice::Point(row) => row,
        Choice::Best(objective) => best(exploration, objective)?,
    };
    let last = exploration.summary.points.saturating_sub(1);
    exploration.point(row).ok_or_else(|| refuse(format!("there is no point {row}"), &format!("points are 0 to {last}")))
}

/// The study's own winner, or the best by estimate for an objective it did not have.
fn best(exploration: &Exploration, objective: Objective) -> Result<u64> {
    let summary = &exploration.summary;
    let placed = || exploration.contestants().into_iter().filter(|p| p.is_buildable());
    let first = exploration.periods().first().copied().unwrap_or(0);
    let named = summary.winners.iter().find(|w| w.objective == objective && w.period_cycles == first);
    let named = named.map(|w| w.point).filter(|row| exploration.point(*row).is_some_and(Point::is_buildable));
    let best = named.or_else(|| super::pareto::winner(placed(), objective, &summary.study.objectives).map(|p| p.point));
    let none = || refuse("there is no point with addresses".into(), "add placement \"first-fit\" to the study");
    best.filter(|_| placed().next().is_some()).ok_or_else(none)
}

pub(super) fn refuse(message: String, help: &str) -> Error {
    Error::input(Diagnostic::new("not-selectable", message).with_help(help))
}

/// The memory of a point, built again.
///
/// # Errors
/// A characterisation that now gives another memory, or none.
pub fn memory_of(exploration: &Exploration, point: &Point, model: &dyn SramModel) -> Result<BankedMemory> {
    let summary = &exploration.summary;
    if model.provenance().digest != summary.characterisation.digest {
        let message = format!("the exploration used another characterisation: {}", summary.characterisation.name);
        return Err(refuse(message, "give the same one, or explore again"));
    }
    let technology: Technology = point.technology.parse()?;
    let split = (point.domains as u32, point.interleave as u32);
    let spec = summary.study.organisation(Bytes(point.capacity_bytes), split, technology, summary.port);
    organise(&spec, model).map_err(|reason| refuse(format!("point {}: {reason}", point.point), "explore again"))
}

/// The policy of a point as its study has it.
pub(super) fn rule_of(exploration: &Exploration, point: &Point) -> Result<PolicyRule> {
    let rules = &exploration.summary.study.policies;
    let unknown = || refuse(format!("the study has no policy {}", point.policy), "explore again");
    rules.iter().find(|r| r.to_string() == point.policy).copied().ok_or_else(unknown)
}

/// Such as `48mib_d12_i2_22nm_lstp`.
fn name(point: &Point) -> String {
    let capacity = match point.capacity_bytes {
        bytes if bytes % (1 << 20) == 0 => format!("{}mib", bytes >> 20),
        bytes if bytes % (1 << 10) == 0 => format!("{}kib", bytes >> 10),
        bytes => format!("{bytes}b"),
    };
    format!("{capacity}_d{}_i{}_{}", point.domains, point.interleave, point.technology.replace('-', "_"))
}

fn provenance(exploration: &Exploration, point: &Point, memory: &BankedMemory) -> DesignProvenance {
    let summary = &exploration.summary;
    let here = |p: &&super::exploration::PlacementDigest| {
        (p.capacity_bytes, p.domains, &p.placement) == (point.capacity_bytes, point.domains, &point.placement)
    };
    DesignProvenance {
        exploration: exploration.digest(),
        point: point.point,
        memory: summary.memory.clone(),
        characterisation: format!("{}, {}, {}", memory.technology, summary.characterisation.name, memory.basis),
        placements: summary.placements.iter().filter(here).map(|p| (p.workload.clone(), p.digest.clone())).collect(),
    }
}
