//! What changed in declared types.

use std::collections::{BTreeMap, BTreeSet};

use flounder_codegen::describe::{
    Description, Enumerator, Field, Interface, Type, TypeId, TypeKind,
};

use super::change::{Place, Source, Wire};
use super::compare::{Comparison, Difference, both};
use super::lists::{Entry, Kind, List};
use super::pairing::pair;
use crate::changes::Code;

const FIELDS: Kind = Kind {
    what: "field",
    removed: Code::FieldRemoved,
    added: Code::FieldAdded,
    renamed: Code::FieldRenamed,
    moved: Code::FieldMoved,
};

const VALUES: Kind = Kind {
    what: "value",
    removed: Code::ValueRemoved,
    added: Code::ValueAdded,
    renamed: Code::ValueRenamed,
    moved: Code::ValueMoved,
};

/// The types of an interface, or of a name of an import: those that belong together.
#[derive(Default)]
struct Scope {
    old: Vec<TypeId>,
    new: Vec<TypeId>,
}

impl Comparison<'_> {
    /// Finds the new type of each old one, and reports what changed in the declarations.
    pub(super) fn declared_types(&mut self, interfaces: &[(&Interface, &Interface)]) {
        let scopes = self.scopes(interfaces);
        let old_names: BTreeSet<_> =
            names(self.old, scopes.iter().flat_map(|scope| &scope.old)).into_iter().collect();
        let new_names: BTreeSet<_> =
            names(self.new, scopes.iter().flat_map(|scope| &scope.new)).into_iter().collect();
        let is_elsewhere =
            |old: &str, new: &str| new_names.contains(old) || old_names.contains(new);
        let (mut gone, mut come) = (Vec::new(), BTreeMap::new());
        for Scope { old, new } in &scopes {
            let (before, after) = (names(self.old, old), names(self.new, new));
            let pairing = pair(&before, &after, |i, j| {
                let is_alike = is_alike(self.old.get(old[i]), self.new.get(new[j]));
                is_alike && !is_elsewhere(before[i], after[j])
            });
            self.types.extend(pairing.kept.iter().map(|(i, j)| (old[*i], new[*j])));
            gone.extend(pairing.removed.into_iter().map(|i| old[i]));
            come.extend(pairing.added.into_iter().map(|j| (after[j], new[j])));
        }
        self.moved_or_removed(gone, &come);
        for (old, new) in self.types.clone() {
            self.declared_type(old, new);
        }
    }

    fn scopes(&self, interfaces: &[(&Interface, &Interface)]) -> Vec<Scope> {
        let mut imports: BTreeMap<&str, Scope> = BTreeMap::new();
        for import in &self.old.imports {
            imports.entry(&import.rust).or_default().old.extend(&import.types);
        }
        for import in &self.new.imports {
            imports.entry(&import.rust).or_default().new.extend(&import.types);
        }
        let interfaces = interfaces
            .iter()
            .map(|(old, new)| Scope { old: old.types.clone(), new: new.types.clone() });
        imports.into_values().chain(interfaces).collect()
    }

    /// What isn't where it was may be in another file.
    fn moved_or_removed(&mut self, gone: Vec<TypeId>, come: &BTreeMap<&str, TypeId>) {
        for id in gone {
            let old = self.old.get(id);
            let name = &old.name;
            if let Some(place) = come.get(name.as_str()) {
                self.types.insert(id, *place);
                self.change(
                    Code::TypeMoved,
                    format!("type `{name}` was moved to another file"),
                    both(old.span, self.new.get(*place).span),
                    (Wire::Same, Source::Everybody),
                );
            } else {
                self.change(
                    Code::TypeRemoved,
                    format!("type `{name}` was removed"),
                    Place::Old(old.span),
                    (Wire::Same, Source::Everybody),
                );
            }
        }
    }

    fn declared_type(&mut self, old_id: TypeId, new_id: TypeId) {
        let (old, new) = (self.old.get(old_id), self.new.get(new_id));
        let place = both(old.span, new.span);
        if old.name != new.name {
            self.change(
                Code::TypeRenamed,
                format!("type `{}` was renamed to `{}`", old.name, new.name),
                place,
                (Wire::Same, Source::of(old.rust != new.rust)),
            );
        }
        let is_used = self.used.contains(&old_id);
        match (&old.kind, &new.kind) {
            (TypeKind::Struct(before), TypeKind::Struct(after)) => {
                self.fields(is_used, (old, before), (new, after));
            }
            (TypeKind::Enum(before), TypeKind::Enum(after)) => {
                self.values(is_used, (old, before), (new, after));
            }
            (before, after) => {
                let (difference, code) = self.kind_difference(before, after);
                let difference = Difference { wire: difference.wire && is_used, ..difference };
                let (was, is) = (shown(self.old, old), shown(self.new, new));
                let message = format!("type `{}` was {was} and is {is}", new.name);
                self.change(code, message, place, difference.effect());
            }
        }
    }

    /// How what is declared differs, unless both are structs or both are enums.
    fn kind_difference(&self, old: &TypeKind, new: &TypeKind) -> (Difference, Code) {
        match (old, new) {
            (TypeKind::Typedef(old), TypeKind::Typedef(new)) => {
                (self.difference(*old, *new), Code::TypeChanged)
            }
            (
                TypeKind::Array { elem: old, length: before },
                TypeKind::Array { elem: new, length: after },
            ) => match self.difference(*old, *new) {
                Difference::NONE if before != after => {
                    (Difference { wire: true, source: true }, Code::TypeLength)
                }
                difference => (difference, Code::TypeChanged),
            },
            _ => (Difference { wire: true, source: true }, Code::TypeChanged),
        }
    }

    fn fields(
        &mut self,
        is_used: bool,
        (old, before): (&Type, &[Field]),
        (new, after): (&Type, &[Field]),
    ) {
        let wire = Wire::of(old.wire != new.wire).only_if(is_used);
        let (old_list, new_list) = (field_list(old, before), field_list(new, after));
        let pairing = pair(&old_list.names(), &new_list.names(), |i, j| {
            i == j && self.difference(before[i].ty, after[j].ty) == Difference::NONE
        });
        self.list((&FIELDS, &new.name, wire), (&old_list, &new_list), &pairing);
        for (i, j) in pairing.kept {
            self.field(&new.name, is_used, &before[i], &after[j]);
        }
    }

    fn field(&mut self, of: &str, is_used: bool, old: &Field, new: &Field) {
        let difference = self.difference(old.ty, new.ty);
        let difference = Difference { wire: difference.wire && is_used, ..difference };
        let (before, after) = (&old.declared, &new.declared);
        self.change(
            Code::FieldType,
            format!("field `{}` of `{of}` was declared `{before}` and is `{after}`", new.name),
            both(old.span, new.span),
            difference.effect(),
        );
    }

    fn values(
        &mut self,
        is_used: bool,
        (old, before): (&Type, &[Enumerator]),
        (new, after): (&Type, &[Enumerator]),
    ) {
        let wire = Wire::of(before.len() != after.len()).only_if(is_used);
        let (old_list, new_list) = (value_list(old, before), value_list(new, after));
        let pairing = pair(&old_list.names(), &new_list.names(), |i, j| i == j);
        self.list((&VALUES, &new.name, wire), (&old_list, &new_list), &pairing);
    }
}

/// A type in a message.
fn shown(description: &Description, ty: &Type) -> String {
    match &ty.kind {
        TypeKind::Typedef(ty) => format!("`{}`", description.name(*ty)),
        TypeKind::Array { elem, length } => format!("`{}[{length}]`", description.name(*elem)),
        TypeKind::Struct(_) => "a struct".to_owned(),
        TypeKind::Enum(_) => "an enum".to_owned(),
    }
}

fn names<'a>(
    description: &'a Description,
    ids: impl IntoIterator<Item = &'a TypeId>,
) -> Vec<&'a str> {
    ids.into_iter().map(|id| description.get(*id).name.as_str()).collect()
}

fn field_list<'a>(ty: &Type, fields: &'a [Field]) -> List<'a> {
    let entry = |it: &'a Field| Entry { name: &it.name, rust: &it.rust, span: it.span };
    List { owner: ty.span, entries: fields.iter().map(entry).collect() }
}

fn value_list<'a>(ty: &Type, values: &'a [Enumerator]) -> List<'a> {
    let entry = |it: &'a Enumerator| Entry { name: &it.name, rust: &it.rust, span: it.span };
    List { owner: ty.span, entries: values.iter().map(entry).collect() }
}

/// Whether one type may be the other one renamed: all but the name is equal.
fn is_alike(old: &Type, new: &Type) -> bool {
    let inside = match (&old.kind, &new.kind) {
        (TypeKind::Struct(before), TypeKind::Struct(after)) => {
            field_list(old, before).names() == field_list(new, after).names()
        }
        (TypeKind::Enum(before), TypeKind::Enum(after)) => {
            value_list(old, before).names() == value_list(new, after).names()
        }
        _ => old.kind.name() == new.kind.name(),
    };
    inside && old.wire == new.wire
}
