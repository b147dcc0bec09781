//! What arrives and was never sent: cut, grown, with other lengths, numbers and bits. Each is a value
//! or the right error, without a panic and without more memory than the message may take.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use allocation_counter::measure;
use flounder::wire::WireError;
use flounder::{Cap, Interface};

use crate::declared::{Form, Leaf, Message};
use crate::draw::{Least, LengthAt, Most, Sample};
use crate::random::{Random, setting};
use crate::{decode, each_interface, messages};

/// Bit flips per sample, unless `ROUNDS` says otherwise.
const ROUNDS: u64 = 24;
/// A longer message is cut at every few bytes only: each cut costs what is left of it.
const CUT_BYTES_MAX: usize = 8192;
/// The distance of these cuts in bytes, a prime.
const CUT_STEP: usize = 127;
/// So many samples of a message are cut: the least, the most, and a random one.
const CUT_SAMPLES: usize = 3;
/// Random samples per message.
const SAMPLES: usize = 4;
/// Random bytes per message and round are at most so many.
const NOISE_BYTES_MAX: usize = 64;

/// How much was tried, and how it went.
#[derive(Default)]
struct Tally {
    interface: &'static str,
    cuts: u64,
    lengths: u64,
    values: u64,
    numbers: u64,
    flips: u64,
    noise: u64,
    /// What was a message all the same.
    accepted: u64,
    /// The most memory that a decoder had at once, in bytes.
    memory: u64,
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        self.cuts += other.cuts;
        self.lengths += other.lengths;
        self.values += other.values;
        self.numbers += other.numbers;
        self.flips += other.flips;
        self.noise += other.noise;
        self.accepted += other.accepted;
        self.memory = self.memory.max(other.memory);
    }
}

/// How much memory decoding a message may take at once.
#[derive(Clone, Copy)]
struct Limit {
    /// What its values of fixed size take, once on the way in and once in the message.
    fixed: usize,
    /// What its strings and arrays take when they are as long as declared.
    lists: usize,
}

/// A struct with padding takes at most so many times its bytes on the wire: a byte beside 64 bits.
const MEMORY_PER_BYTE: usize = 2;

impl Limit {
    fn of<I: Interface>(message: &Message) -> Self {
        let one = |leaves: &[Leaf]| leaves.iter().map(|leaf| leaf.memory()).sum::<usize>();
        let mut limit = Self { fixed: size_of::<I::Message>(), lists: 0 };
        for form in &message.arguments {
            match form {
                Form::Fixed(leaves) => limit.fixed += 2 * one(leaves),
                Form::Text(max) => limit.lists += max,
                Form::List(leaves, max) => limit.lists += (max + 1) * one(leaves),
            }
        }
        limit
    }

    /// No more than is declared, and no more than is there.
    fn given(self, bytes: usize, caps: usize) -> usize {
        let there = MEMORY_PER_BYTE * bytes + caps * size_of::<Cap>();
        self.fixed + self.lists.min(there)
    }
}

/// A decoder under attack.
struct Victim {
    tally: Tally,
    limits: BTreeMap<u16, Limit>,
}

impl Victim {
    fn of<I: Interface>(messages: &[Message]) -> Self {
        let limits = messages.iter().map(|message| (message.number, Limit::of::<I>(message)));
        let tally = Tally { interface: I::DESCRIPTOR.name, ..Tally::default() };
        Self { tally, limits: limits.collect() }
    }

    /// Decodes with so many null caps beside the bytes.
    fn decode<I: Interface>(
        &mut self,
        number: u16,
        bytes: &[u8],
        caps: usize,
    ) -> Result<(), WireError> {
        let max = self.limits.get(&number).map_or(0, |limit| limit.given(bytes.len(), caps));
        let caps: Vec<_> = std::iter::repeat_with(|| Cap::NULL).take(caps).collect();
        let mut outcome = Ok(());
        let memory = measure(|| outcome = decode::<I>(number, bytes, caps).map(drop)).bytes_max;
        assert!(
            memory <= max as u64,
            "{} {number}: {memory} bytes where {max} may be needed: {bytes:02x?}",
            I::DESCRIPTOR.name
        );
        self.tally.memory = self.tally.memory.max(memory);
        self.tally.accepted += u64::from(outcome.is_ok());
        outcome
    }

    /// The message ends at every byte but its last, goes on, or lost or won a cap.
    fn cut<I: Interface>(&mut self, number: u16, sample: &Sample) {
        let Sample { bytes, caps, .. } = sample;
        let step = if bytes.len() > CUT_BYTES_MAX { CUT_STEP } else { 1 };
        let ends = (0..bytes.len()).step_by(step).chain(bytes.len().checked_sub(1));
        for end in ends {
            self.tally.cuts += 1;
            let refused = self.decode::<I>(number, &bytes[..end], *caps);
            assert_eq!(refused, Err(WireError::Length), "message {number} cut at {end}");
        }
        let longer: Vec<_> = bytes.iter().copied().chain([0]).collect();
        assert_eq!(self.decode::<I>(number, &longer, *caps), Err(WireError::Length));
        assert_eq!(self.decode::<I>(number, bytes, caps + 1), Err(WireError::Caps));
        if let Some(fewer) = caps.checked_sub(1) {
            assert_eq!(self.decode::<I>(number, bytes, fewer), Err(WireError::Caps));
        }
        self.tally.cuts += 2;
    }

    /// Every length field says something else.
    fn plant<I: Interface>(&mut self, number: u16, sample: &Sample) {
        for &LengthAt { at, max } in &sample.lengths {
            let max = max as u64;
            let planted =
                [0, 1, max.saturating_sub(1), max, max + 1, 1 << 31, (1 << 32) - 1, u64::MAX];
            for length in planted {
                let mut bytes = sample.bytes.clone();
                // A length of 64 bits spills into what follows, as if somebody believed in one.
                let width = if length > u64::from(u32::MAX) { 8 } else { 4 };
                let end = bytes.len().min(at + width);
                bytes[at..end].copy_from_slice(&length.to_le_bytes()[..end - at]);
                let outcome = self.decode::<I>(number, &bytes, sample.caps);
                if length > max {
                    assert_eq!(outcome, Err(WireError::Length), "message {number}: {length}");
                }
                self.tally.lengths += 1;
            }
        }
    }

    /// Bools and enumerators are none; texts have a NUL or are no UTF-8.
    fn spoil<I: Interface>(&mut self, number: u16, sample: &Sample) {
        for spoilt in &sample.spoilt {
            let mut bytes = sample.bytes.clone();
            let end = spoilt.at + spoilt.bytes.len();
            bytes[spoilt.at..end].copy_from_slice(&spoilt.bytes);
            let refused = self.decode::<I>(number, &bytes, sample.caps);
            let place = format!("message {number}: {spoilt:?}");
            assert!(matches!(refused, Err(WireError::Value(_))), "{place}: {refused:?}");
            self.tally.values += 1;
        }
    }

    /// The message says that it is another.
    fn renumber<I: Interface>(&mut self, sample: &Sample, last: u16) {
        for number in 0..=last {
            let outcome = self.decode::<I>(number, &sample.bytes, sample.caps);
            if I::DESCRIPTOR.message(number).is_none() {
                assert_eq!(outcome, Err(WireError::Number(number)));
            }
        }
        self.tally.numbers += u64::from(last) + 1;
    }

    /// Some bits are others, up to four.
    fn flip<I: Interface>(&mut self, number: u16, sample: &Sample, random: &mut Random) {
        let mut bytes = sample.bytes.clone();
        if bytes.is_empty() {
            return;
        }
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
        // Whether it is a message or not, nothing panics.
        let _ = self.decode::<I>(number, &bytes, sample.caps);
        self.tally.flips += 1;
    }

    /// Bytes that were never a message.
    fn noise<I: Interface>(&mut self, number: u16, random: &mut Random) {
        let length = random.below(NOISE_BYTES_MAX + 1);
        let bytes: Vec<_> = (0..length).map(|_| random.next().to_le_bytes()[0]).collect();
        let _ = self.decode::<I>(number, &bytes, random.below(6));
        self.tally.noise += 1;
    }
}

fn attack<I: Interface>() -> Tally {
    let mut random = Random::of(I::DESCRIPTOR.name);
    let rounds = setting("ROUNDS", ROUNDS);
    let messages = messages::<I>();
    let mut victim = Victim::of::<I>(&messages);
    for message in &messages {
        let number = message.number;
        let mut samples = vec![Sample::of(message, &mut Least), Sample::of(message, &mut Most)];
        // Every number once; for each message those that are near.
        let last = if number == messages[0].number { u16::MAX } else { u8::MAX.into() };
        victim.renumber::<I>(&samples[0], last);
        samples.extend((0..SAMPLES).map(|_| Sample::of(message, &mut random)));
        for (index, sample) in samples.iter().enumerate() {
            if index < CUT_SAMPLES {
                victim.cut::<I>(number, sample);
            }
            victim.plant::<I>(number, sample);
            victim.spoil::<I>(number, sample);
            (0..rounds).for_each(|_| victim.flip::<I>(number, sample, &mut random));
        }
        (0..rounds).for_each(|_| victim.noise::<I>(number, &mut random));
    }
    victim.tally
}

#[test]
fn hostile_bytes_are_a_value_or_an_error() {
    let mut all = Tally { interface: "all", ..Tally::default() };
    let tallies = each_interface!(attack);
    for tally in &tallies {
        all += tally;
    }
    println!(
        "interface         cuts  lengths  values  numbers   flips   noise  accepted  bytes at once"
    );
    for Tally { interface, cuts, lengths, values, numbers, flips, noise, accepted, memory } in
        tallies.iter().chain([&all])
    {
        println!(
            "{interface:<12} {cuts:>9} {lengths:>8} {values:>7} {numbers:>8} {flips:>7} {noise:>7} \
             {accepted:>9} {memory:>14}"
        );
    }
    assert!(all.accepted > 0, "nothing was a message: the samples are spoilt");
}
