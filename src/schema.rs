//! Names and versions of the artefacts' formats.

/// First key of `workload.json`.
pub const WORKLOAD: &str = "trapti.workload/1";
/// First key of the statistics of a run.
pub const STATISTICS: &str = "trapti.statistics/1";
/// First key of a directory's `manifest.json`.
pub const MANIFEST: &str = "trapti.manifest/1";
/// First key of the summary of an exploration.
pub const EXPLORATION: &str = "trapti.exploration/1";
/// First key of the points of a survey.
pub const SURVEY: &str = "trapti.survey/1";
/// First key of a schedule.
pub const SCHEDULE: &str = "trapti.schedule/1";
/// First key of `design.json`.
pub const DESIGN: &str = "trapti.design/1";
/// First key of the answer of `trapti sram`.
pub const SRAM: &str = "trapti.sram/1";
/// First key of `cosim.json`.
pub const COSIM: &str = "trapti.cosim/1";
/// First key of `memory.json` in a generated RTL directory.
pub const MEMORY: &str = "trapti.memory/1";
/// First key of the totals that `trapti simulate` prints.
pub const SUMMARY: &str = "trapti.summary/1";
/// First key of what `trapti trace show` prints.
pub const PROFILE: &str = "trapti.profile/1";
/// First key of what `trapti trace diff` prints.
pub const COMPARISON: &str = "trapti.comparison/1";
/// First key of `imported.json` in a run directory that holds only an occupancy.
pub const IMPORTED: &str = "trapti.imported/1";
