//! Programs that never wait on their dispatcher: they can't be killed, and nobody else hangs.

use std::cell::RefCell;

use flounder::{CoreId, ErrCode};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus, Waited};
use flounder_idl::types::DomainState;

use crate::support::{Gate, attack, boot_impatient, ends_clean, id_of, module};

fn modules(gate: &Gate) -> Modules {
    let (blocking, asynchronous) = (gate.clone(), gate.clone());
    Modules::new()
        .blocking("hog", move |_: Env| {
            blocking.pass();
            ExitStatus(3)
        })
        .asynchronous("async hog", move |_: Env| {
            let gate = asynchronous.clone();
            async move {
                gate.pass();
                ExitStatus(3)
            }
        })
        .blocking("seven", |_: Env| ExitStatus(7))
        .asynchronous("async seven", async |_: Env| ExitStatus(7))
}

#[test]
fn one_that_never_waits_is_wedged_until_it_ends() {
    for hog in ["hog", "async hog"] {
        let gate = Gate::default();
        let system = boot_impatient(2, modules(&gate));
        attack(&system, async |_, processes| {
            let core = CoreId(1);
            let domain = processes.spawn(module(hog).core(core)).await.expect(hog);
            let id = id_of(&domain);
            let refused = Err(Some(ErrCode::PROC_MGMT_ERR_KILL));
            for _ in 0..2 {
                let killed = processes.kill(&domain).await;
                assert_eq!(killed.map_err(|e| e.errval().top()), refused, "{hog}");
            }
            let status = processes.status(id, None).await.expect(hog);
            assert_eq!((status.state, status.wedged), (DomainState::StopPend, 1), "{hog}");
            assert_eq!(processes.try_wait(&domain).await, Ok(Waited::Alive), "{hog}");

            let other = processes.spawn(module("seven").core(core)).await.expect("blocking");
            assert_eq!(processes.wait(&other).await, Ok(7), "the core's services turn");
            gate.open();
            assert_eq!(processes.wait(&domain).await, Ok(9), "{hog}");
            let after = processes.spawn(module("async seven").core(core)).await.expect("async");
            assert_eq!(processes.wait(&after).await, Ok(7), "so does its program loop, again");
        });
        ends_clean(system);
    }
}

/// Waits at the gate when its thread's own values drop, after the program's end.
struct AtExit(Gate);

impl Drop for AtExit {
    fn drop(&mut self) {
        self.0.pass();
    }
}

thread_local! {
    static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

#[test]
fn a_thread_that_is_slow_to_go_holds_up_no_service() {
    let gate = Gate::default();
    let slow = gate.clone();
    let modules = modules(&gate).blocking("slow", move |_: Env| {
        AT_EXIT.set(Some(AtExit(slow.clone())));
        ExitStatus(4)
    });
    let system = boot_impatient(1, modules);
    attack(&system, async |_, processes| {
        for _ in 0..3 {
            let slow = processes.spawn(module("slow")).await.expect("it starts");
            assert_eq!(processes.wait(&slow).await, Ok(4));
            let other = processes.spawn(module("seven")).await.expect("blocking");
            assert_eq!(processes.wait(&other).await, Ok(7), "the services turn");
        }
    });
    gate.open();
    ends_clean(system);
}

#[test]
fn a_system_with_a_wedged_program_ends_and_says_so() {
    let gate = Gate::default();
    let system = boot_impatient(2, modules(&gate));
    attack(&system, async |_, processes| {
        let domain = processes.spawn(module("hog").core(CoreId(1))).await.expect("it starts");
        drop(domain);
    });
    let report = system.shutdown().expect("nothing failed");
    assert_eq!((report.wedged, report.stuck), (1, 0));
    gate.open();
}
