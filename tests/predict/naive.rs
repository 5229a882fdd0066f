//! The contract read a third time: every cycle of every domain and port, nothing else in mind than the text.

use trapti::ids::BlockId;
use trapti::power::{Activity, Controller, DomainActivity, Operation, Policy, PortActivity, Stimulus, StimulusKind};
use trapti::units::Cycles;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Target {
    Off,
    Ret,
    Light,
    On,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fsm {
    Off,
    Ret,
    Arb,
    SwOn,
    Settle,
    Unret,
    Uniso,
    On,
    Light,
    LightExit,
    Drain,
    Iso,
    SetRet,
    SwOff,
    Fault,
}

#[derive(Clone)]
struct Domain {
    fsm: Fsm,
    /// Cycles spent in the state before this one.
    age: u64,
    /// The state before, in the first cycle of this one.
    came_from: Option<Fsm>,
    from_ret: bool,
    to_ret: bool,
    reached: [bool; 3],
    t_last: u64,
    t_on: u64,
    on_passed: bool,
    t_off: u64,
    off_passed: bool,
    force_on: bool,
    grants: Vec<u64>,
    told: Option<Operation>,
    /// `sw` in every cycle so far, and the pin, which is written ahead.
    sw: Vec<bool>,
    pin: Vec<bool>,
    count: DomainActivity,
}

/// Inputs of a domain in a cycle that are not in its target already.
struct Inputs {
    ack: bool,
    slot: bool,
}

struct Naive<'a> {
    c: &'a Controller,
    s: &'a Stimulus,
    domains: Vec<Domain>,
    slot_pointer: usize,
    free: Vec<Vec<u64>>,
    pointer: Vec<Vec<u32>>,
    done: Vec<Option<u64>>,
    started: Vec<bool>,
    heads: Vec<Option<(usize, u32)>>,
    ports: Vec<PortActivity>,
    tables: Vec<Table>,
}

/// A table of the schedule as the host and the player have it.
#[derive(Default)]
struct Table {
    /// Entries written so far.
    written: usize,
    filled: bool,
    start: Option<u64>,
    applied: usize,
}

/// Counts of the stimulus, or `None` if it is not finished after `limit` cycles.
pub fn naive(s: &Stimulus, c: &Controller, limit: u64) -> Option<Activity> {
    let d = Domain {
        fsm: Fsm::SwOff,
        age: 0,
        came_from: None,
        from_ret: false,
        to_ret: false,
        reached: [true; 3],
        t_last: 0,
        t_on: 0,
        on_passed: false,
        t_off: 0,
        off_passed: true,
        force_on: c.reset_on,
        grants: vec![],
        told: matches!(c.policy, Policy::Scheduled { .. }).then_some(Operation::Off),
        sw: vec![],
        pin: vec![],
        count: DomainActivity::default(),
    };
    let o = c.organisation;
    let mut n = Naive {
        c,
        s,
        domains: vec![d; o.domains as usize],
        slot_pointer: 0,
        free: vec![vec![0; o.interleave as usize]; o.domains as usize],
        pointer: vec![vec![0; o.interleave as usize]; o.domains as usize],
        done: vec![None; s.nodes.len()],
        started: vec![false; s.nodes.len()],
        heads: vec![None; o.ports as usize],
        ports: vec![PortActivity::default(); o.ports as usize],
        tables: s.tables.iter().map(|_| Table::default()).collect(),
    };
    (0..limit).find_map(|now| n.cycle(now))
}

impl Naive<'_> {
    fn cycle(&mut self, now: u64) -> Option<Activity> {
        self.start_nodes(now);
        if let Some(end) = self.end().filter(|end| *end == now) {
            let domains = self.domains.iter().map(|d| d.count).collect();
            return Some(Activity { cycles: Cycles(end), domains, ports: self.ports.clone() });
        }
        self.domains.iter_mut().for_each(Domain::count_cycle);
        let live = self.live(now);
        let requests = self.requests();
        let granted = self.grant(now, &requests);
        self.clock(now, &requests, &live, &granted);
        if matches!(self.c.policy, Policy::Scheduled { .. }) {
            self.tell(now, &requests, &granted);
        }
        None
    }

    fn end(&self) -> Option<u64> {
        let latency = u64::from(self.c.organisation.read_latency);
        let of = |(done, node): (&Option<u64>, &trapti::power::StimulusNode)| {
            done.map(|d| if node.kind == StimulusKind::Work { d } else { d + latency })
        };
        self.done.iter().zip(&self.s.nodes).map(of).try_fold(0, |a, b| b.map(|b| a.max(b)))
    }

    /// Starts what starts in this cycle.
    fn start_nodes(&mut self, now: u64) {
        for i in 0..self.s.nodes.len() {
            let node = self.s.nodes[i];
            if self.started[i] || !self.may_start(i, now) {
                continue;
            }
            self.started[i] = true;
            if node.kind == StimulusKind::Work {
                self.done[i] = Some(now + u64::from(node.amount));
            } else {
                self.heads[usize::from(node.port)] = Some((i, 0));
            }
        }
    }

    fn may_start(&self, i: usize, now: u64) -> bool {
        let node = &self.s.nodes[i];
        let is_done = |j: usize, lag: u64| self.done[j].is_some_and(|d| d + lag <= now);
        let transfer = node.kind != StimulusKind::Work;
        let others = || self.s.nodes.iter().enumerate().filter(|(_, n)| n.kind != StimulusKind::Work);
        let of_block = |b: BlockId| others().filter(move |(_, n)| n.block == b).all(|(j, _)| is_done(j, 0));
        node.start.0 <= now
            && self.s.predecessors(node).iter().all(|p| is_done(i - p.back as usize, u64::from(p.lag)))
            && (!transfer
                || others().filter(|(j, n)| *j < i && n.port == node.port).all(|(j, _)| is_done(j, 0))
                    && self.s.blocks[node.block.index()].after.iter().all(|b| of_block(*b)))
    }

    /// `live_i` of every domain.
    fn live(&self, now: u64) -> Vec<bool> {
        let mut live = vec![false; self.domains.len()];
        for (b, block) in self.s.blocks.iter().enumerate() {
            let of_block =
                || (0..self.s.nodes.len()).filter(move |i| self.s.nodes[*i].block.index() == b && self.is_transfer(*i));
            let begun = of_block().any(|i| self.started[i]);
            let latency = u64::from(self.c.organisation.read_latency);
            let over = !block.survives && of_block().all(|i| self.done[i].is_some_and(|d| now > d + latency - 1));
            if begun && !over {
                for word in block.first_word..block.first_word + block.words {
                    live[self.c.organisation.domain_of(word).index()] = true;
                }
            }
        }
        live
    }

    fn is_transfer(&self, i: usize) -> bool {
        self.s.nodes[i].kind != StimulusKind::Work
    }

    /// Domain and bank that each port requests.
    fn requests(&self) -> Vec<Option<(usize, usize)>> {
        let o = &self.c.organisation;
        let at = |(i, k): (usize, u32)| {
            let word = self.s.word(&self.s.nodes[i], k);
            (o.domain_of(word).index(), o.bank_of(word) as usize)
        };
        self.heads.iter().map(|head| head.map(at)).collect()
    }

    /// Grants, stalls and their counts.
    fn grant(&mut self, now: u64, requests: &[Option<(usize, usize)>]) -> Vec<bool> {
        let ports = requests.len();
        let mut granted = vec![false; ports];
        for (p, request) in requests.iter().enumerate() {
            if request.is_some_and(|(d, _)| self.domains[d].fsm == Fsm::Fault) {
                self.advance(p, now);
            }
        }
        for d in 0..self.domains.len() {
            for b in 0..self.free[d].len() {
                let free = self.domains[d].fsm == Fsm::On && self.free[d][b] <= now;
                let first = self.pointer[d][b] as usize;
                let winner = (0..ports).map(|i| (first + i) % ports).find(|p| requests[*p] == Some((d, b)));
                if let Some(p) = winner.filter(|_| free) {
                    granted[p] = true;
                    self.free[d][b] = now + u64::from(self.c.organisation.bank_cycles);
                    self.pointer[d][b] = ((p + 1) % ports) as u32;
                }
            }
        }
        for p in 0..ports {
            let Some((d, _)) = requests[p] else { continue };
            if granted[p] {
                let (Some((i, _)), count) = (self.heads[p], &mut self.domains[d].count) else { continue };
                let write = self.s.nodes[i].kind == StimulusKind::Write;
                *(if write { &mut count.writes } else { &mut count.reads }) += 1;
                self.domains[d].grants.push(now);
                self.advance(p, now);
            } else if self.domains[d].fsm == Fsm::On {
                self.domains[d].count.stall_conflict += 1;
                self.ports[p].stall_conflict += 1;
            } else if self.domains[d].fsm != Fsm::Fault {
                self.domains[d].count.stall_wake += 1;
                self.ports[p].stall_wake += 1;
            }
        }
        granted
    }

    /// The pending request of a port was granted.
    fn advance(&mut self, p: usize, now: u64) {
        let Some((i, k)) = self.heads[p] else { return };
        let node = &self.s.nodes[i];
        self.heads[p] = Some((i, k + 1)).filter(|_| k + 1 < node.amount);
        if k + 1 == node.amount {
            self.done[i] = Some(now + 1);
        }
    }

    /// One clock edge of the schedule's host and player.
    fn tell(&mut self, now: u64, requests: &[Option<(usize, usize)>], granted: &[bool]) {
        for (request, _) in requests.iter().zip(granted).filter(|(_, granted)| **granted) {
            self.domains[request.expect("granted").0].told = None;
        }
        let k = self.tables.iter().take_while(|t| t.start.is_some()).count();
        let mut starts = false;
        if let Some(table) = self.tables.get_mut(k) {
            let entries = self.s.tables[k].entries.len();
            let anchored = self.s.tables[k].anchor.is_none_or(|node| self.started[node.index()]);
            if table.written < entries {
                table.written += 1;
            } else if !table.filled {
                table.filled = true;
            } else if anchored {
                table.start = Some(now);
                starts = true;
            }
        }
        let Some(playing) = k.checked_sub(1).filter(|_| !starts) else { return };
        let table = &mut self.tables[playing];
        if let Some(entry) = self.s.tables[playing].entries.get(table.applied)
            && now >= table.start.expect("it plays") + entry.delta
        {
            table.applied += 1;
            if let Some(domain) = self.domains.get_mut(entry.domain as usize) {
                domain.told = Some(entry.operation);
            }
        }
    }

    /// One clock edge of the controller.
    fn clock(&mut self, now: u64, requests: &[Option<(usize, usize)>], live: &[bool], granted: &[bool]) {
        let want = |d: usize| requests.iter().flatten().any(|(at, _)| *at == d);
        let got = |d: usize| requests.iter().zip(granted).any(|(r, g)| *g && r.is_some_and(|(at, _)| at == d));
        for d in &mut self.domains {
            d.drive_pin(now, self.c);
        }
        let targets: Vec<Target> =
            (0..live.len()).map(|d| self.domains[d].target(now, want(d), live[d], self.c)).collect();
        let waking = self.domains.iter().filter(|d| matches!(d.fsm, Fsm::SwOn | Fsm::Settle)).count();
        let asks = |d: &usize| self.domains[*d].fsm == Fsm::Arb && !self.domains[*d].gives_up(targets[*d]);
        let order = (0..live.len()).map(|i| (self.slot_pointer + i) % live.len());
        let slot = order.into_iter().find(asks).filter(|_| waking < self.c.timing.max_waking as usize);
        if let Some(d) = slot {
            self.slot_pointer = (d + 1) % live.len();
        }
        for (d, &target) in targets.iter().enumerate() {
            let ack = now
                .checked_sub(u64::from(self.c.timing.sync_stages))
                .is_some_and(|then| self.domains[d].pin[then as usize]);
            assert!(want(d) || !got(d));
            let inputs = Inputs { ack, slot: slot == Some(d) };
            self.domains[d].edge(now, &inputs, target, got(d), self.c);
        }
    }
}

impl Domain {
    fn powered(&self) -> bool {
        !matches!(self.fsm, Fsm::Off | Fsm::Ret | Fsm::Arb | Fsm::SwOff | Fsm::Fault)
    }

    /// pin(n) = sw(n − T): a change of `sw` shows T cycles later.
    fn drive_pin(&mut self, now: u64, c: &Controller) {
        let (sw, before) = (self.powered(), self.sw.last().copied().unwrap_or(false));
        self.sw.push(sw);
        let delay = match (before, sw) {
            (false, true) if self.from_ret => c.switch.t_ack_ret,
            (false, true) => c.switch.t_ack_off,
            _ => c.switch.t_ack_fall,
        };
        let stay = self.pin.last().copied().unwrap_or(false);
        let now = now as usize;
        while self.pin.len() <= now {
            self.pin.push(stay);
        }
        if before != sw {
            self.pin.truncate(now + 1);
            let old = self.pin[now];
            self.pin.resize(now + delay as usize + 1, old);
            self.pin[now + delay as usize] = sw;
        }
    }

    fn reached(&self, now: u64, c: &Controller) -> [bool; 3] {
        let thresholds = c.policy.thresholds(c.states);
        std::array::from_fn(|k| {
            let t = thresholds[k].0;
            let evaluated = matches!(self.fsm, Fsm::On | Fsm::Light | Fsm::Ret);
            t != 0 && (self.reached[k] || evaluated && now - self.t_last >= t)
        })
    }

    fn target(&self, now: u64, want: bool, live: bool, c: &Controller) -> Target {
        if want || self.force_on && self.fsm != Fsm::On {
            return Target::On;
        }
        let [light, ret, off] = self.reached(now, c);
        let told = self.told.map(|operation| match operation {
            Operation::Prewake => Target::On,
            Operation::Light => Target::Light,
            Operation::Retain => Target::Ret,
            Operation::Off => Target::Off,
        });
        let mut target = match c.policy {
            Policy::Scheduled { .. } if told.is_some() => told.expect("checked"),
            Policy::Never => Target::On,
            Policy::Mask => [Target::Off, Target::On][usize::from(live)],
            _ if off => Target::Off,
            _ if ret => Target::Ret,
            _ if light => Target::Light,
            _ => Target::On,
        };
        if target == Target::Off && live {
            target = Target::Ret;
        }
        if target == Target::Ret && !c.states.retention {
            target = Target::Light;
        }
        if target == Target::Light && !c.states.light {
            target = Target::On;
        }
        target
    }

    fn gives_up(&self, target: Target) -> bool {
        if self.from_ret { target < Target::Light } else { target != Target::On }
    }

    fn busy(&self, now: u64, c: &Controller) -> bool {
        let window = u64::from(c.organisation.bank_cycles.max(c.organisation.read_latency)) - 1;
        self.grants.iter().any(|g| *g < now && now - g <= window)
    }

    fn edge(&mut self, now: u64, i: &Inputs, target: Target, granted: bool, c: &Controller) {
        self.reached = self.reached(now, c);
        self.on_passed |= matches!(self.fsm, Fsm::On | Fsm::Light) && now - self.t_on >= u64::from(c.timing.t_min_on);
        self.off_passed |= matches!(self.fsm, Fsm::Off | Fsm::Ret) && now - self.t_off >= u64::from(c.timing.t_min_off);
        let next = self.next(now, i, target, c);
        if granted {
            self.t_last = now;
            self.reached = [false; 3];
        }
        if self.fsm == Fsm::On {
            self.force_on = false;
        }
        if next != self.fsm {
            self.enter(next, now + 1, target);
        } else {
            self.age += 1;
        }
    }

    fn next(&self, now: u64, i: &Inputs, target: Target, c: &Controller) -> Fsm {
        let t = &c.timing;
        let over = |cycles: u32| self.age + 1 >= u64::from(cycles.max(1));
        let by_origin = |off: u32, ret: u32| if self.from_ret { ret } else { off };
        match self.fsm {
            Fsm::Off if target == Target::On && self.off_passed => Fsm::Arb,
            Fsm::Ret if target == Target::Off => Fsm::Off,
            Fsm::Ret if target >= Target::Light && self.off_passed => Fsm::Arb,
            Fsm::Arb if self.gives_up(target) => [Fsm::Off, Fsm::Ret][usize::from(self.from_ret)],
            Fsm::Arb if i.slot => Fsm::SwOn,
            Fsm::SwOn if i.ack => Fsm::Settle,
            Fsm::SwOn | Fsm::SwOff if over(t.t_ack_max) && i.ack == (self.fsm == Fsm::SwOff) => Fsm::Fault,
            Fsm::Settle if over(by_origin(t.t_settle_off, t.t_settle_ret)) => {
                [Fsm::Uniso, Fsm::Unret][usize::from(self.from_ret)]
            }
            Fsm::Unret if over(t.t_ret) => Fsm::Uniso,
            Fsm::Uniso if over(t.t_iso) => Fsm::On,
            Fsm::On if target == Target::Light && !self.busy(now, c) => Fsm::Light,
            Fsm::On if target < Target::Light && self.on_passed => Fsm::Drain,
            Fsm::Light if target == Target::On => Fsm::LightExit,
            Fsm::Light if target < Target::Light && self.on_passed => Fsm::Iso,
            Fsm::LightExit if over(t.t_light) => Fsm::On,
            Fsm::Drain if target >= Target::Light => Fsm::On,
            Fsm::Drain if !self.busy(now, c) => Fsm::Iso,
            Fsm::Iso if over(t.t_iso) && target == Target::On => Fsm::Uniso,
            Fsm::Iso if over(t.t_iso) => [Fsm::SwOff, Fsm::SetRet][usize::from(self.to_ret)],
            Fsm::SetRet if over(t.t_ret) && target == Target::On => Fsm::Unret,
            Fsm::SetRet if over(t.t_ret) => Fsm::SwOff,
            Fsm::SwOff if !i.ack => [Fsm::Off, Fsm::Ret][usize::from(self.to_ret)],
            same => same,
        }
    }

    fn enter(&mut self, next: Fsm, at: u64, target: Target) {
        match next {
            Fsm::Arb => self.from_ret = self.fsm == Fsm::Ret,
            Fsm::Iso => self.to_ret = target == Target::Ret,
            Fsm::Off | Fsm::Ret if self.fsm == Fsm::SwOff && at > 1 => {
                self.t_off = at;
                self.off_passed = false;
            }
            Fsm::On if self.fsm == Fsm::Uniso => {
                self.t_on = at;
                self.on_passed = false;
                self.t_last = at;
                self.reached = [false; 3];
            }
            _ => {}
        }
        self.came_from = Some(self.fsm);
        self.fsm = next;
        self.age = 0;
    }

    fn class(&self) -> usize {
        match self.fsm {
            Fsm::Off => 0,
            Fsm::Ret => 1,
            Fsm::Arb => usize::from(self.from_ret),
            Fsm::Light => 2,
            Fsm::Fault => 3,
            _ => 4,
        }
    }

    /// Class of the cycle, and the transition into it.
    fn count_cycle(&mut self) {
        self.count.class_cycles[self.class()] += Cycles(1);
        let t = &mut self.count.transitions;
        match (self.came_from.take().unwrap_or(self.fsm), self.fsm) {
            (Fsm::Arb, Fsm::SwOn) if self.from_ret => t.ret_on += 1,
            (Fsm::Arb, Fsm::SwOn) => t.off_on += 1,
            (Fsm::SwOff, Fsm::Off) => t.on_off += 1,
            (Fsm::SwOff, Fsm::Ret) => t.on_ret += 1,
            (Fsm::Ret, Fsm::Off) => t.ret_off += 1,
            (Fsm::On, Fsm::Light) => t.on_light += 1,
            (Fsm::Light, Fsm::LightExit) => t.light_on += 1,
            (Fsm::Drain, Fsm::On) | (Fsm::Iso, Fsm::Uniso) | (Fsm::SetRet, Fsm::Unret) => t.aborted += 1,
            _ => {}
        }
    }
}
