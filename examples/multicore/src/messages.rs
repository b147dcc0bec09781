//! Who sent what to whom: one line per message that a dispatcher receives.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// The target of the runtime's events about messages.
const TARGET: &str = "flounder::message";

/// Prints every message that is received from now on, on standard error.
pub(crate) fn print_messages() {
    let filter = Targets::new().with_target(TARGET, LevelFilter::TRACE);
    tracing_subscriber::registry().with(Printer.with_filter(filter)).init();
}

struct Printer;

impl<S: Subscriber> Layer<S> for Printer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        eprintln!("{line}");
    }
}

/// What an event says of a message.
#[derive(Default)]
struct Line {
    interface: String,
    message: String,
    from: String,
    to: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let place = match field.name() {
            "interface" => &mut self.interface,
            "message" => &mut self.message,
            "from" => &mut self.from,
            "to" => &mut self.to,
            _ => return,
        };
        *place = format!("{value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interface, message, from, to } = self;
        write!(f, "{from:>14} -> {to:<14} {interface}.{message}")
    }
}
