//! Programs that panic wherever code of theirs runs: each is that program's crash.

use std::future::pending;
use std::panic::panic_any;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use flounder::{Cap, Dispatcher};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus};
use flounder_idl::proc_mgmt::GetDomainlist;
use flounder_idl::types::ExitCause;

use crate::support::{attack, boot, ends_clean, id_of, module, turn};

/// Panics when it drops, with a payload that does, too.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a bomb dropped");
    }
}

/// Waits on the dispatcher when it drops.
struct Waits(Dispatcher<()>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.block_on(self.0.ctx().waitset().sleep(Duration::ZERO));
    }
}

fn sleepless(env: &Env) {
    env.block_on(pending::<()>());
}

/// Programs that crash by themselves.
fn crashes() -> (Modules, Vec<&'static str>) {
    let modules = Modules::new()
        .blocking("plain", |_: Env| panic!("plain"))
        .blocking("payload", |_: Env| panic_any(Bomb))
        .blocking("timer", |env: Env| {
            let dispatcher = env.dispatcher(());
            let _timer = dispatcher.timer(dispatcher.waitset().now(), |()| panic!("in a timer"));
            sleepless(&env);
            ExitStatus::SUCCESS
        })
        .blocking("task", |env: Env| {
            let dispatcher = env.dispatcher(());
            dispatcher.spawn_local(async { panic!("in a task") });
            sleepless(&env);
            ExitStatus::SUCCESS
        })
        .blocking("blocks in a task", |env: Env| {
            let dispatcher = env.dispatcher(());
            let ctx = dispatcher.ctx();
            dispatcher.spawn_local(async move {
                Dispatcher::on(&ctx.waitset(), ctx.holder(), ()).block_on(pending::<()>());
            });
            sleepless(&env);
            ExitStatus::SUCCESS
        })
        .blocking("drop", |env: Env| {
            let _bomb = env.dispatcher(Bomb);
            ExitStatus::SUCCESS
        })
        .asynchronous("async plain", async |_: Env| panic!("plain"))
        .asynchronous("async entry", |_: Env| -> std::future::Ready<ExitStatus> { panic!("entry") })
        .asynchronous("async payload", async |_: Env| panic_any(Bomb))
        .asynchronous("async later", async |env: Env| {
            env.system().processes().await.expect("it is registered");
            panic!("later")
        })
        .asynchronous("async timer", async |env: Env| {
            let dispatcher = env.dispatcher(());
            let _timer = dispatcher.timer(dispatcher.waitset().now(), |()| panic!("in a timer"));
            pending().await
        })
        .asynchronous("async foreign", async |env: Env| {
            let home = env.home();
            let dispatcher = Dispatcher::on(home.waitset(), home.holder().clone(), ());
            let _timer = dispatcher.timer(dispatcher.waitset().now(), |()| panic!("in a timer"));
            pending().await
        })
        .asynchronous("async drop", async |_: Env| {
            let _bomb = Bomb;
            ExitStatus::SUCCESS
        })
        .asynchronous("async blocks", async |env: Env| {
            sleepless(&env);
            ExitStatus::SUCCESS
        })
        .asynchronous("async drops what waits", async |env: Env| {
            drop(Waits(env.dispatcher(())));
            ExitStatus::SUCCESS
        });
    let names = vec![
        "plain",
        "payload",
        "timer",
        "task",
        "blocks in a task",
        "drop",
        "async plain",
        "async entry",
        "async payload",
        "async later",
        "async timer",
        "async foreign",
        "async drop",
        "async blocks",
        "async drops what waits",
    ];
    (modules, names)
}

#[test]
fn a_panic_anywhere_is_that_programs_crash() {
    let (modules, names) = crashes();
    let system = boot(1, modules);
    attack(&system, async |_, processes| {
        for name in names {
            eprintln!("{name}");
            let domain = processes.spawn(module(name)).await.expect(name);
            assert_eq!(processes.wait(&domain).await, Ok(134), "{name}");
            let status = processes.status(id_of(&domain), None).await.expect(name);
            assert_eq!(status.cause, ExitCause::Crashed, "{name}");
        }
    });
    ends_clean(system);
}

#[test]
fn what_a_killed_program_does_when_it_drops_harms_nobody() {
    let modules = Modules::new()
        .blocking("waits", |env: Env| {
            let _waits = Waits(env.dispatcher(()));
            sleepless(&env);
            ExitStatus::SUCCESS
        })
        .asynchronous("async bomb", async |_: Env| {
            let _bomb = Bomb;
            pending().await
        })
        .asynchronous("async state", async |env: Env| {
            let _bomb = env.dispatcher(Bomb);
            pending().await
        })
        .asynchronous("idle", async |_: Env| pending().await);
    let system = boot(1, modules);
    attack(&system, async |_, processes| {
        let neighbour = processes.spawn(module("idle")).await.expect("it starts");
        for name in ["waits", "async bomb", "async state"] {
            eprintln!("{name}");
            let domain = processes.spawn(module(name)).await.expect(name);
            assert_eq!(processes.kill(&domain).await, Ok(()), "{name}");
            assert_eq!(processes.wait(&domain).await, Ok(9), "{name}");
        }
        assert_eq!(processes.kill(&neighbour).await, Ok(()), "the loop still turns");
        drop::<Cap>(neighbour);
    });
    ends_clean(system);
}

#[test]
fn nothing_of_a_killed_program_runs_on() {
    let beats = Arc::new(AtomicU32::new(0));
    let beating = Arc::clone(&beats);
    let modules = Modules::new()
        .asynchronous("zombie", move |env: Env| {
            let beats = Arc::clone(&beating);
            async move {
                let (ours, foreign) = (env.dispatcher(()), {
                    let home = env.home();
                    Dispatcher::on(home.waitset(), home.holder().clone(), ())
                });
                let env = Rc::new(env);
                for dispatcher in [ours, foreign] {
                    let (env, beats) = (Rc::clone(&env), Arc::clone(&beats));
                    dispatcher.spawn_local(async move {
                        loop {
                            beats.fetch_add(1, Ordering::Relaxed);
                            turn().await;
                            let _kept = &env;
                        }
                    });
                    std::mem::forget(dispatcher);
                }
                pending().await
            }
        })
        .asynchronous("neighbour", async |_: Env| {
            for _ in 0..1_000 {
                turn().await;
            }
            ExitStatus::SUCCESS
        });
    let system = boot(1, modules);
    attack(&system, async |_, processes| {
        let zombie = processes.spawn(module("zombie")).await.expect("it starts");
        let neighbour = processes.spawn(module("neighbour")).await.expect("it starts");
        assert_eq!(processes.wait(&neighbour).await, Ok(0));
        assert_eq!(processes.kill(&zombie).await, Ok(()));
        let last = beats.load(Ordering::Relaxed);
        assert!(last > 0);
        let neighbour = processes.spawn(module("neighbour")).await.expect("it starts");
        assert_eq!(processes.wait(&neighbour).await, Ok(0));
        assert_eq!(beats.load(Ordering::Relaxed), last);
    });
    let left = system.shutdown().expect("nothing failed").left;
    assert_eq!((left.caps, left.bindings, left.domains), (0, 0, 0), "but what it leaked itself");
}

/// A waker made by hand, that says when it panicked.
#[derive(Clone, Default)]
struct Panics(Arc<AtomicBool>);

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
        panic!("in a waker");
    }
}

#[test]
fn a_waker_that_panics_costs_its_turn_and_not_the_loop() {
    let panics = Panics::default();
    let watched = panics.clone();
    let modules = Modules::new()
        .asynchronous("waker", move |env: Env| {
            let panics = panics.clone();
            async move {
                let processes = env.system().processes().await.expect("it is registered");
                let call = processes.binding().get_domainlist(GetDomainlist { after: 0 });
                let mut call = call.expect("there is room");
                let waker = Waker::from(Arc::new(panics));
                assert!(Pin::new(&mut call).poll(&mut Context::from_waker(&waker)).is_pending());
                pending().await
            }
        })
        .asynchronous("neighbour", move |_: Env| {
            let panics = watched.clone();
            async move {
                while !panics.0.load(Ordering::Relaxed) {
                    turn().await;
                }
                ExitStatus::SUCCESS
            }
        });
    let system = boot(1, modules);
    attack(&system, async |_, processes| {
        let waker = processes.spawn(module("waker")).await.expect("it starts");
        let neighbour = processes.spawn(module("neighbour")).await.expect("it starts");
        assert_eq!(processes.wait(&neighbour).await, Ok(0));
        assert_eq!(processes.kill(&waker).await, Ok(()));
    });
    ends_clean(system);
}
