//! Which program a path names.
//!
//! `/modules/NAME` is a registered Rust program, any other absolute path a host executable. A name
//! without a slash is searched along `PATH` of the environment the program gets. Everything is
//! compared as it is written: only `/modules/` leads to modules, and nothing under it to the host.
//! A relative path with a slash is refused, since a spawnd has no working directory that its callers
//! could know.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use flounder::{ErrCode, mutant};

/// Where an unqualified name is searched if the environment has no `PATH`.
pub const SEARCH_DEFAULT: &str = "/modules:/usr/local/bin:/usr/bin:/bin";

/// How many directories of `PATH` are searched: each may cost a look at the file system, and a
/// spawnd does nothing else meanwhile.
pub const SEARCH_DIRECTORIES_MAX: usize = 64;

/// The directory of the registered programs. No host directory of that name is ever looked at.
const MODULES: &[u8] = b"/modules";

/// What there is to spawn: the module table and the host's file system.
pub trait Catalog {
    /// Whether a Rust program is registered as `/modules/` and `name`.
    fn is_module(&self, name: &str) -> bool;

    /// Whether `path` is a regular file that may be executed.
    fn is_executable(&self, path: &Path) -> bool;
}

/// A program that can be spawned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Program {
    /// The Rust program registered under this name, without `/modules/`.
    Module(String),
    /// The executable of the host at this absolute path.
    Host(PathBuf),
}

/// Finds the program that `path` names; `search` is the value of `PATH`, if it is set.
///
/// ```
/// use std::path::Path;
///
/// use flounder_spawnd::path::{Catalog, Program, resolve};
///
/// struct OnlyEcho;
///
/// impl Catalog for OnlyEcho {
///     fn is_module(&self, name: &str) -> bool {
///         name == "echo"
///     }
///
///     fn is_executable(&self, _path: &Path) -> bool {
///         false
///     }
/// }
///
/// let echo = Program::Module("echo".into());
/// assert_eq!(resolve("echo", None, &OnlyEcho), Ok(echo.clone()));
/// assert_eq!(resolve("/modules/echo", None, &OnlyEcho), Ok(echo));
/// assert!(resolve("/bin/echo", None, &OnlyEcho).is_err());
/// ```
///
/// # Errors
///
/// Why there is no such program.
pub fn resolve(
    path: &str,
    search: Option<&OsStr>,
    catalog: &impl Catalog,
) -> Result<Program, PathError> {
    if path.is_empty() || path.contains('\0') {
        return Err(PathError::NotAPath);
    }
    if path.starts_with('/') {
        return absolute(path, catalog);
    }
    if path.contains('/') || matches!(path, "." | "..") {
        return Err(PathError::Relative);
    }
    along(search.unwrap_or(SEARCH_DEFAULT.as_ref()), path, catalog)
}

fn absolute(path: &str, catalog: &impl Catalog) -> Result<Program, PathError> {
    match path.as_bytes().strip_prefix(MODULES) {
        Some([] | [b'/', ..]) => module(path.get(MODULES.len() + 1..).unwrap_or_default(), catalog)
            .ok_or(PathError::UnknownModule),
        _ => host(path.into(), catalog).ok_or(PathError::NotExecutable),
    }
}

/// Empty, relative and repeated directories find nothing; they are not an error.
fn along(search: &OsStr, name: &str, catalog: &impl Catalog) -> Result<Program, PathError> {
    let directories = || search.as_bytes().split(|&byte| byte == b':');
    let count = directories().count();
    if count > SEARCH_DIRECTORIES_MAX {
        return Err(PathError::SearchTooLong { count });
    }
    directories()
        .filter(|directory| directory.starts_with(b"/"))
        .find_map(|directory| in_directory(directory, name, catalog))
        .ok_or(PathError::NotFound)
}

fn in_directory(directory: &[u8], name: &str, catalog: &impl Catalog) -> Option<Program> {
    match directory.strip_prefix(MODULES) {
        Some([] | [b'/']) => module(name, catalog),
        Some([b'/', ..]) => None,
        _ => host(Path::new(OsStr::from_bytes(directory)).join(name), catalog),
    }
}

fn module(name: &str, catalog: &impl Catalog) -> Option<Program> {
    let is_name = !name.is_empty() && !name.contains('/') && !matches!(name, "." | "..");
    (is_name && catalog.is_module(name)).then(|| Program::Module(name.into()))
}

fn host(path: PathBuf, catalog: &impl Catalog) -> Option<Program> {
    if mutant!("directory-aborts") {
        assert!(catalog.is_executable(&path), "the former service read it before it looked");
    }
    catalog.is_executable(&path).then_some(Program::Host(path))
}

/// Why a path names no program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The path is empty or contains a NUL byte.
    #[error("the path is empty or contains a NUL byte")]
    NotAPath,
    /// The path has a slash but doesn't begin with one, or is `.` or `..`.
    #[error("the path is relative")]
    Relative,
    /// No Rust program is registered under the name.
    #[error("no module has this name")]
    UnknownModule,
    /// There is no regular file that may be executed.
    #[error("no executable file is at this path")]
    NotExecutable,
    /// No directory of `PATH` has the name.
    #[error("the name is in no directory of PATH")]
    NotFound,
    /// `PATH` has more than [`SEARCH_DIRECTORIES_MAX`] directories.
    #[error("{count} directories in PATH are more than {SEARCH_DIRECTORIES_MAX}")]
    SearchTooLong {
        /// How many there are.
        count: usize,
    },
}

impl PathError {
    /// The code that answers the request.
    #[must_use]
    pub fn code(self) -> ErrCode {
        match self {
            Self::NotAPath
            | Self::Relative
            | Self::UnknownModule
            | Self::NotExecutable
            | Self::NotFound
            | Self::SearchTooLong { .. } => ErrCode::SPAWN_ERR_LOAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PathError::{NotAPath, NotExecutable, NotFound, Relative, SearchTooLong, UnknownModule};

    /// Modules `echo` and `ls`, executables as listed; whatever else is asked for isn't there.
    struct Fixed;

    impl Catalog for Fixed {
        fn is_module(&self, name: &str) -> bool {
            ["echo", "ls"].contains(&name)
        }

        fn is_executable(&self, path: &Path) -> bool {
            let files =
                ["/bin/ls", "/bin/sh", "/usr/bin/sh", "/usr/bin/../bin/x", "/modulesx/echo"];
            files.iter().any(|file| path.as_os_str() == *file)
        }
    }

    fn check(path: &str, search: Option<&str>, expected: &Result<Program, PathError>) {
        let found = resolve(path, search.map(OsStr::new), &Fixed);
        assert_eq!(found, *expected, "{path:?} along {search:?}");
    }

    #[test]
    fn paths_that_name_a_module() {
        let table = [
            ("/modules/echo", None, "echo"),
            ("echo", None, "echo"),
            ("ls", None, "ls"),
            ("ls", Some("/modules/:/bin"), "ls"),
            ("echo", Some("/bin:/modules"), "echo"),
            ("/modules/echo", Some(""), "echo"),
        ];
        for (path, search, name) in table {
            check(path, search, &Ok(Program::Module(name.into())));
        }
    }

    #[test]
    fn paths_that_name_an_executable() {
        let table = [
            ("/bin/ls", None, "/bin/ls"),
            ("sh", None, "/usr/bin/sh"),
            ("sh", Some("/bin:/usr/bin"), "/bin/sh"),
            ("ls", Some("/bin:/modules"), "/bin/ls"),
            ("sh", Some("::.:bin:/nowhere:/bin/"), "/bin/sh"),
            ("/usr/bin/../bin/x", None, "/usr/bin/../bin/x"),
            ("/modulesx/echo", None, "/modulesx/echo"),
        ];
        for (path, search, file) in table {
            check(path, search, &Ok(Program::Host(file.into())));
        }
    }

    #[test]
    fn paths_that_name_nothing() {
        let table = [
            ("", None, NotAPath),
            ("/bin/sh\0", None, NotAPath),
            (".", None, Relative),
            ("..", Some("/bin"), Relative),
            ("./sh", None, Relative),
            ("bin/sh", Some("/"), Relative),
            ("modules/echo", None, Relative),
            ("/modules", None, UnknownModule),
            ("/modules/", None, UnknownModule),
            ("/modules/nobody", None, UnknownModule),
            ("/modules//echo", None, UnknownModule),
            ("/modules/echo/", None, UnknownModule),
            ("/modules/./echo", None, UnknownModule),
            ("/modules/..", None, UnknownModule),
            ("/modules/../bin/sh", None, UnknownModule),
            ("//modules/echo", None, NotExecutable),
            ("/", None, NotExecutable),
            ("/bin", None, NotExecutable),
            ("/bin/nobody", None, NotExecutable),
            ("nobody", None, NotFound),
            ("sh", Some(""), NotFound),
            ("sh", Some("bin:.:"), NotFound),
            ("sh", Some("/modules/../bin"), NotFound),
            ("echo", Some("/usr/bin:/bin"), NotFound),
        ];
        for (path, search, expected) in table {
            check(path, search, &Err(expected));
            assert_eq!(expected.code(), ErrCode::SPAWN_ERR_LOAD);
        }
    }

    #[test]
    fn the_search_is_bounded() {
        let long = vec!["/nowhere"; SEARCH_DIRECTORIES_MAX - 1].join(":") + ":/bin";
        check("sh", Some(&long), &Ok(Program::Host("/bin/sh".into())));
        let count = SEARCH_DIRECTORIES_MAX + 1;
        check("sh", Some(&format!("/bin:{long}")), &Err(SearchTooLong { count }));
    }
}
