//! Peers that send without reading, bind without end and register without end.

use std::num::{NonZeroU16, NonZeroU32};

use flounder::{AnyBinding, BindOptions, CoreId, Ctx, ErrCode, Iref};
use flounder_boot::{Modules, Operator};
use flounder_domain::{BindError, Env, ExitStatus, Monitor};
use flounder_idl::{nameservice, proc_mgmt, spawn};

use crate::support::{attack, boot, ends_clean, module};

/// The most that anybody can ask for.
fn greedy() -> BindOptions {
    BindOptions::new().calls_max(NonZeroU32::MAX).outbox_max(u32::MAX).capacity(NonZeroU16::MAX)
}

fn refusal<T>(bound: Result<T, BindError>) -> Option<ErrCode> {
    bound.err()?.errval().top()
}

fn modules() -> Modules {
    Modules::new().blocking("seven", |_: Env| ExitStatus(7))
}

async fn bind_names(
    monitor: &Monitor,
    ctx: &Ctx<()>,
    options: BindOptions,
) -> Result<nameservice::Binding<()>, BindError> {
    let iref = monitor.name_iref().await.expect("the monitor is there");
    let table = nameservice::RxVtbl::UNHANDLED;
    monitor.bind::<nameservice::Interface, ()>(ctx, iref, options, &table).await
}

#[test]
fn services_choose_how_much_they_owe_a_client() {
    let system = boot(1, modules());
    attack(&system, async |operator, processes| {
        let (monitor, home) = (operator.system().monitor(), operator.home());
        let dispatcher = home.dispatcher(());
        let ctx = dispatcher.ctx();
        let refused = Some(ErrCode::FLOUNDER_ERR_BIND_REFUSED);
        assert_eq!(refusal(bind_names(monitor, &ctx, greedy()).await), refused, "names");

        let names = operator.system().names().await.expect("it is there");
        let manager = names.lookup("proc_mgmt").await.expect("it is registered");
        let table = proc_mgmt::RxVtbl::UNHANDLED;
        let bound = monitor.bind::<proc_mgmt::Interface, ()>(&ctx, manager, greedy(), &table).await;
        assert_eq!(refusal(bound), refused, "the process manager");

        for number in 1..20 {
            let iref = Iref::new(CoreId(0), number);
            let table = spawn::RxVtbl::UNHANDLED;
            let bound = monitor.bind::<spawn::Interface, ()>(&ctx, iref, greedy(), &table).await;
            assert!(bound.is_err(), "a spawnd, or no service at all");
        }
        let domain = processes.spawn(module("seven")).await.expect("all go on");
        assert_eq!(processes.wait(&domain).await, Ok(7));
    });
    ends_clean(system);
}

/// Calls as often as it may and reads nothing.
#[test]
fn a_client_that_reads_nothing_hurts_itself() {
    let system = boot(2, modules());
    attack(&system, async |operator, processes| {
        let deaf = system.operator(CoreId(1)).expect("core 1 is there");
        let names = deaf.block_on(async {
            let ctx = deaf.home().dispatcher(());
            let bound = bind_names(deaf.system().monitor(), &ctx, BindOptions::new()).await;
            (bound.expect("it is modest"), ctx)
        });
        let mut calls = Vec::new();
        for _ in 0..1_000 {
            let call = nameservice::Lookup { name: "proc_mgmt".to_owned() };
            match names.0.lookup(call) {
                Ok(call) => calls.push(call),
                Err(_) => round_trip(operator).await,
            }
        }
        assert!(calls.len() <= 64, "{}", calls.len());
        let domain = processes.spawn(module("seven").core(CoreId(1))).await.expect("goes on");
        assert_eq!(processes.wait(&domain).await, Ok(7));
    });
    ends_clean(system);
}

/// Gives the services time for what was sent before.
async fn round_trip(operator: &Operator) {
    let names = operator.system().names().await.expect("it is there");
    names.lookup("proc_mgmt").await.expect("it is registered");
}

#[test]
fn who_binds_and_exports_for_ever_runs_into_limits_and_gets_over_them() {
    let modules = modules().asynchronous("greedy", async |env: Env| {
        let system = env.system();
        let dispatcher = env.dispatcher(());
        let ctx = dispatcher.ctx();
        for _ in 0..3 {
            let mut names = Vec::new();
            let refused = loop {
                match bind_names(system.monitor(), &ctx, BindOptions::new()).await {
                    Ok(name) => names.push(name),
                    Err(error) => break error,
                }
            };
            assert!(matches!(refused, BindError::Refused { .. }));
            assert_eq!(names.len(), 256);
        }
        let mut irefs = Vec::new();
        let refused = loop {
            let table = &nameservice::RxVtbl::UNHANDLED;
            let export =
                system.monitor().export::<nameservice::Interface, ()>(&ctx, table, |(), _| Ok(()));
            match export.await {
                Ok(iref) => irefs.push(iref),
                Err(error) => break error,
            }
        };
        assert!(refused.is_err() && irefs.len() > 10);
        for iref in irefs {
            system.monitor().unexport(iref);
        }
        let table = &nameservice::RxVtbl::UNHANDLED;
        for _ in 0..2_000 {
            let export =
                system.monitor().export::<nameservice::Interface, ()>(&ctx, table, |(), _| Ok(()));
            let iref = export.await.expect("there is room again");
            system.monitor().unexport(iref);
        }
        ExitStatus(6)
    });
    let system = boot(2, modules);
    attack(&system, async |_, processes| {
        let domain = processes.spawn(module("greedy").core(CoreId(1))).await.expect("it starts");
        assert_eq!(processes.wait(&domain).await, Ok(6));
    });
    ends_clean(system);
}

#[test]
fn names_and_waits_of_a_dead_program_are_free() {
    let modules = modules().asynchronous("hoarder", async |env: Env| {
        let system = env.system();
        let names = system.names().await.expect("it is there");
        let iref = Iref::new(CoreId(0), 1);
        let mut registered = 0_u8;
        while names.register(&format!("name{registered}"), iref).await.is_ok() {
            registered += 1;
        }
        let mut waiting = Box::pin(names.wait_for("never"));
        std::future::poll_fn(|cx| {
            assert!(waiting.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        ExitStatus(registered)
    });
    let system = boot(1, modules);
    attack(&system, async |operator, processes| {
        for _ in 0..3 {
            let domain = processes.spawn(module("hoarder")).await.expect("it starts");
            assert_eq!(processes.wait(&domain).await, Ok(64));
            let names = operator.system().names().await.expect("it is there");
            assert_eq!(names.list().await.expect("it answers").len(), 1);
        }
    });
    ends_clean(system);
}

#[test]
fn a_service_that_panics_in_its_connect_callback_is_its_own_victim() {
    let modules = modules().asynchronous("host", async |env: Env| {
        let dispatcher = env.dispatcher(());
        let table = &nameservice::RxVtbl::UNHANDLED;
        let ctx = dispatcher.ctx();
        let served =
            env.system().serve::<nameservice::Interface, ()>(&ctx, "host", table, |(), _| {
                panic!("in connect")
            });
        served.await.expect("it is served");
        std::future::pending().await
    });
    let system = boot(2, modules);
    attack(&system, async |operator, processes| {
        let domain = processes.spawn(module("host").core(CoreId(1))).await.expect("it starts");
        let ctx = operator.home().dispatcher(());
        let table = &nameservice::RxVtbl::UNHANDLED;
        let bound = operator.system().bind::<nameservice::Interface, ()>(&ctx, "host", table);
        let bound = bound.await;
        assert!(bound.is_err());
        assert_eq!(processes.wait(&domain).await, Ok(134));
    });
    ends_clean(system);
}

#[test]
fn an_end_that_explodes_harms_no_monitor() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb dropped");
        }
    }
    let system = boot(1, modules());
    attack(&system, async |operator, processes| {
        let holder = operator.home().holder();
        let bad = holder.endpoint(Box::new(Bomb));
        let kill = processes.binding().call(proc_mgmt::Kill { domain_cap: bad }).await;
        assert!(kill.is_ok_and(|answer| answer.err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH)));
        let domain = processes.spawn(module("seven")).await.expect("all go on");
        assert_eq!(processes.wait(&domain).await, Ok(7));
    });
    ends_clean(system);
}
