//! What the operators of the vector unit cost.

use crate::workload::VectorKind;

impl VectorKind {
    /// Every kind.
    pub const ALL: [VectorKind; 17] = [
        VectorKind::Softmax,
        VectorKind::LayerNorm,
        VectorKind::RmsNorm,
        VectorKind::Gelu,
        VectorKind::Relu,
        VectorKind::Silu,
        VectorKind::Tanh,
        VectorKind::SwiGlu,
        VectorKind::GeGlu,
        VectorKind::ReGlu,
        VectorKind::Rotary,
        VectorKind::Add,
        VectorKind::Bias,
        VectorKind::Softcap,
        VectorKind::Maximum,
        VectorKind::Weighted,
        VectorKind::WeightedAdd,
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            VectorKind::Softmax => "softmax",
            VectorKind::LayerNorm => "layer-norm",
            VectorKind::RmsNorm => "rms-norm",
            VectorKind::Gelu => "gelu",
            VectorKind::Relu => "relu",
            VectorKind::Silu => "silu",
            VectorKind::Tanh => "tanh",
            VectorKind::SwiGlu => "swiglu",
            VectorKind::GeGlu => "geglu",
            VectorKind::ReGlu => "reglu",
            VectorKind::Rotary => "rotary",
            VectorKind::Add => "add",
            VectorKind::Bias => "bias",
            VectorKind::Softcap => "softcap",
            VectorKind::Maximum => "maximum",
            VectorKind::Weighted => "weighted",
            VectorKind::WeightedAdd => "weighted-add",
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
    /// - `relu`, 1: Glorot, Bordes and Bengio, "Deep sparse rectifier neural networks", AISTATS 2011.
    /// - `silu`, 1: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units", arXiv 1702.03118.
    /// - `tanh`, 1: one function of one element; the pooler of Devlin et al., "BERT", arXiv 1810.04805.
    /// - `swiglu`, `geglu`, `reglu`, 2: function of the gate; product with the other operand. Shazeer, "GLU variants improve
    ///   transformer", arXiv 2002.05202, equation 6.
    /// - `rotary`, 2: product with the cosine; multiply-add of the rotated half with the sine. Su et al., "RoFormer",
    ///   arXiv 2104.09864, equation 34.
    /// - `add`, 1.
    /// - `bias`, 1: Raffel et al., "Exploring the limits of transfer learning", arXiv 1910.10683, section 2.1.
    /// - `softcap`, 1: one function of one element, the scaling in its table. Gemma Team, "Gemma 2", arXiv 2408.00118,
    ///   section 2.
    /// - `maximum`, 1: a reduction over a row; k of them choose k experts. Shazeer et al., "Outrageously large neural
    ///   networks", arXiv 1701.06538, equation 5.
    /// - `weighted`, 1, and `weighted-add`, 1: product, or multiply-add, with the router's weight of the row. The same,
    ///   equation 1.
    pub fn passes(self) -> u64 {
        match self {
            VectorKind::Softmax | VectorKind::LayerNorm => 3,
            VectorKind::RmsNorm | VectorKind::SwiGlu | VectorKind::GeGlu | VectorKind::ReGlu | VectorKind::Rotary => 2,
            _ => 1,
        }
    }

    /// Operands it reads.
    pub fn operands(self) -> usize {
        match self {
            VectorKind::SwiGlu | VectorKind::GeGlu | VectorKind::ReGlu | VectorKind::Add | VectorKind::Weighted => 2,
            VectorKind::WeightedAdd => 3,
            _ => 1,
        }
    }

    /// Whether the last operand holds weights of rows: it has as many rows as the result, and columns of its own.
    pub fn has_row_weights(self) -> bool {
        matches!(self, VectorKind::Weighted | VectorKind::WeightedAdd)
    }
}
