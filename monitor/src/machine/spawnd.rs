//! The machine's part in the life of the core's spawnd: what it may say, what the watch over it wants,
//! and what the process manager hears of it.

use flounder::{CoreId, Iref};

use super::routes::HUB;
use super::watch::{Order, Watch};
use super::{Machine, proc_mgmt, to_child, to_peer};
use crate::event::{Effect, Effects, PeerMessage, SpawndNews, ToChild};
use crate::peers::{ChildKey, ChildKind, Generation};

impl Machine {
    pub(super) fn child_added<E>(
        &mut self,
        child: ChildKey,
        kind: ChildKind,
        out: &mut Effects<E>,
    ) {
        self.children.add(child, kind);
        if let ChildKind::Spawnd { generation } = kind {
            self.watch(out, |watch, orders| watch.begun(child, generation, orders));
        }
    }

    pub(super) fn set_spawn_iref<E>(&mut self, from: ChildKey, iref: Iref, out: &mut Effects<E>) {
        let own = self.exports.owns(from, iref);
        match own.then(|| self.children.spawnd_tells(from)).flatten() {
            Some(generation) => {
                let core = self.core;
                self.tell_proc_mgmt(SpawndNews::Add { core, generation, iref }, out);
            }
            None => self.counts.not_permitted += 1,
        }
    }

    /// Ends a generation of the spawnd of `core`, here or by way of its monitor.
    pub(super) fn fence<E>(&mut self, core: CoreId, generation: Generation, out: &mut Effects<E>) {
        if core == self.core {
            self.watch(out, |watch, orders| watch.fence(generation, orders));
        } else if self.routes.is_up(core) {
            to_peer(core, PeerMessage::FenceSpawnd { generation }, out);
        }
    }

    /// Has the watch look at something, and does what it wants.
    pub(super) fn watch<E>(
        &mut self,
        out: &mut Effects<E>,
        look: impl FnOnce(&mut Watch, &mut Vec<Order>),
    ) {
        let mut orders = Vec::new();
        look(&mut self.watch, &mut orders);
        let core = self.core;
        for order in orders {
            match order {
                Order::Heartbeat { to, request } => {
                    to_child(to, ToChild::Heartbeat { request }, out);
                }
                Order::Fence(generation) => out.push(Effect::FenceSpawnd { generation }),
                Order::Gone { generation, survivors } => {
                    for news in proc_mgmt::removal(core, generation, &survivors) {
                        self.tell_proc_mgmt(news, out);
                    }
                }
                Order::Ended(domain) => {
                    self.tell_proc_mgmt(SpawndNews::SurvivorEnded { core, domain }, out);
                }
                Order::Start(generation) => out.push(Effect::StartSpawnd { generation }),
                Order::GiveUp => out.push(Effect::GiveSpawndUp),
                Order::Arm { timer, after } => out.push(Effect::ArmTimer { timer, after }),
            }
        }
    }

    /// Tells the process manager on core 0, the others through monitor 0.
    pub(super) fn tell_proc_mgmt<E>(&mut self, news: SpawndNews, out: &mut Effects<E>) {
        match &mut self.proc_mgmt {
            Some(proc_mgmt) => proc_mgmt.tell(news, out),
            None => to_peer(HUB, PeerMessage::Spawnd(news), out),
        }
    }
}
