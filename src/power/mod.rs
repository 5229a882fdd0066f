//! Banked, power-gated memory: organisation, placement, gating policy, the stimulus a run becomes, and what is counted.

mod activity;
mod banked;
mod break_even;
mod compile;
pub mod cycle;
mod design;
mod energy;
mod infeasible;
mod organisation;
mod organise;
pub mod place;
mod placement;
mod policy;
pub mod reference;
pub mod replay;
mod schedule;
mod sleep;
mod state;
mod stimulus;
mod timing;

pub use activity::{Activity, Class, DomainActivity, PortActivity, Transitions};
pub use banked::{Assumptions, BankedMemory, ControllerGates, SleepLeakage};
pub use break_even::break_even;
pub use compile::{Portion, Selection};
pub use design::{BusFront, Controller, Design, DesignProvenance};
pub use energy::{EnergyTerms, Totals, energy};
pub use infeasible::Infeasible;
pub use organisation::{MacroShape, Organisation};
pub use organise::{OrganisationSpec, organise};
pub use placement::{PlacedBlock, Placement};
pub use policy::{Policy, States};
pub use schedule::{Entry, Operation, SCHEDULE_DEPTH, Schedule, StartEvent};
pub use sleep::{PerSleep, Sleep, StatePower, TransitionCycles, WakeEnergy, WakeTimes};
pub use state::State;
pub use stimulus::{Block, StartTable, Stimulus, StimulusKind, StimulusNode};
pub use timing::{ControllerTiming, SwitchDelays};
