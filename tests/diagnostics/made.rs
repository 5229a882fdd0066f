//! Problems that no file and no option leads to: of values that callers of the library make.

use crate::predict::tiles::{memory, tiles};
use crate::sim::fixtures::{Builder, accelerator};
use std::path::Path;
use trapti::Error;
use trapti::accelerator::{Accelerator, Overlap};
use trapti::builtin::{self, Kind};
use trapti::config::Document;
use trapti::diagnostic::Source;
use trapti::explore::predict::predict;
use trapti::explore::{self, Study};
use trapti::ids::{BlockId, MemoryId};
use trapti::power::reference::ReferenceModel;
use trapti::power::replay::reference_activity;
use trapti::power::{Controller, Organisation, Placement, Selection, Stimulus, place};
use trapti::sim::{Options, simulate};
use trapti::sram::{EmbeddedTable, Technology};
use trapti::trace::{AccessGraph, Node, Predecessors, Run};
use trapti::workload::{Class, Home, Schedule, VectorKind, Workload};

/// A code, and how a caller meets it.
pub const CASES: &[(&str, fn() -> Error)] = &[
    ("deadlock", deadlock),
    ("incomplete", incomplete),
    ("no-array", no_array),
    ("no-run", no_run),
    ("not-placed", not_placed),
    ("operands", operands),
    ("organisation-out-of-range", organisation_out_of_range),
    ("ports", ports),
    ("read-before-write", read_before_write),
    ("replay-stuck", replay_stuck),
    ("stimulus-misfit", stimulus_misfit),
    ("stimulus-stuck", stimulus_stuck),
    ("stimulus-unplayable", stimulus_unplayable),
    ("too-many-events", too_many_events),
    ("unknown-lifetime", unknown_lifetime),
    ("unknown-port", unknown_port),
    ("unknown-technology", unknown_technology),
    ("window-too-large", window_too_large),
    ("wrong-placement", wrong_placement),
];

const MEMORY: MemoryId = MemoryId(0);

fn refused<T>(result: trapti::Result<T>) -> Error {
    result.err().expect("must be refused")
}

fn chip() -> Accelerator {
    accelerator(1, Overlap::Serial)
}

/// Two products, the second of the first's result.
fn workload() -> Workload {
    let mut builder = Builder::default();
    builder.workload.name = "two".into();
    let input = builder.tensor(8, 8, Class::Activation, Home::Dram);
    let between = builder.project(input, 8, false, Class::Activation);
    builder.project(between, 8, false, Class::Activation);
    builder.workload
}

fn simulated(workload: &Workload, chip: &Accelerator, options: &Options) -> trapti::Result<Run> {
    simulate(workload, chip, options, &mut |_| {})
}

fn run() -> Run {
    simulated(&workload(), &chip(), &Options::default()).expect("sound")
}

/// A memory of the run's ports and width with room for everything.
fn organisation(run: &Run) -> Organisation {
    let memory = &run.accelerator.memories[0];
    Organisation {
        domains: 1,
        interleave: 1,
        domain_words: 1 << 12,
        word_bits: memory.port_bits,
        ports: memory.ports,
        read_latency: 1,
        bank_cycles: 1,
    }
}

fn placed(run: &Run) -> (Organisation, Placement) {
    let organisation = organisation(run);
    let placement = place::first_fit(&run.lifetimes, MEMORY, organisation.words(), organisation.word_bytes());
    (organisation, placement.expect("there is room"))
}

fn compiled(run: &Run, (organisation, placement): &(Organisation, Placement)) -> Error {
    refused(Stimulus::compile(run, MEMORY, &Selection::default(), placement, organisation))
}

fn deadlock() -> Error {
    let mut workload = workload();
    let mut order: Vec<_> = workload.op_ids().collect();
    order.reverse();
    let array = vec![0; order.len()];
    workload.schedule = Some(Schedule { order, array });
    refused(simulated(&workload, &chip(), &Options::default()))
}

fn incomplete() -> Error {
    let source = Source::new("accelerator.toml", "clock = \"1 GHz\"\n");
    let document = Document::parse(&source).expect("is TOML");
    refused(document.result::<()>(None))
}

fn no_array() -> Error {
    let chip = Accelerator { arrays: Vec::new(), ..chip() };
    refused(simulated(&workload(), &chip, &Options::default()))
}

fn ports() -> Error {
    let mut chip = chip();
    chip.memories[0].ports = 0;
    refused(simulated(&workload(), &chip, &Options::default()))
}

fn operands() -> Error {
    let mut builder = Builder::default();
    let inputs = (0..5).map(|_| builder.tensor(4, 4, Class::Activation, Home::Dram)).collect();
    builder.vector(VectorKind::Add, inputs, false);
    refused(simulated(&builder.workload, &chip(), &Options::default()))
}

fn too_many_events() -> Error {
    refused(simulated(&workload(), &chip(), &Options { most_events: 1, ..Options::default() }))
}

fn no_run() -> Error {
    let study = builtin::read(Kind::Study, Path::new("trapti")).expect("is built in");
    let study = Study { workloads: Vec::new(), ..Study::parse(&study).expect("sound") };
    let table = EmbeddedTable::new(false).expect("sound");
    refused(explore::explore(&study, &[], &table, explore::Options::default()))
}

fn unknown_technology() -> Error {
    refused("22nm".parse::<Technology>())
}

fn not_placed() -> Error {
    let run = run();
    compiled(&run, &(organisation(&run), Placement::default()))
}

fn unknown_lifetime() -> Error {
    let mut run = run();
    let placed = placed(&run);
    run.lifetimes.clear();
    compiled(&run, &placed)
}

fn unknown_port() -> Error {
    let mut run = run();
    run.accelerator.memories[0].ports = 1;
    let (organisation, placement) = placed(&run);
    compiled(&run, &(Organisation { ports: 1, ..organisation }, placement))
}

fn window_too_large() -> Error {
    let run = run();
    let (organisation, mut placement) = placed(&run);
    placement.blocks.iter_mut().for_each(|block| block.words = 1 << 33);
    compiled(&run, &(organisation, placement))
}

fn wrong_placement() -> Error {
    let run = run();
    let (organisation, mut placement) = placed(&run);
    placement.blocks.iter_mut().for_each(|block| block.first_word = 0);
    refused(placement.check(&run.lifetimes, MEMORY, organisation.words(), organisation.word_bytes()))
}

/// Every transfer that writes is left out.
fn read_before_write() -> Error {
    let mut run = run();
    let nodes = run.accesses.nodes().iter().filter(|node| !node.kind.writes());
    let free: Vec<Node> = nodes.map(|node| Node { pattern: 0, ..node }).collect();
    run.accesses = AccessGraph::from_parts(free, vec![Predecessors::NONE]);
    let placed = placed(&run);
    compiled(&run, &placed)
}

fn organisation_out_of_range() -> Error {
    let controller = memory(4, 2, 1);
    let organisation = Organisation { domains: 65, ports: 0, ..controller.organisation };
    refused(ReferenceModel::new(Controller { organisation, ..controller }))
}

fn replay_stuck() -> Error {
    let mut controller = memory(1, 1, 1);
    controller.timing.t_ack_max = 1;
    refused(reference_activity(&tiles(&controller, 1, false), &controller, true))
}

fn stimulus_misfit() -> Error {
    let controller = memory(1, 1, 1);
    let stimulus = tiles(&controller, 1, false);
    let organisation = Organisation { ports: 2, ..controller.organisation };
    refused(reference_activity(&stimulus, &Controller { organisation, ..controller }, true))
}

fn predicted(change: impl FnOnce(&mut Stimulus)) -> Error {
    let controller = memory(4, 2, 1);
    let mut stimulus = tiles(&controller, 1, false);
    change(&mut stimulus);
    refused(predict(&stimulus, &controller, &mut |_| ()))
}

fn stimulus_stuck() -> Error {
    predicted(|stimulus| stimulus.blocks[0].after.push(BlockId(0)))
}

fn stimulus_unplayable() -> Error {
    predicted(|stimulus| stimulus.nodes[0].window_words = 0)
}
