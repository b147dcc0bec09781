//! The name service's handlers: the interface `nameservice` around the table of names.

use std::collections::BTreeMap;

use flounder::{
    AnyBinding, Badge, BindOptions, BindingError, BindingId, Ctx, ErrCode, ErrVal, Half,
    Interface as _, Iref,
};
use flounder_idl::nameservice::{
    Binding, Interface as NameInterface, List, ListReply, ListResponse, Lookup, LookupReply,
    LookupResponse, Register, RegisterReply, RegisterResponse, Remove, RemoveReply, RemoveResponse,
    RxVtbl, WaitFor, WaitForReply, WaitForResponse,
};

use super::Monitor;
use crate::log;
use crate::names::{NameError, Names, Waiting};
use crate::peers::Interface;

/// How many bindings to the name service all dispatchers of one domain on one core can have, and all
/// services or operators of a core together: each needs one.
pub const NAME_BINDINGS_PER_PEER_MAX: usize = 256;

const TABLE: RxVtbl<Monitor> = RxVtbl {
    register_call: on_register,
    remove_call: on_remove,
    lookup_call: on_lookup,
    wait_for_call: on_wait_for,
    list_call: on_list,
};

/// What the name service speaks.
pub(super) fn interface() -> Interface {
    let descriptor = NameInterface::DESCRIPTOR;
    Interface { name: descriptor.name.to_owned(), fingerprint: descriptor.fingerprint }
}

/// The names, and who has a binding.
#[derive(Default)]
pub(super) struct NameService {
    names: Names<BindingId, WaitForReply>,
    bindings: BTreeMap<Badge, usize>,
}

impl NameService {
    /// Claims a stamped end for a client, unless it wants more answers owed than the default.
    pub(super) fn claim(&mut self, ctx: &Ctx<Monitor>, half: Half) -> Result<(), ErrVal> {
        let peer = half.peer();
        self.accept(ctx, half).map_err(|err| err.push(ErrCode::FLOUNDER_ERR_BIND_REFUSED))?;
        *self.bindings.entry(peer).or_default() += 1;
        Ok(())
    }

    fn accept(&self, ctx: &Ctx<Monitor>, half: Half) -> Result<(), ErrVal> {
        let bindings = self.bindings.get(&half.peer());
        if bindings.is_some_and(|&count| count >= NAME_BINDINGS_PER_PEER_MAX) {
            return Err(ErrCode::NAME_ERR_LIMIT.into());
        }
        if half.options().calls_max_of() > BindOptions::CALLS_MAX {
            return Err(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS.into());
        }
        let binding = ctx.accept::<NameInterface>(half, &TABLE).map_err(ErrVal::from)?;
        binding.set_error_handler(on_error);
        Ok(())
    }

    fn client_gone(&mut self, client: BindingId, peer: Badge) {
        self.names.client_gone(client);
        if let Some(count) = self.bindings.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.bindings.remove(&peer);
            }
        }
    }
}

fn on_error(monitor: &mut Monitor, client: &Binding<Monitor>, error: BindingError) {
    log::debug!("name service, {:?}: {error}", client.peer());
    if error.is_fatal() {
        monitor.names.client_gone(client.id(), client.peer());
    }
}

// A reply is refused only if its client is gone: nobody waits for it.

fn on_register(
    monitor: &mut Monitor,
    client: &Binding<Monitor>,
    Register { name, iref }: Register,
    reply: RegisterReply,
) {
    let (names, role) = (&mut monitor.names.names, client.peer().role);
    let registered = names.register(client.id(), role, &name, iref);
    let _ = reply.send(RegisterResponse { err: errval(&registered) });
    for waiter in registered.into_iter().flatten() {
        let _ = waiter.send(WaitForResponse { err: ErrVal::OK, iref });
    }
}

fn on_remove(
    monitor: &mut Monitor,
    client: &Binding<Monitor>,
    Remove { name }: Remove,
    reply: RemoveReply,
) {
    let err = errval(&monitor.names.names.remove(client.id(), &name));
    let _ = reply.send(RemoveResponse { err });
}

fn on_lookup(
    monitor: &mut Monitor,
    _: &Binding<Monitor>,
    Lookup { name }: Lookup,
    reply: LookupReply,
) {
    let found = monitor.names.names.lookup(&name);
    let _ = reply.send(LookupResponse { err: errval(&found), iref: found.unwrap_or(Iref::NULL) });
}

fn on_wait_for(
    monitor: &mut Monitor,
    client: &Binding<Monitor>,
    WaitFor { name }: WaitFor,
    reply: WaitForReply,
) {
    let (reply, err, iref) = match monitor.names.names.wait_for(client.id(), &name, reply) {
        Ok(Waiting::Later) => return,
        Ok(Waiting::Found(reply, iref)) => (reply, ErrVal::OK, iref),
        Err((error, reply)) => (reply, error.into(), Iref::NULL),
    };
    let _ = reply.send(WaitForResponse { err, iref });
}

fn on_list(monitor: &mut Monitor, _: &Binding<Monitor>, List { after }: List, reply: ListReply) {
    let next = monitor.names.names.next_after(&after);
    let found = next.is_some();
    let (name, iref) = next.unwrap_or(("", Iref::NULL));
    let _ = reply.send(ListResponse { name: name.to_owned(), iref, found });
}

fn errval<T>(result: &Result<T, NameError>) -> ErrVal {
    match result {
        Ok(_) => ErrVal::OK,
        Err(error) => (*error).into(),
    }
}
