//! Banked, power-gated memory: organisation, placement, gating policy, the stimulus a run becomes, and what is counted.

mod activity;
mod design;
mod organisation;
mod placement;
mod policy;
mod stimulus;
mod timing;

pub use activity::{Activity, Class, DomainActivity, PortActivity, Transitions};
pub use design::{Controller, Design, DesignProvenance};
pub use organisation::{MacroShape, Organisation};
pub use placement::{PlacedBlock, Placement};
pub use policy::{Policy, States};
pub use stimulus::{Block, Stimulus, StimulusKind, StimulusNode};
pub use timing::{ControllerTiming, SwitchDelays};
