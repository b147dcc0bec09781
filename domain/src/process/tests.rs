//! What a client asks of a process manager that is played here.

use flounder::{
    BindOptions, Cap, CoreId, DomainId, ErrCode, ErrVal, Home, Kernel, Transfer, Waitset, pair,
};
use flounder_idl::proc_mgmt::{GetStatusResponse, Interface, RxVtbl, SpanResponse};
use flounder_idl::types::{DomainEntry, DomainState, ExitCause};

use super::{Processes, START_LOOKS_MAX};

const DOMAIN: DomainId = DomainId(7);

/// A process manager that doesn't know yet that a domain was started.
struct Manager {
    /// What it says of the domain, one state after the other, the last for ever; nothing where it
    /// knows of none.
    states: Vec<Option<DomainState>>,
    /// How many states were asked for when it was asked to span.
    spanned_after: Option<usize>,
    asked: usize,
}

const MANAGER: RxVtbl<Manager> = RxVtbl {
    get_status_call: |manager, _, request, reply| {
        let state = manager.states[manager.asked.min(manager.states.len() - 1)];
        manager.asked += 1;
        let err = match state {
            Some(_) => ErrVal::OK,
            None => ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND.into(),
        };
        let entry = DomainEntry {
            domain: request.domain,
            state: state.unwrap_or(DomainState::Nil),
            cause: ExitCause::None,
            status: 0,
            core: 0,
            cores: 1,
            wedged: 0,
        };
        let (program, argvbuf) = (String::new(), Vec::new());
        reply.send(GetStatusResponse { err, entry, program, argvbuf }).unwrap();
    },
    span_call: |manager, _, _, reply| {
        manager.spanned_after = Some(manager.asked);
        reply.send(SpanResponse { err: ErrVal::OK }).unwrap();
    },
    ..RxVtbl::UNHANDLED
};

#[test]
fn who_spans_right_after_its_birth_waits_until_that_is_known() {
    let cases: [(&str, &[Option<DomainState>], usize); 5] = [
        ("known at once", &[Some(DomainState::Running)], 1),
        (
            "known late",
            &[Some(DomainState::Nil), Some(DomainState::Nil), Some(DomainState::Running)],
            3,
        ),
        ("ended meanwhile", &[Some(DomainState::Nil), Some(DomainState::Stopped)], 2),
        ("forgotten", &[None], 1),
        ("never known", &[Some(DomainState::Nil)], START_LOOKS_MAX),
    ];
    for (what, states, looks) in cases {
        let (waitset, kernel) = (Waitset::new(), Kernel::new());
        let home = || Home::new(waitset.clone(), kernel.holder());
        let (here, there) = pair::<Interface>(BindOptions::new());
        let manager = Manager { states: states.to_vec(), spanned_after: None, asked: 0 };
        let manager = home().dispatcher(manager);
        let _served = manager.connect::<Interface>(there, &MANAGER).unwrap();
        let client = home().dispatcher(());
        let binding = client.connect::<Interface>(here, &RxVtbl::UNHANDLED).unwrap();
        let processes = Processes { binding, calls: std::rc::Rc::default() };
        let root = kernel.process_manager().unwrap();
        let cap = root.retype_domain(DOMAIN, None).unwrap();
        let cap = cap.transfer(Transfer::Move, &client.ctx().holder()).unwrap();
        let spanned = processes.span(&cap, CoreId(1), Cap::NULL, Cap::NULL);
        assert_eq!(client.block_on(spanned), Ok(()), "{what}");
        manager.ctx().with(|manager| {
            assert_eq!(manager.spanned_after, Some(looks), "{what}");
        });
    }
}
