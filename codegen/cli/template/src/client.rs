//! The client: it calls, and waits for answers.

use std::error::Error;

use flounder::{Dispatcher, Half};

use crate::interface::{Add, Bye, Interface, Reset, RxVtbl};

/// Starts from 0, adds each of `amounts`, and says `bye`. Returns the totals on the way.
///
/// # Errors
///
/// If the other end speaks another interface, or goes.
pub fn sum(half: Half, amounts: &[u32]) -> Result<Vec<u64>, Box<dyn Error>> {
    // A client has a dispatcher too. Its state is `()`: it handles no messages, it only calls.
    let dispatcher = Dispatcher::new(());
    let service = dispatcher.connect::<Interface>(half, &RxVtbl::UNHANDLED)?;

    // Messages arrive in the order in which they are sent. An error would hand the message back.
    service.reset(Reset {})?;
    let mut totals = Vec::new();
    for &amount in amounts {
        // Two things can go wrong, hence the two `?`: it can't be sent, or no answer comes.
        let call = service.add(Add { amount })?;
        totals.push(dispatcher.block_on(call)?.total);
    }
    service.bye(Bye {})?;
    Ok(totals)
}
