//! A folder with interface files, in which the command runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

pub(crate) const TYPES: &str = "typedef uint8 coreid;\n";
pub(crate) const GOOD: &str = "interface good {\n    message ping(coreid core);\n};\n";
const BAD: &str = "interface bad {\n    message ping(coreif core);\n    message ping();\n};\n";

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the folder is writable");
        for (name, text) in [("types.if", TYPES), ("good.if", GOOD), ("bad.if", BAD)] {
            fs::write(path.join(name), text).expect("the folder is writable");
        }
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("the folder is writable");
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flounder"));
        command.current_dir(&self.0).args(line.split(' ')).output().expect("the command starts")
    }

    /// Runs a command line and compares its status, its output and its errors.
    pub(crate) fn check(&self, line: &str, status: i32, stdout: &str, stderr: &str) {
        let output = self.run(line);
        assert_eq!(String::from_utf8(output.stderr).expect("errors are UTF-8"), stderr, "{line}");
        assert_eq!(String::from_utf8(output.stdout).expect("output is UTF-8"), stdout, "{line}");
        assert_eq!(output.status.code(), Some(status), "{line}");
    }

    pub(crate) fn modified(&self, name: &str) -> SystemTime {
        let data = fs::metadata(self.0.join(name)).expect("the file is there");
        data.modified().expect("files have times")
    }
}
