//! What is logged: a bind between two interfaces names both.

#![cfg(feature = "tracing")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use flounder::ErrCode;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::echo;
use crate::system::System;

/// Keeps the warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Message<'a>(&'a Warnings);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Message(self));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_mismatch_names_both_sides() {
    for client in [0, 1] {
        let warnings = Warnings::default();
        tracing::subscriber::with_default(warnings.clone(), || {
            let system = System::boot(2);
            let client = system.program(client, 20);
            let names = system.finish(client.monitor.name_iref()).unwrap();
            let err = ErrCode::FLOUNDER_ERR_BIND_MISMATCH.into();
            assert_eq!(system.echo(&client, names), Err(err));
        });
        let warnings = warnings.0.lock().unwrap();
        let [warning] = &warnings[..] else { panic!("{warnings:?}") };
        let nameservice = flounder_idl::nameservice::FINGERPRINT;
        for part in [
            format!("bind to 0x00000001 from domain 20 on core {client}"),
            format!("the client speaks `echo` ({})", echo::FINGERPRINT),
            format!("the service `nameservice` ({nameservice})"),
        ] {
            assert!(warning.contains(&part), "{warning}");
        }
    }
}
