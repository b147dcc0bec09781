//! What generated code implements: an interface, its messages, and their description.
//!
//! Nothing here is called by users; they use the typed methods of a generated binding.

use std::fmt;

use crate::binding::{AnyBinding, Parts};
use crate::channel::{Channel, Header};
use crate::driver::Driver;
use crate::error::{BadArgument, TxError};
use crate::kernel::{Cap, Transfer};
use crate::rpc::Incoming;
use crate::wire::{Reader, WireError, Writer};

/// Identifies what an interface says on the wire: SipHash-128 with key 0 over the canonical text of
/// its messages, their numbers, types and bounds. Two ends of a binding must agree on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    high: u64,
    low: u64,
}

impl Fingerprint {
    /// The fingerprint with these 128 bits.
    #[must_use]
    pub const fn new(high: u64, low: u64) -> Self {
        Self { high, low }
    }

    /// The upper 64 bits.
    #[must_use]
    pub const fn high(self) -> u64 {
        self.high
    }

    /// The lower 64 bits.
    #[must_use]
    pub const fn low(self) -> u64 {
        self.low
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Describes an interface to tools.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// The interface's name.
    pub name: &'static str,
    /// What the interface file says it is for.
    pub description: &'static str,
    /// What it says on the wire.
    pub fingerprint: Fingerprint,
    /// Its messages in the order of their numbers.
    pub messages: &'static [MessageDescriptor],
}

impl Descriptor {
    /// The message with this number.
    #[inline]
    #[must_use]
    pub fn message(&self, number: u16) -> Option<&'static MessageDescriptor> {
        // Numbers have no gaps, unless an interface was made by hand.
        let first = self.messages.first()?.number;
        let guess = self.messages.get(usize::from(number.wrapping_sub(first)));
        guess.filter(|message| message.number == number).or_else(|| self.search(number))
    }

    #[cold]
    fn search(&self, number: u16) -> Option<&'static MessageDescriptor> {
        let index = self.messages.binary_search_by_key(&number, |message| message.number).ok()?;
        self.messages.get(index)
    }
}

/// Describes one message.
#[derive(Clone, Copy, Debug)]
pub struct MessageDescriptor {
    /// Its number on the wire, from 3.
    pub number: u16,
    /// Its name as in the interface file; an rpc `m` is `m_call` and `m_response`.
    pub name: &'static str,
    /// Whether it asks for an answer, or is one.
    pub kind: MessageKind,
    /// The most bytes it takes when it is encoded.
    pub bytes_max: usize,
    /// Its arguments in textual order.
    pub arguments: &'static [ArgumentDescriptor],
}

/// Describes one argument.
#[derive(Clone, Copy, Debug)]
pub struct ArgumentDescriptor {
    /// Its name as in the interface file.
    pub name: &'static str,
    /// Its type as in the interface file.
    pub ty: &'static str,
}

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MessageKind {
    /// It is sent and that's it.
    OneWay,
    /// It asks for a response.
    Call,
    /// It answers a call.
    Response,
}

/// An interface, as generated code implements it on a type without values.
pub trait Interface: Sized + 'static {
    /// Any message of the interface.
    type Message: fmt::Debug + Send + 'static;
    /// The receive handlers.
    type RxVtbl<S: 'static>: Copy + 'static;
    /// The send functions.
    type TxVtbl: 'static;
    /// One end of a connection, in a dispatcher with state `S`.
    type Binding<S: 'static>: AnyBinding<Interface = Self, State = S> + Clone;

    /// Name, fingerprint and messages.
    const DESCRIPTOR: &'static Descriptor;

    /// The send functions of the driver `D`.
    fn tx_vtbl<D: Driver>() -> &'static Self::TxVtbl;

    /// Makes a binding of what the runtime keeps about it.
    fn binding<S: 'static>(parts: Parts<Self, S>) -> Self::Binding<S>;

    /// Calls the handler of a message.
    fn deliver<S: 'static>(delivery: Delivery<'_, Self, S>);

    /// The message's number.
    fn number(message: &Self::Message) -> u16;

    /// Writes the message's arguments.
    fn encode(message: Self::Message, writer: &mut Writer);

    /// Reads the arguments of the message with this number.
    ///
    /// # Errors
    ///
    /// [`WireError`] if there is no such message or its bytes are not what they must be.
    fn decode(number: u16, reader: &mut Reader<'_>) -> Result<Self::Message, WireError>;

    /// Shows every capability of the message to the visitor.
    fn visit_caps(message: &mut Self::Message, visitor: &mut dyn CapVisitor);
}

/// A message on its way to its handler.
pub struct Delivery<'a, I: Interface, S: 'static> {
    /// The receive handlers in force.
    pub rx_vtbl: I::RxVtbl<S>,
    /// The dispatcher's state.
    pub state: &'a mut S,
    /// The binding that received the message.
    pub binding: &'a I::Binding<S>,
    /// The message.
    pub message: I::Message,
    /// How to answer it, if it is a call.
    pub incoming: Incoming<I>,
}

impl<I: Interface, S> fmt::Debug for Delivery<'_, I, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("message", &self.message).finish_non_exhaustive()
    }
}

/// One message of an interface.
pub trait Payload<I: Interface>: Sized + 'static {
    /// The message's number.
    const NUMBER: u16;

    /// Checks what types don't: the lengths of strings and arrays.
    ///
    /// # Errors
    ///
    /// The first argument that can't be sent.
    fn check(&self) -> Result<(), BadArgument>;

    /// Writes the arguments.
    fn encode(self, writer: &mut Writer);

    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// [`WireError`] if the bytes are not what they must be.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError>;

    /// The message as one of the interface's.
    fn into_message(self) -> I::Message;

    /// The message back from one of the interface's.
    ///
    /// # Errors
    ///
    /// The given message, if it is another one.
    fn from_message(message: I::Message) -> Result<Self, I::Message>;

    /// The table's function that sends this message.
    fn entry(table: &I::TxVtbl) -> SendFn<I, Self>;
}

/// A message that is answered.
pub trait Request<I: Interface>: Payload<I> {
    /// The answer.
    type Response: Payload<I>;
}

/// Sends a message of type `T` over a channel; an entry of a send table.
pub type SendFn<I, T> = fn(&Channel<I>, Header, T) -> Result<(), TxError<T>>;

/// Sees the capabilities of a message one by one.
pub trait CapVisitor {
    /// Sees one; `transfer` says whether the declaration copies or moves it.
    fn visit(&mut self, cap: &mut Cap, transfer: Transfer);
}

impl<F: FnMut(&mut Cap, Transfer)> CapVisitor for F {
    fn visit(&mut self, cap: &mut Cap, transfer: Transfer) {
        self(cap, transfer);
    }
}
