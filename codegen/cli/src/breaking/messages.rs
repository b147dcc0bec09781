//! What changed in an interface: its name, its messages, their arguments.

use std::collections::BTreeMap;

use flounder_codegen::Span;
use flounder_codegen::describe::{Arg, ArgType, Interface, Message, Packet};

use super::change::{Place, Source, Wire};
use super::compare::{Comparison, Difference, both};
use super::lists::{Entry, Kind, List};
use super::pairing::pair;
use crate::changes::Code;

const ARGUMENTS: Kind = Kind {
    what: "argument",
    removed: Code::ArgumentRemoved,
    added: Code::ArgumentAdded,
    renamed: Code::ArgumentRenamed,
    moved: Code::ArgumentMoved,
};

impl Comparison<'_> {
    pub(super) fn interface(&mut self, old: &Interface, new: &Interface) {
        if old.name != new.name {
            self.change(
                Code::InterfaceRenamed,
                format!("interface `{}` was renamed to `{}`", old.name, new.name),
                both(old.span, new.span),
                (Wire::Refused, Source::of(old.rust != new.rust)),
            );
        }
        let pairing = pair(&message_names(old), &message_names(new), |i, j| {
            is_renamed((i, &old.messages[i]), (j, &new.messages[j]))
        });
        for index in pairing.removed {
            let message = &old.messages[index];
            self.change(
                Code::MessageRemoved,
                format!("{} `{}` was removed", message.kind(), message.name),
                both(message.span, new.span),
                (Wire::Refused, Source::Everybody),
            );
        }
        for index in pairing.added {
            let message = &new.messages[index];
            self.change(
                Code::MessageAdded,
                format!("{} `{}` was added", message.kind(), message.name),
                Place::New(message.span),
                (Wire::Refused, Source::Handlers),
            );
        }
        for (i, j) in pairing.moved {
            let (old, new) = (&old.messages[i], &new.messages[j]);
            let (before, after) = (old.call.number, new.call.number);
            self.change(
                Code::MessageMoved,
                format!("`{}` was moved: its number was {before} and is {after}", new.name),
                both(old.span, new.span),
                (Wire::Refused, Source::Nobody),
            );
        }
        for (i, j) in pairing.kept {
            self.message(&old.messages[i], &new.messages[j]);
        }
    }

    fn message(&mut self, old: &Message, new: &Message) {
        let place = both(old.span, new.span);
        if old.name != new.name {
            self.change(
                Code::MessageRenamed,
                format!("{} `{}` was renamed to `{}`", old.kind(), old.name, new.name),
                place,
                (Wire::Refused, Source::of(old.rust != new.rust)),
            );
        }
        if old.kind() != new.kind() {
            let became = if new.response.is_some() { "an rpc" } else { "a message" };
            self.change(
                Code::MessageKind,
                format!("{} `{}` became {became}", old.kind(), new.name),
                place,
                (Wire::Refused, Source::Everybody),
            );
            return;
        }
        let turned = self.directions(old, new);
        for (old_packet, new_packet) in old.packets().zip(new.packets()) {
            let old_args = Args::new(old_packet, &turned);
            let new_args = Args::new(new_packet, &turned);
            self.arguments((old, &old_args), (new, &new_args));
        }
    }

    /// Reports the arguments that went from the call to the response or back; returns their names.
    fn directions(&mut self, old: &Message, new: &Message) -> Vec<String> {
        let mut ways = BTreeMap::new();
        for (way, packet) in old.packets().enumerate() {
            ways.extend(packet.args.iter().map(|arg| (&arg.name, (way, arg.span))));
        }
        let is_seen = !old.packets().map(wire).eq(new.packets().map(wire));
        let mut turned = Vec::new();
        for (way, packet) in new.packets().enumerate() {
            for arg in &packet.args {
                let Some((_, span)) = ways.get(&arg.name).filter(|(before, _)| *before != way)
                else {
                    continue;
                };
                let (before, after) = if way == 0 { ("out", "in") } else { ("in", "out") };
                self.change(
                    Code::ArgumentDirection,
                    format!(
                        "argument `{}` of `{}` was `{before}` and is `{after}`",
                        arg.name, new.name
                    ),
                    both(*span, arg.span),
                    (Wire::of(is_seen), Source::Everybody),
                );
                turned.push(arg.name.clone());
            }
        }
        turned
    }

    fn arguments(
        &mut self,
        (old, old_args): (&Message, &Args<'_>),
        (new, new_args): (&Message, &Args<'_>),
    ) {
        let wire = Wire::of(old_args.wire != new_args.wire);
        let (before, after) = (old_args.list(old.span), new_args.list(new.span));
        let pairing = pair(&before.names(), &after.names(), |i, j| {
            i == j && self.argument_difference(old_args.args[i], new_args.args[j]).1.is_none()
        });
        self.list((&ARGUMENTS, &new.name, wire), (&before, &after), &pairing);
        for (i, j) in pairing.kept {
            self.argument((new, wire), old_args.args[i], new_args.args[j]);
        }
    }

    /// Reports what changed about an argument; `seen` is what a change on the wire does there.
    fn argument(&mut self, (message, seen): (&Message, Wire), old: &Arg, new: &Arg) {
        let (difference, code) = self.argument_difference(old, new);
        let Some(code) = code else { return };
        let (before, after) = (&old.declared, &new.declared);
        let of = format!("argument `{}` of `{}`", new.name, message.name);
        self.change(
            code,
            format!("{of} was declared `{before}` and is `{after}`"),
            both(old.span, new.span),
            (if difference.wire { seen } else { Wire::Same }, Source::of(difference.source)),
        );
    }

    /// How the type of an argument differs, and what that is called if it does.
    fn argument_difference(&self, old: &Arg, new: &Arg) -> (Difference, Option<Code>) {
        let bound = Difference { wire: true, source: false };
        let (difference, code) = match (old.ty, new.ty) {
            (ArgType::Value(old), ArgType::Value(new)) => {
                (self.difference(old, new), Code::ArgumentType)
            }
            (ArgType::List { elem: a, max: before }, ArgType::List { elem: b, max: after }) => {
                match self.difference(a, b) {
                    Difference::NONE if before != after => (bound, Code::ArgumentBound),
                    difference => (difference, Code::ArgumentType),
                }
            }
            (ArgType::String { bytes_max: a }, ArgType::String { bytes_max: b }) => {
                (if a == b { Difference::NONE } else { bound }, Code::ArgumentBound)
            }
            _ => (Difference { wire: true, source: true }, Code::ArgumentType),
        };
        (difference, (difference != Difference::NONE).then_some(code))
    }
}

/// The arguments of a packet that kept their direction.
struct Args<'a> {
    args: Vec<&'a Arg>,
    /// What the fingerprint says of the whole packet.
    wire: Vec<&'a str>,
}

impl<'a> Args<'a> {
    fn new(packet: &'a Packet, turned: &[String]) -> Self {
        let args = packet.args.iter().filter(|arg| !turned.contains(&arg.name)).collect();
        Self { args, wire: wire(packet) }
    }

    fn list(&self, owner: Span) -> List<'a> {
        let entry = |arg: &&'a Arg| Entry { name: &arg.name, rust: &arg.rust, span: arg.span };
        List { owner, entries: self.args.iter().map(entry).collect() }
    }
}

/// What the fingerprint says of a packet.
fn wire(packet: &Packet) -> Vec<&str> {
    packet.args.iter().map(|arg| arg.wire.as_str()).collect()
}

fn message_names(interface: &Interface) -> Vec<&str> {
    interface.messages.iter().map(|message| message.name.as_str()).collect()
}

/// A message is another one renamed if it has the same arguments, or none and the same place.
fn is_renamed((i, old): (usize, &Message), (j, new): (usize, &Message)) -> bool {
    let has_args = old.packets().any(|packet| !packet.args.is_empty());
    old.kind() == new.kind() && args(old).eq(args(new)) && (has_args || i == j)
}

/// The arguments by name, and by what the fingerprint says of them.
fn args(message: &Message) -> impl Iterator<Item = (&str, &str)> {
    let args = message.packets().flat_map(|packet| &packet.args);
    args.map(|arg| (arg.name.as_str(), arg.wire.as_str()))
}
