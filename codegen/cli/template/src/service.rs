//! The service: its state, and a function for each message.

use flounder::{AnyBinding, ClaimError, Dispatcher, Half};

use crate::interface::{Add, AddReply, AddResponse, Binding, Bye, Interface, Reset, RxVtbl};

/// What the service knows. One thread owns it, so it needs no lock.
#[derive(Debug, Default)]
pub struct Service {
    total: u64,
}

/// Which function handles which message.
const TABLE: RxVtbl<Service> = RxVtbl {
    add_call: add,
    reset,
    bye,
};

/// Handles messages until a client says `bye`. Returns the total.
///
/// # Errors
///
/// If the other end speaks another interface.
pub fn serve(half: Half) -> Result<u64, ClaimError> {
    let dispatcher = Dispatcher::new(Service::default());
    dispatcher.accept::<Interface>(half, &TABLE)?;
    // Sleeps while there are no messages.
    dispatcher.run();
    Ok(dispatcher.with(|service| service.total))
}

/// An rpc brings a token to answer with: exactly once, now or later.
fn add(service: &mut Service, _: &Binding<Service>, Add { amount }: Add, reply: AddReply) {
    service.add(amount);
    // An error here means that the client went before it got its answer.
    let _ = reply.send(AddResponse {
        total: service.total,
    });
}

fn reset(service: &mut Service, _: &Binding<Service>, Reset {}: Reset) {
    service.total = 0;
}

fn bye(_: &mut Service, binding: &Binding<Service>, Bye {}: Bye) {
    if let Some(ctx) = binding.ctx() {
        ctx.stop();
    }
}

impl Service {
    fn add(&mut self, amount: u32) {
        self.total = self.total.saturating_add(amount.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_does_not_overflow() {
        let mut service = Service {
            total: u64::MAX - 1,
        };
        service.add(3);
        assert_eq!(service.total, u64::MAX);
    }
}
