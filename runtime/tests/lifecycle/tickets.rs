//! What becomes of a half whose channel isn't made yet, whoever ends first.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

use flounder::{AnyBinding, BindOptions, ClaimError, Dispatcher, Half};

use crate::echo::{Interface, Ping, RxVtbl};
use crate::one;

/// What is done with a half.
type Fate = fn(Half);

/// A half, and where the other one comes out.
fn ticket() -> (Half, Receiver<Option<Half>>) {
    let (settle, settled) = channel();
    let half = flounder::ticket::<Interface>(BindOptions::new(), move |other| {
        settle.send(other).expect("the test waits for it");
    });
    (half, settled)
}

#[test]
fn an_unclaimed_half_settles_once_for_nothing() {
    let fates: [(&str, Fate); 3] = [
        ("dropped", drop),
        ("claimed for another interface", |half| {
            let claimed =
                Dispatcher::new(()).connect::<one::Interface>(half, &one::RxVtbl::UNHANDLED);
            assert!(matches!(claimed, Err(ClaimError::Mismatch { .. })), "{claimed:?}");
        }),
        ("claimed when all has ended", |half| {
            let ctx = Dispatcher::new(()).ctx();
            let claimed = ctx.connect::<Interface>(half, &RxVtbl::UNHANDLED);
            assert!(matches!(claimed, Err(ClaimError::Ended)), "{claimed:?}");
        }),
    ];
    for (what, fate) in fates {
        let (half, settled) = ticket();
        assert_eq!(settled.try_recv().err(), Some(TryRecvError::Empty), "{what}");
        fate(half);
        assert!(matches!(settled.try_recv(), Ok(None)), "{what}");
        assert_eq!(settled.try_recv().err(), Some(TryRecvError::Disconnected), "{what}");
    }
}

#[test]
fn who_claims_before_the_other_end_is_there_loses_no_message() {
    const KEEPS: RxVtbl<Vec<u64>> =
        RxVtbl { ping: |kept, _, Ping { token }| kept.push(token), ..RxVtbl::UNHANDLED };
    let (half, settled) = ticket();
    let (client, server) = (Dispatcher::new(()), Dispatcher::new(Vec::new()));
    let binding = client.connect::<Interface>(half, &RxVtbl::UNHANDLED).unwrap();
    for token in 0..3 {
        binding.ping(Ping { token }).unwrap();
    }
    let other = settled.try_recv().unwrap().expect("the half was claimed");
    drop((binding, client));
    server.accept::<Interface>(other, &KEEPS).unwrap();
    while server.poll(64) > 0 {}
    assert_eq!(server.with(std::mem::take), [0, 1, 2]);
    assert_eq!(settled.try_recv().err(), Some(TryRecvError::Disconnected), "it settles once");
}

#[test]
fn who_claims_when_nobody_takes_the_other_end_finds_it_closed() {
    let half = flounder::ticket::<Interface>(BindOptions::new(), drop);
    let client = Dispatcher::new(());
    let binding = client.connect::<Interface>(half, &RxVtbl::UNHANDLED).unwrap();
    assert!(binding.is_closed() && binding.ping(Ping { token: 1 }).is_err());
}
