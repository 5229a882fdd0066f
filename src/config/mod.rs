//! TOML and JSON with spans to checked values; all diagnostics at once.
//!
//! A [`Document`] is parsed once. Its root [`Table`] hands out [`Field`]s by key; a field's typed
//! getters return `Option` and record a [`crate::diagnostic::Diagnostic`] in the document when the
//! value is not what was expected. [`Table::finish`] reports the keys nobody asked for, and
//! [`Document::result`] turns everything that was recorded into one error.
//!
//! ```
//! use trapti::config::Document;
//! use trapti::diagnostic::Source;
//! use trapti::units::{Bytes, Hertz};
//!
//! let source = Source::new("a.toml", "clock = '1 GHz'\n[vector]\nlanes = 128\nbuffer = '4 KiB'\n");
//! let document = Document::parse(&source)?;
//! let mut root = document.root();
//! let clock = root.required("clock").value::<Hertz>();
//! let mut vector = root.required("vector").table();
//! let lanes = vector.as_mut().and_then(|v| v.required("lanes").integer::<u32>(1..=65536));
//! let buffer = vector.as_mut().and_then(|v| v.optional("buffer").value::<Bytes>());
//! vector.map(|v| v.finish());
//! root.finish();
//! let checked = document.result((|| Some((clock?, lanes?, buffer.unwrap_or(Bytes(1024)))))())?;
//! assert_eq!(checked, (Hertz(1_000_000_000), 128, Bytes(4096)));
//! # Ok::<(), trapti::Error>(())
//! ```

mod document;
mod field;
mod json;
mod quantity;
mod table;

pub use document::Document;
pub use field::{Field, FromValue};
pub use quantity::{Delay, PicojoulesPerBit, TransferRate};
pub use table::Table;
