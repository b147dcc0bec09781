//! What a run does to its world: clients, programs, faults. It looks at how things stand and strikes
//! where it hurts, because random steps alone miss overlaps.
//!
//! Each action draws from a stream of its own, so that leaving one out, as shrinking does, changes no
//! other.

mod ambush;
mod client;
mod play;
mod puppet;
mod strike;

use std::collections::BTreeSet;

use flounder::platform::ProgramEnd;
use flounder::{Cap, CoreId, Rights};

use self::ambush::Birth;
use self::client::Client;
use self::puppet::{Line, Puppets, spawn_of};
use crate::fault::{Fault, Mark};
use crate::oracle::State;
use crate::random::Random;
use crate::world::{Config, World, WorldError};

/// How many clients there are at most.
const CLIENTS_MAX: usize = 4;
/// How many live domains there are before the workload spawns no more.
const DOMAINS_MAX: usize = 12;
/// How many kills a burst has: more than may be open on one binding.
const BURST: usize = 70;
/// How many arguments, and how many variables, are too many for an argument page.
const TOO_MANY: usize = 100;
/// The calls of a burst, one in so many actions.
const ACTIONS_PER_BURST: usize = 400;

/// What kind of world a seed has.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// Nobody dies or drops a cap, so that it is known which records there are: quotas are low, and
    /// caps turn up that nobody was given.
    is_patient: bool,
    /// One core's spawnd is played.
    plays: bool,
    /// How many steps lie between two actions, at most.
    pace: usize,
}

/// The workload of one world.
pub(crate) struct Workload {
    seed: u64,
    kind: Kind,
    clients: Vec<Client>,
    puppets: Puppets,
    /// Somebody who comes to wait, and whether he does.
    visitor: Option<(Client, bool)>,
    /// A program that is to exit at its birth.
    birth: Option<Birth>,
    /// Actions that are left out.
    left_out: BTreeSet<u64>,
    /// What was done, for a report.
    pub(crate) done: Vec<(u64, String)>,
    keeps_notes: bool,
}

impl Workload {
    /// A world for `seed`, and what is to be done to it.
    pub(crate) fn new(
        seed: u64,
        left_out: BTreeSet<u64>,
        trace_lines: usize,
    ) -> Result<(World, Self), WorldError> {
        let mut random = Random::stream(seed, u64::MAX);
        let kind = Kind {
            is_patient: random.one_in(4),
            plays: random.one_in(3),
            pace: 1 + [4, 12, 40, 120][random.below(4)],
        };
        let cores = 1 + u8::try_from(random.below(3)).unwrap_or(0);
        let mut config = Config::new()
            .cores(cores)
            .room_max([1, 2, 8][random.below(3)])
            .trace_lines(trace_lines);
        if kind.is_patient {
            config = config.domains_per_client_max(3 + u32::from(random.byte() % 4));
        }
        if random.one_in(3) {
            config = config.restarts_max(2 + u32::from(random.byte() % 4));
        }
        if random.one_in(5) {
            config = config.domains_per_core_max(3 + usize::from(random.byte() % 3));
        }
        if kind.plays {
            config = config.played_spawnd(CoreId(random.byte() % cores));
        }
        let puppets = Puppets::default();
        let world = World::with_programs(seed, config, puppets.programs())?;
        let keeps_notes = trace_lines > 0;
        let clients = Vec::new();
        let done = Vec::new();
        let (visitor, birth) = (None, None);
        let workload =
            Self { seed, kind, clients, puppets, visitor, birth, left_out, done, keeps_notes };
        Ok((world, workload))
    }

    /// How many steps pass before action `number`.
    pub(crate) fn gap(&self, number: u64) -> u64 {
        Random::stream(self.seed, number).below(self.kind.pace) as u64
    }

    /// Everybody who is left is gone.
    pub(crate) fn leave(&mut self, world: &mut World) {
        let clients = std::mem::take(&mut self.clients);
        let visitor = self.visitor.take();
        world.outside(|_| drop((clients, visitor)));
    }

    /// Does action `number`.
    pub(crate) fn act(&mut self, world: &mut World, number: u64) {
        if self.left_out.contains(&number) {
            return;
        }
        let mut random = Random::stream(self.seed, number);
        random.next();
        let what = world.outside(|world| self.choose(world, &mut random));
        world.shared.net.mix_in(number);
        if self.keeps_notes {
            world.shared.net.state.borrow_mut().trace.say(|| format!("action {number}: {what}"));
            self.done.push((number, what));
        }
    }

    fn choose(&mut self, world: &mut World, random: &mut Random) -> String {
        if self.clients.len() < 2 || (self.clients.len() < CLIENTS_MAX && random.one_in(60)) {
            let core = CoreId(random.byte() % world.cores());
            self.clients.push(Client::new(world, core));
            return "a new client".to_owned();
        }
        if let Some(what) = self.go_on(world) {
            return what;
        }
        match random.below(24) {
            0..=4 => self.spawn(world, random),
            5..=10 => self.strike(world, random),
            11..=13 => self.request(world, random),
            14..=16 => self.tell_a_puppet(world, random),
            17 | 18 => self.play(world, random),
            19 if random.one_in(4) => self.pose(world, random),
            20 if !self.kind.is_patient && random.one_in(5) => self.bury_a_client(world, random),
            21 if !self.kind.is_patient => self.drop_a_cap(random),
            22 if random.one_in(ACTIONS_PER_BURST / 24) => self.burst(world, random),
            _ => self.fault(world, random),
        }
    }

    fn client(&self, random: &mut Random) -> &Client {
        &self.clients[random.below(self.clients.len())]
    }

    fn spawn(&mut self, world: &mut World, random: &mut Random) -> String {
        let live = {
            let state = world.shared.net.state.borrow();
            let model = &state.oracle.model;
            model.in_state(State::Running).len() + model.in_state(State::Nil).len()
        };
        if live >= DOMAINS_MAX {
            return self.request(world, random);
        }
        // A core too many: nobody is there.
        let core = match random.below(40) {
            0 => 255 - random.byte() % 2,
            1..=3 => world.cores(),
            _ => random.byte() % world.cores(),
        };
        let flags = u8::from(random.one_in(4)) | u8::from(random.one_in(3)) << 1;
        let program = match random.below(16) {
            0 => "nothing",
            1..=3 => "brief",
            4 => "single",
            _ => "puppet",
        };
        let mut what = spawn_of(program, core, random.byte(), flags);
        match random.below(48) {
            0 | 1 => what.envbuf = b"no variable\0".to_vec(),
            2 => (what.argvbuf, what.envbuf) = too_much(),
            _ => {}
        }
        let text = format!("spawn {program} on core {core}, flags {flags}");
        if random.one_in(8) {
            self.client(random).spawn_with_caps(what);
        } else {
            self.client(random).spawn(what);
        }
        text
    }

    /// A request about any domain, with any cap.
    fn request(&mut self, world: &mut World, random: &mut Random) -> String {
        let last = world.shared.net.state.borrow().oracle.model.last_domain();
        let client = self.client(random);
        match random.below(13) {
            0 => {
                client.list(random.below(usize::try_from(last).unwrap_or(0) + 1) as u64);
                "list".to_owned()
            }
            1..=3 => {
                let domain = 1 + random.below(usize::try_from(last).unwrap_or(0) + 1) as u64;
                let cap = client.cap_of(Some(domain), 0).filter(|_| random.one_in(2));
                client.status(domain, cap.unwrap_or(Cap::NULL));
                format!("status of {domain}")
            }
            what => {
                let cap = self.any_cap(client, world, random);
                let domain = cap.identify().ok().and_then(|info| info.domain);
                match what {
                    4..=6 => client.kill(cap),
                    7..=9 => client.wait(cap, false),
                    10 => client.wait(cap, true),
                    11 => client.exit(cap, random.byte()),
                    _ => client.span(cap, random.byte() % world.cores(), random.one_in(2)),
                }
                format!("request {what} with a cap of {domain:?}")
            }
        }
    }

    fn any_cap(&self, client: &Client, world: &World, random: &mut Random) -> Cap {
        let which = random.below(64);
        let own = || client.cap_of(None, which).unwrap_or(Cap::NULL);
        match random.below(12) {
            0 => Cap::NULL,
            1 => own().copy_with(Rights::NONE).unwrap_or(Cap::NULL),
            2 => client.host.home().holder().frame(4096).unwrap_or(Cap::NULL),
            3 if self.kind.is_patient => {
                let last = world.shared.net.state.borrow().oracle.model.last_domain();
                let domain = 1 + random.below(usize::try_from(last).unwrap_or(0) + 2) as u64;
                world.mint(domain, Rights::DOMAIN)
            }
            _ => own(),
        }
    }

    fn tell_a_puppet(&mut self, world: &mut World, random: &mut Random) -> String {
        let alive = world.shared.truth.all_alive();
        let Some(part) = random.pick(&alive) else { return "nobody to tell".to_owned() };
        let line = self.line(world, part.0, random);
        let told = self.puppets.tell(part, line);
        if told {
            match line {
                Line::Panic => mark(world, Mark::ProgramCrash),
                Line::Return(_) | Line::Exit(_) => mark(world, Mark::ProgramExit),
                Line::PoseAsSpawnd => mark(world, Mark::StrangerPosesAsSpawnd),
                Line::CommandSpawnd(..) => mark(world, Mark::StrangerCommandsSpawnd),
                _ => {}
            }
        }
        format!("domain {} on core {}: {line:?}, heard {told}", part.0, part.1)
    }

    fn line(&self, world: &World, domain: u64, random: &mut Random) -> Line {
        let core = random.byte() % world.cores();
        match random.below(20) {
            0 => Line::Return(random.byte()),
            1 => Line::Panic,
            2 => Line::Exit(random.byte()),
            3 | 4 => Line::ExitWithNothing,
            5 | 6 => Line::ExitOfChild(random.byte()),
            7..=11 => Line::Span(core, !random.one_in(5)),
            12 | 13 if !self.kind.is_patient => Line::Spawn(core),
            12..=14 => Line::KillChild,
            15 => Line::WaitForChild,
            16 => Line::KillSelf,
            17 => Line::WaitForSelf,
            18 => Line::PoseAsSpawnd,
            _ => {
                // Its own spawnd could do it, if it obeyed.
                let own = world.shared.truth.alive(domain).first().copied();
                let core = own.filter(|_| !random.one_in(4)).unwrap_or(core);
                let iref = world.shared.net.state.borrow().oracle.model.spawnd_iref(core);
                Line::CommandSpawnd(iref.unwrap_or_default(), domain)
            }
        }
    }

    fn pose(&mut self, world: &mut World, random: &mut Random) -> String {
        let core = random.byte() % (world.cores() + 1);
        let what = random.below(5);
        self.client(random).pose_as_monitor(core, 1 + u64::from(random.byte() % 3), what);
        format!("somebody poses as the monitor: {what} of core {core}")
    }

    fn bury_a_client(&mut self, world: &mut World, random: &mut Random) -> String {
        let place = random.below(self.clients.len());
        let client = self.clients.swap_remove(place);
        drop(client);
        mark(world, Mark::ClientDeath);
        "a client dies".to_owned()
    }

    fn drop_a_cap(&mut self, random: &mut Random) -> String {
        let which = random.below(64);
        self.client(random).drop_a_cap(which);
        "a cap is dropped".to_owned()
    }

    /// More kills than may be open: no spawnd answers meanwhile.
    fn burst(&mut self, world: &mut World, random: &mut Random) -> String {
        let which = random.below(64);
        for core in 0..world.cores() {
            world.inject(Fault::SpawndHang(CoreId(core)));
        }
        let client = self.client(random);
        for _ in 0..BURST {
            if let Some(cap) = client.cap_of(None, which) {
                client.kill_later(cap);
            }
        }
        "a burst of kills".to_owned()
    }

    fn fault(&self, world: &mut World, random: &mut Random) -> String {
        let core = CoreId(random.byte() % world.cores());
        let fault = match random.below(38) {
            0..=9 => Fault::Delay,
            10..=13 => Fault::FullChannel,
            14..=16 => Fault::SlowMonitor(core),
            17 | 18 => Fault::SpawndHang(core),
            19 if random.one_in(6) => Fault::SpawndCrash(core),
            20 | 21 => Fault::StartFailure,
            22 => Fault::EndpointRefused,
            // A binding that fails drops caps, too.
            23 if !self.kind.is_patient => Fault::CapTransferFails,
            27 if !self.kind.is_patient => Fault::MalformedBytes,
            24 => Fault::ProgramWedge,
            34 if random.one_in(5) => Fault::SpawndStuck(core),
            35 if random.one_in(12) => Fault::SpawndCrashLoop(core),
            36 | 37 => Fault::TimePasses,
            25 => Fault::ProgramExit,
            26 => Fault::ProgramCrash,
            _ => Fault::SpuriousWake,
        };
        let happened = world.inject(fault);
        format!("{fault:?}: {happened}")
    }
}

/// Arguments that fit a message each, and the argument page not together.
fn too_much() -> (Vec<u8>, Vec<u8>) {
    let argv = (0..TOO_MANY).flat_map(|number| format!("argument {number:010}\0").into_bytes());
    let env = (0..TOO_MANY).flat_map(|number| format!("V{number:08}=variable\0").into_bytes());
    (argv.collect(), env.collect())
}

fn mark(world: &World, what: Mark) {
    world.shared.net.state.borrow_mut().coverage.mark(what);
}

/// Ends a program of a domain from outside.
fn end_of(random: &mut Random) -> ProgramEnd {
    if random.one_in(2) { ProgramEnd::Panicked } else { ProgramEnd::Exited(random.byte()) }
}
