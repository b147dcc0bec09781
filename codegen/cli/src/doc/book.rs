//! What pages tell, whatever they look like.

use std::collections::BTreeMap;

use flounder_codegen::Sources;
use flounder_codegen::describe::{
    Arg, ArgType, Builtin, Description, Interface, Message, Type, TypeId, TypeKind, TypeUse,
};

use crate::show::plural;

/// Arguments of more columns than this have a line each.
const SIGNATURE_COLUMNS_MAX: usize = 64;

/// All pages of a run.
#[derive(Debug)]
pub(super) struct Book<'a> {
    pub(super) description: &'a Description,
    pub(super) pages: Vec<Page<'a>>,
    /// The page of each type.
    homes: BTreeMap<TypeId, String>,
}

/// A page: of an interface, or of the types of an import.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// Its file's name without the extension.
    pub(super) stem: String,
    /// What it is about.
    pub(super) name: &'a str,
    /// The files it tells of.
    pub(super) files: Vec<&'a str>,
    pub(super) interface: Option<&'a Interface>,
    pub(super) types: Vec<&'a Type>,
}

impl<'a> Book<'a> {
    pub(super) fn new(description: &'a Description, sources: &'a Sources) -> Self {
        let (mut pages, mut homes) = (Vec::<Page<'_>>::new(), BTreeMap::new());
        for import in &description.imports {
            let (stem, path) = (stem(&import.rust), sources.path(import.file));
            homes.extend(import.types.iter().map(|id| (*id, stem.clone())));
            let types = import.types.iter().map(|id| description.get(*id));
            match pages.iter_mut().find(|page| page.stem == stem) {
                Some(page) => {
                    page.files.push(path);
                    page.types.extend(types);
                }
                None => pages.push(Page {
                    stem,
                    name: &import.name,
                    files: vec![path],
                    interface: None,
                    types: types.collect(),
                }),
            }
        }
        for interface in &description.interfaces {
            let stem = stem(&interface.rust);
            homes.extend(interface.types.iter().map(|id| (*id, stem.clone())));
            pages.push(Page {
                stem,
                name: &interface.name,
                files: vec![sources.path(interface.span.file)],
                interface: Some(interface),
                types: interface.types.iter().map(|id| description.get(*id)).collect(),
            });
        }
        Self { description, pages, homes }
    }

    /// Where a page links to for a type.
    pub(super) fn link(&self, page: &Page<'_>, id: TypeId, extension: &str) -> String {
        let name = &self.description.get(id).name;
        match self.homes.get(&id).filter(|home| **home != page.stem) {
            Some(home) => format!("{home}.{extension}#type-{name}"),
            None => format!("#type-{name}"),
        }
    }
}

impl Page<'_> {
    /// What the page is about, in a line.
    pub(super) fn kind(&self) -> &'static str {
        if self.interface.is_some() { "Interface" } else { "Types" }
    }
}

/// A module's name as a file's: no keyword needs escaping there.
fn stem(rust: &str) -> String {
    rust.trim_start_matches("r#").to_owned()
}

/// The declared type that is written first in a declaration, if one is.
pub(super) fn declared(ty: Option<TypeUse>) -> Option<TypeId> {
    match ty? {
        TypeUse::Builtin(_) => None,
        TypeUse::Declared(id) => Some(id),
    }
}

/// The type and the rest of what was written: `coreid` and ` core`, `String` and ` text[64]`.
pub(super) fn split(declaration: &str) -> (&str, &str) {
    declaration.split_at(declaration.find(' ').unwrap_or(declaration.len()))
}

/// What a typedef stands for: the type, and how many of it.
pub(super) fn target(ty: &Type) -> Option<(TypeUse, String)> {
    match ty.kind {
        TypeKind::Typedef(target) => Some((target, String::new())),
        TypeKind::Array { elem, length } => Some((elem, format!("[{length}]"))),
        TypeKind::Struct(_) | TypeKind::Enum(_) => None,
    }
}

/// The declaration of a message, whose arguments `show` writes; on several lines if it is long.
pub(super) fn signature(message: &Message, show: impl Fn(&Arg) -> String) -> String {
    let (kind, name) = (message.kind(), &message.name);
    let args: Vec<_> = message
        .parameters()
        .map(|(way, arg)| way.map_or(String::new(), |way| format!("{way} ")) + &show(arg))
        .collect();
    // What is shown may be longer than what is seen.
    let seen = message.parameters().map(|(way, arg)| way.map_or(0, str::len) + arg.declared.len());
    if seen.sum::<usize>() > SIGNATURE_COLUMNS_MAX {
        format!("{kind} {name}(\n    {}\n);", args.join(",\n    "))
    } else {
        format!("{kind} {name}({});", args.join(", "))
    }
}

/// What holds for the values of an argument.
pub(super) fn limit(arg: &Arg) -> String {
    match arg.ty {
        ArgType::String { bytes_max } => format!("at most {bytes_max} bytes"),
        ArgType::List { max, .. } => format!("at most {max} elements"),
        ArgType::Value(TypeUse::Builtin(Builtin::GiveAwayCap)) => "moves".to_owned(),
        ArgType::Value(_) => String::new(),
    }
}

/// What follows from a type for those that use it.
pub(super) fn size(ty: &Type) -> String {
    let Type { bytes, caps, .. } = ty;
    let padding = match ty.kind {
        TypeKind::Typedef(_) | TypeKind::Enum(_) => "",
        TypeKind::Array { .. } | TypeKind::Struct(_) => " without padding",
    };
    let size = format!("{bytes} byte{}{padding}", plural(*bytes));
    if *caps == 0 { size } else { format!("{size}, and {caps} cap{}", plural(*caps)) }
}
