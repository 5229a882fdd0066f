//! A stretch of the access graph that repeats an earlier one: the same transfers and the same work, later, for other ops.

use super::Node;
use crate::ids::{LifetimeId, OpId, TensorId};
use crate::units::Cycles;

/// What distinguishes repeated nodes from the ones they repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repetition {
    /// How much later they start.
    pub cycles: Cycles,
    /// How many ops later they belong to.
    pub ops: u32,
    /// Their tensors.
    pub tensors: Renumbering,
    /// Their residences.
    pub lifetimes: Renumbering,
    /// Predecessor lists of nodes that follow others than a mere shift says, by their place in the stretch, ascending.
    pub patterns: Vec<(u32, u32)>,
}

impl Repetition {
    /// The node that repeats `node`, which is at place `offset` of the stretch.
    pub fn node(&self, node: Node, offset: usize) -> Node {
        let changed = self.patterns.binary_search_by_key(&(offset as u32), |&(at, _)| at);
        let lifetime = if node.kind.is_transfer() { self.lifetimes.of(node.lifetime.0) } else { node.lifetime.0 };
        Node {
            start: node.start + self.cycles,
            op: OpId(node.op.0 + self.ops),
            tensor: TensorId(self.tensors.of(node.tensor.0)),
            lifetime: LifetimeId(lifetime),
            pattern: changed.map_or(node.pattern, |at| self.patterns[at].1),
            ..node
        }
    }
}

/// New numbers for old ones, in runs of consecutive numbers that stay consecutive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renumbering {
    /// First number of each run and what becomes of it, ascending.
    runs: Vec<(u32, u32)>,
}

impl Renumbering {
    /// What becomes of a number that was among the pairs; others have no meaning.
    pub fn of(&self, number: u32) -> u32 {
        let run = self.runs.partition_point(|&(first, _)| first <= number);
        match run.checked_sub(1) {
            Some(run) => self.runs[run].1.wrapping_add(number - self.runs[run].0),
            None => number,
        }
    }
}

impl FromIterator<(u32, u32)> for Renumbering {
    /// From pairs of old and new numbers, by ascending old numbers.
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(pairs: I) -> Self {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (old, new) in pairs {
            let continues = runs.last().is_some_and(|&(o, n)| n.wrapping_sub(o) == new.wrapping_sub(old));
            if !continues {
                runs.push((old, new));
            }
        }
        Self { runs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::trace::{AccessGraph, NodeKind, Operand};

    #[test]
    fn runs_are_joined_and_found() {
        let renumbering: Renumbering = [(3, 13), (4, 14), (7, 17), (8, 2), (20, 21)].into_iter().collect();
        assert_eq!(renumbering.runs.len(), 3);
        assert_eq!([3, 4, 7, 8, 20].map(|n| renumbering.of(n)), [13, 14, 17, 2, 21]);
    }

    #[test]
    fn repeated_nodes_look_as_if_they_had_been_stored() {
        let node = |start: u64, op: u32| Node {
            start: Cycles(start),
            amount: 64,
            op: OpId(op),
            tensor: TensorId(op),
            lifetime: LifetimeId(op),
            pattern: 0,
            kind: NodeKind::Read,
            operand: Operand::A,
            memory: 0,
            port: 0,
        };
        let (mut short, mut long) = (AccessGraph::default(), AccessGraph::default());
        for graph in [&mut short, &mut long] {
            let first = graph.push(node(5, 1), &[]);
            let second = graph.push(node(9, 2), &[(first, 1)]);
            graph.push(node(12, 2), &[(second, 1), (first, 2)]);
        }
        long.push(node(109, 12), &[(NodeId(2), 1)]);
        long.push(node(112, 12), &[(NodeId(3), 1), (NodeId(0), 2)]);
        long.push(node(115, 13), &[]);
        let renumbering: Renumbering = [(2, 12)].into_iter().collect();
        let patterns = vec![(1, short.pattern(NodeId(4), &[(NodeId(3), 1), (NodeId(0), 2)]))];
        let (tensors, lifetimes) = (renumbering.clone(), renumbering);
        short.repeat(1..3, Repetition { cycles: Cycles(100), ops: 10, tensors, lifetimes, patterns });
        short.push(node(115, 13), &[]);
        assert_same(&short, &long);
    }

    fn assert_same(short: &AccessGraph, long: &AccessGraph) {
        assert_eq!(short.nodes(), long.nodes());
        assert_eq!(short.patterns(), long.patterns());
        for i in 0..long.nodes().len() {
            assert_eq!(short.nodes().get(i), long.nodes().get(i));
            assert!(short.nodes().range(i..long.nodes().len()).eq(long.nodes().range(i..long.nodes().len())));
        }
    }

    #[test]
    fn trains_are_stored_once_and_can_be_repeated() {
        let node = |start: u64, op: u32, amount: u32| Node {
            start: Cycles(start),
            amount,
            op: OpId(op),
            tensor: TensorId(op),
            lifetime: LifetimeId(op),
            pattern: 0,
            kind: NodeKind::Fill,
            operand: Operand::B,
            memory: 0,
            port: 0,
        };
        // Two kinds of tiles in turn, then one of them twice, all of op 1; the whole once more for op 5; the end.
        let (mut short, mut long) = (AccessGraph::default(), AccessGraph::default());
        let tiles = [(0, 3), (10, 4), (20, 3), (30, 4), (40, 3), (50, 3)];
        for (later, op) in [(0, 1), (1000, 5)] {
            for (start, amount) in tiles {
                for after in [0, 5] {
                    long.push(node(start + after + later, op, amount), &[]);
                }
            }
        }
        for (start, amount) in &tiles[..2] {
            for after in [0, 5] {
                short.push(node(start + after, 1, *amount), &[]);
            }
        }
        short.again(0..2, Cycles(20));
        short.again(2..4, Cycles(20));
        short.again(0..2, Cycles(40));
        short.again(0..2, Cycles(50));
        let renumbering: Renumbering = [(1, 5)].into_iter().collect();
        let (tensors, lifetimes) = (renumbering.clone(), renumbering);
        short.repeat(0..12, Repetition { cycles: Cycles(1000), ops: 4, tensors, lifetimes, patterns: Vec::new() });
        for graph in [&mut short, &mut long] {
            graph.push(node(2000, 9, 1), &[]);
        }
        assert_same(&short, &long);
        assert_eq!(short.stored_nodes(), 5);
    }
}
