//! Feed-forward network of a layer as data.

/// Feed-forward network of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedForward {
    /// The same matrices for every row.
    Dense(DenseNetwork),
    /// Each row takes some of many networks.
    Experts(MixtureOfExperts),
}

/// Two matrices with an activation function between them, or three with a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DenseNetwork {
    /// Width between the matrices.
    pub inner: u32,
    /// Function between the matrices.
    pub activation: Activation,
    /// Whether a gate matrix stands beside the first one, its result going through the function and multiplying the other's.
    pub gated: bool,
    /// Whether the matrices have biases.
    pub biases: bool,
}

/// A router matrix chooses some of many networks for each row; their results are added with the router's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixtureOfExperts {
    /// Networks to choose from.
    pub experts: u32,
    /// Networks that a row takes; at most `experts`.
    pub active: u32,
    /// One of them.
    pub expert: DenseNetwork,
    /// A network that every row takes besides.
    pub shared: Option<DenseNetwork>,
}

/// Function of one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activation {
    /// Gaussian error linear unit, exact or approximated.
    Gelu,
    /// Rectifier.
    Relu,
    /// Product with the own sigmoid.
    Silu,
}

impl DenseNetwork {
    /// Matrices that read the rows: one, or two with a gate.
    pub fn ups(&self) -> u32 {
        if self.gated { 2 } else { 1 }
    }
}

impl FeedForward {
    /// Networks that a row takes of those to choose from; 1 where all take the same.
    pub fn taken(&self) -> u32 {
        match self {
            FeedForward::Dense(_) => 1,
            FeedForward::Experts(mixture) => mixture.active,
        }
    }

    /// The network of one width that every row passes, or one expert.
    pub fn network(&self) -> DenseNetwork {
        match self {
            FeedForward::Dense(network) => *network,
            FeedForward::Experts(mixture) => mixture.expert,
        }
    }
}
