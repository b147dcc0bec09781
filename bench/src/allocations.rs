//! How often a message or a call allocates memory, once everything has grown to its size.
//!
//! Both ends are on the counting thread, on one loop or on two that are polled in turns: then every
//! allocation of either side is counted, and none of anybody else.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::{AllocationInfo, measure};
use flounder::{BindOptions, Dispatcher, DriverChoice, Kernel, Waitset};

use crate::bound::{SERVICE, Service};
use crate::interface::bench::{Binding, Increment, Interface, RxVtbl, Tell};
use crate::plan::Plan;
use crate::race::Outcome;
use crate::report::Row;
use crate::{far, interface};

/// Enough that what allocates once in a while is seen.
const TURNS: u32 = 10_000;
/// After so many everything has its size.
const WARM_UP: u32 = 1_000;

/// Two ends of a binding that are polled in turns.
struct Ends {
    client: Binding<()>,
    caller: Dispatcher<()>,
    service: Dispatcher<Service>,
}

type Turn = fn(&Ends) -> Outcome<()>;

/// How a variant is set up: its name, its ends, what is counted.
type Variant = (&'static str, fn() -> Outcome<Ends>, Turn);

const VARIANTS: &[Variant] = &[
    ("message, one loop", one_loop, Ends::tell),
    ("call, one loop", one_loop, Ends::call),
    ("call by block_on, one loop", one_loop, Ends::call_blocking),
    ("message, local", over_local, Ends::tell),
    ("call, local", over_local, Ends::call),
    ("message, ump", over_ump, Ends::tell),
    ("call, ump", over_ump, Ends::call),
    ("message, encoded", encoded, Ends::tell),
    ("call, encoded", encoded, Ends::call),
];

/// The allocations of every variant.
pub(crate) fn count(_: &Plan) -> Outcome<Vec<Row>> {
    VARIANTS
        .iter()
        .map(|&(variant, ends, turn)| Ok(row(variant, per_turn(&ends()?, turn)?)))
        .collect()
}

fn per_turn(ends: &Ends, turn: Turn) -> Outcome<f64> {
    let repeat = |turns: u32| (0..turns).try_for_each(|_| turn(ends));
    repeat(WARM_UP)?;
    let mut outcome = Ok(());
    let AllocationInfo { count_total, .. } = measure(|| outcome = repeat(TURNS));
    outcome?;
    Ok(f64::from(u32::try_from(count_total)?) / f64::from(TURNS))
}

fn row(variant: &'static str, per_turn: f64) -> Row {
    Row {
        case: "B8",
        variant: variant.into(),
        ratio_to: Some("one message or call"),
        ratio: Some(per_turn),
        goal: Some(0.0),
        met: Some(per_turn == 0.0),
        rounds: 1,
        ..Row::default()
    }
}

fn one_loop() -> Outcome<Ends> {
    let waitset = Waitset::new();
    ends::<interface::bench::Interface>(&waitset, &waitset, DriverChoice::Automatic)
}

fn over_local() -> Outcome<Ends> {
    two_loops(DriverChoice::Local)
}

fn over_ump() -> Outcome<Ends> {
    two_loops(DriverChoice::Ump)
}

fn two_loops(driver: DriverChoice) -> Outcome<Ends> {
    ends::<interface::bench::Interface>(&Waitset::new(), &Waitset::new(), driver)
}

/// The channel is of another Rust type of the same interface, so that messages are encoded.
fn encoded() -> Outcome<Ends> {
    let waitset = Waitset::new();
    ends::<far::bench::Interface>(&waitset, &waitset, DriverChoice::Automatic)
}

fn ends<I: flounder::Interface>(
    here: &Waitset,
    there: &Waitset,
    driver: DriverChoice,
) -> Outcome<Ends> {
    let kernel = Kernel::new();
    let caller = Dispatcher::on(here, kernel.holder(), ());
    let service = Dispatcher::on(there, kernel.holder(), Service::default());
    let (first, second) = flounder::pair::<I>(BindOptions::new().driver(driver));
    let client = caller.connect::<Interface>(first, &RxVtbl::UNHANDLED)?;
    service.accept::<Interface>(second, &SERVICE)?;
    Ok(Ends { client, caller, service })
}

impl Ends {
    /// Polls both sides until neither has anything to do.
    fn settle(&self) {
        while self.caller.poll(1) + self.service.poll(1) > 0 {}
    }

    fn tell(&self) -> Outcome<()> {
        self.client.tell(Tell { number: 1 })?;
        self.settle();
        Ok(())
    }

    fn call(&self) -> Outcome<()> {
        let call = self.client.increment(Increment { number: 1 })?;
        self.settle();
        let mut call = pin!(call);
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer.map(|_| ()).map_err(Into::into),
            Poll::Pending => Err("the call is not answered".into()),
        }
    }

    fn call_blocking(&self) -> Outcome<()> {
        self.caller.block_on(self.client.increment(Increment { number: 1 })?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn every_variant_delivers_what_it_counts() {
        for &(name, make, turn) in VARIANTS {
            let ends = make().unwrap();
            turn(&ends).unwrap();
            let told = ends.service.with(|service| service.told);
            assert_eq!(told, u64::from(name.starts_with("message")), "{name}");
        }
    }

    #[test]
    fn an_allocation_is_counted_and_misses_the_goal() {
        let ends = one_loop().unwrap();
        let allocate = |_: &Ends| {
            drop(black_box(Box::new(1)));
            Ok(())
        };
        let allocated = per_turn(&ends, allocate).unwrap();
        assert!((allocated - 1.0).abs() < f64::EPSILON);
        assert_eq!(row("", allocated).met, Some(false));
        assert_eq!(row("", 0.0).met, Some(true));
    }
}
