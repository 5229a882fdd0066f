//! A memory that grants every request at once, and a look at when transfers start.

use trapti::power::cycle::{Device, Inputs, Outputs, Response, bits};
use trapti::power::{Stimulus, StimulusKind};

/// Grants every request at once: what planned starts are planned for.
pub struct Ideal {
    outputs: Outputs,
}

impl Ideal {
    pub fn new(ports: u32) -> Self {
        let responses = vec![Response::default(); ports as usize];
        Self { outputs: Outputs { responses, ..Outputs::default() } }
    }
}

impl Device for Ideal {
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs {
        let valid = inputs.requests.iter().enumerate().filter(|(_, request)| request.valid);
        self.outputs.grants = valid.fold(0, |mask, (port, _)| mask | 1 << port);
        self.outputs.quiescent = self.outputs.grants == 0;
        &self.outputs
    }
}

/// Notes in which cycle each transfer asserts its first request, and checks the order and the addresses of all.
pub struct Observed<'a, D> {
    pub device: D,
    stimulus: &'a Stimulus,
    /// Transfers of each port that are not done, in reverse record order.
    queues: Vec<Vec<usize>>,
    granted: Vec<u32>,
    /// Cycle of the first request of each node; `None` for work.
    pub starts: Vec<Option<u64>>,
}

impl<'a, D: Device> Observed<'a, D> {
    pub fn new(device: D, stimulus: &'a Stimulus) -> Self {
        let ports = stimulus.ports as usize;
        let mut queues = vec![Vec::new(); ports];
        for (index, node) in stimulus.nodes.iter().enumerate().rev().filter(|(_, n)| n.kind != StimulusKind::Work) {
            queues[usize::from(node.port)].push(index);
        }
        Self { device, stimulus, queues, granted: vec![0; ports], starts: vec![None; stimulus.nodes.len()] }
    }

    /// The first node that does not start `offset` cycles after its plan.
    pub fn first_off_plan(&self, offset: u64) -> Option<(usize, Option<u64>)> {
        let nodes = self.stimulus.nodes.iter().zip(&self.starts).enumerate();
        let off = |(_, (node, start)): &(usize, (&trapti::power::StimulusNode, &Option<u64>))| {
            node.kind != StimulusKind::Work && **start != Some(node.start.0 + offset)
        };
        nodes.filter(off).map(|(index, (_, start))| (index, *start)).next()
    }
}

impl<D: Device> Device for Observed<'_, D> {
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs {
        for (port, request) in inputs.requests.iter().enumerate().filter(|(_, request)| request.valid) {
            let node = *self.queues[port].last().expect("more requests than the stimulus has");
            assert_eq!(request.word, self.stimulus.word(&self.stimulus.nodes[node], self.granted[port]));
            self.starts[node].get_or_insert(inputs.now);
        }
        let outputs = self.device.cycle(inputs);
        for port in bits(outputs.grants) {
            self.granted[port] += 1;
            if self.granted[port] == self.stimulus.nodes[*self.queues[port].last().unwrap()].amount {
                self.queues[port].pop();
                self.granted[port] = 0;
            }
        }
        outputs
    }
}
