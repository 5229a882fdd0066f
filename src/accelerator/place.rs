//! Where a file says something about a part of the accelerator, for answers that concern it.

use super::Accelerator;
use crate::config::Document;
use crate::diagnostic::Source;
use std::ops::Range;
use std::sync::Arc;

impl Accelerator {
    /// Bytes of `source`, a file that [`Accelerator::parse`] accepts, in which the capacity of a memory stands; none if there is no
    /// memory of that name.
    pub fn place_of_capacity(source: &Arc<Source>, memory: &str) -> Option<Range<usize>> {
        let document = Document::parse(source).ok()?;
        let mut tables = document.root().optional("memory").tables();
        let alone = tables.len() == 1;
        let place = tables.iter_mut().position(|table| alone || table.optional("name").as_text() == Some(memory))?;
        Some(tables[place].optional("capacity").span())
    }
}
