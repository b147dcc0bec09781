//! Whatever happens wakes a dispatcher that sleeps without a timeout, and nothing else does.
//!
//! The sleeper runs on a thread of its own; the test waits until the system says that this thread
//! sleeps, and only then lets something happen. A lost wake-up hangs the test.

include!("../../codegen/tests/golden/echo.rs");

use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use echo::{Interface, Ping, RxVtbl};
use flounder::{
    AnyBinding, BindOptions, DescriptorWatch, Dispatcher, Interest, Kernel, KillSwitch, MailError,
    MonotonicClock, Waitset,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::Pid;

/// How the system sees a thread of this process.
struct Observed(Pid);

impl Observed {
    fn read(&self, file: &str) -> String {
        let path = format!("/proc/self/task/{}/{file}", self.0.as_raw_nonzero());
        std::fs::read_to_string(path).expect("the thread runs")
    }

    fn sleeps(&self) -> bool {
        let stat = self.read("stat");
        let (_, after_name) = stat.rsplit_once(") ").expect("the name is in parentheses");
        after_name.starts_with('S')
    }

    fn wait_until_it_sleeps(&self) {
        while !self.sleeps() {
            thread::yield_now();
        }
    }

    /// How often the thread went to sleep of its own will.
    fn sleeps_so_far(&self) -> String {
        let status = self.read("status");
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches"));
        line.expect("Linux counts them").to_owned()
    }
}

/// Runs a dispatcher on another thread. `prepare` runs there and says how to make something happen;
/// `happen` does it once the thread sleeps. The handlers are to stop the dispatcher.
///
/// The state keeps a watch, if there is one.
fn wakes<T: Send>(
    prepare: impl FnOnce(&Dispatcher<Option<DescriptorWatch>>) -> T + Send,
    happen: impl FnOnce(T),
) {
    thread::scope(|scope| {
        let (ready, sleeper) = mpsc::channel();
        let thread = scope.spawn(move || {
            let dispatcher = Dispatcher::new(None);
            let how = prepare(&dispatcher);
            ready.send((rustix::thread::gettid(), how)).expect("the test waits");
            dispatcher.run();
        });
        let (tid, how) = sleeper.recv().expect("the sleeper is ready");
        Observed(tid).wait_until_it_sleeps();
        happen(how);
        join(thread);
    });
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().expect("the sleeper ends in order")
}

fn bound() -> (flounder::Half, flounder::Half) {
    flounder::pair::<Interface>(BindOptions::new())
}

#[test]
fn a_message_wakes() {
    let (here, there) = bound();
    wakes(
        |dispatcher| {
            const STOP: RxVtbl<Option<DescriptorWatch>> = RxVtbl {
                ping: |_, binding, _| binding.ctx().expect("it runs").stop(),
                ..RxVtbl::UNHANDLED
            };
            dispatcher.accept::<Interface>(there, &STOP).unwrap();
        },
        |()| {
            let dispatcher = Dispatcher::new(());
            let binding = dispatcher.connect::<Interface>(here, &RxVtbl::UNHANDLED).unwrap();
            binding.ping(Ping { token: 1 }).unwrap();
        },
    );
}

#[test]
fn room_wakes() {
    let (here, there) =
        flounder::pair::<Interface>(BindOptions::new().capacity(1.try_into().unwrap()));
    wakes(
        |dispatcher| {
            let binding = dispatcher.accept::<Interface>(there, &RxVtbl::UNHANDLED).unwrap();
            binding.ping(Ping { token: 1 }).unwrap();
            let ctx = dispatcher.ctx();
            binding.register_send(move |_, _| ctx.stop()).unwrap();
        },
        |()| {
            let dispatcher = Dispatcher::new(());
            let binding = dispatcher.connect::<Interface>(here, &RxVtbl::UNHANDLED).unwrap();
            while binding.stats().received == 0 {
                dispatcher.poll(1);
            }
        },
    );
}

fn stops_when_closed(dispatcher: &Dispatcher<Option<DescriptorWatch>>, half: flounder::Half) {
    let binding = dispatcher.accept::<Interface>(half, &RxVtbl::UNHANDLED);
    let binding = binding.expect("the same interface");
    binding.set_error_handler(|_, binding, _| binding.ctx().expect("it runs").stop());
}

#[test]
fn a_closing_peer_wakes() {
    let (here, there) = bound();
    wakes(|dispatcher| stops_when_closed(dispatcher, there), |()| drop(here));
}

#[test]
fn a_peer_whose_holder_ends_wakes() {
    let (here, there) = bound();
    let holder = Kernel::new().holder();
    let peer = Dispatcher::on(&Waitset::new(), holder.clone(), ());
    let _binding = peer.connect::<Interface>(here, &RxVtbl::UNHANDLED).unwrap();
    wakes(|dispatcher| stops_when_closed(dispatcher, there), |()| holder.end());
}

#[test]
fn a_mailbox_wakes() {
    wakes(
        |dispatcher| {
            let ctx = dispatcher.ctx();
            dispatcher.mailbox(1, move |_, ()| ctx.stop())
        },
        |mailbox| mailbox.send(()).expect("it is empty"),
    );
}

/// Ready once it was woken from outside.
fn woken_once(waker: Arc<Mutex<Option<Waker>>>) -> impl Future<Output = ()> {
    let mut asked = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        *waker.lock().expect("nobody panics") = Some(cx.waker().clone());
        Poll::Pending
    })
}

#[test]
fn a_task_wakes() {
    wakes(
        |dispatcher| {
            let (waker, ctx) = (Arc::default(), dispatcher.ctx());
            let future = woken_once(Arc::clone(&waker));
            dispatcher.spawn_local(async move {
                future.await;
                ctx.stop();
            });
            waker
        },
        |waker| waker.lock().unwrap().take().expect("the task ran").wake(),
    );
}

#[test]
fn a_future_that_is_blocked_on_wakes() {
    let waker = Arc::<Mutex<Option<Waker>>>::default();
    let future = woken_once(Arc::clone(&waker));
    thread::scope(|scope| {
        let (ready, sleeper) = mpsc::channel();
        let thread = scope.spawn(move || {
            let dispatcher = Dispatcher::new(());
            ready.send(rustix::thread::gettid()).expect("the test waits");
            dispatcher.block_on(future);
        });
        Observed(sleeper.recv().unwrap()).wait_until_it_sleeps();
        // Asleep before its first poll, the thread has left no waker yet.
        let taken = loop {
            if let Some(waker) = waker.lock().unwrap().take() {
                break waker;
            }
            thread::yield_now();
        };
        taken.wake();
        join(thread);
    });
}

fn doorbell() -> OwnedFd {
    use rustix::event::{EventfdFlags, eventfd};
    eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).expect("a descriptor is left")
}

#[test]
fn a_descriptor_wakes() {
    wakes(
        |dispatcher| {
            let (fd, ctx) = (doorbell(), dispatcher.ctx());
            let outside = fd.try_clone().unwrap();
            let watch = dispatcher.watch_descriptor(fd, Interest::Readable, move |_, fd| {
                rustix::io::read(fd, &mut [0; 8]).expect("it is readable");
                ctx.stop();
            });
            dispatcher.with(|state| *state = Some(watch.unwrap()));
            outside
        },
        |fd| {
            rustix::io::write(&fd, &1_u64.to_ne_bytes()).unwrap();
        },
    );
}

#[test]
fn a_timer_wakes() {
    let dispatcher = Dispatcher::new(());
    let (ctx, at) = (dispatcher.ctx(), dispatcher.waitset().now() + Duration::from_millis(2));
    let timer = dispatcher.timer(at, move |()| ctx.stop());
    dispatcher.run();
    assert!(dispatcher.waitset().now() >= at, "not before it is due");
    drop(timer);
}

#[test]
fn a_kill_switch_wakes_and_unwinds() {
    let kill = KillSwitch::new();
    thread::scope(|scope| {
        let (ready, sleeper) = mpsc::channel();
        let switch = kill.clone();
        let thread = scope.spawn(move || {
            let waitset =
                Waitset::with_clock(std::rc::Rc::new(MonotonicClock::new()), Some(switch));
            let dispatcher = Dispatcher::on(&waitset, Kernel::new().holder(), ());
            ready.send(rustix::thread::gettid()).expect("the test waits");
            dispatcher.run();
        });
        Observed(sleeper.recv().unwrap()).wait_until_it_sleeps();
        kill.throw();
        let payload = thread.join().expect_err("it unwinds");
        assert!(KillSwitch::is_kill(&*payload));
    });
}

/// With a hundred idle bindings, an idle dispatcher goes to sleep once and stays there while
/// others work.
#[test]
fn idle_dispatchers_do_nothing() {
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for (one, other) in std::iter::repeat_with(bound).take(100) {
        here.push(one);
        there.push(other);
    }
    wakes(
        move |dispatcher| {
            for half in there {
                stops_when_closed(dispatcher, half);
            }
            (rustix::thread::gettid(), dispatcher.mailbox(1, |_, ()| ()))
        },
        |(tid, _mailbox)| {
            let sleeper = Observed(tid);
            let before = sleeper.sleeps_so_far();
            let busy = Dispatcher::new(0);
            let (left, right) = bound();
            busy.accept::<Interface>(
                right,
                &RxVtbl { ping: |count, _, _| *count += 1, ..RxVtbl::UNHANDLED },
            )
            .unwrap();
            let left = busy.connect::<Interface>(left, &RxVtbl::UNHANDLED).unwrap();
            for token in 0..1_000 {
                busy.block_on(left.send_when_room(Ping { token })).unwrap();
            }
            while busy.with(|count| *count) < 1_000 {
                busy.poll(1);
            }
            assert_eq!(sleeper.sleeps_so_far(), before);
            assert!(sleeper.sleeps());
            drop(here);
        },
    );
}

#[test]
fn what_is_quiet_waits_for_what_is_not() {
    let waitset = Waitset::new();
    let dispatcher = Dispatcher::on(&waitset, Kernel::new().holder(), Vec::new());
    let quiet = dispatcher.quiet_mailbox(1, |heard: &mut Vec<u32>, value| heard.push(value));
    let loud = dispatcher.mailbox(1, |heard: &mut Vec<u32>, value| heard.push(value));
    let is_rung = || {
        let (now, readable) = (Timespec { tv_sec: 0, tv_nsec: 0 }, PollFlags::IN);
        poll(&mut [PollFd::new(&waitset.as_fd(), readable)], Some(&now)).expect("it is open") > 0
    };
    assert!(waitset.announce_wait());
    quiet.send(1).expect("there is room");
    assert!(!is_rung());
    assert_eq!(quiet.send(2), Err(MailError::Full(2)), "nothing was handled");
    loud.send(3).expect("there is room");
    assert!(is_rung());
    waitset.poll(9);
    assert_eq!(dispatcher.with(std::mem::take), [1, 3]);
    quiet.send(4).expect("there is room again");
    waitset.poll(9);
    assert_eq!(dispatcher.with(std::mem::take), [4], "a loop that doesn't sleep finds it");
}
