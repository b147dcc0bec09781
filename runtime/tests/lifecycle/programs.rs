//! What programs do with their dispatchers: other executors' wakers, kills, stops, many bindings.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use flounder::{AnyBinding, BindOptions, Dispatcher, Kernel, KillSwitch, MonotonicClock, Waitset};

use crate::echo::{Echo, EchoCall, EchoReply, EchoResponse, Interface, Ping, RxVtbl};
use crate::world::{ACTS, World};

thread_local! {
    static WAITING: RefCell<Option<EchoCall>> = const { RefCell::new(None) };
}

/// A waker of another executor: it drops what it wakes.
struct DropsItsCall;

impl Wake for DropsItsCall {
    fn wake(self: Arc<Self>) {
        WAITING.with(|waiting| drop(waiting.take()));
    }
}

#[test]
fn a_waker_may_drop_the_call_it_wakes() {
    const ANSWERS: RxVtbl<()> = RxVtbl {
        echo_call: |(), _, call: Echo, reply: EchoReply| {
            let _ = reply.send(EchoResponse { reply: call.text });
        },
        ..RxVtbl::UNHANDLED
    };
    let waker = Waker::from(Arc::new(DropsItsCall));
    for close in [false, true] {
        let dispatcher = Dispatcher::new(());
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        dispatcher.accept::<Interface>(there, &ANSWERS).unwrap();
        let binding = dispatcher.connect::<Interface>(here, &ANSWERS).unwrap();
        let mut call = binding.echo(Echo { text: "a".into() }).unwrap();
        let pending = std::pin::Pin::new(&mut call).poll(&mut Context::from_waker(&waker));
        assert!(pending.is_pending());
        WAITING.with(|waiting| waiting.replace(Some(call)));
        if close {
            binding.close();
        }
        while dispatcher.poll(64) > 0 {}
        assert!(WAITING.with(|waiting| waiting.take().is_none()), "it was woken");
    }
}

#[test]
fn a_killed_program_unwinds_from_a_call_that_would_not_sleep() {
    let kill = KillSwitch::new();
    let waitset = Waitset::with_clock(Rc::new(MonotonicClock::new()), Some(kill.clone()));
    let dispatcher = Dispatcher::on(&waitset, Kernel::new().holder(), ());
    assert_eq!(dispatcher.block_on(async { 1 }), 1);
    kill.throw();
    let calls: [fn(&Dispatcher<()>); 3] = [
        |dispatcher| dispatcher.block_on(async {}),
        |dispatcher| dispatcher.run(),
        |dispatcher| assert_eq!(dispatcher.poll(1), 0),
    ];
    for call in calls {
        let payload = catch_unwind(AssertUnwindSafe(|| call(&dispatcher))).unwrap_err();
        assert!(KillSwitch::is_kill(&*payload));
    }
}

#[test]
fn stop_ends_one_run() {
    let dispatcher = Dispatcher::new(());
    for _ in 0..2 {
        let ctx = dispatcher.ctx();
        dispatcher.spawn_local(async move { ctx.stop() });
        dispatcher.run();
    }
}

#[test]
fn bindings_that_come_and_go_leave_nothing() {
    let world = World::new(false);
    let dispatcher = world.dispatcher.take().unwrap();
    for round in 0..100_000_u32 {
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        dispatcher.accept::<Interface>(there, &ACTS).unwrap();
        let binding = dispatcher.connect::<Interface>(here, &ACTS).unwrap();
        binding.ping(Ping { token: round.into() }).unwrap();
        drop(binding);
        world.settle();
        assert_eq!(world.waitset.sources(), 0, "round {round}");
    }
    assert_eq!(world.kernel.counts().bindings, 0);
}
