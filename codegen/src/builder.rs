//! The compiler for build scripts.

use std::env;
use std::path::{Path, PathBuf};

use crate::diag::Diagnostics;
use crate::files::{self, FileError};
use crate::pipeline::Request;
use crate::source::{FileId, Sources};

/// Generates bindings in a build script.
///
/// Each interface `NAME.if` becomes `OUT_DIR/NAME.rs`, each import too; a crate takes them in side
/// by side in one module, with `flounder::include_interfaces!(types, calculator)`.
///
/// ```no_run
/// fn main() -> Result<(), flounder_codegen::BuildError> {
///     flounder_codegen::Builder::new().import("idl/types.if").compile(&["idl/calculator.if"])
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is generated before `compile`"]
pub struct Builder {
    imports: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
}

/// Why no bindings were generated. Shown, it says where and what next; `Debug` shows the same,
/// since that is what a build script prints whose `main` returns it.
pub struct BuildError(Cause);

enum Cause {
    NoOutDir,
    File(FileError),
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

    /// Generates the bindings of `files`, and tells cargo to run the build script again when one of
    /// them or an import changes. Bindings that did not change are not written.
    ///
    /// # Errors
    ///
    /// If an interface is wrong, a file can't be read or written, or there is no `OUT_DIR`.
    pub fn compile(&self, files: &[impl AsRef<Path>]) -> Result<(), BuildError> {
        for path in self.imports.iter().map(PathBuf::as_path).chain(files.iter().map(AsRef::as_ref))
        {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let out_dir = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR").ok_or(BuildError(Cause::NoOutDir))?.into(),
        };
        let mut sources = Sources::new();
        let request = self.request(files, &mut sources)?;
        let (outputs, warnings) =
            request.generate(&sources).map_err(|found| BuildError::found(&found, &sources))?;
        for warning in warnings.sorted() {
            println!("cargo::warning={}", warning.line(&sources));
        }
        files::write(&outputs, &out_dir)?;
        Ok(())
    }

    fn request(
        &self,
        files: &[impl AsRef<Path>],
        sources: &mut Sources,
    ) -> Result<Request, FileError> {
        let mut read = |path: &Path| files::read(sources, path);
        let imports: Vec<FileId> =
            self.imports.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        let files = files.iter().map(|path| read(path.as_ref())).collect::<Result<_, _>>()?;
        Ok(Request { files, imports })
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

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Cause::NoOutDir => {
                f.write_str("`OUT_DIR` is not set: run in a build script, or name a folder")
            }
            Cause::File(error) => error.fmt(f),
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
