//! Clients that ask for more than they may have, and that die with everything open.

use std::future::{pending, poll_fn};
use std::task::Poll;

use flounder::{AnyBinding, Cap, CoreId, ErrCode};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus, Processes, WAITS_MAX};
use flounder_idl::proc_mgmt::{Spawn, Wait};

use crate::support::{attack, boot, ends_clean, module};

/// The default quota of live and unreaped domains.
const DOMAINS_MAX: usize = 1_024;

/// Bit 0 of a spawn's flags.
const END_WITH_SPAWNER: u8 = 1;

fn raw_spawn(name: &str, core: u8, flags: u8) -> Spawn {
    let path = format!("/modules/{name}");
    let argvbuf = format!("{path}\0").into_bytes();
    Spawn { core, path, argvbuf, envbuf: Vec::new(), flags }
}

/// Gives every other program a turn.
async fn turn() {
    let mut seen = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut seen, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

async fn spawned(processes: &Processes, name: &str) -> Result<Cap, Option<ErrCode>> {
    processes.spawn(module(name)).await.map_err(|error| error.errval().top())
}

#[test]
fn a_quota_is_exact_and_comes_back() {
    let modules = Modules::new()
        .asynchronous("ends", async |_: Env| ExitStatus(0))
        .asynchronous("stays", async |_: Env| pending().await);
    let system = boot(2, modules);
    attack(&system, async |_, processes| {
        let mut domains = Vec::new();
        for count in 0..DOMAINS_MAX {
            let name = if count % 2 == 0 { "ends" } else { "stays" };
            domains.push(spawned(processes, name).await.expect("within the quota"));
        }
        let over = Some(ErrCode::PROC_MGMT_ERR_CREATE_DOMAIN_CAP);
        for _ in 0..3 {
            assert_eq!(spawned(processes, "ends").await.err(), Some(over));
        }
        let ended = domains.swap_remove(0);
        assert_eq!(processes.wait(&ended).await, Ok(0));
        assert_eq!(spawned(processes, "ends").await.err(), Some(over), "it isn't reaped yet");
        drop(ended);
        while let Err(error) = spawned(processes, "ends").await {
            assert_eq!(error, over, "the drop is on its way");
            turn().await;
        }
    });
    ends_clean(system);
}

#[test]
fn clients_die_with_spawns_kills_and_waits_open() {
    let modules = Modules::new()
        .asynchronous("stays", async |_: Env| pending().await)
        .asynchronous("child", async |env: Env| {
            let _ = env.system().processes().await;
            pending().await
        })
        .asynchronous("spawner", async |env: Env| {
            let processes = env.system().processes().await.expect("it is registered");
            let binding = processes.binding();
            let mut calls = Vec::new();
            for count in 0_u8..8 {
                let request = raw_spawn("child", count % 2, END_WITH_SPAWNER);
                calls.push(binding.spawn(request).expect("there is room"));
            }
            // The first messages are out, no answer is read: all end with this.
            ExitStatus(count_of(&calls))
        })
        .asynchronous("waiter", async |env: Env| {
            let processes = env.system().processes().await.expect("it is registered");
            let mut domains = Vec::new();
            for _ in 0..20 {
                domains.push(processes.spawn(module("stays")).await.expect("it starts"));
            }
            let waits = domains.iter().map(|domain| {
                let domain_cap = domain.copy().expect("it is ours");
                processes.binding().call(Wait { domain_cap, nohang: false })
            });
            let mut waits: Vec<_> = waits.map(Box::pin).collect();
            poll_fn(|cx| {
                for wait in &mut waits {
                    assert!(wait.as_mut().poll(cx).is_pending());
                }
                Poll::Ready(())
            })
            .await;
            for domain in &domains[..8] {
                let domain_cap = domain.copy().expect("it is ours");
                let kill = flounder_idl::proc_mgmt::Kill { domain_cap };
                let _ = processes.binding().kill(kill).map(std::mem::forget);
            }
            ExitStatus(4)
        });
    let system = boot(2, modules);
    attack(&system, async |_, processes| {
        for _ in 0..50 {
            let domain = processes.spawn(module("spawner").core(CoreId(1))).await.expect("starts");
            assert_eq!(processes.wait(&domain).await, Ok(8));
        }
        for _ in 0..5 {
            let domain = processes.spawn(module("waiter")).await.expect("it starts");
            assert_eq!(processes.wait(&domain).await, Ok(4));
        }
    });
    ends_clean(system);
}

fn count_of<T>(items: &[T]) -> u8 {
    u8::try_from(items.len()).unwrap_or(u8::MAX)
}

#[test]
fn calls_beyond_the_limit_fail_at_once_and_waits_beyond_one_close_nothing() {
    let modules = Modules::new().asynchronous("stays", async |_: Env| pending().await);
    let system = boot(1, modules);
    attack(&system, async |_, processes| {
        let domain = processes.spawn(module("stays")).await.expect("it starts");
        let mut waits = Vec::new();
        for _ in 0..2 * WAITS_MAX {
            let mut wait = Box::pin(processes.wait(&domain));
            let now = poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx))).await;
            if now.is_pending() {
                waits.push(wait);
            }
            turn().await;
        }
        assert_eq!(processes.kill(&domain).await, Ok(()), "the binding lives");
        let mut answered = 0;
        for wait in waits {
            answered += u32::from(wait.await == Ok(9));
        }
        assert!(answered > 0);
        assert!(!processes.binding().is_closed());
    });
    ends_clean(system);
}
