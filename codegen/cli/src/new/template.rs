//! The files of a new crate, as they stand in `template`, where they are a crate themselves.

use crate::name::Name;

/// The name that the template's crate and interface have; it stands there for nothing else.
const DEMO: &str = "demo";

/// Where the template's crate finds what it depends on.
const CHECKOUT: &str = "../../..";

macro_rules! files {
    ($($path:literal),*) => {
        /// The files by their paths.
        const FILES: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../../template/", $path)))),*];
    };
}

files![
    ".gitignore",
    "Cargo.toml",
    "README.md",
    "build.rs",
    "demo.if",
    "src/client.rs",
    "src/lib.rs",
    "src/main.rs",
    "src/service.rs",
    "tests/dialogue.rs"
];

/// The files of a crate with that name, whose dependencies are in `checkout`: paths and texts.
pub(super) fn fill(name: &Name, checkout: &str) -> Vec<(String, String)> {
    let file = |(path, text): &(&str, &str)| {
        let text = match *path {
            "Cargo.toml" => manifest(text, name, checkout),
            _ => text.replace(DEMO, name.ident()),
        };
        (path.replace(DEMO, name.ident()), text)
    };
    FILES.iter().map(file).collect()
}

fn manifest(text: &str, name: &Name, checkout: &str) -> String {
    text.replace(DEMO, name.package()).replace(CHECKOUT, &escape(checkout))
}

/// A text as it stands between the quotes of a TOML string.
fn escape(text: &str) -> String {
    let escaped = text.chars().map(|next| match next {
        '"' | '\\' => format!("\\{next}"),
        next if next.is_control() => format!("\\u{:04X}", u32::from(next)),
        next => next.to_string(),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// What is in the template for its own sake.
    const ITS_OWN: [&str; 3] = ["Cargo.lock", "rustfmt.toml", "target"];

    fn listed(folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder is readable") {
            let path = entry.expect("entries are readable").path();
            let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
            if ITS_OWN.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                listed(&path, found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn all_files_of_the_template_are_taken() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("template");
        let mut found = BTreeSet::new();
        listed(&root, &mut found);
        let known: BTreeSet<_> = FILES.iter().map(|(path, _)| root.join(path)).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn the_name_stands_for_nothing_else_in_the_template() {
        let is_word = |next: &char| next.is_alphanumeric() || *next == '_';
        for (path, text) in FILES {
            for (start, _) in text.match_indices(DEMO) {
                let before = text[..start].chars().next_back().filter(is_word);
                let after = text[start + DEMO.len()..].chars().next().filter(is_word);
                assert_eq!((before, after), (None, None), "{path}");
            }
        }
    }

    #[test]
    fn names_and_paths_are_filled_in() {
        let name = Name::parse("my-service").expect("a name");
        let files = fill(&name, "/a \"b\"\\c\n");
        let text = |path: &str| {
            let file = files.iter().find(|(known, _)| known == path);
            &*file.unwrap_or_else(|| panic!("no {path}")).1
        };
        let manifest = text("Cargo.toml");
        assert!(manifest.contains("name = \"my-service\"\n"), "{manifest}");
        let path = r#"flounder = { path = "/a \"b\"\\c\u000A/runtime" }"#;
        assert!(manifest.contains(path), "{manifest}");
        assert!(text("my_service.if").contains("interface my_service "));
        assert!(text("build.rs").contains("\"my_service.if\""));
        assert!(files.iter().all(|(_, text)| !text.contains(DEMO) && !text.contains(CHECKOUT)));
    }
}
