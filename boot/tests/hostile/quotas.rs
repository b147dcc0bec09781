//! Clients that ask for more than they may have, and that die with everything open.

use std::future::{pending, poll_fn};
use std::task::Poll;

use flounder::{AnyBinding, Cap, CoreId, ErrCode, RpcError};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus, ProcessError, Processes, WAITS_MAX};
use flounder_idl::proc_mgmt::{Spawn, Wait};

use crate::support::{attack, boot, ends_clean, module, turn};

/// The default quota of live and unreaped domains.
const DOMAINS_MAX: usize = 1_024;

/// Bit 0 of a spawn's flags.
const END_WITH_SPAWNER: u8 = 1;

fn raw_spawn(name: &str, core: u8, flags: u8) -> Spawn {
    let path = format!("/modules/{name}");
    let argvbuf = format!("{path}\0").into_bytes();
    Spawn { core, path, argvbuf, envbuf: Vec::new(), flags }
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

/// Polls all futures until each is done.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        for (future, output) in futures.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(done) = future.as_mut().poll(cx) {
                *output = Some(done);
            }
        }
        let is_done = futures.iter().all(|(_, output)| output.is_some());
        if is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}

#[test]
fn more_waits_than_a_binding_takes_fail_at_once() {
    let modules = Modules::new().asynchronous("stays", async |_: Env| pending().await);
    let system = boot(1, modules);
    attack(&system, async |_, processes| {
        let domain = processes.spawn(module("stays")).await.expect("it starts");
        let waits = (0..2 * WAITS_MAX).map(|_| processes.wait(&domain));
        let kill = async {
            loop {
                match processes.kill(&domain).await {
                    Err(ProcessError::Rpc(RpcError::TooManyCalls)) => turn().await,
                    killed => break killed,
                }
            }
        };
        let (waited, killed) = both(all(waits), kill).await;
        assert_eq!(killed, Ok(()), "the binding lives");
        let answered = waited.iter().filter(|waited| **waited == Ok(9)).count();
        assert_eq!(answered, 1, "a binding waits once for a domain");
    });
    ends_clean(system);
}

/// Both outputs.
async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut other) = (Box::pin(one), Box::pin(other));
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(cx)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(cx)
        {
            second = Some(output);
        }
        if first.is_some() && second.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    first.zip(second).expect("both are done")
}
