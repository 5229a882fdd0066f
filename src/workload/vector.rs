//! What the operators of the vector unit cost.

use crate::workload::VectorKind;

impl VectorKind {
    /// Every kind.
    pub const ALL: [VectorKind; 7] = [
        VectorKind::Softmax,
        VectorKind::LayerNorm,
        VectorKind::RmsNorm,
        VectorKind::Gelu,
        VectorKind::SwiGlu,
        VectorKind::Rotary,
        VectorKind::Add,
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            VectorKind::Softmax => "softmax",
            VectorKind::LayerNorm => "layer-norm",
            VectorKind::RmsNorm => "rms-norm",
            VectorKind::Gelu => "gelu",
            VectorKind::SwiGlu => "swiglu",
            VectorKind::Rotary => "rotary",
            VectorKind::Add => "add",
        }
    }

    /// Passes over the elements, each one operation of one lane an element.
    ///
    /// A lane does a multiply-add, or evaluates a function from a table, in one cycle; a reduction over a row is a pass.
    ///
    /// - `softmax`, 3: maximum; exponential and sum; scale. The safe softmax of Milakov and Gimelshein, "Online normalizer
    ///   calculation for softmax", arXiv 1805.02867, section 2.
    /// - `layer-norm`, 3: mean; variance; scale and shift. Ba, Kiros and Hinton, "Layer normalization", arXiv 1607.06450,
    ///   equations 3 and 4.
    /// - `rms-norm`, 2: sum of squares; scale. Zhang and Sennrich, "Root mean square layer normalization",
    ///   arXiv 1910.07467, equation 4.
    /// - `gelu`, 1: one function of one element. Hendrycks and Gimpel, "Gaussian error linear units", arXiv 1606.08415.
    /// - `swiglu`, 2: SiLU of the gate; product with the other operand. Shazeer, "GLU variants improve transformer",
    ///   arXiv 2002.05202, equation 6.
    /// - `rotary`, 2: product with the cosine; multiply-add of the rotated half with the sine. Su et al., "RoFormer",
    ///   arXiv 2104.09864, equation 34.
    /// - `add`, 1.
    pub fn passes(self) -> u64 {
        match self {
            VectorKind::Softmax | VectorKind::LayerNorm => 3,
            VectorKind::RmsNorm | VectorKind::SwiGlu | VectorKind::Rotary => 2,
            VectorKind::Gelu | VectorKind::Add => 1,
        }
    }

    /// Operands it reads.
    pub fn operands(self) -> usize {
        match self {
            VectorKind::SwiGlu | VectorKind::Add => 2,
            _ => 1,
        }
    }
}
