//! What a played spawnd says: the truth, or what hurts where it was seen least.

use flounder::{CoreId, ErrCode, ErrVal};
use flounder_idl::spawn::RequestKind;
use flounder_idl::types::ExitCause;

use super::{Workload, mark};
use crate::fault::Mark;
use crate::oracle::CoreState;
use crate::random::Random;
use crate::world::World;

/// Three in so many of what it says are replies that it doesn't owe so, a fifth is a death.
const WORDS: usize = 60;

impl Workload {
    /// Has a played spawnd say something, true or not.
    pub(super) fn play(&mut self, world: &mut World, random: &mut Random) -> String {
        let core = CoreId(random.byte() % world.cores());
        let played = world.platform(core).and_then(|platform| platform.played());
        let Some(played) = played else { return self.request(world, random) };
        let mut played = played.borrow_mut();
        let orders = played.orders.len();
        let (last, place) = (played.last, random.below(orders.max(1)));
        let err = ErrVal::from(some_answer(random));
        let (said, told) = match (random.below(WORDS), last) {
            (0, Some(order)) => {
                (Some(Mark::DuplicatedReply), played.reply(order.request, order.kind, err))
            }
            (1, _) => {
                let request = 1_000_000 + u64::from(random.byte());
                (Some(Mark::UnsolicitedReply), played.reply(request, RequestKind::Kill, err))
            }
            (2, _) if orders > 0 => {
                let order = played.orders[place];
                let kind = wrong_kind(order.kind);
                (Some(Mark::WrongKindReply), played.reply(order.request, kind, err))
            }
            (3..=14, _) => {
                let domain = match played.orders.get(place) {
                    Some(order) if random.one_in(3) => order.domain,
                    _ => rarely_dead(world, core, random),
                };
                let cause = if random.one_in(2) { ExitCause::Exited } else { ExitCause::Crashed };
                (Some(Mark::FalseDeath), played.tell(domain, cause, random.byte()))
            }
            _ => {
                let rarest = played.orders.get(place).and_then(|it| rarest_answer(world, it.kind));
                let err = rarest.filter(|_| random.one_in(4)).map_or(err, ErrVal::from);
                let err = played.mood(place).unwrap_or(err);
                (None, played.answer(place, err))
            }
        };
        drop(played);
        if let Some(said) = said.filter(|_| told) {
            mark(world, said);
        }
        format!("the spawnd of core {core} says {said:?} with {err}: {told}")
    }
}

/// An answer that any order may have.
fn some_answer(random: &mut Random) -> ErrCode {
    match random.below(8) {
        0 => ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND,
        1 => ErrCode::SPAWN_ERR_DOMAIN_RUNNING,
        2 | 3 => ErrCode::SPAWN_ERR_RUN,
        _ => ErrCode::OK,
    }
}

fn wrong_kind(kind: RequestKind) -> RequestKind {
    if kind == RequestKind::Kill { RequestKind::Cleanup } else { RequestKind::Kill }
}

/// What was answered least to an order of that kind.
fn rarest_answer(world: &World, kind: RequestKind) -> Option<ErrCode> {
    const KILL: [(&str, ErrCode); 4] = [
        ("OK", ErrCode::OK),
        ("NOTFOUND", ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND),
        ("RUNNING", ErrCode::SPAWN_ERR_DOMAIN_RUNNING),
        ("error", ErrCode::SPAWN_ERR_RUN),
    ];
    const CLEANUP: [(&str, ErrCode); 3] = [KILL[0], KILL[1], KILL[3]];
    let (row, answers) = match kind {
        RequestKind::Kill => ("KILL_PEND", &KILL[..]),
        RequestKind::Cleanup => ("CLEAN_PEND", &CLEANUP[..]),
        _ => return None,
    };
    let net = world.shared.net.state.borrow();
    let rarest = answers.iter().min_by_key(|(column, _)| net.coverage.times(row, column));
    rarest.map(|&(_, code)| code)
}

/// A domain on that core in a state in which deaths were told least, or any.
fn rarely_dead(world: &World, core: CoreId, random: &mut Random) -> u64 {
    const STATES: [CoreState; 6] = [
        CoreState::SpawnPend,
        CoreState::SpanPend,
        CoreState::KillPend,
        CoreState::Dead,
        CoreState::CleanPend,
        CoreState::Clean,
    ];
    let net = world.shared.net.state.borrow();
    let there = |state| {
        let parts = net.oracle.model.on_cores(state).into_iter();
        let ids: Vec<u64> = parts.filter(|part| part.1 == core.0).map(|part| part.0).collect();
        (state, ids)
    };
    let found = STATES.into_iter().map(there).filter(|(_, ids)| !ids.is_empty());
    let rarest = found.min_by_key(|(state, _)| net.coverage.times(state.name(), "died"));
    let domain = rarest.and_then(|(_, ids)| random.pick(&ids));
    domain.unwrap_or(1 + u64::from(random.byte() % 40))
}
