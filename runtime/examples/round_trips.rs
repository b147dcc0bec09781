//! Makes as many calls as it is told, with both ends on one loop, and nothing else: for tools that
//! count what a call does, whatever the load of the machine.

use std::process::ExitCode;

use flounder::{BindOptions, Dispatcher, Kernel, Waitset};

use interface::probe::{Interface, RxVtbl, Same, SameReply, SameResponse};

/// The interface of the tests, of which one call is made.
#[allow(
    clippy::result_large_err,
    dead_code,
    unused_imports,
    reason = "it is a whole interface; one call of it is made"
)]
pub mod interface {
    include!("../tests/probe/probe.rs");
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SERVICE: RxVtbl<()> = RxVtbl {
    same_call: |(), _, Same { number }, reply: SameReply| {
        // An error means that the client has gone, which ends the program.
        let _ = reply.send(SameResponse { number_again: number + 1 });
    },
    ..RxVtbl::UNHANDLED
};

fn main() -> ExitCode {
    let calls = std::env::args().nth(1).and_then(|calls| calls.parse().ok());
    match calls.ok_or_else(|| "usage: round_trips CALLS".into()).and_then(count_to) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn count_to(calls: u64) -> Outcome<()> {
    let (waitset, kernel) = (Waitset::new(), Kernel::new());
    let caller = Dispatcher::on(&waitset, kernel.holder(), ());
    let service = Dispatcher::on(&waitset, kernel.holder(), ());
    let (here, there) = flounder::pair::<Interface>(BindOptions::new());
    let client = caller.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
    service.accept::<Interface>(there, &SERVICE)?;
    let mut number = 0;
    for _ in 0..calls {
        number = caller.block_on(client.same(Same { number })?)?.number_again;
    }
    if number == calls { Ok(()) } else { Err("an answer is wrong".into()) }
}
