//! What a crate, its interface and its folder can be called, all at once.

use flounder_codegen::{Levels, Request, Sources};

/// As many as a package registry takes.
const CHARS_MAX: usize = 64;

/// Crates that Rust or the template has already, and folders that cargo has in `target`.
const TAKEN: [&str; 11] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "flounder",
    "flounder_codegen",
    "incremental",
    "proc_macro",
    "std",
    "test",
];

/// A name for a crate and for its interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    package: String,
    ident: String,
}

/// Why a crate can't be called so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum NameError {
    #[error("a name has at most {CHARS_MAX} characters")]
    Long,
    #[error("a name is of lower-case letters, digits, `-` and `_`, and starts with a letter")]
    Character,
    #[error("`-` and `_` stand between letters or digits")]
    Separator,
    #[error("there is a crate or a folder of that name already")]
    Taken,
    #[error("that is a keyword")]
    Keyword,
}

impl Name {
    /// The name, if a crate, an interface and a folder can have it.
    ///
    /// # Errors
    ///
    /// If they can't.
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let is_known =
            |next: char| next.is_ascii_lowercase() || next.is_ascii_digit() || "-_".contains(next);
        let ident = text.replace('-', "_");
        if text.chars().count() > CHARS_MAX {
            Err(NameError::Long)
        } else if !text.starts_with(|first: char| first.is_ascii_lowercase())
            || !text.chars().all(is_known)
        {
            Err(NameError::Character)
        } else if ident.split('_').any(str::is_empty) {
            Err(NameError::Separator)
        } else if TAKEN.contains(&ident.as_str()) {
            Err(NameError::Taken)
        } else if is_keyword(&ident) {
            Err(NameError::Keyword)
        } else {
            Ok(Self { package: text.to_owned(), ident })
        }
    }

    /// The name of the package and of its folder: `my-service`.
    pub(crate) fn package(&self) -> &str {
        &self.package
    }

    /// The name of the interface and of the crate in Rust: `my_service`.
    pub(crate) fn ident(&self) -> &str {
        &self.ident
    }
}

/// Whether an interface can't be called so, or is called otherwise in Rust.
fn is_keyword(ident: &str) -> bool {
    let mut sources = Sources::new();
    let text = format!("interface {ident} {{ message m(); }};");
    let file = sources.add(format!("{ident}.if"), text.as_bytes());
    let request = Request { files: vec![file], imports: Vec::new() };
    match request.describe(&sources, &Levels::new()) {
        Ok((description, _)) => description.interfaces.iter().any(|it| it.rust != ident),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_validated() {
        use NameError::{Character, Keyword, Long, Separator, Taken};
        let (longest, longer) = ("x".repeat(CHARS_MAX), "x".repeat(CHARS_MAX + 1));
        for (name, expected) in [
            ("demo", Ok("demo")),
            ("a", Ok("a")),
            ("my-service", Ok("my_service")),
            ("x86_64", Ok("x86_64")),
            ("service", Ok("service")),
            ("types", Ok("types")),
            (&longest, Ok(longest.as_str())),
            (&longer, Err(Long)),
            ("", Err(Character)),
            ("1a", Err(Character)),
            ("-a", Err(Character)),
            ("_a", Err(Character)),
            ("Demo", Err(Character)),
            ("a b", Err(Character)),
            ("ä", Err(Character)),
            ("a/b", Err(Character)),
            ("..", Err(Character)),
            ("a.b", Err(Character)),
            ("a\"\n[x]", Err(Character)),
            ("$(id)", Err(Character)),
            ("a-", Err(Separator)),
            ("a--b", Err(Separator)),
            ("a-_b", Err(Separator)),
            ("core", Err(Taken)),
            ("test", Err(Taken)),
            ("proc-macro", Err(Taken)),
            ("flounder", Err(Taken)),
            ("flounder-codegen", Err(Taken)),
            ("fn", Err(Keyword)),
            ("self", Err(Keyword)),
            ("gen", Err(Keyword)),
            ("try", Err(Keyword)),
            ("message", Err(Keyword)),
            ("out", Err(Keyword)),
        ] {
            let parsed = Name::parse(name);
            assert_eq!(parsed.as_ref().map(Name::ident), expected.as_ref().copied(), "{name}");
        }
    }
}
