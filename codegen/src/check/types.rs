//! Type declarations.

use super::Checker;
use super::scope::{Meaning, Names, Scope, deprecated};
use crate::ast::{self, Ident, TypeDecl, TypeDeclKind};
use crate::code::Code;
use crate::model::{Enumerator, Field, Type, TypeId, TypeKind, TypeRef};
use crate::names;

/// The most bytes a value of a fixed-size type takes: larger ones would not fit the stacks they are
/// built on. The largest in a published interface has 4,096.
pub(crate) const FIXED_BYTES_MAX: u64 = 1 << 16;

/// The most capabilities a value of a fixed-size type holds: as many as a `CNode`.
pub(crate) const FIXED_CAPS_MAX: u64 = 64;

/// How deep types may be made of one another: what looks at them recurses this far, and rustc twice
/// as far when it asks whether a type is `Send`.
pub(crate) const TYPE_DEPTH_MAX: u32 = 64;

/// Builtins that published platform files alias.
const ALIASED_BUILTINS: [&str; 2] = ["iref", "errval"];

impl Checker<'_> {
    /// Declares the types of a file or an interface in `scope`, for a module of Rust in which
    /// `rust_names` are taken; returns those that are new.
    pub(super) fn types(
        &mut self,
        decls: Vec<TypeDecl>,
        scope: &mut Scope,
        rust_names: &mut Names,
    ) -> Vec<TypeId> {
        let mut ids = Vec::new();
        for decl in decls {
            if self.is_builtin(&decl) {
                continue;
            }
            let meaning = self.meaning(&decl, scope);
            if self.is_redeclared(&decl, &meaning, scope) {
                continue;
            }
            let meaning = match meaning {
                Declared::Meaning(meaning) => meaning,
                Declared::New(kind) => {
                    rust_names.take(&decl.name, names::camel, self.diagnostics);
                    let id = self.declare(&decl, kind);
                    ids.push(id);
                    Meaning::Type(TypeRef::Declared(id))
                }
            };
            scope.declare(&decl.name, meaning);
        }
        ids
    }

    fn declare(&mut self, decl: &TypeDecl, kind: TypeKind) -> TypeId {
        let facts = self.model.facts_of(&kind);
        for (size, limit, what) in [
            (facts.extent.bytes_in_all(), FIXED_BYTES_MAX, "bytes"),
            (facts.caps, FIXED_CAPS_MAX, "capabilities"),
        ] {
            if size > limit {
                let message = format!("type `{}` takes {size} {what}", decl.name.name);
                self.diagnostics
                    .report(Code::FixedSize, decl.name.span, message)
                    .help(format!("a fixed-size type takes at most {limit} {what}"));
            }
        }
        // Those above it are as deep because of it.
        if facts.depth == TYPE_DEPTH_MAX + 1 {
            let message = format!("types nest deeper than {TYPE_DEPTH_MAX}");
            self.diagnostics.report(Code::TooDeep, decl.name.span, message);
        }
        let (name, docs) = (decl.name.name.clone(), decl.docs.clone());
        let span = decl.name.span;
        self.model.add(Type { file: span.file, name, span, docs, kind, facts })
    }

    /// Reports a declaration that takes a builtin's name.
    fn is_builtin(&mut self, decl: &TypeDecl) -> bool {
        let name = &decl.name;
        if Scope::builtin(&name.name).is_none() {
            return false;
        }
        let is_alias = matches!(decl.kind, TypeDeclKind::Alias(_));
        if is_alias && ALIASED_BUILTINS.contains(&name.name.as_str()) {
            let message = format!("`{}` is a builtin type; the alias is ignored", name.name);
            self.diagnostics.report(Code::BuiltinAlias, name.span, message);
        } else {
            let message = format!("`{}` is a builtin type", name.name);
            self.diagnostics.report(Code::BuiltinName, name.span, message).help("rename it");
        }
        true
    }

    /// Whether the name is in force already. An identical type is fine, another is an error.
    fn is_redeclared(&mut self, decl: &TypeDecl, new: &Declared, scope: &Scope) -> bool {
        let Some((old, span)) = scope.declared(&decl.name.name) else { return false };
        let same_file = span.file == decl.name.span.file;
        let identical = match (old, new) {
            (Meaning::Broken, _) | (_, Declared::Meaning(Meaning::Broken)) => true,
            _ if same_file => false,
            (old, Declared::Meaning(new)) => old == *new,
            (Meaning::Type(TypeRef::Declared(id)), Declared::New(kind)) => {
                self.model.get(id).kind == *kind
            }
            _ => false,
        };
        if !identical {
            let message = format!("type `{}` is declared twice", decl.name.name);
            let related = if same_file { "first declared here" } else { "declared otherwise here" };
            self.diagnostics
                .report(Code::DuplicateType, decl.name.span, message)
                .related(span, related);
        }
        true
    }

    fn meaning(&mut self, decl: &TypeDecl, scope: &Scope) -> Declared {
        match &decl.kind {
            TypeDeclKind::Broken => Declared::BROKEN,
            TypeDeclKind::Alias(target) => Declared::Meaning(self.alias(target, scope)),
            TypeDeclKind::Typedef(target) => self.typedef(target, scope),
            TypeDeclKind::Array { elem, bound } => self.array(elem, bound, scope),
            TypeDeclKind::Struct(fields) => self.fields(fields, scope),
            TypeDeclKind::Enum(enumerators) => Declared::New(self.enumerators(enumerators)),
        }
    }

    fn alias(&mut self, target: &Ident, scope: &Scope) -> Meaning {
        match Scope::builtin(&target.name) {
            Some(Meaning::String) => {
                self.unbounded_string(target, "an alias can't carry one");
                Meaning::Broken
            }
            Some(builtin) => {
                deprecated(target, self.diagnostics);
                builtin
            }
            None => {
                if scope.declared(&target.name).is_some() {
                    let message = format!("`{}` is not a builtin type", target.name);
                    self.diagnostics
                        .report(Code::NotABuiltin, target.span, message)
                        .help(format!("write `typedef {} …;`, old name first", target.name));
                } else {
                    scope.resolve(target, self.diagnostics);
                }
                Meaning::Broken
            }
        }
    }

    fn typedef(&mut self, target: &Ident, scope: &Scope) -> Declared {
        match scope.resolve(target, self.diagnostics) {
            Meaning::Type(ty) => Declared::New(TypeKind::Typedef(ty)),
            Meaning::Broken => Declared::BROKEN,
            Meaning::String => {
                self.unbounded_string(target, "a typedef can't carry one");
                Declared::BROKEN
            }
        }
    }

    fn array(&mut self, elem: &Ident, bound: &ast::Bound, scope: &Scope) -> Declared {
        let meaning = scope.resolve(elem, self.diagnostics);
        if let Some(length) = &bound.length {
            let message = "a typedef is an array of fixed size";
            self.diagnostics
                .report(Code::UnboundedArray, length.span, message)
                .help("write its size in the brackets; dynamic arrays are arguments of messages");
            return Declared::BROKEN;
        }
        let Some(max) = bound.max else { return Declared::BROKEN };
        if max.value == 0 {
            self.diagnostics.report(Code::ZeroBound, max.span, "an array of no elements");
            return Declared::BROKEN;
        }
        match meaning {
            Meaning::Type(elem) => Declared::New(TypeKind::Array { elem, length: max.value }),
            Meaning::Broken => Declared::BROKEN,
            Meaning::String => {
                self.unbounded_string(elem, "an array can't hold them");
                Declared::BROKEN
            }
        }
    }

    fn fields(&mut self, fields: &[ast::Field], scope: &Scope) -> Declared {
        let mut names = Names::new("field", Code::DuplicateField);
        let mut complete = true;
        let mut checked = Vec::new();
        for field in fields {
            names.take(&field.name, names::snake, self.diagnostics);
            match self.field(field, scope) {
                Some(field) => checked.push(field),
                None => complete = false,
            }
        }
        if complete { Declared::New(TypeKind::Struct(checked)) } else { Declared::BROKEN }
    }

    fn field(&mut self, field: &ast::Field, scope: &Scope) -> Option<Field> {
        let meaning = scope.resolve(&field.ty, self.diagnostics);
        if meaning == Meaning::String {
            self.unbounded_string(&field.ty, "a field can't be one");
            return None;
        }
        if let Some(bound) = &field.bound {
            let message = format!("field `{}` can't be an array", field.name.name);
            self.diagnostics
                .report(Code::UnboundedArray, bound.span, message)
                .help("declare the array with a typedef of its own");
            return None;
        }
        match meaning {
            Meaning::Type(ty) if !field.name.name.is_empty() => {
                let ast::Ident { name, span } = field.name.clone();
                let declared = format!("{} {name}", field.ty.name);
                Some(Field { name, span, docs: field.docs.clone(), ty, declared })
            }
            _ => None,
        }
    }

    fn enumerators(&mut self, enumerators: &[ast::Enumerator]) -> TypeKind {
        let mut names = Names::new("enumerator", Code::DuplicateEnumerator);
        let mut checked = Vec::new();
        for enumerator in enumerators.iter().filter(|known| !known.name.name.is_empty()) {
            let ast::Enumerator { name, docs } = enumerator;
            names.take(name, names::camel, self.diagnostics);
            let (span, docs) = (name.span, docs.clone());
            checked.push(Enumerator { name: name.name.clone(), span, docs });
        }
        TypeKind::Enum(checked)
    }

    pub(super) fn unbounded_string(&mut self, ty: &Ident, why: &str) {
        let message = format!("a String needs a maximum, and {why}");
        self.diagnostics
            .report(Code::UnboundedString, ty.span, message)
            .help("a String is an argument of a message: `String name[64]`");
    }
}

/// What a declaration makes of its name.
enum Declared {
    /// Something that is in force already.
    Meaning(Meaning),
    /// A new type.
    New(TypeKind),
}

impl Declared {
    const BROKEN: Self = Self::Meaning(Meaning::Broken);
}
