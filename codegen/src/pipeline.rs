//! The stages in a row: what the builder and the command share.

use std::panic;
use std::thread;

use crate::check::{self, Unit};
use crate::describe::{self, Description};
use crate::diag::Diagnostics;
use crate::levels::Levels;
use crate::model::Model;
use crate::plan::Plan;
use crate::source::{FileId, Sources};
use crate::style::Style;
use crate::{emit, order, parse, plan, render};

/// A thread is started for so many interfaces: for fewer it would take longer than it saves.
const INTERFACES_PER_THREAD_MIN: usize = 8;

/// What to compile: files, and what they may use.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files with an interface each, in any order; a file that holds only types is one more import,
    /// and sees those whose types it uses.
    pub files: Vec<FileId>,
    /// Files that hold only types, in the order in which they see each other.
    pub imports: Vec<FileId>,
}

/// A generated file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Its name, without folders: `echo.rs`.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl Request {
    /// Checks the files.
    #[must_use]
    pub fn check(&self, sources: &Sources) -> Diagnostics {
        self.check_with(sources, &Levels::new())
    }

    /// Checks the files; `levels` say what counts as an error.
    #[must_use]
    pub fn check_with(&self, sources: &Sources, levels: &Levels) -> Diagnostics {
        self.model(sources, levels).1
    }

    /// Generates the bindings: a file for each interface and one for each name of an import, in the
    /// order of their names. The findings are the errors, or warnings if there are outputs.
    ///
    /// # Errors
    ///
    /// The findings, if there is an error among them.
    pub fn generate(&self, sources: &Sources) -> Result<(Vec<Output>, Diagnostics), Diagnostics> {
        self.generate_with(sources, &Levels::new())
    }

    /// Generates the bindings as [`generate`](Self::generate) does; `levels` say what counts as an
    /// error.
    ///
    /// # Errors
    ///
    /// The findings, if there is an error among them.
    pub fn generate_with(
        &self,
        sources: &Sources,
        levels: &Levels,
    ) -> Result<(Vec<Output>, Diagnostics), Diagnostics> {
        let (model, diagnostics) = self.checked(sources, levels)?;
        Ok((print_all(&model, sources), diagnostics))
    }

    /// The model, if there are no errors, and the warnings.
    pub(crate) fn checked(
        &self,
        sources: &Sources,
        levels: &Levels,
    ) -> Result<(Model, Diagnostics), Diagnostics> {
        let (model, diagnostics) = self.model(sources, levels);
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok((model, diagnostics)) }
    }

    /// Describes what the files declare; `levels` say what counts as an error. The findings are the
    /// errors, or warnings beside a description.
    ///
    /// # Errors
    ///
    /// The findings, if there is an error among them.
    pub fn describe(
        &self,
        sources: &Sources,
        levels: &Levels,
    ) -> Result<(Description, Diagnostics), Diagnostics> {
        let (model, diagnostics) = self.checked(sources, levels)?;
        Ok((describe::describe(&model, sources), diagnostics))
    }

    fn model(&self, sources: &Sources, levels: &Levels) -> (Model, Diagnostics) {
        let mut diagnostics = Diagnostics::with_levels(levels.clone());
        let mut parse = |file: &FileId| parse::parse(sources, *file, &mut diagnostics);
        let mut imports: Vec<_> = self.imports.iter().map(&mut parse).collect();
        let files = order::by_name(&self.files, sources);
        let files: Vec<_> = files.iter().map(&mut parse).collect();
        let (interfaces, types): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| !file.interfaces.is_empty());
        let types = order::by_use(&imports, types);
        imports.extend(types);
        let model = check::check(Unit { imports, interfaces }, sources, &mut diagnostics);
        (model, diagnostics)
    }
}

/// The bindings of a run without wishes, made by as many threads as are worth it.
fn print_all(model: &Model, sources: &Sources) -> Vec<Output> {
    let worth_it = model.interfaces.len() / INTERFACES_PER_THREAD_MIN;
    let count = thread::available_parallelism().map_or(1, usize::from).min(worth_it).max(1);
    let share = |index| print(&plan::share(model, sources, &Style::default(), (index, count)));
    let mut outputs = thread::scope(|scope| {
        let others: Vec<_> = (1..count).map(|index| scope.spawn(move || share(index))).collect();
        let mut outputs = share(0);
        for other in others {
            outputs.extend(other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        }
        outputs
    });
    // Who made which must not show.
    outputs.sort_by(|a, b| a.name.cmp(&b.name));
    outputs
}

/// The files of the bindings, in the order of their names.
pub(crate) fn print(plan: &Plan) -> Vec<Output> {
    let modules = plan.modules.iter().map(|module| Output {
        name: module.file.clone(),
        text: render::render(emit::types_module(module), &module.source),
    });
    let interfaces = plan.interfaces.iter().map(|interface| Output {
        name: interface.file.clone(),
        text: render::render(emit::interface(interface), &interface.source),
    });
    let mut outputs: Vec<_> = modules.chain(interfaces).collect();
    outputs.sort_by(|a, b| a.name.cmp(&b.name));
    outputs
}
