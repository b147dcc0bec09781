//! Programs that panic wherever code of theirs runs: each is that program's crash.

use std::future::pending;
use std::panic::panic_any;

use flounder::{Cap, Dispatcher};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus};
use flounder_idl::types::ExitCause;

use crate::support::{attack, boot, ends_clean, id_of, module};

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
        self.0.block_on(self.0.ctx().waitset().sleep(std::time::Duration::ZERO));
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
