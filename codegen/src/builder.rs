//! The compiler for build scripts.

use std::env;
use std::path::{Path, PathBuf};

use crate::diag::Diagnostics;
use crate::files::{self, FileError};
use crate::levels::Levels;
use crate::pipeline::{Request, print};
use crate::plan;
use crate::source::Sources;
use crate::style::{Style, StyleError};

/// Generates bindings in a build script.
///
/// Each interface `NAME.if` becomes `OUT_DIR/NAME.rs`, each import too, or what of its name Rust can
/// call a module: `6.if` becomes `file_6.rs`. A crate takes them in side
/// by side in one module, with `flounder::include_interfaces!(types, calculator)`.
///
/// ```
/// fn main() -> Result<(), flounder_codegen::BuildError> {
///     flounder_codegen::Builder::new()
///         .import("../idl/types.if")
/// #       .out_dir(std::env::temp_dir().join("flounder-builder-example"))
///         .compile(&["../idl/monitor.if", "../idl/spawn.if"])
/// }
/// ```
///
/// # Patterns
///
/// [`derive`](Self::derive) and [`attribute`](Self::attribute) say which structs and enums they mean
/// by their paths in interface files: `types.place` is the type `place` of the import `types.if`,
/// `echo.ping` the message `ping` of the interface `echo`, or a type that it declares; the messages of
/// an rpc `say` are `echo.say_call` and `echo.say_response`.
///
/// | pattern | matches |
/// |---|---|
/// | `.` | everything |
/// | `echo` | all of the interface or import `echo`, and everything named `echo` |
/// | `.echo` | all of `echo` only |
/// | `echo.ping` | that one |
/// | `ping` | everything named `ping`, and all of an interface `ping` |
///
/// A typedef of another type is an alias in Rust and has no attributes. A pattern that matches
/// nothing is an error.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is generated before `compile`"]
pub struct Builder {
    imports: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    /// What was asked for, in its order; it is checked when everything is there.
    asked: Vec<Asked>,
    without_client: bool,
    without_server: bool,
}

/// Something that can be asked for more than once.
#[derive(Clone, Debug)]
enum Asked {
    Extern(String, String),
    Derive(String, String),
    Attribute(String, String),
}

/// Why no bindings were generated. Shown, it says where and what next; `Debug` shows the same,
/// since that is what a build script prints whose `main` returns it.
pub struct BuildError(Cause);

enum Cause {
    NoOutDir,
    File(FileError),
    Style(StyleError),
    /// The findings, as text.
    Findings(String),
}

impl Builder {
    /// A builder without imports that writes to `OUT_DIR`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file of types that the interfaces, and imports added later, may use.
    pub fn import(mut self, path: impl Into<PathBuf>) -> Self {
        self.imports.push(path.into());
        self
    }

    /// Writes to `folder` and not to `OUT_DIR`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Takes the types of the import `NAME.if` from another crate, which was generated from the same
    /// file, and makes no second copy. `path` is that of the module of the types:
    ///
    /// ```
    /// # fn main() -> Result<(), flounder_codegen::BuildError> {
    /// flounder_codegen::Builder::new()
    ///     .import("../idl/types.if")
    ///     .extern_interface("types", "::flounder_idl::types")
    /// #   .out_dir(std::env::temp_dir().join("flounder-extern-example"))
    ///     .compile(&["../idl/monitor.if"])
    /// # }
    /// ```
    pub fn extern_interface(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.asked.push(Asked::Extern(name.into(), path.into()));
        self
    }

    /// Derives traits, `"Hash, ::serde::Serialize"`, for what matches the [pattern](Self#patterns).
    /// Those that are derived anyway are left out.
    pub fn derive(mut self, pattern: impl Into<String>, traits: impl Into<String>) -> Self {
        self.asked.push(Asked::Derive(pattern.into(), traits.into()));
        self
    }

    /// Puts attributes, `"#[non_exhaustive]"`, on what matches the [pattern](Self#patterns), behind
    /// those that derive.
    pub fn attribute(mut self, pattern: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.asked.push(Asked::Attribute(pattern.into(), attribute.into()));
        self
    }

    /// Whether the crate makes calls; if not, the methods and futures of calls are left out.
    /// One-way messages can be sent in any case.
    pub fn client(mut self, is_client: bool) -> Self {
        self.without_client = !is_client;
        self
    }

    /// Whether the crate answers calls; if not, their handlers and reply tokens are left out, and a
    /// call that arrives is answered as unhandled. One-way messages can be handled in any case.
    pub fn server(mut self, is_server: bool) -> Self {
        self.without_server = !is_server;
        self
    }

    /// Generates the bindings of `files`, and tells cargo to run the build script again when one of
    /// them or an import changes. Bindings that did not change are not written.
    ///
    /// Cargo also hears of every finding, by file, line and column: an error fails the build even
    /// if the build script ignores this one.
    ///
    /// # Errors
    ///
    /// If an interface is wrong, a file can't be read or written, there is no `OUT_DIR`, or something
    /// was asked for that can't be done.
    pub fn compile(&self, files: &[impl AsRef<Path>]) -> Result<(), BuildError> {
        for path in self.imports.iter().map(PathBuf::as_path).chain(files.iter().map(AsRef::as_ref))
        {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let built = self.build(files);
        if let Err(error) = &built {
            // A directive is one line. What stands below a finding belongs to it.
            for finding in error.to_string().replace("\n  ", "; ").lines() {
                println!("cargo::error={finding}");
            }
        }
        built
    }

    fn build(&self, files: &[impl AsRef<Path>]) -> Result<(), BuildError> {
        let out_dir = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR").ok_or(BuildError(Cause::NoOutDir))?.into(),
        };
        let style = self.style()?;
        let mut sources = Sources::new();
        let request = self.request(files, &mut sources);
        let (model, warnings) = request
            .checked(&sources, &Levels::new())
            .map_err(|found| BuildError::found(&found, &sources))?;
        style.check_externs(model.imports.iter().map(|import| sources.stem(import.file)))?;
        let mut plan = plan::plan(&model, &sources, &style);
        style.decorate(&mut plan)?;
        for warning in warnings.sorted() {
            println!("cargo::warning={}", warning.line(&sources));
        }
        files::write(&print(&plan), &out_dir)?;
        Ok(())
    }

    fn style(&self) -> Result<Style, StyleError> {
        let mut style = Style::default();
        (style.without_client, style.without_server) = (self.without_client, self.without_server);
        for asked in &self.asked {
            match asked {
                Asked::Extern(name, path) => style.external(name, path)?,
                Asked::Derive(pattern, traits) => style.derive(pattern, traits)?,
                Asked::Attribute(pattern, attribute) => style.attribute(pattern, attribute)?,
            }
        }
        Ok(style)
    }

    fn request(&self, files: &[impl AsRef<Path>], sources: &mut Sources) -> Request {
        let mut read = |path: &Path| files::read(sources, path);
        let imports = self.imports.iter().map(|path| read(path)).collect();
        let files = files.iter().map(|path| read(path.as_ref())).collect();
        Request { files, imports }
    }
}

impl BuildError {
    fn found(findings: &Diagnostics, sources: &Sources) -> Self {
        Self(Cause::Findings(findings.render(sources)))
    }
}

impl From<FileError> for BuildError {
    fn from(error: FileError) -> Self {
        Self(Cause::File(error))
    }
}

impl From<StyleError> for BuildError {
    fn from(error: StyleError) -> Self {
        Self(Cause::Style(error))
    }
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Cause::NoOutDir => {
                f.write_str("`OUT_DIR` is not set: run in a build script, or name a folder")
            }
            Cause::File(error) => error.fmt(f),
            Cause::Style(error) => error.fmt(f),
            Cause::Findings(text) => f.write_str(text.trim_end()),
        }
    }
}

impl std::fmt::Debug for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
