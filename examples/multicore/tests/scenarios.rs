//! The project's own scenarios, and that the command notices what is wrong in one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = fs::read_dir(folder).expect("the scenarios are there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    files
}

fn play(file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_multicore"));
    command.arg("--scenario").arg(file).output().expect("the command starts")
}

/// Plays a text as a file of its own.
fn play_text(name: &str, text: &str) -> Output {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, text).expect("the folder is writable");
    play(&file)
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("the command exits")
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("it is UTF-8")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).expect("it is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

/// The first word on what a scenario is about.
fn about(text: &str) -> String {
    let first: Value =
        serde_json::from_str(text.lines().next().expect("it has a line")).expect("a line is JSON");
    first["about"].as_str().expect("the first line says what it is about").to_owned()
}

#[test]
fn every_scenario_goes_as_it_says() {
    for file in scenarios() {
        let text = fs::read_to_string(&file).expect("it can be read");
        let output = play(&file);
        assert_eq!(status(&output), 0, "{}: {}", file.display(), said(&output));
        let (name, told) = (file.file_stem().expect("a file").to_string_lossy(), lines(&output));
        println!("{name:<10} {:>3} answers  {}", told.len(), about(&text));
        for line in told {
            assert!(line["line"].is_u64(), "{line}");
        }
    }
}

#[test]
fn a_wrong_answer_ends_it_with_its_line() {
    for file in scenarios() {
        let text = fs::read_to_string(&file).expect("it can be read");
        let lines: Vec<_> = text.lines().collect();
        let (number, line) = lines
            .iter()
            .enumerate()
            .rfind(|(_, line)| line.contains(r#""err":"#))
            .expect("something is expected");
        let (before, after) = line.split_once(r#""err":""#).expect("it is");
        let (_, after) = after.split_once('"').expect("a string ends");
        let mut wrong: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        wrong[number] = format!(r#"{before}"err":"SPAWN_ERR_FIND_SPAWNDS"{after}"#);
        let name = format!("wrong-{}", file.file_name().expect("a file").to_string_lossy());
        let output = play_text(&name, &wrong.join("\n"));
        assert_eq!(status(&output), 1, "{name}: {}", said(&output));
        let expected = format!("line {}: expected {{", number + 1);
        assert!(said(&output).contains(&expected), "{name}: {}", said(&output));
        assert!(said(&output).contains("SPAWN_ERR_FIND_SPAWNDS"), "{}", said(&output));
        assert!(said(&output).contains("}, got {"), "{}", said(&output));
    }
}

#[test]
fn what_is_never_answered_differs_too() {
    let text = r#"{"client":"a","call":"spawn","as":"d","path":"/modules/idle"}
        {"client":"a","call":"wait","cap":"d","async":true,"as":"w","expect":{"err":"OK"}}"#;
    let output = play_text("unanswered.jsonl", text);
    assert_eq!(status(&output), 1, "{}", said(&output));
    assert!(said(&output).contains(r#"line 2: expected {"err":"OK"}, got no answer"#));

    let text = r#"{"system":{"patience_ms":50}}
        {"client":"a","call":"spawn","as":"d","path":"/modules/idle"}
        {"client":"a","call":"wait","cap":"d"}"#;
    let output = play_text("impatient.jsonl", text);
    assert_eq!(status(&output), 1, "{}", said(&output));
    assert!(said(&output).contains("line 3: no answer within 50ms"), "{}", said(&output));
}

#[test]
fn a_malformed_file_is_refused_before_anything_happens() {
    let text = "{\"client\":\"a\",\"call\":\"list\"}\n\n{\"client\":\"a\",\"call\":\"kill\"}";
    let output = play_text("malformed.jsonl", text);
    assert_eq!(status(&output), 2, "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(said(&output).contains("malformed.jsonl: line 3: `kill` needs `cap`"), "{output:?}");

    let output = play(Path::new("/nobody/has/this.jsonl"));
    assert_eq!(status(&output), 2, "{output:?}");
    assert!(said(&output).contains("the file can't be read"), "{output:?}");
}
