//! Programs on several cores, and what their parts do to the whole.

use std::future::pending;

use flounder::platform::Entry;
use flounder::{Cap, CoreId, ErrCode, Rights};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus, Processes};

use crate::support::{attack, boot, ends_clean, module};

const CORES: u16 = 4;

/// Spans the caller to a core; the code of the refusal, if there is one.
async fn span(env: &Env, processes: &Processes, core: CoreId) -> Result<(), Option<ErrCode>> {
    let holder = env.home().holder();
    let (vroot, dispframe) = (holder.vnode(env.id()), holder.frame(4096).expect("it is small"));
    let spanned = processes.span(env.domain_cap(), core, vroot, dispframe).await;
    spanned.map_err(|error| error.errval().top())
}

/// Spans to all other cores and stays.
async fn spread(env: Env) -> ExitStatus {
    let processes = env.system().processes().await.expect("it is registered");
    for core in (0..=u8::MAX).take(CORES.into()).map(CoreId).filter(|&core| core != env.core()) {
        if span(&env, &processes, core).await.is_err() {
            break; // the part on another core has ended the domain already
        }
    }
    pending().await
}

fn is_last(env: &Env) -> bool {
    u16::from(env.core().0) == CORES - 1
}

fn modules() -> Modules {
    Modules::new()
        .blocking("panics", |env: Env| {
            let dispatcher = env.dispatcher(());
            dispatcher.block_on(spread(env))
        })
        .spanning("panics", |env: Env| {
            assert!(!is_last(&env), "the last one panics");
            env.block_on(pending())
        })
        .asynchronous("async panics", spread)
        .spanning_asynchronous("async panics", async |env: Env| {
            assert!(!is_last(&env), "the last one panics");
            ExitStatus(1)
        })
        .asynchronous("exits", spread)
        .spanning("exits", |env: Env| {
            if is_last(&env) {
                env.block_on(env.exit(ExitStatus(5)));
            }
            ExitStatus(1)
        })
        .asynchronous("stays", spread)
        .spanning_asynchronous("stays", async |_: Env| ExitStatus(1))
}

#[test]
fn a_part_of_a_program_ends_the_whole() {
    let system = boot(CORES, modules());
    attack(&system, async |_, processes| {
        for (name, status) in [("panics", 134), ("async panics", 134), ("exits", 5)] {
            for core in [0, 1] {
                let domain = processes.spawn(module(name).core(CoreId(core))).await.expect(name);
                assert_eq!(processes.wait(&domain).await, Ok(status), "{name}");
            }
        }
    });
    ends_clean(system);
}

#[test]
fn a_kill_finds_a_program_while_it_spans() {
    let system = boot(CORES, modules());
    attack(&system, async |_, processes| {
        for _ in 0..50 {
            let domain = processes.spawn(module("stays").core(CoreId(1))).await.expect("it starts");
            assert_eq!(processes.kill(&domain).await, Ok(()));
            assert_eq!(processes.wait(&domain).await, Ok(9));
        }
    });
    ends_clean(system);
}

/// A span with these caps, from a program; its refusal is its exit status.
#[test]
fn a_span_with_bad_caps_changes_nothing() {
    let bad = |env: &Env| -> Vec<(Cap, Cap)> {
        let holder = env.home().holder();
        let other = flounder::DomainId(env.id().0 + 1);
        let frame = || holder.frame(4096).expect("it is small");
        let revoked = frame();
        let copy = revoked.copy().expect("it is new");
        revoked.revoke().expect("it is ours");
        vec![
            (Cap::NULL, frame()),
            (holder.vnode(env.id()), Cap::NULL),
            (holder.vnode(other), frame()),
            (frame(), frame()),
            (holder.vnode(env.id()), holder.frame(4095).expect("it is small")),
            (holder.vnode(env.id()), copy),
            (holder.vnode(env.id()), holder.cnode()),
            (env.domain_cap().copy().expect("it is ours"), frame()),
        ]
    };
    let modules = Modules::new()
        .asynchronous("spans", move |env: Env| async move {
            let processes = env.system().processes().await.expect("it is registered");
            for (vroot, dispframe) in bad(&env) {
                let spanned = processes.span(env.domain_cap(), CoreId(1), vroot, dispframe).await;
                let Err(_) = spanned else { return ExitStatus(1) };
            }
            let weak = env.domain_cap().copy_with(Rights::EXIT).expect("it loses a right");
            let (vnode, frame) = (env.home().holder().vnode(env.id()), Cap::NULL);
            let Err(_) = processes.span(&weak, CoreId(1), vnode, frame).await else {
                return ExitStatus(2);
            };
            match span(&env, &processes, CoreId(1)).await {
                Ok(()) => ExitStatus(7),
                Err(_) => ExitStatus(3),
            }
        })
        .spanning_asynchronous("spans", async |env: Env| {
            assert!(matches!(env.entry(), Entry::Span { .. }));
            pending().await
        });
    let system = boot(2, modules);
    attack(&system, async |_, processes| {
        let domain = processes.spawn(module("spans")).await.expect("it starts");
        assert_eq!(processes.wait(&domain).await, Ok(7));
    });
    ends_clean(system);
}
