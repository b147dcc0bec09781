//! The monitors' part: they watch over the spawnds, and tell the process manager who came and went.

use std::rc::Rc;
use std::time::Duration;

use flounder::{CoreId, Fingerprint, Iref};
use flounder_monitor::{
    ChildKey, ChildKind, Effect, Effects, Event, FromChild, Generation, Interface, Machine,
    RequestId, SpawndNews, TimerId, ToChild, ToProcMgmt, WatchConfig,
};
use flounder_procmgmt::machine as procmgmt;

use super::CORES;
use super::action::cores;
use super::core::Stage;
use super::world::World;
use crate::tell::Tell;

/// The core of monitor 0, which speaks for all to the process manager.
const HUB: CoreId = CoreId(0);

/// The process manager among monitor 0's children; spawnds come after it.
const PROC_MGMT: ChildKey = ChildKey(1);

/// A monitor for each core.
#[derive(Clone, Hash, Debug)]
pub(super) struct Monitors {
    machines: [Machine; CORES],
    keys: u64,
    /// What the last export got.
    iref: Option<Iref>,
}

impl Monitors {
    pub(super) fn new() -> Self {
        let machine = |core| Machine::new(CoreId(core), interface("nameservice"));
        Self { machines: [machine(0), machine(1)], keys: PROC_MGMT.0, iref: None }
    }
}

fn interface(name: &str) -> Interface {
    Interface { name: name.to_owned(), fingerprint: Fingerprint::new(0, name.len() as u64) }
}

impl World {
    /// Monitors that have the process manager and start a spawnd each.
    pub(super) fn begin_monitors(&mut self, tell: &mut Tell) -> Result<(), String> {
        let added = Event::ChildAdded { child: PROC_MGMT, kind: ChildKind::ProcMgmt };
        self.monitor(HUB, added, tell)?;
        let message = FromChild::SetProcMgmtEpRequest { endpoint: () };
        self.monitor(HUB, Event::Child { from: PROC_MGMT, message }, tell)?;
        for at in cores().skip(1) {
            self.monitor(HUB, Event::LinkAdded { core: at }, tell)?;
        }
        cores().try_for_each(|at| self.spawnd_begun(at, Generation(1), tell))
    }

    /// A monitor handles an event.
    pub(super) fn monitor(
        &mut self,
        at: CoreId,
        event: Event<()>,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let mut effects = Effects::new();
        Rc::make_mut(&mut self.monitors).machines[usize::from(at.0)].handle(event, &mut effects);
        for effect in effects {
            self.monitor_wants(at, effect, tell)?;
        }
        Ok(())
    }

    fn monitor_wants(
        &mut self,
        at: CoreId,
        effect: Effect<()>,
        tell: &mut Tell,
    ) -> Result<(), String> {
        match effect {
            Effect::ToPeer { to, message } => {
                return self.monitor(to, Event::Peer { from: at, message }, tell);
            }
            Effect::ToProcMgmt(ToProcMgmt::Spawnd(news)) => {
                tell.say(|| format!("  monitor 0 to the process manager: {news:?}"));
                self.news.push_back(news);
            }
            Effect::ArmTimer { timer, after } => return self.arm(at, timer, after, tell),
            Effect::FenceSpawnd { generation } => return self.fence(at, generation, tell),
            Effect::StartSpawnd { generation } => return self.spawnd_begun(at, generation, tell),
            Effect::ToChild { message: ToChild::ExportReply { result, .. }, .. } => {
                Rc::make_mut(&mut self.monitors).iref = result.ok();
            }
            Effect::ClaimProcMgmt { .. } => {}
            other => return Err(format!("monitor {at} wants {other:?}")),
        }
        Ok(())
    }

    /// A monitor's timer is armed. That for heartbeats is never due here: a spawnd either turns or has
    /// crashed. The next spawnd is started at once: what comes late is the news of it.
    fn arm(
        &mut self,
        at: CoreId,
        timer: TimerId,
        after: Duration,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let config = WatchConfig::default();
        self.core_mut(at).grace = (after == config.grace).then_some(timer);
        if after == config.grace || after == config.heartbeat_period {
            return Ok(());
        }
        self.monitor(at, Event::Timer { timer }, tell)
    }

    /// The platform ends a spawnd, and tells what it started to end.
    fn fence(&mut self, at: CoreId, generation: Generation, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("  the platform of core {at} ends spawnd {}", generation.0));
        if self.core(at).spawnd.as_ref().is_some_and(|it| it.generation == generation.0) {
            self.lose_spawnd(at, tell)?;
        }
        let mut left = Vec::new();
        let programs = &mut self.core_mut(at).programs;
        for (&domain, program) in
            programs.iter_mut().filter(|(_, it)| it.generation == generation.0)
        {
            program.is_left = true;
            if program.stage == Stage::Running {
                program.stage = Stage::Ending;
            }
            left.push(domain);
        }
        self.monitor(at, Event::SpawndEnded { generation, left }, tell)
    }

    /// A spawnd is started, and tells where it listens.
    fn spawnd_begun(
        &mut self,
        at: CoreId,
        generation: Generation,
        tell: &mut Tell,
    ) -> Result<(), String> {
        tell.say(|| format!("  spawnd {at} begins its life {}", generation.0));
        let monitors = Rc::make_mut(&mut self.monitors);
        monitors.keys += 1;
        let child = ChildKey(monitors.keys);
        self.begin_spawnd(at, generation.0);
        self.core_mut(at).child = Some(child);
        self.monitor(
            at,
            Event::ChildAdded { child, kind: ChildKind::Spawnd { generation } },
            tell,
        )?;
        let (request, interface) = (RequestId(1), interface("spawn"));
        let message = FromChild::ExportRequest { request, interface };
        self.monitor(at, Event::Child { from: child, message }, tell)?;
        let Some(iref) = self.monitors.iref else {
            return Err(format!("spawnd {at} gets no iref"));
        };
        let message = FromChild::SetSpawnIrefRequest { iref };
        self.monitor(at, Event::Child { from: child, message }, tell)
    }

    /// The process manager hears the next that monitor 0 says.
    pub(super) fn hear_news(&mut self, tell: &mut Tell) -> Result<(), String> {
        let Some(news) = self.news.pop_front() else { return Ok(()) };
        tell.say(|| format!("the process manager hears: {news:?}"));
        let generation = |it: Generation| procmgmt::Generation(it.0);
        let event = match news {
            SpawndNews::Add { core, generation: it, iref } => procmgmt::Event::AddSpawnd {
                core,
                generation: generation(it),
                iref,
                from_monitor: true,
            },
            SpawndNews::Remove { core, generation: it, survivors, more } => {
                let generation = generation(it);
                procmgmt::Event::RemoveSpawnd { core, generation, survivors, more }
            }
            SpawndNews::SurvivorEnded { core, domain } => {
                procmgmt::Event::SurvivorEnded { core, domain }
            }
        };
        self.manage(event, tell)
    }

    /// The process manager wants a spawnd ended, and monitor 0 hears of it.
    pub(super) fn fence_wanted(
        &mut self,
        core: CoreId,
        generation: procmgmt::Generation,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let generation = Generation(generation.0);
        self.monitor(HUB, Event::FenceSpawnd { core, generation }, tell)
    }

    /// What a dead spawnd started has not ended within the grace time.
    pub(super) fn grace_over(&mut self, at: CoreId, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("the grace time of what the dead spawnd {at} started is over"));
        let here = self.core_mut(at);
        for program in here.programs.values_mut().filter(|program| program.is_left) {
            program.stage = Stage::Stuck;
        }
        let Some(timer) = here.grace.take() else { return Ok(()) };
        self.monitor(at, Event::Timer { timer }, tell)
    }
}
