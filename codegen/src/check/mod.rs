//! [`ast`](crate::ast) to [`model`](crate::model): resolves every name and refuses what can't be
//! translated, all mistakes at once.

mod interface;
mod scope;
#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests;
mod types;

use std::collections::BTreeMap;

use crate::ast::{self, Lost};
use crate::code::Code;
use crate::diag::Diagnostics;
use crate::model::{Import, Model};
use crate::names;
use crate::source::{Sources, Span};
use scope::{Names, Scope};

/// The files of a run, parsed.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Files that only declare types, in the order in which they see each other.
    pub(crate) imports: Vec<ast::File>,
    /// Files that hold an interface.
    pub(crate) interfaces: Vec<ast::File>,
}

/// Checks a run. The model is good for nothing if there are errors in `diagnostics`.
pub(crate) fn check(unit: Unit, sources: &Sources, diagnostics: &mut Diagnostics) -> Model {
    let mut checker =
        Checker { sources, diagnostics, model: Model::default(), modules: BTreeMap::new() };
    let mut scope = Scope::default();
    for file in unit.imports {
        checker.import(file, &mut scope);
    }
    for file in unit.interfaces {
        checker.interface_file(file, scope.clone());
    }
    checker.outputs();
    checker.model
}

struct Checker<'a> {
    sources: &'a Sources,
    diagnostics: &'a mut Diagnostics,
    model: Model,
    /// The type names of imports by the module they end in.
    modules: BTreeMap<String, Names>,
}

impl Checker<'_> {
    fn import(&mut self, file: ast::File, scope: &mut Scope) {
        for interface in &file.interfaces {
            let message = format!("an import can't hold the interface `{}`", interface.name.name);
            self.diagnostics
                .report(Code::InterfaceInImport, interface.name.span, message)
                .help("an import declares types only; name the file without `-i` to compile it");
        }
        scope.lose(&file.lost);
        if matches!(file.lost, Lost::Everything) {
            return;
        }
        // Imports of one name, in different folders, share a module.
        let module = names::file(self.sources.stem(file.id));
        let taken = self.modules.remove(&module);
        let mut taken = taken.unwrap_or_else(|| Names::new("type", Code::DuplicateType));
        let types = self.types(file.types, scope, &mut taken);
        self.modules.insert(module, taken);
        self.model.imports.push(Import { file: file.id, types });
    }

    fn interface_file(&mut self, file: ast::File, mut scope: Scope) {
        scope.lose(&file.lost);
        for decl in &file.types {
            let message = format!("type `{}` is declared outside the interface", decl.name.name);
            self.diagnostics
                .report(Code::NotAlone, decl.name.span, message)
                .help("move it to the start of the interface or into an import");
        }
        self.types(file.types, &mut scope, &mut Names::new("type", Code::DuplicateType));
        for (index, interface) in file.interfaces.into_iter().enumerate() {
            if index > 0 {
                let message = format!("`{}` is a second interface", interface.name.name);
                self.diagnostics
                    .report(Code::NotAlone, interface.name.span, message)
                    .help("give each interface a file of its own");
            } else {
                self.interface_name(file.id, &interface.name);
            }
            self.interface(file.id, interface, scope.clone());
        }
    }

    /// Two files must not end in one module. Imports of one name share theirs.
    fn outputs(&mut self) {
        let mut taken = BTreeMap::new();
        for import in &self.model.imports {
            taken.entry(names::file(self.sources.stem(import.file))).or_insert(import.file);
        }
        for interface in &self.model.interfaces {
            let output = names::file(&interface.name);
            let span = Span::new(interface.file, 0, 0);
            let other = taken.insert(output.clone(), interface.file);
            if let Some(other) = other.filter(|other| *other != interface.file) {
                let other = Span::new(other, 0, 0);
                let message = format!("the bindings of two files would be named `{output}`");
                self.diagnostics
                    .report(Code::SameOutput, span, message)
                    .related(other, "the other file");
            }
        }
    }
}
