//! The plan of a run, top down: modules, interfaces, messages, arguments.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};

use super::docs::{Docs, a, capitalized};
use super::types::{View, renamed};
use super::{
    Arg, Form, Home, Interface, Message, MessageDocs, MessageKind, Place, Plan, Rpc, TypesModule,
    fingerprint, memory, reexports, size,
};
use crate::model::{self, ArgKind, Builtin, Model, TypeId, TypeKind, TypeRef};
use crate::names::{self, CALL, RESPONSE};
use crate::source::{FileId, Sources};
use crate::style::Style;

/// The first message has this number; lower ones belong to the runtime.
const NUMBER_MIN: u16 = 3;

/// Plans the bindings of a checked run.
pub(crate) fn plan(model: &Model, sources: &Sources, style: &Style) -> Plan {
    share(model, sources, style, (0, 1))
}

/// Plans every `count`th interface from the one with this index on. The first share has the modules of
/// the imports too.
pub(crate) fn share(
    model: &Model,
    sources: &Sources,
    style: &Style,
    (index, count): (usize, usize),
) -> Plan {
    let home = |import: &model::Import| {
        let stem = sources.stem(import.file);
        let home = match style.externs.get(stem) {
            Some(path) => Home::Extern(path.clone()),
            None => Home::Module(names::snake(stem)),
        };
        (import.file, home)
    };
    let homes = model.imports.iter().map(home).collect();
    let planner = Planner { model, sources, style, homes };
    let modules = if index == 0 { planner.types_modules() } else { Vec::new() };
    let interfaces = model.interfaces.iter().skip(index).step_by(count);
    let mut interfaces: Vec<_> = interfaces.map(|it| planner.interface(it)).collect();
    interfaces.sort_by(|a, b| a.name.cmp(&b.name));
    Plan { modules, interfaces }
}

struct Planner<'a> {
    model: &'a Model,
    sources: &'a Sources,
    style: &'a Style,
    homes: BTreeMap<FileId, Home>,
}

impl Planner<'_> {
    /// One module per name: imports of one name from several folders share theirs. Those that
    /// another crate has are left out.
    fn types_modules(&self) -> Vec<TypesModule> {
        let mut modules: BTreeMap<&Ident, TypesModule> = BTreeMap::new();
        for import in &self.model.imports {
            let home = &self.homes[&import.file];
            let Home::Module(name) = home else { continue };
            let stem = self.sources.stem(import.file);
            let module = modules.entry(name).or_insert_with(|| TypesModule {
                name: name.clone(),
                file: names::file(stem),
                source: format!("{stem}.if"),
                docs: Docs::text(format!("The types of `{stem}.if`.")),
                types: Vec::new(),
            });
            let view = self.view(Some(home));
            module.types.extend(import.types.iter().map(|id| view.type_def(*id, stem)));
        }
        modules.into_values().collect()
    }

    fn view<'v>(&'v self, here: Option<&'v Home>) -> View<'v> {
        View { model: self.model, homes: &self.homes, here }
    }

    fn interface(&self, interface: &model::Interface) -> Interface {
        let name = &interface.name;
        let view = self.view(None);
        let mut halves = Halves {
            interface: name,
            view: &view,
            next: NUMBER_MIN,
            list: Vec::new(),
            wire: fingerprint::head(name),
        };
        let mut rpcs = Vec::new();
        for message in &interface.messages {
            match &message.kind {
                model::MessageKind::OneWay(args) => halves.one_way(message, args),
                model::MessageKind::Rpc { call, response } => {
                    halves.rpc(message, call, response);
                    rpcs.push(rpc(&message.name));
                }
            }
        }
        let description = interface.description.clone().unwrap_or_default();
        let docs = Docs::first_of(&[&interface.docs, &sentence(&description)]);
        Interface {
            module: names::snake(name),
            file: names::file(name),
            source: format!("{}.if", self.sources.stem(interface.file)),
            docs: docs.unwrap_or_else(|| Docs::text(format!("The interface `{name}`."))),
            name: name.clone(),
            fingerprint: fingerprint::fingerprint(&halves.wire),
            bytes_max: halves.list.iter().map(|half| half.bytes_max).max().unwrap_or(0),
            types: interface.types.iter().map(|id| view.type_def(*id, name)).collect(),
            reexports: self.reexports(interface, &halves.list, &rpcs),
            messages: halves.list,
            rpcs,
            is_client: !self.style.without_client,
            is_server: !self.style.without_server,
            description,
        }
    }

    fn reexports(
        &self,
        interface: &model::Interface,
        messages: &[Message],
        rpcs: &[Rpc],
    ) -> Vec<super::Reexport> {
        let types = |ids: &mut dyn Iterator<Item = TypeId>| {
            ids.map(|id| names::camel(&self.model.get(id).name)).collect::<Vec<_>>()
        };
        let Style { without_client, without_server, .. } = *self.style;
        let futures = rpcs.iter().map(|rpc| rpc.future.clone()).filter(|_| !without_client);
        let tokens = rpcs.iter().map(|rpc| rpc.reply.clone()).filter(|_| !without_server);
        let mut offered = vec![
            (Place::Calls, futures.collect()),
            (Place::Messages, messages.iter().map(|message| message.name.clone()).collect()),
            (Place::Replies, tokens.collect()),
            (Place::Types, types(&mut interface.types.iter().copied())),
        ];
        let mut imported: BTreeMap<&Home, Vec<TypeId>> = BTreeMap::new();
        for id in self.used(interface) {
            if let Some(home) = self.homes.get(&self.model.get(id).file) {
                imported.entry(home).or_default().push(id);
            }
        }
        for (home, ids) in imported {
            offered.push((Place::Import(home.clone()), types(&mut ids.into_iter())));
        }
        reexports::reexports(offered)
    }

    /// Every declared type that values of the interface are made of.
    fn used(&self, interface: &model::Interface) -> BTreeSet<TypeId> {
        let mut open: Vec<TypeRef> =
            interface.types.iter().copied().map(TypeRef::Declared).collect();
        for message in &interface.messages {
            let (first, second) = match &message.kind {
                model::MessageKind::OneWay(args) => (args.as_slice(), &[][..]),
                model::MessageKind::Rpc { call, response } => (&call[..], &response[..]),
            };
            open.extend(first.iter().chain(second).filter_map(|arg| match arg.kind {
                ArgKind::Value(ty) | ArgKind::List { elem: ty, .. } => Some(ty),
                ArgKind::String { .. } => None,
            }));
        }
        let mut used = BTreeSet::new();
        while let Some(ty) = open.pop() {
            let TypeRef::Declared(id) = ty else { continue };
            if used.insert(id) {
                match &self.model.get(id).kind {
                    TypeKind::Typedef(ty) | TypeKind::Array { elem: ty, .. } => open.push(*ty),
                    TypeKind::Struct(fields) => open.extend(fields.iter().map(|field| field.ty)),
                    TypeKind::Enum(_) => (),
                }
            }
        }
        used
    }
}

/// The messages of an interface, numbered as they are added.
struct Halves<'a> {
    interface: &'a str,
    view: &'a View<'a>,
    next: u16,
    list: Vec<Message>,
    /// The canonical text so far.
    wire: String,
}

impl Halves<'_> {
    fn one_way(&mut self, message: &model::Message, args: &[model::Arg]) {
        let name = &message.name;
        let docs = MessageDocs {
            message: Docs::of(&message.docs, || format!("The message `{name}`.")),
            variant: Docs::text(format!("{}.", capitalized(&a(name)))),
            send: Docs::text(format!("Sends `{name}`.")),
            method: Docs::action(&format!("Sends `{name}`"), &message.docs, "")
                .and("# Errors")
                .and(
                    "[`TxError`](::flounder::TxError) hands the message back: an argument is too \
                 large, the channel is full or closed.",
                ),
        };
        self.add(MessageKind::OneWay, name.clone(), names::camel(name), docs, args);
    }

    fn rpc(&mut self, rpc: &model::Message, call: &[model::Arg], response: &[model::Arg]) {
        let name = &rpc.name;
        let docs = MessageDocs {
            message: Docs::of(&rpc.docs, || format!("The call of `{name}`.")),
            variant: Docs::text(format!("The call of `{name}`.")),
            send: Docs::text(format!("Sends the call of `{name}`.")),
            method: Docs::action(
                &format!("Calls `{name}`"),
                &rpc.docs,
                " The call is sent at once.",
            )
            .and("# Errors")
            .and(
                "[`CallError`](::flounder::CallError) hands the message back: an argument is \
                     too large, the channel is full or closed, or too many calls are outstanding.",
            ),
        };
        let call_name = names::camel(name);
        let answers = Docs::text(format!("Answers [`{call_name}`]."));
        self.add(MessageKind::Call, names::suffixed(name, CALL), call_name, docs, call);
        let docs = MessageDocs {
            message: answers,
            variant: Docs::text(format!("The response of `{name}`.")),
            send: Docs::text(format!("Sends the response of `{name}`.")),
            method: Docs::default(),
        };
        let wire_name = names::suffixed(name, RESPONSE);
        let rust = names::camel(&wire_name);
        self.add(MessageKind::Response, wire_name, rust, docs, response);
    }

    fn add(
        &mut self,
        kind: MessageKind,
        wire_name: String,
        name: Ident,
        docs: MessageDocs,
        args: &[model::Arg],
    ) {
        let model = self.view.model;
        self.wire += &fingerprint::message(self.next, &wire_name, kind, args, model);
        self.list.push(Message {
            entry: names::snake(&wire_name),
            path: format!("{}.{wire_name}", self.interface),
            attributes: TokenStream::new(),
            wire_name,
            number: self.next,
            kind,
            lint: (name == "New").then_some("new_ret_no_self"),
            docs,
            bytes_max: size::bytes_max(model, args),
            boxed: memory::is_boxed(model, args),
            args: args.iter().map(|arg| argument(self.view, arg)).collect(),
            name,
        });
        // The checker refuses interfaces with more messages than there are numbers.
        self.next = self.next.saturating_add(1);
    }
}

fn rpc(name: &str) -> Rpc {
    let (call, response) = (names::camel(name), names::camel(&names::suffixed(name, RESPONSE)));
    let link = format!("[`{response}`](super::messages::{response})");
    let article = if a(&response.to_string()).starts_with("an") { "an" } else { "a" };
    Rpc {
        method: names::snake(name),
        future: names::camel(&names::suffixed(name, CALL)),
        future_docs: Docs::text(format!(
            "{} under way: a future of {link}.",
            capitalized(&a(name))
        )),
        reply: names::camel(&names::suffixed(name, "reply")),
        reply_docs: Docs::text(format!("Answers {} with {article} {link}.", a(name))),
        call,
        response,
    }
}

fn argument(view: &View<'_>, arg: &model::Arg) -> Arg {
    let (ty, form, caps) = match arg.kind {
        ArgKind::Value(ty) => (view.type_of(ty), Form::Value, view.caps(ty)),
        ArgKind::String { bound } => {
            (super::Type::String, Form::String(bound - 1), super::Caps::None)
        }
        ArgKind::List { elem, max } => {
            let list = super::Type::Vec(Box::new(view.type_of(elem)));
            (list, Form::List(max), super::Caps::None)
        }
    };
    let name = names::snake(&arg.name);
    Arg {
        docs: argument_docs(arg, &name),
        name,
        wire_name: arg.name.clone(),
        declared: arg.ty.clone(),
        ty,
        caps,
        form,
    }
}

/// What an argument is: its comment, then its declaration and what that means.
fn argument_docs(arg: &model::Arg, name: &Ident) -> Docs {
    let declared = &arg.declared;
    let declaration = match arg.kind {
        ArgKind::String { bound } => format!("`{declared}`: at most {} bytes.", bound - 1),
        ArgKind::List { max, .. } => format!("`{declared}`: at most {max} elements."),
        ArgKind::Value(TypeRef::Builtin(Builtin::GiveAwayCap)) => {
            format!("`{declared}`: moves to the receiver.")
        }
        ArgKind::Value(_) => format!("`{declared}`"),
    };
    let docs = Docs::of(&arg.docs, String::new);
    let docs = if docs == Docs::text("") { Docs::text(declaration) } else { docs.and(declaration) };
    renamed(docs, &arg.name, &name.to_string())
}

/// A description as the lines of a comment.
fn sentence(description: &str) -> Vec<String> {
    match description.trim() {
        "" => Vec::new(),
        text => format!("{text}.").lines().map(str::to_owned).collect(),
    }
}
