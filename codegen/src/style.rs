//! What a build script may ask of bindings: attributes of its own, types that another crate has,
//! and one side only.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;

use crate::near::nearest;
use crate::plan::Plan;

/// What was asked for, checked as far as it can be without an interface.
#[derive(Debug, Default)]
pub(crate) struct Style {
    /// The paths in Rust of imports whose types another crate has, by the import's name.
    pub(crate) externs: BTreeMap<String, String>,
    pub(crate) without_client: bool,
    pub(crate) without_server: bool,
    extras: Vec<Extra>,
}

/// What is put before some structs and enums.
#[derive(Debug)]
struct Extra {
    pattern: String,
    kind: ExtraKind,
}

#[derive(Debug)]
enum ExtraKind {
    /// Traits, each as it was written and as tokens.
    Derive(Vec<(String, TokenStream)>),
    Attributes(TokenStream),
}

/// Why what was asked for can't be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StyleError {
    #[error("`{0}` is no pattern: write `.` for all, or names with dots between them: `echo.ping`")]
    Pattern(String),
    #[error("`{pattern}` matches no struct and no enum{}", hint(nearest.as_deref()))]
    NoMatch { pattern: String, nearest: Option<String> },
    #[error("`{text}` is no list of traits: {cause}")]
    Derive { text: String, cause: syn::Error },
    #[error("`{text}` is no attribute, as `#[non_exhaustive]` is: {cause}")]
    Attribute { text: String, cause: syn::Error },
    #[error("`{text}` is no path to a module of a crate, as `::other::types` is")]
    Path { text: String },
    #[error("no import is named `{import}`{}", hint(nearest.as_deref()))]
    NoImport { import: String, nearest: Option<String> },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

impl Style {
    /// The types of this import are at this path.
    pub(crate) fn external(&mut self, import: &str, path: &str) -> Result<(), StyleError> {
        let wrong = |_| StyleError::Path { text: path.to_owned() };
        let parsed = syn::Path::parse_mod_style.parse_str(path).map_err(wrong)?;
        let is_absolute = parsed.leading_colon.is_some()
            || parsed.segments.first().is_some_and(|first| first.ident == "crate");
        // Inside a module, a path without colons could start with something of that module.
        let colons = if is_absolute { "" } else { "::" };
        self.externs.insert(import.to_owned(), format!("{colons}{}", path.trim()));
        Ok(())
    }

    /// Whatever matches the pattern derives these traits, if it doesn't anyway.
    pub(crate) fn derive(&mut self, pattern: &str, text: &str) -> Result<(), StyleError> {
        let wrong = |cause| StyleError::Derive { text: text.to_owned(), cause };
        let traits = Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
        let traits = traits.parse_str(text).map_err(wrong)?;
        if traits.is_empty() {
            let cause = syn::Error::new(proc_macro2::Span::call_site(), "it is empty");
            return Err(wrong(cause));
        }
        let named = traits.iter().map(|path| {
            let last = path.segments.last().map(|last| last.ident.to_string());
            (last.unwrap_or_default(), quote!(#path))
        });
        self.add(pattern, ExtraKind::Derive(named.collect()))
    }

    /// Whatever matches the pattern has these attributes.
    pub(crate) fn attribute(&mut self, pattern: &str, text: &str) -> Result<(), StyleError> {
        let wrong = |cause| StyleError::Attribute { text: text.to_owned(), cause };
        let attributes = syn::Attribute::parse_outer.parse_str(text).map_err(wrong)?;
        if attributes.is_empty() {
            let cause = syn::Error::new(proc_macro2::Span::call_site(), "it is empty");
            return Err(wrong(cause));
        }
        self.add(pattern, ExtraKind::Attributes(quote!(#(#attributes)*)))
    }

    fn add(&mut self, pattern: &str, kind: ExtraKind) -> Result<(), StyleError> {
        let names = pattern.strip_prefix('.').unwrap_or(pattern);
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name.chars().all(|next| next.is_ascii_alphanumeric() || next == '_')
        };
        if pattern != "." && !names.split('.').all(is_name) {
            return Err(StyleError::Pattern(pattern.to_owned()));
        }
        self.extras.push(Extra { pattern: pattern.to_owned(), kind });
        Ok(())
    }

    /// Whether there is an import for each that another crate has.
    pub(crate) fn check_externs<'a>(
        &self,
        imports: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), StyleError> {
        let unknown = self.externs.keys().find(|name| !imports.clone().any(|stem| stem == *name));
        unknown.map_or(Ok(()), |import| {
            let nearest = nearest(import, imports).map(str::to_owned);
            Err(StyleError::NoImport { import: import.clone(), nearest })
        })
    }

    /// Puts what was asked for before the structs and enums of a plan.
    pub(crate) fn decorate(&self, plan: &mut Plan) -> Result<(), StyleError> {
        let mut used = BTreeSet::new();
        let mut paths = BTreeSet::new();
        plan.decorate(&mut |path, derived| {
            paths.insert(path.to_owned());
            let mut attributes = TokenStream::new();
            for (index, extra) in self.extras.iter().enumerate() {
                if matches(&extra.pattern, path) {
                    used.insert(index);
                    attributes.extend(extra.attributes(derived));
                }
            }
            attributes
        });
        let unused = self.extras.iter().enumerate().find(|(index, _)| !used.contains(index));
        unused.map_or(Ok(()), |(_, extra)| {
            let nearest = nearest(&extra.pattern, paths.iter().map(String::as_str));
            let nearest = nearest.map(str::to_owned);
            Err(StyleError::NoMatch { pattern: extra.pattern.clone(), nearest })
        })
    }
}

impl Extra {
    /// The attributes of an item that derives some traits anyway.
    fn attributes(&self, derived: &[&str]) -> TokenStream {
        match &self.kind {
            ExtraKind::Attributes(attributes) => attributes.clone(),
            ExtraKind::Derive(traits) => {
                let missing = traits.iter().filter(|(name, _)| !derived.contains(&name.as_str()));
                let missing: Vec<_> = missing.map(|(_, tokens)| tokens).collect();
                if missing.is_empty() {
                    return TokenStream::new();
                }
                quote!(#[derive(#(#missing),*)])
            }
        }
    }
}

/// Whether the path of an item starts with the names of the pattern; or ends with them, if no dot
/// stands before them.
fn matches(pattern: &str, path: &str) -> bool {
    let path: Vec<_> = path.split('.').collect();
    match pattern.strip_prefix('.') {
        Some("") => true,
        Some(names) => path.starts_with(&names.split('.').collect::<Vec<_>>()),
        None => {
            let names: Vec<_> = pattern.split('.').collect();
            path.starts_with(&names) || path.ends_with(&names)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_from_the_start_or_the_end() {
        for (pattern, expected) in [
            (".", [true, true, true]),
            ("echo", [true, true, false]),
            (".echo", [true, true, false]),
            ("ping", [true, false, true]),
            (".ping", [false, false, true]),
            ("echo.ping", [true, false, false]),
            (".echo.ping", [true, false, false]),
            ("ping.kind", [false, false, true]),
            ("pin", [false; 3]),
            ("echo.ping.more", [false; 3]),
        ] {
            let found = ["echo.ping", "echo.kind", "ping.kind"].map(|path| matches(pattern, path));
            // The last path starts with `ping`.
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn what_can_not_be_done_is_refused() {
        let mut style = Style::default();
        for pattern in ["", "..", ".a.", "a..b", "a b", "1", "*", "a.*"] {
            assert!(style.derive(pattern, "Hash").is_err(), "{pattern}");
        }
        for traits in ["", ",", "Hash Ord", "#[derive(Hash)]", "Hash, 3"] {
            assert!(style.derive(".", traits).is_err(), "{traits}");
        }
        for attribute in ["", "non_exhaustive", "#![deny(x)]", "#[", "#[a] struct"] {
            assert!(style.attribute(".", attribute).is_err(), "{attribute}");
        }
        for path in ["", "a b", "a::<b>", "::", "a::"] {
            assert!(style.external("types", path).is_err(), "{path}");
        }
    }
}
