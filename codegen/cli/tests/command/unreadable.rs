//! A file that can't be read is a finding among the others, and a status of its own.

use super::folder::Folder;

/// What is said of a file that isn't there.
fn missing(path: &str) -> String {
    format!(
        "{path}:1:1: error[E009]: can't read `{path}`: No such file or directory (os error 2)\n"
    )
}

const TWICE: &str = "bad.if:3:13: error[E021]: message `ping` is declared twice\n";

#[test]
fn the_others_are_checked_all_the_same() {
    let folder = Folder::new("unreadable");
    let (a, b) = (missing("a.if"), missing("b.if"));
    for (line, found) in [
        ("check a.if good.if -i types.if b.if", format!("{a}{b}")),
        ("check b.if -i a.if", format!("{a}{b}")),
        // The unknown type may be in the file that isn't there.
        ("check a.if bad.if", format!("{a}{TWICE}")),
        ("check bad.if dir/good.if good.if", format!("{TWICE}{}", missing("dir/good.if"))),
        ("gen good.if -i a.if --out out", a.clone()),
        ("describe bad.if a.if", format!("{TWICE}{a}")),
        ("breaking --against a.if b.if", format!("{a}{b}")),
    ] {
        folder.check(&format!("{line} --format short"), 2, "", &found);
    }
    assert!(!folder.0.join("out").exists());
}

#[test]
fn the_others_are_formatted_all_the_same() {
    let folder = Folder::new("unreadable_fmt");
    folder.write("crooked.if", "interface   crooked { message m(); };\n");
    let found = missing("a.if") + &missing("b.if");
    folder.check("fmt a.if crooked.if b.if --format short", 2, "", &found);
    folder.check("fmt --check crooked.if", 0, "", "");
}

const HUMAN: &str = "\
error[E009]: can't read `a.if`: No such file or directory (os error 2)
--> a.if:1:1

1 error; `flounder explain E009` tells more
";

const JSON: &str = r#"
{"severity":"error","code":"E009","message":"can't read `a.if`: No such file or directory (os error 2)","file":"a.if","line":1,"column":1,"end_line":1,"end_column":1,"start":0,"end":0,"help":null,"related":null}
"#;

#[test]
fn it_looks_like_any_finding() {
    let folder = Folder::new("unreadable_formats");
    folder.check("check a.if", 2, "", HUMAN);
    folder.check("check a.if --format json", 2, "", JSON.trim_start());
    folder.check("fmt a.if --format json", 2, "", JSON.trim_start());
}
