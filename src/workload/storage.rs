//! Which bytes of which storage object a tensor is.
//!
//! `concat`, `view` and `slice` rename bytes: the parts of a concat lie in its result, a slice and a
//! view lie in their source. The outermost tensor stands for the storage object.

use crate::ids::TensorId;
use crate::units::Bytes;
use crate::workload::{OpKind, Tensor, Window, Workload};

/// Where a tensor lies in another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container {
    /// The tensor it lies in.
    pub outer: TensorId,
    /// Row and column of its first element there.
    pub origin: (u32, u32),
}

impl Workload {
    /// For each tensor the tensors it lies in: none for most, one for a part, slice or view; more is a mistake.
    pub(super) fn containers(&self) -> Vec<Vec<Container>> {
        let mut containers = vec![Vec::new(); self.tensors.len()];
        for op in &self.ops {
            match &op.kind {
                OpKind::Concat { inputs, offsets, out } => {
                    for (part, &origin) in inputs.iter().zip(offsets) {
                        containers[part.index()].push(Container { outer: *out, origin });
                    }
                }
                OpKind::View { input, out, .. } => {
                    containers[out.index()].push(Container { outer: *input, origin: (0, 0) });
                }
                OpKind::Slice { input, out, origin } => {
                    containers[out.index()].push(Container { outer: *input, origin: *origin });
                }
                OpKind::Matmul { .. } | OpKind::Vector { .. } => {}
            }
        }
        containers
    }

    /// For each tensor its bytes inside its storage object.
    ///
    /// The part of `h` rows that starts at (r, c) of a tensor with C columns starts at element `r·C + c·h`: bands of full
    /// width are contiguous, and so are the pieces of a band. An irregular part is moved back to end inside.
    ///
    /// Expects a workload that passes [`Workload::check`].
    pub fn windows(&self) -> Vec<Window> {
        let containers = self.containers();
        let outer = |id: TensorId| containers[id.index()].first().copied();
        let mut windows: Vec<Option<Window>> = vec![None; self.tensors.len()];
        for id in self.tensor_ids() {
            let mut chain = Vec::new();
            let mut next = Some(id);
            while let Some(inner) = next.filter(|t| windows[t.index()].is_none() && chain.len() < self.tensors.len()) {
                chain.push(inner);
                next = outer(inner).map(|c| c.outer);
            }
            for inner in chain.into_iter().rev() {
                let around = outer(inner).and_then(|c| Some((c, windows[c.outer.index()]?)));
                windows[inner.index()] = Some(match around {
                    Some((container, around)) => self.inside(inner, container, around),
                    None => Window { storage: inner, offset: Bytes(0), bytes: self.tensor(inner).bytes() },
                });
            }
        }
        windows.into_iter().flatten().collect()
    }

    /// The window of `inner`, which lies in a tensor whose window is `around`.
    fn inside(&self, inner: TensorId, container: Container, around: Window) -> Window {
        let tensor = self.tensor(inner);
        let bytes = tensor.bytes().min(around.bytes);
        let offset = first_byte(tensor, self.tensor(container.outer), container.origin);
        let offset = Bytes(offset.0.min(around.bytes.0 - bytes.0));
        Window { storage: around.storage, offset: around.offset + offset, bytes }
    }
}

/// Byte at which `inner` starts in `outer`, with `origin` as its first element.
fn first_byte(inner: &Tensor, outer: &Tensor, (row, column): (u32, u32)) -> Bytes {
    let elements = u64::from(row) * u64::from(outer.cols) + u64::from(column) * u64::from(inner.rows);
    Bytes((u128::from(elements) * u128::from(outer.bits) / 8) as u64)
}
