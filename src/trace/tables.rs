//! The tables of a run directory: accesses with their predecessor lists, lifetimes, occupancy.

use super::{
    AccessGraph, Changes, Lifetime, Node, NodeKind, Occupancy, OccupancyChange, OpEnd, Operand, Predecessor,
    Predecessors,
};
use crate::error::{Error, Result};
use crate::ids::{LayerId, LifetimeId, MemoryId, OpId, TensorId};
use crate::table::{self, Table};
use crate::units::{Bytes, Cycles};
use crate::workload::Class;
use std::path::Path;

/// Rows of a row group.
const GROUP: usize = 1 << 20;
/// Stands for "no layer" in a column of whole numbers.
const NO_LAYER: u64 = u32::MAX as u64;

/// Writes `accesses.parquet`, a row a node in record order. Kinds and operands are their positions in
/// [`NodeKind::ALL`] and [`Operand::ALL`]; `predecessors` names rows of `predecessors.parquet`.
pub(super) fn write_nodes(graph: &AccessGraph, path: &Path) -> Result<()> {
    let mut rest = graph.nodes().iter();
    let mut group = || rest.by_ref().take(GROUP).collect::<Vec<Node>>();
    let first = group();
    let more = std::iter::from_fn(|| Some(group()).filter(|nodes| !nodes.is_empty()));
    table::write_groups(path, [first].into_iter().chain(more).map(|nodes| node_table(&nodes)))
}

fn node_table(nodes: &[Node]) -> Table {
    let column = |value: fn(&Node) -> u64| nodes.iter().map(value);
    Table::default()
        .integers("kind", column(|n| n.kind as u64))
        .integers("start_cycle", column(|n| n.start.0))
        .integers("amount", column(|n| u64::from(n.amount)))
        .integers("op", column(|n| u64::from(n.op.0)))
        .integers("tensor", column(|n| u64::from(n.tensor.0)))
        .integers("operand", column(|n| n.operand as u64))
        .integers("lifetime", column(|n| u64::from(n.lifetime.0)))
        .integers("memory", column(|n| u64::from(n.memory)))
        .integers("port", column(|n| u64::from(n.port)))
        .integers("predecessors", column(|n| u64::from(n.pattern)))
}

/// Reads what [`write_nodes`] and [`write_patterns`] wrote.
pub(super) fn read_graph(nodes_path: &Path, patterns_path: &Path) -> Result<AccessGraph> {
    let patterns = read_patterns(patterns_path)?;
    let mut nodes = Vec::new();
    table::read_groups(nodes_path, |group| append_nodes(nodes_path, group, &mut nodes))?;
    if nodes.iter().any(|n: &Node| n.pattern as usize >= patterns.len()) {
        return Err(broken(nodes_path, "a row names a predecessor list that does not exist"));
    }
    Ok(AccessGraph::from_parts(nodes, patterns))
}

fn append_nodes(path: &Path, mut group: Table, nodes: &mut Vec<Node>) -> Result<()> {
    let mut column = |name| group.take_integers(path, name);
    let (kind, start, amount) = (column("kind")?, column("start_cycle")?, column("amount")?);
    let (op, tensor, operand) = (column("op")?, column("tensor")?, column("operand")?);
    let (lifetime, memory, port) = (column("lifetime")?, column("memory")?, column("port")?);
    let pattern = column("predecessors")?;
    for i in 0..kind.len() {
        let code = |value: u64| broken(path, &format!("row {i} has the unknown code {value}"));
        nodes.push(Node {
            start: Cycles(start[i]),
            amount: narrow(path, amount[i])?,
            op: OpId(narrow(path, op[i])?),
            tensor: TensorId(narrow(path, tensor[i])?),
            lifetime: LifetimeId(narrow(path, lifetime[i])?),
            pattern: narrow(path, pattern[i])?,
            kind: *NodeKind::ALL.get(kind[i] as usize).ok_or_else(|| code(kind[i]))?,
            operand: *Operand::ALL.get(operand[i] as usize).ok_or_else(|| code(operand[i]))?,
            memory: memory[i].try_into().map_err(|_| code(memory[i]))?,
            port: port[i].try_into().map_err(|_| code(port[i]))?,
        });
    }
    Ok(())
}

/// Writes `predecessors.parquet`: a row a list, up to four pairs of nodes back and lag; 0 nodes back ends a list.
pub(super) fn write_patterns(graph: &AccessGraph, path: &Path) -> Result<()> {
    let item = |list: &Predecessors, i: usize| list.as_slice().get(i).copied().unwrap_or_default();
    let mut table = Table::default();
    for i in 0..Predecessors::LIMIT {
        let lists = graph.patterns();
        table = table
            .integers(&format!("back_{i}"), lists.iter().map(|l| u64::from(item(l, i).back)))
            .integers(&format!("lag_{i}_cycles"), lists.iter().map(|l| u64::from(item(l, i).lag)));
    }
    table.write_parquet(path)
}

fn read_patterns(path: &Path) -> Result<Vec<Predecessors>> {
    let mut table = Table::read_parquet(path)?;
    let mut lists = vec![Predecessors::NONE; table.rows()];
    for i in 0..Predecessors::LIMIT {
        let back = table.take_integers(path, &format!("back_{i}"))?;
        let lag = table.take_integers(path, &format!("lag_{i}_cycles"))?;
        for (row, list) in lists.iter_mut().enumerate().filter(|(row, _)| back[*row] > 0) {
            list.push(Predecessor { back: narrow(path, back[row])?, lag: narrow(path, lag[row])? });
        }
    }
    Ok(lists)
}

/// Writes `lifetimes.parquet`, a row a lifetime in the order of ids.
pub(super) fn write_lifetimes(lifetimes: &[Lifetime], path: &Path) -> Result<()> {
    let column = |value: fn(&Lifetime) -> u64| lifetimes.iter().map(value);
    Table::default()
        .integers("storage_tensor", column(|l| u64::from(l.storage.0)))
        .integers("class", column(|l| l.class as u64))
        .integers("memory", column(|l| u64::from(l.memory.0)))
        .integers("layer", column(|l| l.layer.map_or(NO_LAYER, |l| u64::from(l.0))))
        .integers("extent_bytes", column(|l| l.extent.0))
        .integers("reserved_cycle", column(|l| l.reserved.0))
        .integers("released_cycle", column(|l| l.released.0))
        .integers("transfers", column(|l| l.transfers))
        .write_parquet(path)
}

/// Reads what [`write_lifetimes`] wrote.
pub(super) fn read_lifetimes(path: &Path) -> Result<Vec<Lifetime>> {
    let mut table = Table::read_parquet(path)?;
    let mut column = |name| table.take_integers(path, name);
    let (storage, class, memory, layer) =
        (column("storage_tensor")?, column("class")?, column("memory")?, column("layer")?);
    let (extent, reserved, released) = (column("extent_bytes")?, column("reserved_cycle")?, column("released_cycle")?);
    let transfers = column("transfers")?;
    let lifetime = |i: usize| {
        Ok(Lifetime {
            storage: TensorId(narrow(path, storage[i])?),
            class: *Class::ALL.get(class[i] as usize).ok_or_else(|| broken(path, "unknown class"))?,
            memory: MemoryId(narrow(path, memory[i])?),
            layer: if layer[i] == NO_LAYER { None } else { Some(LayerId(narrow(path, layer[i])?)) },
            extent: Bytes(extent[i]),
            reserved: Cycles(reserved[i]),
            released: Cycles(released[i]),
            transfers: transfers[i],
        })
    };
    (0..storage.len()).map(lifetime).collect()
}

/// Occupancy as a table: a row a change.
pub(super) fn occupancy_table(occupancy: &Occupancy) -> Table {
    states(Table::default(), occupancy.changes.iter())
}

/// The state at op ends as a table: a row an op.
pub(super) fn op_end_table(occupancy: &Occupancy) -> Table {
    let ops = occupancy.op_ends.iter().map(|e| u64::from(e.op.0));
    states(Table::default().integers("op", ops), occupancy.op_ends.iter().map(|e| e.state))
}

fn states(table: Table, states: impl Iterator<Item = OccupancyChange> + Clone) -> Table {
    let mut table = table.integers("cycle", states.clone().map(|c| c.cycle.0));
    for class in Class::ALL {
        let name = format!("needed_{}_bytes", class.name());
        table = table.integers(&name, states.clone().map(|c| c.needed_of(class).0));
    }
    table.integers("obsolete_bytes", states.map(|c| c.obsolete.0))
}

/// Reads the changes of one memory.
pub(super) fn read_occupancy(path: &Path) -> Result<Changes> {
    Ok(read_states(&mut Table::read_parquet(path)?, path)?.into_iter().collect())
}

/// Reads the state at op ends.
pub(super) fn read_op_ends(path: &Path) -> Result<Vec<OpEnd>> {
    let mut table = Table::read_parquet(path)?;
    let ops = table.take_integers(path, "op")?;
    let states = read_states(&mut table, path)?;
    ops.into_iter().zip(states).map(|(op, state)| Ok(OpEnd { op: OpId(narrow(path, op)?), state })).collect()
}

fn read_states(table: &mut Table, path: &Path) -> Result<Vec<OccupancyChange>> {
    let cycle = table.take_integers(path, "cycle")?;
    let obsolete = table.take_integers(path, "obsolete_bytes")?;
    let mut needed = Vec::new();
    for class in Class::ALL {
        needed.push(table.take_integers(path, &format!("needed_{}_bytes", class.name()))?);
    }
    let change = |i: usize| OccupancyChange {
        cycle: Cycles(cycle[i]),
        needed: std::array::from_fn(|c| Bytes(needed[c][i])),
        obsolete: Bytes(obsolete[i]),
    };
    Ok((0..cycle.len()).map(change).collect())
}

fn narrow(path: &Path, value: u64) -> Result<u32> {
    u32::try_from(value).map_err(|_| broken(path, &format!("{value} does not fit 32 bits")))
}

fn broken(path: &Path, message: &str) -> Error {
    Error::Artefact { path: path.into(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;

    fn node(kind: NodeKind, start: u64, amount: u32) -> Node {
        Node {
            start: Cycles(start),
            amount,
            op: OpId(3),
            tensor: TensorId(1),
            lifetime: LifetimeId(2),
            pattern: 0,
            kind,
            operand: Operand::B,
            memory: 0,
            port: 1,
        }
    }

    #[test]
    fn a_graph_survives_its_files() {
        let mut graph = AccessGraph::default();
        let first = graph.push(node(NodeKind::Fill, 5, 4096), &[]);
        let second = graph.push(node(NodeKind::Work, 70, 64), &[(first, 10)]);
        graph.push(node(NodeKind::Write, 200, 100), &[(first, 0), (second, 1), (NodeId(0), 2), (second, 3)]);
        let folder = tempfile::tempdir().unwrap();
        let (nodes, patterns) = (folder.path().join("n"), folder.path().join("p"));
        write_nodes(&graph, &nodes).unwrap();
        write_patterns(&graph, &patterns).unwrap();
        let read = read_graph(&nodes, &patterns).unwrap();
        assert_eq!(read.nodes(), graph.nodes());
        assert_eq!(read.patterns(), graph.patterns());
    }

    #[test]
    fn lifetimes_and_occupancy_survive_their_files() {
        let lifetime = Lifetime {
            storage: TensorId(7),
            class: Class::Kv,
            memory: MemoryId(0),
            layer: None,
            extent: Bytes(1 << 33),
            reserved: Cycles(1),
            released: Cycles(9),
            transfers: 4,
        };
        let all = [lifetime, Lifetime { layer: Some(LayerId(0)), ..lifetime }];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        write_lifetimes(&all, &path).unwrap();
        assert_eq!(read_lifetimes(&path).unwrap(), all);
        let state = OccupancyChange { cycle: Cycles(3), needed: [1, 2, 3, 4].map(Bytes), obsolete: Bytes(5) };
        let changes = Changes::from_iter([state]);
        let op_ends = vec![OpEnd { op: OpId(9), state }];
        let occupancy = Occupancy { changes: changes.clone(), op_ends: op_ends.clone(), ..Occupancy::default() };
        occupancy_table(&occupancy).write_parquet(&path).unwrap();
        assert_eq!(read_occupancy(&path).unwrap(), changes);
        op_end_table(&occupancy).write_parquet(&path).unwrap();
        assert_eq!(read_op_ends(&path).unwrap(), op_ends);
    }

    #[test]
    fn a_run_without_transfers_has_empty_tables() {
        let folder = tempfile::tempdir().unwrap();
        let (nodes, patterns) = (folder.path().join("n"), folder.path().join("p"));
        write_nodes(&AccessGraph::default(), &nodes).unwrap();
        write_patterns(&AccessGraph::default(), &patterns).unwrap();
        assert!(read_graph(&nodes, &patterns).unwrap().nodes().is_empty());
    }
}
