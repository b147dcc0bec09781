//! Sends messages over each driver until one is lost, doubled, overtaken or spoilt, or all are there.
//!
//! ```text
//! soak                        a million messages over each driver
//! soak --messages 100000000   as many
//! soak --only ump             over one driver
//! soak --json                 one object per driver, for programs
//! ```
//!
//! Each message says its place in the order and carries a sum over what it says. Every thousandth is
//! larger, now and then larger than a ring. Both sides sleep when they have nothing to do, so that a
//! lost wake-up shows as well: as a run without an end.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use flounder::{
    AnyBinding, BindOptions, BindingError, Dispatcher, DriverChoice, Half, TxError, pair,
};
use serde::Serialize;

use interface::soak::{Binding, Done, Interface, Large, RxVtbl, Small};

/// What `build.rs` made of `soak.if`.
mod interface {
    flounder::include_interfaces!(soak);
}

/// The same in other Rust types: what two programs have that were built apart.
mod far {
    flounder::include_interfaces!(soak);
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Sends messages over each driver and checks every one.
#[derive(Parser, Debug)]
#[command(name = "soak", version)]
struct Args {
    /// How many messages to send over each driver
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,

    /// Over this driver only
    #[arg(long, value_name = "DRIVER")]
    only: Option<String>,

    /// Print one JSON object per line and driver
    #[arg(long)]
    json: bool,
}

/// How the two sides are joined.
#[derive(Clone, Copy)]
enum Joined {
    /// Two threads with a half each.
    Threads(fn(BindOptions) -> (Half, Half)),
    /// Both ends in one dispatcher.
    Loopback,
}

const DRIVERS: &[(&str, Joined)] = &[
    ("local", Joined::Threads(|options| pair::<Interface>(options.driver(DriverChoice::Local)))),
    ("ump", Joined::Threads(|options| pair::<Interface>(options.driver(DriverChoice::Ump)))),
    ("bytes", Joined::Threads(pair::<far::soak::Interface>)),
    ("loopback", Joined::Loopback),
];

/// One message in so many is large.
const LARGE_EVERY: u64 = 1_000;
/// More than this declares `soak.if` not.
const CONTENT_BYTES_MAX: u64 = 8_192;
/// Messages on their way: enough that the sides seldom sleep, few enough that they do.
const CAPACITY: std::num::NonZeroU16 = std::num::NonZeroU16::new(256).unwrap();

/// Turns that are asked for at a time.
const TURNS: usize = 64;

/// What was received so far.
#[derive(Debug, Default)]
struct Received {
    messages: u64,
    expected: u64,
    /// What was wrong, if anything was.
    wrong: Option<String>,
}

/// One driver's result. The names of the fields are those of the printed object.
#[derive(Debug, Serialize)]
struct Row {
    driver: &'static str,
    messages: u64,
    seconds: f64,
    per_second: f64,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<()> {
    let chosen = |name: &str| args.only.as_deref().is_none_or(|only| only == name);
    if !DRIVERS.iter().any(|(name, _)| chosen(name)) {
        return Err("there is no such driver".into());
    }
    for &(driver, joined) in DRIVERS.iter().filter(|(name, _)| chosen(name)) {
        let start = Instant::now();
        soak(joined, args.messages).map_err(|error| format!("{driver}: {error}"))?;
        let seconds = start.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let per_second = args.messages as f64 / seconds;
        let row = Row { driver, messages: args.messages, seconds, per_second };
        let mut out = io::stdout().lock();
        if args.json {
            writeln!(out, "{}", serde_json::to_string(&row)?)?;
        } else {
            let Row { messages, .. } = row;
            writeln!(out, "{driver:<9} {messages:>11} messages {per_second:>12.0} per second")?;
        }
    }
    Ok(())
}

fn soak(joined: Joined, messages: u64) -> Outcome<()> {
    let options = BindOptions::new().capacity(CAPACITY);
    let state = Received { expected: messages, ..Received::default() };
    match joined {
        Joined::Threads(pair) => {
            let (here, there) = pair(options);
            let receiver = flounder::thread::spawn("receiver", None, move || {
                let dispatcher = Dispatcher::new(state);
                let binding = dispatcher.accept::<Interface>(there, &RECEIVER)?;
                binding.set_error_handler(failed);
                dispatcher.run();
                verdict(&dispatcher)
            })?;
            let dispatcher = Dispatcher::new(Received::default());
            let binding = dispatcher.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
            let sent = send_all(&dispatcher, &binding, messages);
            // What the receiver has to say is told first: the sender only sees that it is gone.
            receiver.join().map_err(|_| "the receiver panicked")???;
            sent
        }
        Joined::Loopback => {
            let dispatcher = Dispatcher::new(state);
            let (here, there) =
                dispatcher.loopback::<Interface>(options, &RxVtbl::UNHANDLED, &RECEIVER)?;
            there.set_error_handler(failed);
            send_all(&dispatcher, &here, messages)?;
            while dispatcher.poll(TURNS) > 0 {}
            verdict(&dispatcher)
        }
    }
}

fn send_all(
    dispatcher: &Dispatcher<Received>,
    binding: &Binding<Received>,
    messages: u64,
) -> Outcome<()> {
    for sequence in 0..messages {
        if sequence % LARGE_EVERY == 0 {
            dispatcher.block_on(binding.send_when_room(large(sequence)))?;
        } else if let Err(refused) = binding.small(small(sequence)) {
            let TxError::Busy(message) = refused else { return Err(refused.into()) };
            dispatcher.block_on(binding.send_when_room(*message))?;
        }
    }
    Ok(dispatcher.block_on(binding.send_when_room(Done {}))?)
}

/// The small message at a place in the order.
fn small(sequence: u64) -> Small {
    Small { sequence, sum: sum(sequence, &[]) }
}

/// The large message at a place in the order.
fn large(sequence: u64) -> Large {
    let bytes = mixed(sequence) % (CONTENT_BYTES_MAX + 1);
    let content: Vec<u8> = (0..bytes).map(|at| mixed(sequence ^ at).to_le_bytes()[0]).collect();
    Large { sequence, sum: sum(sequence, &content), content }
}

/// A number that looks like any other, after `SplitMix64` (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", 2014).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

fn sum(sequence: u64, content: &[u8]) -> u64 {
    content.iter().fold(mixed(sequence), |sum, byte| mixed(sum ^ u64::from(*byte)))
}

const RECEIVER: RxVtbl<Received> = RxVtbl {
    small: |received, binding, Small { sequence, sum }| {
        received.take(binding, sequence, sum, &[]);
    },
    large: |received, binding, Large { sequence, sum, content }| {
        received.take(binding, sequence, sum, &content);
    },
    done: |_, binding, Done {}| stop(binding),
};

impl Received {
    fn take(&mut self, binding: &Binding<Self>, sequence: u64, told: u64, content: &[u8]) {
        if sequence != self.messages {
            self.fail(binding, format!("message {sequence} came instead of {}", self.messages));
        } else if told != sum(sequence, content) {
            self.fail(binding, format!("message {sequence} is spoilt"));
        }
        self.messages += 1;
    }

    fn fail(&mut self, binding: &Binding<Self>, wrong: String) {
        self.wrong.get_or_insert(wrong);
        stop(binding);
    }
}

fn failed(received: &mut Received, binding: &Binding<Received>, error: BindingError) {
    received.fail(binding, error.to_string());
}

fn stop(binding: &Binding<Received>) {
    if let Some(ctx) = binding.ctx() {
        ctx.stop();
    }
}

fn verdict(dispatcher: &Dispatcher<Received>) -> Outcome<()> {
    dispatcher.with(|received| match received {
        Received { wrong: Some(wrong), .. } => Err(wrong.as_str().into()),
        Received { messages, expected, .. } if messages != expected => {
            Err(format!("{messages} messages came instead of {expected}").into())
        }
        _ => Ok(()),
    })
}
