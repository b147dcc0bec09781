//! Orders on their way from the machine to a spawnd. None waits here: one is taken from the machine
//! when the binding has room for it.

use flounder::{AnyBinding, Cap, CoreId, DomainId, ErrCode, ErrVal, TxError, mutant};
use flounder_idl::spawn::{
    Binding, CleanupRequest, KillRequest, SpanRequest, SpawnRequest, SpawnWithCapsRequest,
};

use super::ProcMgmt;
use crate::machine::{Event, Order, Reply, What};

/// What travels with a spawn or a span, past the machine, to its order.
#[derive(Debug)]
pub(super) struct Luggage {
    /// The answer that the spawner's cap goes with.
    pub(super) reply: Reply,
    /// The environment of a spawn.
    pub(super) envbuf: Vec<u8>,
    /// The domain's own cap, of a span; a spawn's is made when the domain is known.
    pub(super) own: Cap,
    /// `inheritcn` and `argcn` of a spawn, `vroot` and `dispframe` of a span.
    pub(super) caps: (Cap, Cap),
}

impl ProcMgmt {
    /// Sends the spawnd of `core` what it is owed, as far as there is room, and the rest when there
    /// is again.
    pub(super) fn feed(&mut self, core: CoreId) {
        let (_, generation) = self.machine.slot(core);
        let Some(link) = self.spawnds.link((core, generation)).cloned() else { return };
        // Of a closed one the error handler tells; what it is owed is decided after that.
        while !link.is_closed() {
            if !link.can_send() {
                let is_crowd = self.machine.footprint().owed > 1;
                assert!(!(is_crowd && mutant!("two-queued-requests-abort")), "one is queued");
                // A registration that is pending already does the same.
                let _ = link.register_send(move |state, _| {
                    state.feed(core);
                    state.settle();
                });
                return;
            }
            let Some(order) = self.machine.take_order(core) else { return };
            self.send(&link, core, order);
        }
    }

    /// Sends one order. One that can't be sent is as good as refused by the spawnd, unless the
    /// spawnd is gone: then its end decides.
    fn send(&mut self, link: &Binding<Self>, core: CoreId, order: Order<Luggage>) {
        let Order { generation, request, domain, what } = order;
        let kind = what.kind();
        let (number, procmng_cap) = (request.0, self.mint.authority());
        let sent = match what {
            What::Spawn { flags, payload } => {
                self.send_spawn(link, (number, domain, flags), payload)
            }
            What::Span { payload } => link
                .span_request(SpanRequest {
                    request: number,
                    procmng_cap,
                    domain_cap: payload.own,
                    domain: domain.0,
                    path: self.program(domain),
                    vroot: payload.caps.0,
                    dispframe: payload.caps.1,
                })
                .map_err(|error| refusal(&error)),
            What::Kill => link
                .kill_request(KillRequest { request: number, procmng_cap, domain: domain.0 })
                .map_err(|error| refusal(&error)),
            What::Cleanup => link
                .cleanup_request(CleanupRequest { request: number, procmng_cap, domain: domain.0 })
                .map_err(|error| refusal(&error)),
        };
        if let Err(err) = sent
            && !err.is(ErrCode::FLOUNDER_ERR_PEER_CLOSED)
        {
            self.events.push_back(Event::SpawndReply { core, generation, request, kind, err });
        }
    }

    fn send_spawn(
        &mut self,
        link: &Binding<Self>,
        (request, domain, flags): (u64, DomainId, u8),
        luggage: Luggage,
    ) -> Result<(), ErrVal> {
        let minted = self.mint.domain(domain, flags);
        let minted = minted
            .map_err(|error| ErrVal::from(error).push(ErrCode::PROC_MGMT_ERR_CREATE_DOMAIN_CAP))?;
        self.clients.keep_cap(luggage.reply, minted.spawner);
        let read = if mutant!("queued-spawn-reads-later-arguments") {
            self.newest(domain)
        } else {
            domain
        };
        let argvbuf = self.machine.image(read).map_or_else(Vec::new, |image| image.argv.to_vec());
        let request = SpawnWithCapsRequest {
            request,
            procmng_cap: self.mint.authority(),
            domain_cap: minted.own,
            domain: domain.0,
            path: self.program(domain),
            argvbuf,
            envbuf: luggage.envbuf,
            inheritcn_cap: luggage.caps.0,
            argcn_cap: luggage.caps.1,
            flags,
        };
        if request.inheritcn_cap.is_null() && request.argcn_cap.is_null() {
            return link.spawn_request(without_caps(request)).map_err(|error| refusal(&error));
        }
        link.spawn_with_caps_request(request).map_err(|error| refusal(&error))
    }

    /// The last domain that was accepted, of those soon after `domain`.
    fn newest(&self, domain: DomainId) -> DomainId {
        let next = DomainId(domain.0 + 1);
        if self.machine.image(next).is_some() { self.newest(next) } else { domain }
    }

    fn program(&self, domain: DomainId) -> String {
        self.machine.image(domain).map_or_else(String::new, |image| image.program.to_string())
    }
}

fn without_caps(with: SpawnWithCapsRequest) -> SpawnRequest {
    SpawnRequest {
        request: with.request,
        procmng_cap: with.procmng_cap,
        domain_cap: with.domain_cap,
        domain: with.domain,
        path: with.path,
        argvbuf: with.argvbuf,
        envbuf: with.envbuf,
        flags: with.flags,
    }
}

fn refusal<T>(error: &TxError<T>) -> ErrVal {
    error.code().into()
}
