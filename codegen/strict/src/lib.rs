//! Bindings of the most hostile interfaces under the strictest lints: every form of the language,
//! every word that means something as every kind of name, and comments that are code or markup
//! elsewhere. The package is compiled in editions 2024 and 2021.
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic, unreachable_pub, unsafe_code)]

/// Bindings for both sides.
pub mod both {
    include!(concat!(env!("OUT_DIR"), "/both/comments.rs"));
    include!(concat!(env!("OUT_DIR"), "/both/every.rs"));
    include!(concat!(env!("OUT_DIR"), "/both/names.rs"));
    include!(concat!(env!("OUT_DIR"), "/both/one.rs"));
    include!(concat!(env!("OUT_DIR"), "/both/shared.rs"));
    include!(concat!(env!("OUT_DIR"), "/both/two.rs"));
}

/// Bindings that only call.
pub mod client {
    include!(concat!(env!("OUT_DIR"), "/client/comments.rs"));
    include!(concat!(env!("OUT_DIR"), "/client/every.rs"));
    include!(concat!(env!("OUT_DIR"), "/client/names.rs"));
    include!(concat!(env!("OUT_DIR"), "/client/one.rs"));
    include!(concat!(env!("OUT_DIR"), "/client/two.rs"));
}

/// Bindings that only answer.
pub mod server {
    include!(concat!(env!("OUT_DIR"), "/server/comments.rs"));
    include!(concat!(env!("OUT_DIR"), "/server/every.rs"));
    include!(concat!(env!("OUT_DIR"), "/server/names.rs"));
    include!(concat!(env!("OUT_DIR"), "/server/one.rs"));
    include!(concat!(env!("OUT_DIR"), "/server/two.rs"));
}

/// Bindings that do neither, with traits and attributes of this crate.
pub mod neither {
    include!(concat!(env!("OUT_DIR"), "/neither/comments.rs"));
    include!(concat!(env!("OUT_DIR"), "/neither/every.rs"));
    include!(concat!(env!("OUT_DIR"), "/neither/names.rs"));
    include!(concat!(env!("OUT_DIR"), "/neither/one.rs"));
    include!(concat!(env!("OUT_DIR"), "/neither/two.rs"));
}

#[cfg(test)]
mod tests {
    use crate::{both, neither, server};

    /// What rustdoc takes for code, and so for a test: fences, and lines that are indented.
    fn is_code(comment: &str) -> bool {
        let text = comment.trim_start();
        comment.starts_with("     ") || text.starts_with("```") || text.starts_with("~~~")
    }

    #[test]
    fn no_comment_is_a_test() {
        for text in [
            include_str!(concat!(env!("OUT_DIR"), "/both/comments.rs")),
            include_str!(concat!(env!("OUT_DIR"), "/both/every.rs")),
        ] {
            let comments: Vec<_> =
                text.lines().filter_map(|line| line.trim_start().strip_prefix("///")).collect();
            assert!(comments.len() > 100);
            assert_eq!(comments.into_iter().find(|comment| is_code(comment)), None);
        }
    }

    #[test]
    fn what_was_asked_for_is_there() {
        use both::shared::Self_;
        assert!(neither::comments::types::Marks::E0 < neither::comments::types::Marks::E1);
        // The types of the import are the same, on whatever side.
        let _: server::every::messages::DropResponse =
            server::every::messages::DropResponse { boxes: boxes(), me: Self_::Super };
    }

    fn boxes() -> server::every::types::Boxes {
        use server::every::types::{Box, Vec};
        [Box { a: 1, b: 2, c: true, d: Vec::None, e: 3 }; 3]
    }
}
