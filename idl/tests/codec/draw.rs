//! Messages as bytes, written by the rules of the wire and not by the codec.

use flounder::{Cap, DomainId, Holder};

use crate::declared::{Form, Leaf, Message};
use crate::random::Random;

/// Decides what the values of a message are.
pub(crate) trait Choose {
    /// A value of a leaf, as its bits; what is above its size is cut off.
    fn value(&mut self, leaf: Leaf) -> u64;
    /// How long a string or array with this maximum is.
    fn length(&mut self, max: usize) -> usize;
    /// Text of exactly this many bytes.
    fn text(&mut self, bytes: usize) -> String {
        "\u{7f}".repeat(bytes)
    }
}

/// The least of everything.
pub(crate) struct Least;

impl Choose for Least {
    fn value(&mut self, _: Leaf) -> u64 {
        0
    }

    fn length(&mut self, _: usize) -> usize {
        0
    }
}

/// The most of everything.
pub(crate) struct Most;

impl Choose for Most {
    fn value(&mut self, leaf: Leaf) -> u64 {
        leaf.most()
    }

    fn length(&mut self, max: usize) -> usize {
        max
    }
}

/// All bits of one value are 1, which is -1 where there is a sign, and those of its neighbours 0; or
/// the other way round. Strings and arrays have two elements.
pub(crate) struct Alone {
    pub(crate) at: usize,
    pub(crate) is_one: bool,
    pub(crate) seen: usize,
}

impl Choose for Alone {
    fn value(&mut self, leaf: Leaf) -> u64 {
        let is_at = self.at == self.seen;
        self.seen += 1;
        if is_at == self.is_one { leaf.most() } else { 0 }
    }

    fn length(&mut self, max: usize) -> usize {
        max.min(2)
    }
}

/// Anything, with a liking for what is at and beside the limits.
impl Choose for Random {
    fn value(&mut self, leaf: Leaf) -> u64 {
        let most = leaf.most();
        let middle = most / 2;
        let any = self.next();
        let edges =
            [0, 1, 2, middle.saturating_sub(1), middle, middle + 1, most.saturating_sub(1), most];
        let edge = self.one_of(&edges);
        let value = self.one_of(&[edge, any]);
        if most == u64::MAX { value } else { value % (most + 1) }
    }

    fn length(&mut self, max: usize) -> usize {
        let any = self.below(max + 1);
        self.one_of(&[0, max.min(1), max.saturating_sub(1), max, any])
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::new();
        while text.len() < bytes {
            let next = self.one_of(&['a', '\u{1}', '"', 'é', '€', '😀']);
            text.push(if text.len() + next.len_utf8() > bytes { '.' } else { next });
        }
        text
    }
}

/// Where a length stands in the bytes, and the most it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LengthAt {
    pub(crate) at: usize,
    pub(crate) max: usize,
}

/// Bytes that make the message one with a value that its type doesn't have.
#[derive(Clone, Debug)]
pub(crate) struct Spoilt {
    pub(crate) at: usize,
    pub(crate) bytes: Vec<u8>,
}

/// So many places of a message are spoilt: an array has the same one over and over.
const SPOILT_MAX: usize = 100;

/// A message as it travels.
#[derive(Default, Debug)]
pub(crate) struct Sample {
    pub(crate) bytes: Vec<u8>,
    pub(crate) caps: usize,
    pub(crate) lengths: Vec<LengthAt>,
    pub(crate) spoilt: Vec<Spoilt>,
    /// What a person would see of each argument, in textual order: its numbers and texts.
    pub(crate) shown: Vec<Vec<String>>,
}

impl Sample {
    /// Draws a message: arguments of fixed size first, then strings and arrays.
    pub(crate) fn of(message: &Message, choose: &mut dyn Choose) -> Self {
        let mut sample = Self::default();
        sample.shown.resize(message.arguments.len(), Vec::new());
        let arguments = || message.arguments.iter().enumerate();
        for (index, form) in arguments() {
            if let Form::Fixed(leaves) = form {
                sample.leaves(index, leaves, choose);
            }
        }
        for (index, form) in arguments() {
            match form {
                Form::Fixed(_) => {}
                Form::Text(max) => sample.text(index, *max, choose),
                Form::List(leaves, max) => {
                    let count = sample.length(*max, choose);
                    (0..count).for_each(|_| sample.leaves(index, leaves, choose));
                }
            }
        }
        sample
    }

    /// Caps for the message, each of which tells which one it is.
    pub(crate) fn make_caps(&self, holder: &Holder) -> Vec<Cap> {
        (1..=self.caps as u64).map(|number| holder.vnode(DomainId(number))).collect()
    }

    fn leaves(&mut self, argument: usize, leaves: &[Leaf], choose: &mut dyn Choose) {
        for &leaf in leaves {
            if leaf == Leaf::Cap {
                self.caps += 1;
                continue;
            }
            let value = choose.value(leaf);
            self.put(value, leaf.bytes());
            if matches!(leaf, Leaf::Bool | Leaf::Enum(_)) {
                self.spoil(leaf.bytes(), leaf.most() + 1);
                self.spoil(leaf.bytes(), u64::MAX);
            }
            self.shown[argument].extend(shown(leaf, value));
        }
    }

    fn text(&mut self, argument: usize, max: usize, choose: &mut dyn Choose) {
        let length = self.length(max, choose);
        let text = choose.text(length);
        self.bytes.extend_from_slice(text.as_bytes());
        if length > 0 {
            self.spoil(1, 0);
            self.spoil(1, 0xff);
        }
        self.shown[argument].push(format!("{text:?}"));
    }

    fn length(&mut self, max: usize, choose: &mut dyn Choose) -> usize {
        let length = choose.length(max);
        self.put(length as u64, 4);
        self.lengths.push(LengthAt { at: self.bytes.len() - 4, max });
        length
    }

    /// Notes that the last `bytes` bytes must not be those of `value`.
    fn spoil(&mut self, bytes: usize, value: u64) {
        if self.spoilt.len() < SPOILT_MAX {
            let at = self.bytes.len() - bytes;
            self.spoilt.push(Spoilt { at, bytes: value.to_le_bytes()[..bytes].to_vec() });
        }
    }

    /// Puts the lowest `bytes` bytes of a value at the next multiple of their number.
    fn put(&mut self, value: u64, bytes: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(bytes), 0);
        self.bytes.extend_from_slice(&value.to_le_bytes()[..bytes]);
    }
}

/// How a value shows itself, if not by a name.
fn shown(leaf: Leaf, value: u64) -> Option<String> {
    match leaf {
        Leaf::Unsigned(_) => Some(value.to_string()),
        Leaf::Signed(bytes) => {
            // The sign is the highest bit of its bytes.
            let unused = 64 - 8 * bytes;
            Some(((value << unused).cast_signed() >> unused).to_string())
        }
        Leaf::Bool => Some((value == 1).to_string()),
        Leaf::Error | Leaf::Enum(_) | Leaf::Cap => None,
    }
}
