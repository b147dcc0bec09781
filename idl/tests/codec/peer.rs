//! A peer that sends what it likes over a real binding: messages that are none, answers to nothing,
//! headers that don't fit, the same again and in any order. The binding goes on or closes with the
//! right error, once, and takes nothing after it.

use flounder::{
    AnyBinding, BindingError, CallId, Dispatcher, Header, Holder, Interface, Kernel, MessageKind,
    Packet, RpcError, Waitset,
};

use crate::declared::Message;
use crate::draw::Sample;
use crate::forms::probe as near;
use crate::random::{Random, setting};
use crate::wiretap::{Raw, Tap};
use crate::{decode, far, messages};

/// Conversations per interface, unless `ROUNDS` says otherwise.
const ROUNDS: u64 = 200;
/// A conversation has at most so many packets.
const PACKETS_MAX: usize = 12;
/// A binding gets at most so many turns per packet: one to take it, one to find nothing more.
const TURNS_PER_PACKET: u64 = 2;

/// What the error handler was told.
type Told = Vec<BindingError>;

/// A dispatcher with one binding whose peer is a tap.
struct Victim<B> {
    waitset: Waitset,
    dispatcher: Dispatcher<Told>,
    holder: Holder,
    binding: B,
    tap: Tap,
    turns: u64,
}

impl<B: AnyBinding<State = Told>> Victim<B> {
    /// Room for so many packets back; the half is of `J`, the binding claims it as its own.
    fn new<J: Interface>(
        room: usize,
        unhandled: &<B::Interface as Interface>::RxVtbl<Told>,
    ) -> Victim<<B::Interface as Interface>::Binding<Told>> {
        let waitset = Waitset::new();
        let holder = Kernel::new().holder();
        let dispatcher = Dispatcher::on(&waitset, holder.clone(), Told::new());
        let (tap, half) = Tap::new::<J>(room);
        let binding = dispatcher.accept::<B::Interface>(half, unhandled);
        let binding = binding.expect("the interface is the same");
        binding.set_error_handler(|told, _, error| told.push(error));
        Victim { waitset, dispatcher, holder, binding, tap, turns: 0 }
    }

    fn settle(&mut self) {
        loop {
            let turns = self.waitset.poll(1);
            if turns == 0 {
                return;
            }
            self.turns += turns as u64;
            let allowed = 2 + TURNS_PER_PACKET * (self.tap.received() + self.tap.waiting() as u64);
            assert!(self.turns <= allowed, "the binding turns without an end");
        }
    }

    fn told(&self) -> Told {
        self.dispatcher.with(std::mem::take)
    }
}

/// A packet that a hostile peer may send: mostly well-formed, so that the binding lives for a while.
fn packet(messages: &[Message], holder: &Holder, random: &mut Random) -> Packet<Raw> {
    let call = CallId::from_number(random.one_of(&[0, 1, 1 << 32, u64::MAX]));
    if random.below(30) == 0 {
        return Packet::CallFailed { call, failure: flounder::Failure::Dropped };
    }
    let mut message = &messages[random.below(messages.len())];
    // An answer to nothing ends the binding: more often than not it is another message.
    if message.kind == MessageKind::Response {
        message = &messages[random.below(messages.len())];
    }
    let sample = Sample::of(message, random);
    let mut raw =
        Raw { number: message.number, caps: sample.make_caps(holder), bytes: sample.bytes };
    match random.below(16) {
        0 => raw.bytes.truncate(random.below(raw.bytes.len() + 1)),
        1 => raw.bytes.push(0),
        2 => raw.number = random.one_of(&[0, 1, 2, 3, 200, u16::MAX]),
        3 => drop(raw.caps.pop()),
        4 => raw.bytes.iter_mut().take(4).for_each(|byte| *byte ^= 0xff),
        _ => {}
    }
    let headers = [Header::OneWay, Header::Call(call), Header::Response(call)];
    let header = match (message.kind, random.below(16)) {
        (_, 0) => random.one_of(&headers),
        (MessageKind::OneWay, _) => headers[0],
        (MessageKind::Call, _) => headers[1],
        (MessageKind::Response, _) => headers[2],
    };
    Packet::Message { header, message: raw }
}

/// What a binding without handlers and without calls makes of a packet.
fn expected<I: Interface>(packet: &Packet<Raw>) -> Option<BindingError> {
    let Packet::Message { header, message: raw } = packet else {
        return Some(BindingError::StrayResponse);
    };
    // Caps can't be cloned: null ones decode likewise.
    let nulls = raw.caps.iter().map(|_| flounder::Cap::NULL).collect();
    let message = match decode::<I>(raw.number, &raw.bytes, nulls) {
        Ok(message) => message,
        Err(error) => return Some(BindingError::Wire(error)),
    };
    let declared = I::DESCRIPTOR.message(I::number(&message)).expect("it was decoded");
    match (header, declared.kind) {
        (Header::OneWay, MessageKind::OneWay) => Some(BindingError::Unhandled(declared.name)),
        (Header::Call(_), MessageKind::Call) => None,
        _ => Some(BindingError::StrayResponse),
    }
}

/// How a number of conversations went.
#[derive(Default)]
struct Tally {
    packets: u64,
    fatal: u64,
    wire: u64,
}

/// One conversation. Everything is sent before the binding looks, so that it could take too much.
fn converse<I: Interface>(
    mut victim: Victim<I::Binding<Told>>,
    messages: &[Message],
    random: &mut Random,
    tally: &mut Tally,
) {
    let count = 1 + random.below(PACKETS_MAX);
    let packets: Vec<_> = (0..count).map(|_| packet(messages, &victim.holder, random)).collect();
    let outcomes: Vec<_> = packets.iter().map(expected::<I>).collect();
    let fatal = outcomes.iter().position(|outcome| outcome.is_some_and(BindingError::is_fatal));
    let taken = fatal.map_or(count, |index| index + 1);
    let sent = format!("{packets:?}");
    for packet in packets {
        victim.tap.send(packet);
    }
    victim.settle();

    let told: Told = outcomes[..taken].iter().flatten().copied().collect();
    assert_eq!(victim.told(), told, "{sent}");
    assert_eq!(victim.binding.is_closed(), fatal.is_some(), "{sent}");
    let failed_calls = outcomes[..taken].iter().filter(|outcome| outcome.is_none()).count();
    assert_eq!(victim.tap.answers(), vec![None; failed_calls], "callers are told");
    tally.packets += taken as u64;
    tally.fatal += u64::from(fatal.is_some());
    tally.wire += told.iter().filter(|error| matches!(error, BindingError::Wire(_))).count() as u64;
}

/// Conversations over bindings of `I` whose halves are of `J`.
macro_rules! converse_over {
    ($($interface:path, $half:path;)*) => { $({
        use $interface as interface;
        use $half as half;
        type Binding = interface::Binding<Told>;
        let name = interface::NAME;
        let mut random = Random::of(name);
        let mut tally = Tally::default();
        let messages = messages::<interface::Interface>();
        for _ in 0..setting("ROUNDS", ROUNDS) {
            let room = usize::MAX;
            let unhandled = &interface::RxVtbl::UNHANDLED;
            let victim = Victim::<Binding>::new::<half::Interface>(room, unhandled);
            converse::<interface::Interface>(victim, &messages, &mut random, &mut tally);
        }
        let Tally { packets, fatal, wire } = tally;
        println!("{name:<12} {packets:>6} packets, {fatal:>4} bindings ended, {wire:>4} by bytes");
        assert!(wire > 0 && fatal > wire, "{name}: too few of either kind of end");
    })* };
}

#[test]
fn a_binding_survives_whatever_its_peer_sends() {
    use crate::forms::every;
    use flounder_idl::{intermon, monitor, nameservice, proc_mgmt, spawn};
    converse_over! {
        intermon, intermon;
        monitor, monitor;
        nameservice, nameservice;
        proc_mgmt, proc_mgmt;
        spawn, spawn;
        every, every;
        near, near;
        // As another crate has it: the bytes are encoded and decoded twice more.
        near, far::probe;
    }
}

type Probed = near::Binding<Told>;

fn probed(room: usize) -> Victim<Probed> {
    Victim::<Probed>::new::<near::Interface>(room, &near::RxVtbl::UNHANDLED)
}

fn answer(call: CallId, number: u64) -> Packet<Raw> {
    let rpc = near::DESCRIPTOR.messages.iter().find(|message| message.name == "same_response");
    let raw = Raw {
        number: rpc.expect("the probe has it").number,
        bytes: number.to_le_bytes().to_vec(),
        caps: Vec::new(),
    };
    Packet::Message { header: Header::Response(call), message: raw }
}

#[test]
fn answers_in_any_order_but_each_once() {
    let mut victim = probed(usize::MAX);
    let calls: Vec<_> = (0..3).map(|number| victim.binding.same(near::Same { number })).collect();
    let calls: Vec<_> = calls.into_iter().map(|call| call.expect("there is room")).collect();
    let sent = victim.tap.answers().into_iter().flatten();
    let ids: Vec<_> = sent
        .map(|(header, _)| match header {
            Header::Call(id) => id,
            other => panic!("a call was made, not {other:?}"),
        })
        .collect();
    for index in [2, 0] {
        victim.tap.send(answer(ids[index], index as u64));
    }
    victim.settle();
    assert_eq!(victim.told(), []);
    victim.tap.send(answer(ids[0], 0));
    victim.tap.send(answer(ids[1], 1));
    victim.settle();
    assert_eq!(victim.told(), [BindingError::StrayResponse], "answered twice");
    let outcomes = calls.into_iter().map(|call| {
        let answer = victim.dispatcher.block_on(call);
        answer.map(|answer| answer.number_again)
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), [Ok(0), Err(RpcError::Closed), Ok(2)]);
}

#[test]
fn calls_that_nobody_can_answer_end_at_their_limit() {
    let mut victim = probed(0);
    let calls_max = flounder::BindOptions::CALLS_MAX.get();
    let number = near::DESCRIPTOR.messages.iter().find(|message| message.name == "same_call");
    let number = number.expect("the probe has it").number;
    for slot in 0..=u64::from(calls_max) {
        let raw = Raw { number, bytes: slot.to_le_bytes().to_vec(), caps: Vec::new() };
        let header = Header::Call(CallId::from_number(slot));
        victim.tap.send(Packet::Message { header, message: raw });
    }
    victim.settle();
    assert_eq!(victim.told(), [BindingError::TooManyCalls]);
    assert_eq!(victim.tap.received(), u64::from(calls_max) + 1);
    assert!(victim.binding.is_closed());
}
