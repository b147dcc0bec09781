//! How names look in Rust: the only place with naming rules.

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::{Ident, Span};

/// What the request of an rpc `m` is called in tables: `m_call`.
pub(crate) const CALL: &str = "call";

/// What the response of an rpc `m` is called: `m_response`.
pub(crate) const RESPONSE: &str = "response";

/// Words that can't be raw identifiers: they get a trailing underscore.
const NEVER_RAW: [&str; 4] = ["self", "Self", "super", "crate"];

/// Every keyword of every edition, those that are only reserved included.
const KEYWORDS: [&str; 49] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield", "union",
];

/// The name of a type, a message's struct or an enumerator.
pub(crate) fn camel(name: &str) -> Ident {
    ident(&name.to_upper_camel_case())
}

/// The name of a module, a field or a function.
pub(crate) fn snake(name: &str) -> Ident {
    ident(&plain(name.to_snake_case()))
}

/// `name` with `suffix` as one more word: `spawn_call`, `SpawnResponse`.
pub(crate) fn suffixed(name: &str, suffix: &str) -> String {
    format!("{name}_{suffix}")
}

/// The name of the file that holds a module: no keyword needs escaping there.
pub(crate) fn file(name: &str) -> String {
    format!("{}.rs", plain(name.to_snake_case()))
}

/// A name that Rust takes. Those of the language are; a file of types may be called anything.
fn plain(name: String) -> String {
    let is_letter = |next: char| next.is_ascii_alphabetic() || next == '_';
    if name.starts_with(is_letter)
        && name.chars().all(|next| is_letter(next) || next.is_ascii_digit())
    {
        return name;
    }
    let other = |next: char| if next.is_ascii_alphanumeric() { next } else { '_' };
    format!("file_{}", name.chars().map(other).collect::<String>()).to_snake_case()
}

fn ident(name: &str) -> Ident {
    if NEVER_RAW.contains(&name) {
        Ident::new(&format!("{name}_"), Span::call_site())
    } else if KEYWORDS.contains(&name) {
        Ident::new_raw(name, Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, camel_case, snake_case) in [
            ("ping", "Ping", "ping"),
            ("proc_mgmt", "ProcMgmt", "proc_mgmt"),
            ("pingX", "PingX", "ping_x"),
            ("get_HTTPInfo2", "GetHttpInfo2", "get_http_info2"),
            ("register_", "Register", "register"),
            ("x86_64", "X8664", "x86_64"),
            ("type", "Type", "r#type"),
            ("fn", "Fn", "r#fn"),
            ("gen", "Gen", "r#gen"),
            ("self", "Self_", "self_"),
            ("super", "Super", "super_"),
            ("crate", "Crate", "crate_"),
            ("Self", "Self_", "self_"),
            ("option", "Option", "option"),
        ] {
            assert_eq!(camel(name).to_string(), camel_case);
            assert_eq!(snake(name).to_string(), snake_case);
        }
        assert_eq!(camel(&suffixed("self", "response")).to_string(), "SelfResponse");
        assert_eq!(file("type"), "type.rs");
    }

    #[test]
    fn keywords_parse_as_identifiers() {
        for keyword in KEYWORDS.iter().chain(&NEVER_RAW) {
            let text = snake(keyword).to_string();
            assert!(syn::parse_str::<Ident>(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn files_of_types_may_be_called_anything() {
        for (name, module) in
            [("6", "file_6"), ("-", "file"), ("\u{e9}t", "file_t"), ("a-b", "a_b")]
        {
            assert_eq!(snake(name).to_string(), module, "{name}");
            assert_eq!(file(name), format!("{module}.rs"), "{name}");
        }
    }
}
