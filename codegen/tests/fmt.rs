//! Formatting changes white space only, and formatting twice is formatting once.

use std::fs;
use std::path::{Path, PathBuf};

use flounder_codegen::{Sources, format};

/// The text without white space, and without what the formatter lines up anew.
fn essence(text: &str) -> String {
    text.trim_start_matches('\u{FEFF}').split_whitespace().collect()
}

fn formatted(text: &str) -> Option<String> {
    let mut sources = Sources::new();
    let file = sources.add("a.if", text.as_bytes());
    format(&sources, file).ok()
}

fn check(text: &str, shown: &str) {
    let Some(once) = formatted(text) else { return };
    assert_eq!(essence(&once), essence(text), "{shown} has lost something");
    assert_eq!(formatted(&once).as_ref(), Some(&once), "{shown} changes twice:\n{once}");
    let too_long = once.lines().find(|line| line.ends_with(' ') || line.contains('\t'));
    assert!(text.contains("/*") || too_long.is_none(), "{shown}: `{too_long:?}`");
}

/// Interface files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("entries are readable").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "if") {
            found.push(path);
        }
    }
}

#[test]
fn every_case_keeps_its_tokens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("tests"), &mut paths);
    files(&root.join("../idl"), &mut paths);
    assert!(paths.len() > 300);
    for path in paths {
        let text = fs::read_to_string(&path).expect("cases are UTF-8");
        check(&text, &path.display().to_string());
        // The same with each token on a line of its own, and all on one line.
        if !text.contains(['"', '/']) {
            let tokens: Vec<_> = text.split_whitespace().collect();
            check(&tokens.join("\n"), "a token a line");
            check(&tokens.join(" "), "one line");
        }
    }
}

#[test]
fn the_interfaces_of_the_system_are_formatted() {
    let mut paths = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl"), &mut paths);
    for path in paths {
        let text = fs::read_to_string(&path).expect("interfaces are UTF-8");
        let shown = path.display();
        assert_eq!(formatted(&text), Some(text), "run `flounder fmt {shown}`");
    }
}

/// A file with comments wherever there may be one.
#[test]
fn comments_between_all_tokens() {
    let text = "interface a \"d\" { alias w uint32 ; typedef w t [ 3 ] ; typedef struct { t x ; w y ; } s ; typedef enum { b , c } e ; @ata ( x = 1 , y = p ) message m ( s p , String q [ 4 ] , char z [ n , 4 ] ) ; rpc r ( in e i , out w o ) ; } ;";
    let tokens: Vec<_> = text.split(' ').collect();
    for comment in ["// c\n", "/* c */", "/* c\n * c */", "\n\n// c\n", "\n/* c */\n"] {
        for at in 0..=tokens.len() {
            let (before, after) = tokens.split_at(at);
            let text = [&before.join(" "), " ", comment, " ", &after.join(" ")].concat();
            assert!(formatted(&text).is_some(), "{text}");
            check(&text, &text);
        }
        check(&tokens.join(&format!(" {comment} ")), comment);
    }
}
