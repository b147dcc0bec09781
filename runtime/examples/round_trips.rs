//! Makes as many calls as it is told over `local`, between two loops that are polled in turns, and
//! nothing else: for tools that count what a call does, whatever the load of the machine.

use std::process::ExitCode;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use flounder::{AnyBinding, BindOptions, Dispatcher, Kernel, Waitset};

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
    let kernel = Kernel::new();
    let caller = Dispatcher::on(&Waitset::new(), kernel.holder(), ());
    let service = Dispatcher::on(&Waitset::new(), kernel.holder(), ());
    let (here, there) = flounder::pair::<Interface>(BindOptions::new());
    let client = caller.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
    service.accept::<Interface>(there, &SERVICE)?;
    assert_eq!(client.driver(), "local", "loops of their own are joined by it");
    let mut number = 0;
    for _ in 0..calls {
        let mut call = pin!(client.same(Same { number })?);
        while caller.poll(1) + service.poll(1) > 0 {}
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => number = answer?.number_again,
            Poll::Pending => return Err("a call is not answered".into()),
        }
    }
    if number == calls { Ok(()) } else { Err("an answer is wrong".into()) }
}
