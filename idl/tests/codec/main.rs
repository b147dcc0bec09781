//! Whatever can be sent comes out as it went in, and whatever else arrives is refused: for every
//! message of every interface.
//!
//! Nothing here lists a message. What each is made of comes from the interface files, read by a small
//! reader of our own, so that the compiler, the codec and this page must agree on every byte.
//!
//! `SEED` chooses other random values, `ROUNDS` how many of them each message gets.

mod declared;
mod draw;
mod hostile;
mod peer;
mod random;
mod round_trips;
mod wiretap;

use std::path::Path;

use flounder::wire::{Reader, WireError, Writer};
use flounder::{Cap, Interface};
use flounder_idl::{INTERFACES, intermon, monitor, nameservice, proc_mgmt, spawn};

use declared::{Message, Types};

/// Interfaces that use every form of the language.
#[allow(
    clippy::result_large_err,
    clippy::wrong_self_convention,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "they are whole interfaces; only their codecs are used"
)]
mod forms {
    include!("../../../codegen/tests/golden/every.rs");
    include!("../../../codegen/tests/golden/one.rs");
    include!("../../../codegen/tests/golden/shared.rs");
    include!("../../../runtime/tests/probe/probe.rs");
}

/// The same interface as another crate would have it.
#[allow(
    clippy::result_large_err,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "it is a whole interface; its codec is used"
)]
mod far {
    include!("../../../runtime/tests/probe/probe.rs");
}

use forms::{every, one, probe};

/// The files that declare the interfaces, relative to this package. Imports come first.
const FILES: &[(&str, &[&str])] = &[
    ("intermon", &["types.if", "intermon.if"]),
    ("monitor", &["types.if", "monitor.if"]),
    ("nameservice", &["types.if", "nameservice.if"]),
    ("proc_mgmt", &["types.if", "proc_mgmt.if"]),
    ("spawn", &["types.if", "spawn.if"]),
    ("every", &["../codegen/tests/golden/shared.if", "../codegen/tests/golden/every.if"]),
    ("one", &["../codegen/tests/golden/one.if"]),
    ("probe", &["../runtime/tests/probe/probe.if"]),
];

/// Runs a check, generic over the interface, on each of them; the list of what it returns.
macro_rules! each_interface {
    ($check:ident) => {
        vec![
            $check::<crate::intermon::Interface>(),
            $check::<crate::monitor::Interface>(),
            $check::<crate::nameservice::Interface>(),
            $check::<crate::proc_mgmt::Interface>(),
            $check::<crate::spawn::Interface>(),
            $check::<crate::every::Interface>(),
            $check::<crate::one::Interface>(),
            $check::<crate::probe::Interface>(),
        ]
    };
}
use each_interface;

/// What the messages of an interface are made of, in the order of their numbers.
fn messages<I: Interface>() -> Vec<Message> {
    let name = I::DESCRIPTOR.name;
    let files = FILES.iter().find(|(interface, _)| *interface == name);
    let (_, files) = files.unwrap_or_else(|| panic!("no file declares {name}"));
    let texts = files.iter().map(|file| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
    });
    let types = Types::declared_in(&texts.collect::<Vec<_>>());
    I::DESCRIPTOR.messages.iter().map(|message| types.message(message)).collect()
}

/// Encodes as a driver does: the number, the bytes and the caps beside them.
fn encode<I: Interface>(message: I::Message) -> (u16, Vec<u8>, Vec<Cap>) {
    let number = I::number(&message);
    let mut writer = Writer::new();
    I::encode(message, &mut writer);
    let (bytes, caps) = writer.finish();
    (number, bytes, caps)
}

/// Decodes as a driver does: nothing may be left over.
fn decode<I: Interface>(
    number: u16,
    bytes: &[u8],
    caps: Vec<Cap>,
) -> Result<I::Message, WireError> {
    let mut reader = Reader::new(bytes, caps);
    let message = I::decode(number, &mut reader)?;
    reader.finish()?;
    Ok(message)
}

#[test]
fn no_interface_is_forgotten() {
    fn name<I: Interface>() -> &'static str {
        I::DESCRIPTOR.name
    }
    let tested: Vec<_> = each_interface!(name);
    assert_eq!(tested, FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for interface in INTERFACES {
        assert!(tested.contains(&interface.name), "{} is not tested", interface.name);
    }
}
