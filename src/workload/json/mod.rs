//! `workload.json`: the op graph as a file, format `trapti.workload/1`.

mod blocks;
mod read;
mod schema;
mod slots;
mod write;

use crate::config::Document;
use crate::diagnostic::Source;
use crate::error::Result;
use crate::workload::Workload;
use read::Reader;
use serde_json::{Value, json};
use std::sync::Arc;

impl Workload {
    /// Reads `workload.json` and checks it as [`Workload::check`] does.
    ///
    /// Ids are any distinct numbers; ops stand in program order. An entry of a list may be a block that repeats: `docs/workload.md`
    /// has the format. The keys `metadata` (anywhere), and `view_of`, `physical_rows` and `physical_cols` of a tensor are
    /// accepted and not kept.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place; of a block the first repetition in which something is wrong.
    pub fn from_json(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse_json(source)?;
        let mut reader = Reader::default();
        let workload = reader.workload(document.root());
        if document.is_clean() {
            let problems = workload.as_ref().map(Workload::problems).unwrap_or_default();
            problems.into_iter().for_each(|problem| reader.report(&document, problem));
        }
        document.result(workload)
    }

    /// The text of `workload.json`, one tensor and one op a line and what repeats as blocks; [`Workload::from_json`] gives an
    /// equal value.
    pub fn to_json(&self) -> String {
        let mut parts = vec![
            format!("\"schema\": \"{}\"", crate::schema::WORKLOAD),
            format!("\"name\": {}", Value::from(self.name.as_str())),
            format!("\"layers\": {}", json!(self.layers)),
            write::list(&self.tensors),
            write::list(&self.ops),
        ];
        if !self.phases.is_empty() {
            parts.push(write::list(&self.phases.iter().cloned().collect()));
        }
        if let Some(schedule) = &self.schedule {
            let line = [("order", json!(schedule.order)), ("array", json!(schedule.array))];
            parts.push(format!("\"schedule\": {}", write::object(&line)));
        }
        format!("{{\n {}\n}}\n", parts.join(",\n "))
    }
}
