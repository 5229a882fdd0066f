//! Which bytes of which storage object a tensor is.
//!
//! `concat`, `view`, `slice` and `append` rename bytes: the parts of a concat lie in its result, a slice and a view in their
//! source, appended rows in the tensor that grows. The outermost tensor stands for the storage object.

use crate::ids::TensorId;
use crate::units::Bytes;
use crate::workload::{OpKind, Tensor, Window, Workload};

/// Where a tensor lies in another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container {
    /// The tensor it lies in.
    pub outer: TensorId,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// Its first element is at that row and column.
    At(u32, u32),
    /// As before, in a tensor of which so many bytes had been appended.
    Among(u32, u32, Bytes),
    /// Its first byte is that one.
    Byte(Bytes),
}

/// Where each tensor lies, as the ops say.
#[derive(Debug, Default)]
pub(super) struct Containers {
    first: Vec<Option<Container>>,
    /// Tensors that would lie in more than one other, with each further one.
    pub more: Vec<(TensorId, Container)>,
}

impl Containers {
    fn add(&mut self, inner: TensorId, outer: TensorId, place: Place) {
        let container = Container { outer, place };
        match &mut self.first[inner.index()] {
            Some(_) => self.more.push((inner, container)),
            free => *free = Some(container),
        }
    }

    /// The first tensor that `inner` lies in.
    pub fn of(&self, inner: TensorId) -> Option<Container> {
        self.first[inner.index()]
    }
}

impl Workload {
    /// For each tensor the tensor it lies in: none for most, one for a part, slice, view or appended rows; more is a mistake.
    pub(super) fn containers(&self) -> Containers {
        let mut containers = Containers { first: vec![None; self.tensors.len()], more: Vec::new() };
        let mut appended = vec![None; self.tensors.len()];
        for op in &self.ops {
            match &op.kind {
                OpKind::Concat { inputs, offsets, out } => {
                    let parts = inputs.iter().zip(offsets);
                    parts.for_each(|(part, at)| containers.add(*part, *out, Place::At(at.0, at.1)));
                }
                OpKind::View { input, out, .. } => containers.add(*out, *input, Place::At(0, 0)),
                OpKind::Slice { input, out, origin } => {
                    let grown = appended[input.index()];
                    let place = grown.map_or(Place::At(origin.0, origin.1), |b| Place::Among(origin.0, origin.1, b));
                    containers.add(*out, *input, place);
                }
                OpKind::Append { input, out, .. } => {
                    let end: &mut Bytes = appended[out.index()].get_or_insert_default();
                    containers.add(*input, *out, Place::Byte(*end));
                    *end += self.tensor(*input).bytes();
                }
                OpKind::Matmul { .. } | OpKind::Attention { .. } | OpKind::Vector { .. } => {}
            }
        }
        containers.more.sort_by_key(|&(inner, _)| inner);
        containers
    }

    /// For each tensor its bytes inside its storage object.
    ///
    /// The part of `h` rows that starts at (r, c) of a tensor with C columns starts at element `r·C + c·h`: bands of full
    /// width are contiguous, and so are the pieces of a band. An irregular part is moved back to end inside. Appended rows
    /// follow one another in the order of the appends, whichever sequences they belong to.
    ///
    /// Expects a workload that passes [`Workload::check`].
    pub fn windows(&self) -> Vec<Window> {
        let containers = self.containers();
        let mut windows: Vec<Option<Window>> = vec![None; self.tensors.len()];
        let mut chain = Vec::new();
        for id in self.tensor_ids() {
            let mut next = Some(id);
            while let Some(inner) = next.filter(|t| windows[t.index()].is_none() && chain.len() < self.tensors.len()) {
                chain.push(inner);
                next = containers.of(inner).map(|c| c.outer);
            }
            for inner in chain.drain(..).rev() {
                let around = containers.of(inner).and_then(|c| Some((c, windows[c.outer.index()]?)));
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
        let first = |row, column| first_byte(&tensor, &self.tensor(container.outer), (row, column));
        let (offset, end) = match container.place {
            Place::At(row, column) => (first(row, column), around.bytes),
            Place::Among(row, column, appended) => (first(row, column), around.bytes.min(appended)),
            Place::Byte(offset) => (offset, around.bytes),
        };
        let bytes = tensor.bytes().min(end);
        let offset = Bytes(offset.0.min(end.0 - bytes.0));
        Window { storage: around.storage, offset: around.offset + offset, bytes }
    }
}

/// Byte at which `inner` starts in `outer`, with `(row, column)` as its first element.
fn first_byte(inner: &Tensor, outer: &Tensor, (row, column): (u32, u32)) -> Bytes {
    let elements = u64::from(row) * u64::from(outer.cols) + u64::from(column) * u64::from(inner.rows);
    Bytes((u128::from(elements) * u128::from(outer.bits) / 8) as u64)
}
