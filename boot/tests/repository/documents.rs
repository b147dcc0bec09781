//! That the documents tell the truth: what they show is what the files say, what they link to is
//! there, and the commands they name are those that are run on every change.

use std::path::{Path, PathBuf};

use crate::files;

/// Precedes a fenced block that shows a file of the repository.
const SHOWS: &str = "<!-- file: ";

/// Precedes a fenced block of commands that `.ci/run` runs.
const RUN: &str = "<!-- run by .ci/run -->";

fn documents() -> Vec<PathBuf> {
    files::find("", ".md")
}

/// What follows `rest` as a fenced block, without its fences.
fn block(rest: &str) -> Option<&str> {
    let (_, fenced) = rest.trim_start().strip_prefix("```")?.split_once('\n')?;
    match fenced.strip_prefix("```") {
        Some(_) => Some(""),
        None => fenced.split_once("\n```").map(|(inside, _)| inside),
    }
}

#[test]
fn what_documents_show_is_what_the_files_say() {
    for document in documents() {
        let text = files::read(&document);
        for part in text.split(SHOWS).skip(1) {
            let (path, rest) = part.split_once(" -->").expect("the marker ends on its line");
            let shown = block(rest).unwrap_or_else(|| panic!("no block shows {path}"));
            let file = files::read(path);
            assert_eq!(shown, file.trim_end(), "{} shows {path}", document.display());
        }
    }
}

#[test]
fn the_commands_of_the_documents_are_run_on_every_change() {
    let script = files::read(".ci/run");
    let mut commands = Vec::new();
    for document in documents() {
        let text = files::read(&document);
        for part in text.split(RUN).skip(1) {
            let inside = block(part).expect("a block follows the marker");
            commands.extend(inside.lines().map(|line| {
                let command = line.split('#').next().unwrap_or_default();
                command.trim().to_owned()
            }));
        }
    }
    for expected in ["cargo run --release --bin multicore", "cargo test --workspace"] {
        assert!(commands.iter().any(|command| command == expected), "README lost `{expected}`");
    }
    for command in commands {
        let is_run = script.lines().any(|line| line.trim_end().ends_with(&command));
        assert!(is_run, ".ci/run has no line that ends with `{command}`");
    }
}

/// A link of a document: the text and the target.
fn links(text: &str) -> Vec<(&str, &str)> {
    let ends = text.match_indices("](");
    ends.filter_map(|(middle, _)| {
        let start = text[..middle].rfind('[')?;
        let end = middle + text[middle..].find(')')?;
        Some((&text[start + 1..middle], &text[middle + 2..end]))
    })
    .collect()
}

#[test]
fn links_lead_to_files_that_say_what_the_link_says() {
    for document in documents() {
        let text = files::read(&document);
        let folder = document.parent().unwrap_or(Path::new(""));
        for (label, target) in links(&text) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || target.contains("://") {
                continue;
            }
            let place = format!("{}: [{label}]({target})", document.display());
            let linked = files::root().join(folder).join(path);
            assert!(linked.exists(), "{place} leads nowhere");
            let name = label.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            if let Some(name) = name.filter(|_| linked.is_file()) {
                let says = path.ends_with(name)
                    || std::fs::read_to_string(&linked).is_ok_and(|text| text.contains(name));
                assert!(says, "{place}: the file doesn't name it");
            }
        }
    }
}

#[test]
fn blocks_and_links_are_found() {
    assert_eq!(block("\n```sh\na\nb\n```\n"), Some("a\nb"));
    assert_eq!(block("\ntext"), None);
    assert_eq!(links("see [`a`](b.rs), [c](d)"), [("`a`", "b.rs"), ("c", "d")]);
}
