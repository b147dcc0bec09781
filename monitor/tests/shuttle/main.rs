//! Two dispatchers and a monitor, each on a thread of its own, in schedules drawn from a seed. Who
//! isn't woken is a deadlock, which shuttle reports with the schedule that leads there. Every store is seen
//! in one order by all: what weaker orders do is for the models under loom.
//!
//! Run by `cargo xtask shuttle`; `SEED` and `ITERATIONS` choose the schedules.
#![cfg(shuttle)]

#[path = "../service/system.rs"]
#[allow(dead_code, reason = "the tests on one thread use all of it")]
mod system;

use std::sync::Arc;

use flounder::{AnyBinding, BindOptions, Half, Home, Iref, Kernel, RpcError, Waitset};
use flounder_domain::Monitor;
use shuttle::scheduler::RandomScheduler;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::sync::mpsc::{Receiver, Sender, channel};
use shuttle::{Config, Runner, thread};

use system::{Client, ECHO, Seen, System};

include!("../../../codegen/tests/golden/echo.rs");

/// Schedules per test, unless `ITERATIONS` says otherwise.
const ITERATIONS: u64 = 200;
/// The stack of a thread under shuttle: a system boots on one.
const STACK_BYTES: usize = 1 << 20;
/// What a schedule may have of steps before it counts as one without an end.
const STEPS_MAX: usize = 1_000_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Runs `exporter` and `binder`, each on a thread with an operator's end, beside core 0's monitor.
fn beside_a_monitor(name: &str, exporter: fn(Client, Sender<Iref>), binder: fn(Client, Iref)) {
    let (seed, iterations) = (setting("SEED", 1), setting("ITERATIONS", ITERATIONS));
    println!("shuttle, {name}: {iterations} schedules, SEED={seed}");
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    // What it would warn of is said above.
    config.silence_warnings = true;
    config.max_steps = shuttle::MaxSteps::FailAfter(STEPS_MAX);
    let iterations = usize::try_from(iterations).expect("fewer than memory has bytes");
    let scheduler = RandomScheduler::new_from_seed(seed, iterations);
    Runner::new(scheduler, config).run(move || {
        let system = System::boot(1);
        let ends = [system.operator_end(0), system.operator_end(0)];
        system.settle();
        let (gone, kernel) = (Arc::new(AtomicUsize::new(0)), system.kernel.clone());
        let (tell, told) = channel();
        let [first, second] = ends;
        let exporting = on_its_own(&gone, &kernel, first, move |client| exporter(client, tell));
        let binding = on_its_own(&gone, &kernel, second, move |client| bind(client, &told, binder));
        let left = Arc::clone(&gone);
        system.waitset.run_until(|| left.load(Ordering::SeqCst) == 2);
        exporting.join().expect("the exporter panics never");
        binding.join().expect("the binder panics never");
    });
}

/// Waits for an iref and binds to it.
fn bind(client: Client, told: &Receiver<Iref>, binder: fn(Client, Iref)) {
    if let Ok(iref) = told.recv() {
        binder(client, iref);
    }
}

/// A client of the monitor on a thread of its own. It counts itself as gone before its binding
/// closes, which wakes the monitor.
fn on_its_own(
    gone: &Arc<AtomicUsize>,
    kernel: &Kernel,
    end: Half,
    act: impl FnOnce(Client) + Send + 'static,
) -> thread::JoinHandle<()> {
    let (gone, kernel) = (Arc::clone(gone), kernel.clone());
    thread::spawn(move || {
        let home = Home::new(Waitset::new(), kernel.holder());
        let monitor = Monitor::claim(end, &home).expect("it is a monitor's");
        let last = monitor.clone();
        act(Client { monitor, dispatcher: home.dispatcher(Seen::new()) });
        gone.fetch_add(1, Ordering::SeqCst);
        drop((last, home));
    })
}

fn export(client: &Client) -> Iref {
    let Client { monitor, dispatcher } = client;
    let ctx = dispatcher.ctx();
    let exported = monitor.export::<echo::Interface, _>(&ctx, &ECHO, |_, _| Ok(()));
    dispatcher.block_on(exported).expect("the monitor is there")
}

/// Serves until it has heard one call.
fn serve(client: Client, tell: Sender<Iref>) {
    tell.send(export(&client)).expect("the binder waits for it");
    let dispatcher = &client.dispatcher;
    dispatcher.waitset().run_until(|| dispatcher.with(|seen| !seen.is_empty()));
}

/// Is gone as soon as it has said where it is.
fn vanish(client: Client, tell: Sender<Iref>) {
    tell.send(export(&client)).expect("the binder waits for it");
}

fn call(client: &Client, iref: Iref) -> Option<Result<String, RpcError>> {
    let Client { monitor, dispatcher } = client;
    let unhandled = &echo::RxVtbl::UNHANDLED;
    let (ctx, options) = (dispatcher.ctx(), BindOptions::new());
    let bound = monitor.bind::<echo::Interface, _>(&ctx, iref, options, unhandled);
    let binding = dispatcher.block_on(bound).ok()?;
    let answer =
        dispatcher.block_on(AnyBinding::call(&binding, echo::Echo { text: "hello".into() }));
    Some(answer.map(|answer| answer.reply))
}

#[test]
fn a_call_is_answered() {
    beside_a_monitor("a call is answered", serve, |client, iref| {
        let answer = call(&client, iref).expect("the service is there");
        assert_eq!(answer.as_deref(), Ok("hello"));
    });
}

#[test]
fn a_service_vanishes_while_it_is_bound() {
    beside_a_monitor("a service vanishes", vanish, |client, iref| {
        // Refused, closed or answered: it ends.
        match call(&client, iref) {
            None | Some(Err(RpcError::Closed | RpcError::Dropped)) => {}
            Some(Ok(answer)) => assert_eq!(answer, "hello"),
            Some(Err(error)) => panic!("the call fails with {error:?}"),
        }
    });
}
