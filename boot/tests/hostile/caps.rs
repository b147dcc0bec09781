//! Capabilities that are none, of another kind, too weak or dead, on everything that takes one.

use std::future::pending;

use flounder::{AnyBinding, Cap, CoreId, DomainId, ErrCode, ErrVal, Holder, Rights};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus, Processes};
use flounder_idl::proc_mgmt::{
    AddSpawnd, Exit, GetStatus, Kill, RemoveSpawnd, Shutdown, Span, SpawnWithCaps, SurvivorEnded,
    Wait,
};
use flounder_idl::types::DomainState;

use crate::support::{attack, boot, ends_clean, id_of, module};

/// Everything that is no Domain cap with rights, made anew.
fn bad_caps(holder: &Holder, domain: &Cap) -> Vec<Cap> {
    let revoked = holder.cnode();
    let copy = revoked.copy().expect("it is new");
    revoked.revoke().expect("it is ours");
    vec![
        Cap::NULL,
        holder.frame(4096).expect("it is small"),
        holder.cnode(),
        holder.vnode(DomainId(1)),
        holder.dispatcher(CoreId(0), DomainId(1)),
        holder.endpoint(Box::new(())),
        copy,
        domain.copy_with(Rights::NONE).expect("it loses all rights"),
    ]
}

fn modules() -> Modules {
    Modules::new()
        .asynchronous("stays", async |_: Env| pending().await)
        .blocking("seven", |_: Env| ExitStatus(7))
}

#[test]
fn no_request_does_anything_with_a_bad_domain_cap() {
    let system = boot(1, modules());
    attack(&system, async |operator, processes| {
        let holder = operator.home().holder();
        let domain = processes.spawn(module("stays")).await.expect("it starts");
        let binding = processes.binding();
        let refused =
            |err: ErrVal| assert!(err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH), "{err}");
        for cap in bad_caps(holder, &domain) {
            refused(binding.call(Kill { domain_cap: cap }).await.expect("answered").err);
        }
        for nohang in [false, true] {
            for domain_cap in bad_caps(holder, &domain) {
                let answer = binding.call(Wait { domain_cap, nohang }).await.expect("answered");
                refused(answer.err);
                assert_eq!(answer.status, 0);
            }
        }
        for domain_cap in bad_caps(holder, &domain) {
            let (vroot, dispframe) = (holder.vnode(id_of(&domain)), Cap::NULL);
            let span = Span { domain_cap, core: 0, vroot, dispframe };
            refused(binding.call(span).await.expect("answered").err);
        }
        for domain_cap in bad_caps(holder, &domain) {
            let asked = GetStatus { domain: id_of(&domain).0, domain_cap };
            let answer = binding.call(asked).await.expect("answered");
            assert_eq!(answer.entry.state, DomainState::Running);
        }
        assert_eq!(processes.kill(&domain).await, Ok(()));
    });
    ends_clean(system);
}

#[test]
fn a_program_starts_with_cnodes_or_nothing() {
    let system = boot(1, modules());
    attack(&system, async |operator, processes| {
        let holder = operator.home().holder();
        let seven = processes.spawn(module("seven")).await.expect("it starts");
        for side in [0, 1] {
            for (which, cap) in bad_caps(holder, &seven).into_iter().enumerate() {
                let is_fine = which == 0 || which == 2;
                let (inheritcn_cap, argcn_cap) =
                    if side == 0 { (cap, Cap::NULL) } else { (Cap::NULL, cap) };
                let answer = spawn_with_caps(processes, inheritcn_cap, argcn_cap).await;
                assert_eq!(answer.is_ok(), is_fine, "cap {which}: {answer:?}");
            }
        }
    });
    ends_clean(system);
}

async fn spawn_with_caps(
    processes: &Processes,
    inheritcn_cap: Cap,
    argcn_cap: Cap,
) -> Result<Cap, ErrVal> {
    let spawn = SpawnWithCaps {
        core: 0,
        path: "/modules/seven".to_owned(),
        argvbuf: b"seven\0".to_vec(),
        envbuf: Vec::new(),
        inheritcn_cap,
        argcn_cap,
        flags: 0xff,
    };
    let answer = processes.binding().call(spawn).await.expect("answered");
    assert_eq!(answer.err.is_ok(), !answer.domain_cap.is_null());
    answer.err.ok().map(|()| answer.domain_cap)
}

#[test]
fn what_only_the_monitor_may_say_has_no_effect_from_others() {
    let system = boot(2, modules());
    attack(&system, async |_, processes| {
        let domain = processes.spawn(module("stays").core(CoreId(1))).await.expect("it starts");
        let (binding, id) = (processes.binding(), id_of(&domain).0);
        let iref = flounder::Iref::new(CoreId(1), 1);
        for generation in [0, 1, 2, u64::MAX] {
            for core in [0, 1, 2, 254, 255] {
                let remove = RemoveSpawnd { core, generation, survivors: vec![id], more: false };
                let add = AddSpawnd { core, generation, iref };
                binding.send_when_room(remove).await.expect("it is open");
                binding.send_when_room(add).await.expect("it is open");
            }
        }
        let ended = SurvivorEnded { core: 1, domain: id };
        binding.send_when_room(ended).await.expect("it is open");
        binding.send_when_room(Shutdown {}).await.expect("it is open");
        let status = processes.status(id_of(&domain), None).await.expect("it is listed");
        assert_eq!(status.state, DomainState::Running);
        let seven = processes.spawn(module("seven").core(CoreId(1))).await.expect("all go on");
        assert_eq!(processes.wait(&seven).await, Ok(7));
        let exit = Exit { domain_cap: domain.copy().expect("it is ours"), status: 3 };
        binding.send_when_room(exit).await.expect("it is open");
        assert_eq!(processes.kill(&domain).await, Ok(()));
    });
    ends_clean(system);
}
