//! What a tap can do to messages on their way: spoil the bytes that they come as.

include!("probe/probe.rs");

use std::cell::Cell;
use std::rc::Rc;

use flounder::tap::{Tap, TapEnd, install};
use flounder::{AnyBinding, BindOptions, BindingError, Descriptor, Dispatcher, TxError};
use probe::{Binding, Count, Interface, Nothing, RxVtbl};

/// Lets messages through until it spoils all.
#[derive(Default)]
struct Spoiler(Cell<bool>);

impl Tap for Spoiler {
    fn opened(&self, _: &'static Descriptor) -> u64 {
        0
    }

    fn spoils(&self, _: TapEnd) -> bool {
        self.0.get()
    }
}

/// What a receiver has seen.
#[derive(Default)]
struct Seen {
    messages: u32,
    error: Option<BindingError>,
}

const SERVER: RxVtbl<Seen> = RxVtbl {
    count: |seen, _, _| seen.messages += 1,
    nothing: |seen, _, _| seen.messages += 1,
    ..RxVtbl::UNHANDLED
};

#[test]
fn a_message_of_spoilt_bytes_ends_its_binding_and_none_before_it() {
    type Send = fn(&Binding<()>) -> Result<(), BindingError>;
    fn sent<T>(sent: Result<(), TxError<T>>) -> Result<(), BindingError> {
        sent.map_err(|_| BindingError::PeerClosed)
    }
    let sends: [(&str, Send); 2] = [
        ("bytes without the last", |client| sent(client.count(Count { number: 7 }))),
        ("a byte where there are none", |client| sent(client.nothing(Nothing {}))),
    ];
    for (what, send) in sends {
        let tap = Rc::new(Spoiler::default());
        let _installed = install(tap.clone());
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        let (client, server) = (Dispatcher::new(()), Dispatcher::new(Seen::default()));
        let ours = client.connect::<Interface>(here, &RxVtbl::UNHANDLED).expect("it is a probe's");
        let theirs = server.accept::<Interface>(there, &SERVER).expect("it is a probe's");
        theirs.set_error_handler(|seen, _, error| seen.error = Some(error));

        send(&ours).expect("there is room");
        while server.poll(9) > 0 {}
        assert!(!theirs.is_closed(), "{what}: nothing is wrong yet");
        tap.0.set(true);
        send(&ours).expect("there is room");
        while server.poll(9) > 0 {}

        let (messages, error) = server.with(|seen| (seen.messages, seen.error));
        assert_eq!(messages, 1, "{what}");
        assert!(matches!(error, Some(BindingError::Wire(_))), "{what}: {error:?}");
        assert!(theirs.is_closed(), "{what}");
    }
}
