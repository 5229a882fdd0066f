//! What makes the rows that enter a stack.

use crate::workload::Norm;

/// What makes the rows that enter a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedding {
    /// Where the rows come from.
    pub input: Input,
    /// How a row's position enters.
    pub position: Position,
    /// Rows of the table of token types, whose entry is added; 0 where there is none.
    pub token_types: u32,
    /// Normalisation of the sum.
    pub norm: Option<Norm>,
}

/// Where the rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Rows of a table.
    Tokens {
        /// Rows of the table.
        vocabulary: u32,
        /// Whether the table is that of the encoder, which counts it.
        shared: bool,
    },
    /// Square patches of an image, projected, after learned rows for the classifiers.
    Patches {
        /// Patches of the image.
        patches: u32,
        /// Elements of a patch: its area times the channels.
        elements: u32,
        /// Learned rows before the patches.
        special: u32,
    },
    /// Frames of a mel spectrogram after two convolutions of three taps with GELU, the second with stride 2.
    Frames {
        /// Mel bins of a frame.
        bins: u32,
    },
}

/// How a row's position enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A row of a table is added.
    Learned {
        /// Rows of the table.
        rows: u32,
        /// Rows that positions can use; RoBERTa keeps the first ones for padding.
        usable: u32,
    },
    /// A table of so many distance buckets, a number for each head, is added to the scores of every layer.
    Relative {
        /// Rows of the table.
        buckets: u32,
    },
    /// In the attention (rotation of queries and keys), or not at all.
    None,
}

impl Position {
    /// A table all of whose rows can be used.
    pub fn learned(rows: u32) -> Self {
        Position::Learned { rows, usable: rows }
    }

    /// Most rows a sequence can have.
    pub fn most_rows(self) -> Option<u32> {
        match self {
            Position::Learned { usable, .. } => Some(usable),
            Position::Relative { .. } | Position::None => None,
        }
    }
}

impl Embedding {
    /// Tokens of a table of their own, nothing added.
    pub fn tokens(vocabulary: u32, position: Position) -> Self {
        Self { input: Input::Tokens { vocabulary, shared: false }, position, token_types: 0, norm: None }
    }

    /// Rows that the configuration fixes: the patches of an image and the learned rows before them.
    pub fn fixed_rows(&self) -> Option<u32> {
        match self.input {
            Input::Patches { patches, special, .. } => Some(patches + special),
            Input::Tokens { .. } | Input::Frames { .. } => None,
        }
    }
}
