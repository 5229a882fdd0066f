//! How many rows an encoder reads.

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::workload::{Model, Scenario};

impl Model {
    /// Rows of one source: those of an image, `source` of the scenario, or for an encoder alone its `prefill`; `None` without
    /// an encoder.
    ///
    /// # Errors
    /// An encoder-decoder without `source`; a `source` for a model without encoder, or other than the image has; tokens to
    /// decode for a model without decoder.
    pub fn source_rows(&self, scenario: &Scenario) -> Result<Option<u32>> {
        let Some(encoder) = &self.encoder else {
            return match scenario.source {
                Some(_) => Err(self.refusal("has no encoder that could read a `source`", "leave `source` away")),
                None => Ok(None),
            };
        };
        if self.decoder.is_none() && scenario.decode > 0 {
            return Err(self.refusal("has no decoder that could decode tokens", "leave `decode` away"));
        }
        match (encoder.embedding.fixed_rows(), scenario.source) {
            (Some(fixed), Some(source)) if source != fixed => {
                let what = format!("makes {fixed} rows of an image, and not {source}");
                Err(self.refusal(&what, "leave `source` away"))
            }
            (Some(fixed), _) => Ok(Some(fixed)),
            (None, Some(source)) => Ok(Some(source)),
            (None, None) if self.decoder.is_none() => Ok(Some(scenario.prefill)),
            (None, None) => {
                let help = "set `source` to the tokens or frames that the encoder reads";
                Err(self.refusal("has an encoder, and `source` is missing", help))
            }
        }
    }

    fn refusal(&self, what: &str, help: &str) -> Error {
        let message = format!("{} {what}", self.name);
        Error::input(Diagnostic::new("contradiction", message).with_help(help))
    }
}
