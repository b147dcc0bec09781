//! That the documents tell the truth: what they show is what the files say, what they link to is
//! there, and the commands they name are those that are run on every change.

use std::path::{Path, PathBuf};

use crate::files;

/// Precedes a fenced block that shows a file of the repository.
const SHOWS: &str = "<!-- file: ";

/// Set, it has the documents show the files as they are.
const UPDATE: &str = "UPDATE_EXPECT";

/// Precedes a fenced block of commands that `.ci/run` runs.
const RUN: &str = "<!-- run by .ci/run -->";

fn documents() -> Vec<PathBuf> {
    files::find("", ".md")
}

/// What follows `rest` as a fenced block, without its fences.
fn block(rest: &str) -> Option<&str> {
    let (_, fenced) = rest.trim_start().strip_prefix("```")?.split_once('\n')?;
    let end = if fenced.starts_with("```") { 0 } else { fenced.find("\n```")? };
    Some(&fenced[..end])
}

/// `text` with every block that shows a file as the file is now.
fn refreshed(text: &str) -> String {
    let mut parts = text.split(SHOWS);
    let mut fresh = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once(" -->").expect("the marker ends on its line");
        let shown = block(rest).unwrap_or_else(|| panic!("no block shows {path}"));
        let (before, after) = rest.split_at(shown.as_ptr() as usize - rest.as_ptr() as usize);
        let after = after[shown.len()..].trim_start_matches('\n');
        let file = files::read(path);
        fresh.extend([SHOWS, path, " -->", before, file.trim_end(), "\n", after]);
    }
    fresh
}

#[test]
fn what_documents_show_is_what_the_files_say() {
    for document in documents() {
        let text = files::read(&document);
        let fresh = refreshed(&text);
        if std::env::var_os(UPDATE).is_some() && text != fresh {
            std::fs::write(files::root().join(&document), fresh).expect("documents are writable");
        } else if text != fresh {
            let first = text.lines().zip(fresh.lines()).find(|(now, fresh)| now != fresh);
            panic!(
                "{} shows a file as it was; first at {first:?}; \
                 run `{UPDATE}=1 cargo test -p flounder-boot --test repository`",
                document.display()
            );
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
                let says = Path::new(path).file_stem().is_some_and(|stem| stem == name)
                    || path.ends_with(name)
                    || path.ends_with(&format!("{name}/mod.rs"))
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
