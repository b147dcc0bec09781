//! Makes as many calls as it is told, over `local` between two loops that are polled in turns or between
//! two dispatchers of one loop, and nothing else: for tools that count what a call does, whatever the
//! load of the machine.

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

/// Turns that are asked for at a time, as by a loop that runs.
const TURNS: usize = 64;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SERVICE: RxVtbl<()> = RxVtbl {
    same_call: |(), _, Same { number }, reply: SameReply| {
        // An error means that the client has gone, which ends the program.
        let _ = reply.send(SameResponse { number_again: number + 1 });
    },
    ..RxVtbl::UNHANDLED
};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<()> {
    let (driver, calls) = match arguments {
        [driver, calls] => (driver.as_str(), calls.parse()?),
        _ => return Err("usage: round_trips local|direct CALLS".into()),
    };
    let near = Waitset::new();
    match driver {
        "local" => count_to(calls, driver, [&near, &Waitset::new()]),
        "direct" => count_to(calls, driver, [&near, &near]),
        _ => Err("there are `local` and `direct`".into()),
    }
}

fn count_to(calls: u64, driver: &str, loops: [&Waitset; 2]) -> Outcome<()> {
    let kernel = Kernel::new();
    let [caller, service] = loops.map(|waitset| Dispatcher::on(waitset, kernel.holder(), ()));
    let (here, there) = flounder::pair::<Interface>(BindOptions::new());
    let client = caller.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
    service.accept::<Interface>(there, &SERVICE)?;
    assert_eq!(client.driver(), driver, "where the loops are decides what joins them");
    let mut number = 0;
    for _ in 0..calls {
        let mut call = pin!(client.same(Same { number })?);
        let mut context = Context::from_waker(Waker::noop());
        number = loop {
            match call.as_mut().poll(&mut context) {
                Poll::Ready(answer) => break answer?.number_again,
                Poll::Pending if loops.iter().any(|waitset| waitset.poll(TURNS) > 0) => {}
                Poll::Pending => return Err("a call is not answered".into()),
            }
        };
    }
    if number == calls { Ok(()) } else { Err("an answer is wrong".into()) }
}
