//! Runs the command in a folder of its own and looks at what it says and leaves behind.

mod breaking;
mod doc;
mod excerpts;
mod folder;
#[path = "../../../tests/corpus/generator.rs"]
mod generator;
mod new;
mod surroundings;
mod unreadable;

use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use expect_test::expect_file;
use folder::{Folder, GOOD, TYPES};

/// With the lines they are about, as they look where there is no terminal.
const HUMAN: &str = "\
error[E030]: no type named `coreif`
 --> bad.if:2:18
  |
2 |     message ping(coreif core);
  |                  ^^^^^^
  |
  = help: did you mean `coreid`?

error[E021]: message `ping` is declared twice
 --> bad.if:3:13
  |
2 |     message ping(coreif core);
  |             ---- first declared here
3 |     message ping();
  |             ^^^^

2 errors; `flounder explain E030` tells more
";

const SHORT: &str = "\
bad.if:2:18: error[E030]: no type named `coreif`
bad.if:3:13: error[E021]: message `ping` is declared twice
";

const JSON: &str = r#"
{"severity":"error","code":"E030","message":"no type named `coreif`","file":"bad.if","line":2,"column":18,"end_line":2,"end_column":24,"start":33,"end":39,"help":"did you mean `coreid`?","related":null}
{"severity":"error","code":"E021","message":"message `ping` is declared twice","file":"bad.if","line":3,"column":13,"end_line":3,"end_column":17,"start":59,"end":63,"help":null,"related":{"message":"first declared here","file":"bad.if","line":2,"column":13,"end_line":2,"end_column":17,"start":28,"end":32}}
"#;

#[test]
fn check_finds_mistakes() {
    let folder = Folder::new("check");
    folder.check("check good.if -i types.if", 0, "", "");
    folder.check("check good.if types.if", 0, "", "");
    folder.check("check bad.if -i types.if", 1, "", HUMAN);
    folder.check("check bad.if -i types.if --format short", 1, "", SHORT);
    folder.check("check bad.if -i types.if --format json", 1, "", JSON.trim_start());
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let folder = Folder::new("twice");
    folder.write("platform.if", "alias iref uint32;\ntypedef uint8 coreid;\n");
    folder.write("other.if", "interface other { message m(coreid core); };");
    let warning =
        "platform.if:1:7: warning[W002]: `iref` is a builtin type; the alias is ignored\n";
    let line = "check good.if other.if platform.if ./other.if -i platform.if -i ./platform.if";
    folder.check(&format!("{line} --format short"), 0, "", warning);
}

#[test]
fn six_mistakes_are_six_findings() {
    let folder = Folder::new("six");
    folder.write("sums.if", include_str!("../golden/sums.if"));
    let output = folder.run("check sums.if");
    let errors = String::from_utf8(output.stderr).expect("errors are UTF-8");
    expect_file!["../golden/sums.txt"].assert_eq(&errors);
    assert!(errors.contains("\n6 errors;"));
    assert_eq!(output.status.code(), Some(1));
}

/// How often a folder is checked to tell its time: the first run reads it from disk.
const RUNS: usize = 3;

#[test]
fn a_folder_is_checked_in_one_go() {
    let folder = Folder::new("corpus");
    let corpus = generator::corpus(3);
    let mut line = vec!["check".to_owned(), "--allow-name-mismatch".to_owned()];
    for (file, option) in corpus
        .files
        .iter()
        .map(|file| (file, None))
        .chain(corpus.imports.iter().map(|file| (file, Some("-i"))))
    {
        let path = folder.0.join(&file.name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it is writable");
        folder.write(&file.name, &file.text);
        line.extend(option.map(str::to_owned));
        line.push(file.name.clone());
    }
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        let output = folder.run(&line.join(" "));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{errors}");
        // Each import is parsed once, so it is warned of once.
        assert_eq!(errors.matches("platform/x86_64.if:").count(), 2, "{errors}");
        start.elapsed()
    });
    let (best, files) = (times.min().unwrap_or_default(), corpus.files.len());
    // Past the test harness, which would keep it from view.
    let build = if cfg!(debug_assertions) { "a debug build" } else { "a release build" };
    writeln!(std::io::stdout(), "\nflounder check, {build}: {files} files in {best:.0?}")
        .expect("standard output is open");
}

#[test]
fn a_second_place_may_be_in_another_file() {
    let folder = Folder::new("places");
    folder.write("other.if", "interface other {\n    typedef uint16 coreid;\n    message m();\n};");
    let human = "\
error[E020]: type `coreid` is declared twice
 --> other.if:2:20
  |
2 |     typedef uint16 coreid;
  |                    ^^^^^^
  |
 ::: types.if:1:15
  |
1 | typedef uint8 coreid;
  |               ------ declared otherwise here

1 error; `flounder explain E020` tells more
";
    folder.check("check other.if -i types.if", 1, "", human);
}

#[test]
fn warnings_are_denied_allowed_and_asked_for() {
    let folder = Folder::new("levels");
    folder.write("old.if", "interface old {\n    call m(int i);\n};\n");
    let warning = "old.if:2:5: warning[W001]: `call` is an old spelling of `message`\n";
    let int = "old.if:2:12: warning[W004]: `int` is deprecated\n";
    let both = &format!("{warning}{int}");
    let run = |options: &str, status, findings: &str| {
        let line = format!("check old.if --format short {options}");
        folder.check(line.trim_end(), status, "", findings);
    };
    run("", 0, warning);
    run("--warn W004", 0, both);
    run("--warn w004 --allow W001", 0, int);
    run("--deny warnings", 1, &warning.replace("warning", "error"));
    run("--deny W004", 1, &format!("{warning}{}", int.replace("warning", "error")));
    run("--deny warnings --allow W001", 0, "");
    folder.check("gen old.if --out out --format short", 0, "", warning);
    let denied = &warning.replace("warning", "error");
    folder.check("gen old.if --out none --format short --deny warnings", 1, "", denied);
    assert!(folder.0.join("out/old.rs").exists() && !folder.0.join("none").exists());
}

#[test]
fn a_name_unlike_the_files_can_be_allowed() {
    let folder = Folder::new("mismatch");
    folder.write("file.if", "interface name { message m(); };");
    let error = "file.if:1:11: error[E014]: interface `name` is in a file named `file.if`\n";
    folder.check("check file.if --format short", 1, "", error);
    let warning = &error.replace("error", "warning");
    folder.check("check file.if --format short --allow-name-mismatch", 0, "", warning);
    let stale = "\
out/name.rs is stale
to refresh, run:
  flounder gen file.if --allow-name-mismatch --out out
";
    let line = "gen file.if --allow-name-mismatch --out out --format short --check";
    folder.check(line, 1, stale, warning);
}

#[test]
fn colours_are_for_terminals() {
    let folder = Folder::new("colours");
    let output = folder.run("check bad.if");
    assert!(!output.stderr.contains(&0x1b));
}

#[test]
fn gen_writes_what_changed_and_nothing_after_a_mistake() {
    let folder = Folder::new("gen");
    folder.check("gen good.if types.if --out out/deep", 0, "", "");
    let files = || fs::read_dir(folder.0.join("out/deep")).expect("the folder is there").count();
    assert_eq!(files(), 2);
    let before = folder.modified("out/deep/good.rs");

    folder.check("gen good.if types.if --out out/deep", 0, "", "");
    folder.check("gen good.if types.if bad.if --out out/deep --format short", 1, "", SHORT);
    assert_eq!((folder.modified("out/deep/good.rs"), files()), (before, 2));
}

#[test]
fn gen_check_names_what_is_stale() {
    let folder = Folder::new("gen_check");
    let stale = "\
out/good.rs is stale
out/types.rs is stale
to refresh, run:
  flounder gen good.if -i types.if --out out
";
    folder.check("gen good.if -i types.if --out out --check", 1, stale, "");
    assert!(!folder.0.join("out").exists());
    folder.check("gen good.if -i types.if --out out", 0, "", "");
    let fresh = "2 bindings in out are fresh\n";
    folder.check("gen good.if -i types.if --out out --check", 0, fresh, "");

    fs::write(folder.0.join("good.if"), GOOD.replace("ping", "pong"))
        .expect("the folder is writable");
    let stale =
        "out/good.rs is stale\nto refresh, run:\n  flounder gen good.if -i types.if --out out\n";
    folder.check("gen good.if -i types.if --out out --check", 1, stale, "");
}

#[test]
fn explain_prints_pages_and_their_list() {
    let folder = Folder::new("explain");
    let page = include_str!("../../pages/E012.md");
    folder.check("explain E012", 0, page, "");
    folder.check("explain e012", 0, page, "");
    let list = String::from_utf8(folder.run("explain").stdout).expect("output is UTF-8");
    assert!(list.contains("\nE012  a type declared after a message\n"), "{list}");
    folder.check("explain b010", 0, include_str!("../../pages/B010.md"), "");
    assert!(list.contains("\nB010  a message was removed\n"), "{list}");
}

/// The command without a subcommand comes first.
const COMMANDS: &str = " check gen fmt describe breaking doc new explain completions man";

#[test]
fn every_command_teaches_with_examples() {
    let folder = Folder::new("help");
    for command in COMMANDS.split(' ') {
        let help = folder.run(format!("{command} --help").trim_start());
        let text = String::from_utf8(help.stdout).expect("help is UTF-8");
        assert!(text.contains("Examples:\n  flounder "), "{command}: {text}");
    }
}

#[test]
fn describe_tells_nothing_of_files_with_mistakes() {
    let folder = Folder::new("describe");
    folder.check("describe bad.if types.if --format short", 1, "", SHORT);
    folder.check("describe bad.if types.if --json --format short", 1, "", SHORT);
}

#[test]
fn fmt_writes_checks_and_shows() {
    let folder = Folder::new("fmt");
    folder.write("ugly.if", "interface ugly { // note\nmessage m( uint8 a );\n};");
    let (ugly, good) = (folder.modified("ugly.if"), folder.modified("good.if"));
    folder.check("fmt ugly.if good.if --check", 1, "ugly.if is not formatted\n", "");
    let diff = "\
--- ugly.if
+++ ugly.if (formatted)
@@ -1,3 +1,3 @@
 interface ugly { // note
-message m( uint8 a );
-};
\\ No newline at end of file
+    message m(uint8 a);
+};
";
    folder.check("fmt ugly.if good.if --diff", 1, diff, "");
    assert_eq!(folder.modified("ugly.if"), ugly);

    folder.check("fmt ugly.if good.if", 0, "", "");
    folder.check("fmt ugly.if good.if --check --diff", 0, "", "");
    let text = fs::read_to_string(folder.0.join("ugly.if")).expect("the file is there");
    assert_eq!(text, "interface ugly { // note\n    message m(uint8 a);\n};\n");
    assert_eq!(folder.modified("good.if"), good);
}

#[test]
fn fmt_leaves_files_with_errors_alone() {
    let folder = Folder::new("fmt_errors");
    let text = "interface broken {\nmessage m()\n};\n";
    folder.write("broken.if", text);
    let error = "broken.if:2:12: error[E005]: expected `;`, found `}`\n";
    folder.check("fmt broken.if --format short", 1, "", error);
    assert_eq!(fs::read_to_string(folder.0.join("broken.if")).expect("it is there"), text);
}

#[test]
fn fmt_takes_standard_input() {
    let folder = Folder::new("fmt_stdin");
    let input = fs::File::open(folder.0.join("types.if")).expect("it is there");
    let output = Command::new(env!("CARGO_BIN_EXE_flounder"))
        .args(["fmt", "-"])
        .stdin(input)
        .output()
        .expect("the command starts");
    assert_eq!(output.stdout, TYPES.as_bytes());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn shells_and_manuals_know_the_commands() {
    let folder = Folder::new("completions");
    for line in ["completions bash", "completions zsh", "completions fish", "man"] {
        let output = folder.run(line);
        let text = String::from_utf8(output.stdout).expect("output is UTF-8");
        assert!(text.contains("explain") && text.contains("fmt"), "{line}");
        assert_eq!(output.status.code(), Some(0), "{line}");
    }
}

#[test]
fn every_command_has_a_page_with_its_options() {
    let folder = Folder::new("man");
    folder.check("man --out man1", 0, "", "");
    for (page, options) in [
        ("flounder", &["flounder\\-gen(1)", "flounder\\-breaking(1)"][..]),
        ("flounder-gen", &["\\-\\-out", "\\-\\-import", "\\-\\-deny", "\\-\\-check", "Examples:"]),
        ("flounder-breaking", &["\\-\\-against", "\\-\\-level"]),
        ("flounder-man", &["\\-\\-out"]),
    ] {
        let path = folder.0.join("man1").join(format!("{page}.1"));
        let text = fs::read_to_string(path).expect(page);
        assert!(text.contains(&format!(".TH {page} 1")), "{text}");
        for option in options {
            assert!(text.contains(option), "{option} is not in {text}");
        }
    }
    let pages = fs::read_dir(folder.0.join("man1")).expect("the folder is there").count();
    assert_eq!(pages, COMMANDS.split(' ').count());
}

#[test]
fn files_may_be_named_in_any_order() {
    let folder = Folder::new("order");
    folder.write("a.if", "typedef coreid cores[4];\n");
    folder.write("b.if", "typedef struct { cores them; } all;\ntypedef uint8 coreid;\n");
    folder.write("user.if", "interface user { message m(all them, coreid one); };\n");
    let files = ["a.if", "b.if", "types.if", "user.if", "good.if"];
    let outputs = |out: &str, files: &[&str]| {
        folder.check(&format!("gen {} --out {out}", files.join(" ")), 0, "", "");
        let read = |name| fs::read(folder.0.join(out).join(name)).expect("it was written");
        ["a.rs", "b.rs", "types.rs", "user.rs", "good.rs"].map(read)
    };
    let first = outputs("first", &files);
    for turn in 1..files.len() {
        let mut turned = files;
        turned.rotate_left(turn);
        assert!(outputs(&format!("out{turn}"), &turned) == first, "{turned:?}");
        turned.reverse();
        assert!(outputs(&format!("reversed{turn}"), &turned) == first, "{turned:?}");
    }
}

#[test]
fn wrong_usage_is_status_2() {
    let folder = Folder::new("usage");
    for line in ["", "strange", "gen good.if", "check", "check absent.if", "explain E999"] {
        let output = folder.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(!output.stderr.is_empty(), "{line}");
    }
    assert_eq!(folder.run("--help").status.code(), Some(0));
}
