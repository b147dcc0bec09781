//! The command as whoever runs it sees it: what a given trace looks like, and what is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Set, it has the picture written as it is drawn.
const UPDATE: &str = "UPDATE_EXPECT";

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn trace(what: &str, file: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trace"));
    command.arg(what).arg(file).args(args).output().expect("the command starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the output is UTF-8")
}

#[test]
fn a_small_trace_is_drawn_as_ever() {
    let args = ["--from", "0", "--span", "100", "--width", "400"];
    let output = trace("picture", &golden("small.json"), &args);
    assert!(output.status.success(), "{output:?}");
    let drawn = text(&output.stdout);
    let path = golden("small.svg");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, drawn).expect("the golden is writable");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(drawn == expected, "the picture has changed: look at it, then {UPDATE}=1\n{drawn}");
    // What happens after the window has no lane, and nothing of the file is markup.
    assert!(!drawn.contains("domain"), "{drawn}");
}

#[test]
fn what_is_written_into_the_picture_is_no_markup() {
    let output = trace("picture", &golden("small.json"), &[]);
    let drawn = text(&output.stdout);
    assert!(drawn.contains("domain &lt;5&gt;@1"), "{drawn}");
}

#[test]
fn a_window_in_which_nothing_happens_is_refused() {
    let output = trace("picture", &golden("small.json"), &["--from", "100", "--span", "50"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("nothing happens"), "{output:?}");
}

#[test]
fn a_trace_is_checked() {
    let output = trace("check", &golden("small.json"), &[]);
    let expected = "2 cores, 3 tracks, 4 slices, 2 messages; 0 more that nobody received\n";
    assert_eq!((text(&output.stdout), output.status.code()), (expected, Some(0)));

    let wrong = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong.json");
    let small = std::fs::read_to_string(golden("small.json")).expect("it is there");
    std::fs::write(&wrong, small.replace("\"id\":\"1.0.0\",", "")).expect("it is writable");
    let output = trace("check", &wrong, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("`id` is missing"), "{output:?}");
}
