//! The decisions of the user that a run follows, kept with it because they decide the answer.

use crate::workload::{Lowering, Scenario};
use serde::{Deserialize, Serialize};

/// What was asked of the model and how it became ops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Choices {
    /// Tokens, sequences and bits; none for an op graph, which fixes them itself.
    pub scenario: Option<Scenario>,
    /// How the model became ops; of an op graph only how long keys, values and weights are needed is heeded.
    pub lowering: Lowering,
}
