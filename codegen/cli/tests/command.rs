//! Runs the command in a folder of its own and looks at what it says and leaves behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

const TYPES: &str = "typedef uint8 coreid;\n";
const GOOD: &str = "interface good {\n    message ping(coreid core);\n};\n";
const BAD: &str = "interface bad {\n    message ping(coreif core);\n    message ping();\n};\n";

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the folder is writable");
        for (name, text) in [("types.if", TYPES), ("good.if", GOOD), ("bad.if", BAD)] {
            fs::write(path.join(name), text).expect("the folder is writable");
        }
        Self(path)
    }

    fn run(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flounder"));
        command.current_dir(&self.0).args(line.split(' ')).output().expect("the command starts")
    }

    /// Runs a command line and compares its status, its output and its errors.
    fn check(&self, line: &str, status: i32, stdout: &str, stderr: &str) {
        let output = self.run(line);
        assert_eq!(String::from_utf8(output.stderr).expect("errors are UTF-8"), stderr, "{line}");
        assert_eq!(String::from_utf8(output.stdout).expect("output is UTF-8"), stdout, "{line}");
        assert_eq!(output.status.code(), Some(status), "{line}");
    }

    fn modified(&self, name: &str) -> SystemTime {
        let data = fs::metadata(self.0.join(name)).expect("the file is there");
        data.modified().expect("files have times")
    }
}

const FINDINGS: &str = "\
bad.if:2:18: error[E030]: no type named `coreif`
  help: did you mean `coreid`?
bad.if:3:13: error[E021]: message `ping` is declared twice
  note: bad.if:2:13: first declared here
";

#[test]
fn check_finds_mistakes() {
    let folder = Folder::new("check");
    folder.check("check good.if -i types.if", 0, "", "");
    folder.check("check good.if types.if", 0, "", "");
    folder.check("check bad.if -i types.if", 1, "", FINDINGS);
}

#[test]
fn gen_writes_what_changed_and_nothing_after_a_mistake() {
    let folder = Folder::new("gen");
    folder.check("gen good.if types.if --out out/deep", 0, "", "");
    let files = || fs::read_dir(folder.0.join("out/deep")).expect("the folder is there").count();
    assert_eq!(files(), 2);
    let before = folder.modified("out/deep/good.rs");

    folder.check("gen good.if types.if --out out/deep", 0, "", "");
    folder.check("gen good.if types.if bad.if --out out/deep", 1, "", FINDINGS);
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
fn wrong_usage_is_status_2() {
    let folder = Folder::new("usage");
    for line in ["", "strange", "gen good.if", "check", "check absent.if"] {
        let output = folder.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(!output.stderr.is_empty(), "{line}");
    }
    assert_eq!(folder.run("--help").status.code(), Some(0));
}
