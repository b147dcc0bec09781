//! What monitor 0 owes the process manager: news of spawnds, and the request to stop.
//!
//! Spawnds may come up before the process manager has given its binding. Until then the latest state
//! of each core is kept, not a queue: one that came and went needs no mention, because no domain can
//! have been started on it.

use std::collections::BTreeMap;

use flounder::{CoreId, DomainId};

use crate::event::{Effect, Effects, ShutdownOutcome, SpawndNews, ToProcMgmt};
use crate::peers::Generation;

/// How many survivors fit one message, as the interfaces `intermon` and `proc_mgmt` declare.
pub const SURVIVORS_PER_MESSAGE_MAX: usize = 256;

#[derive(Clone, Hash, Debug)]
enum Binding {
    /// Not given yet; the last news of each core whose spawnd is up.
    Awaited(BTreeMap<CoreId, SpawndNews>),
    Up,
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Shutdown {
    No,
    Asked,
    Reported,
}

/// Monitor 0's side of the process manager.
#[derive(Clone, Hash, Debug)]
pub(crate) struct ProcMgmt {
    binding: Binding,
    shutdown: Shutdown,
}

impl ProcMgmt {
    pub(crate) fn new() -> Self {
        Self { binding: Binding::Awaited(BTreeMap::new()), shutdown: Shutdown::No }
    }

    /// Passes news on, or keeps what of it will still be true later.
    pub(crate) fn tell<E>(&mut self, news: SpawndNews, out: &mut Effects<E>) {
        match &mut self.binding {
            Binding::Awaited(kept) => keep(kept, news),
            Binding::Up => out.push(Effect::ToProcMgmt(ToProcMgmt::Spawnd(news))),
            Binding::Gone => (),
        }
    }

    /// Takes the binding, once, and tells what was kept; hands a second one back.
    pub(crate) fn take<E>(&mut self, endpoint: E, out: &mut Effects<E>) -> Result<(), E> {
        let Binding::Awaited(kept) = &mut self.binding else { return Err(endpoint) };
        let kept = std::mem::take(kept);
        self.binding = Binding::Up;
        out.push(Effect::ClaimProcMgmt { endpoint });
        out.extend(kept.into_values().map(|news| Effect::ToProcMgmt(ToProcMgmt::Spawnd(news))));
        Ok(())
    }

    /// Asks for an orderly stop; what was asked before is asked for once.
    pub(crate) fn shutdown<E>(&mut self, out: &mut Effects<E>) {
        if self.shutdown != Shutdown::No {
            return;
        }
        self.shutdown = Shutdown::Asked;
        match self.binding {
            Binding::Up => out.push(Effect::ToProcMgmt(ToProcMgmt::Shutdown)),
            Binding::Awaited(_) | Binding::Gone => self.report(ShutdownOutcome::NoProcMgmt, out),
        }
    }

    /// Reports how the stop went; nothing if nobody asked.
    pub(crate) fn shutdown_done<E>(&mut self, wedged: u32, out: &mut Effects<E>) {
        self.report(ShutdownOutcome::Done { wedged }, out);
    }

    /// Notes that the binding, or its chance to come, is gone for good.
    pub(crate) fn gone<E>(&mut self, out: &mut Effects<E>) {
        self.binding = Binding::Gone;
        self.report(ShutdownOutcome::NoProcMgmt, out);
    }

    fn report<E>(&mut self, outcome: ShutdownOutcome, out: &mut Effects<E>) {
        if self.shutdown == Shutdown::Asked {
            self.shutdown = Shutdown::Reported;
            out.push(Effect::Report(outcome));
        }
    }
}

fn keep(kept: &mut BTreeMap<CoreId, SpawndNews>, news: SpawndNews) {
    let core = news.core();
    let known = match kept.get(&core) {
        Some(&SpawndNews::Add { generation, .. }) => Some(generation),
        _ => None,
    };
    match news {
        SpawndNews::Add { generation, .. } if known < Some(generation) => {
            kept.insert(core, news);
        }
        SpawndNews::Remove { generation, .. } if known == Some(generation) => {
            kept.remove(&core);
        }
        SpawndNews::Add { .. } | SpawndNews::Remove { .. } | SpawndNews::SurvivorEnded { .. } => (),
    }
}

/// The messages that tell of a spawnd's end, with as many survivors each as fit.
pub(crate) fn removal(
    core: CoreId,
    generation: Generation,
    survivors: &[DomainId],
) -> Vec<SpawndNews> {
    let parts = survivors.len().div_ceil(SURVIVORS_PER_MESSAGE_MAX).max(1);
    (0..parts)
        .map(|part| {
            let from = part * SURVIVORS_PER_MESSAGE_MAX;
            let to = survivors.len().min(from + SURVIVORS_PER_MESSAGE_MAX);
            let survivors = survivors[from..to].to_vec();
            SpawndNews::Remove { core, generation, survivors, more: part + 1 < parts }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flounder::Iref;

    fn add(core: u8, generation: u64) -> SpawndNews {
        let iref = Iref::new(CoreId(core), 1);
        SpawndNews::Add { core: CoreId(core), generation: Generation(generation), iref }
    }

    fn remove(core: u8, generation: u64) -> SpawndNews {
        removal(CoreId(core), Generation(generation), &[]).remove(0)
    }

    #[test]
    fn before_the_binding_only_what_is_still_true_is_kept() {
        let cases = [
            (vec![add(1, 1), add(0, 1)], vec![add(0, 1), add(1, 1)]),
            (vec![add(1, 1), remove(1, 1)], vec![]),
            (vec![add(1, 1), add(1, 2), remove(1, 1)], vec![add(1, 2)]),
            (vec![add(1, 2), add(1, 1)], vec![add(1, 2)]),
            (vec![remove(1, 1), add(1, 2)], vec![add(1, 2)]),
        ];
        for (news, expected) in cases {
            let (mut proc_mgmt, mut out) = (ProcMgmt::new(), Effects::<()>::new());
            for news in &news {
                proc_mgmt.tell(news.clone(), &mut out);
            }
            assert!(out.is_empty());
            proc_mgmt.take((), &mut out).unwrap();
            let told: Vec<_> = out
                .into_iter()
                .filter_map(|effect| match effect {
                    Effect::ToProcMgmt(ToProcMgmt::Spawnd(news)) => Some(news),
                    _ => None,
                })
                .collect();
            assert_eq!(told, expected, "after {news:?}");
        }
    }

    #[test]
    fn survivors_are_told_in_parts() {
        const MAX: usize = SURVIVORS_PER_MESSAGE_MAX;
        for (count, expected) in [
            (0, vec![0]),
            (1, vec![1]),
            (MAX, vec![MAX]),
            (MAX + 1, vec![MAX, 1]),
            (3 * MAX, vec![MAX; 3]),
        ] {
            let survivors: Vec<_> = (1..=count as u64).map(DomainId).collect();
            let parts = removal(CoreId(1), Generation(1), &survivors);
            let (mut sizes, mut told) = (Vec::new(), Vec::new());
            for (index, part) in parts.iter().enumerate() {
                let SpawndNews::Remove { survivors, more, .. } = part else { unreachable!() };
                assert_eq!(*more, index + 1 < parts.len());
                sizes.push(survivors.len());
                told.extend_from_slice(survivors);
            }
            assert_eq!((sizes, told), (expected, survivors));
        }
    }
}
