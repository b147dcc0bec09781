//! What the command does where it can't write, and what it leaves of the files that it writes.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};

use super::folder::{Folder, GOOD, TYPES};

/// What every write fails on.
const FULL: &str = "/dev/full";

/// The exit status with an output that is full, and what is said on the other.
fn status(folder: &Folder, args: &[&str], is_stdout: bool) -> (Option<i32>, String) {
    let full = || Stdio::from(File::options().write(true).open(FULL).expect("the command runs"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_flounder"));
    command.current_dir(&folder.0).args(args);
    if is_stdout {
        let output = command.stdout(full()).output().expect("the command runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("the command runs"))
    } else {
        let output = command.stderr(full()).output().expect("the command runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("the command runs"))
    }
}

#[test]
fn what_cant_be_written_is_a_status() {
    let folder = Folder::new("full");
    folder.write("types.if", TYPES);
    folder.write("good.if", GOOD);
    folder.write("bad.if", "interface bad {\n    message m(uint33 x);\n};\n");
    let said = "flounder: can't write standard output: No space left on device (os error 28)\n";
    for args in [
        &["describe", "good.if", "-i", "types.if"][..],
        &["explain", "E030"],
        &["man"],
        &["completions", "bash"],
        &["gen", "good.if", "-i", "types.if", "--out", "out", "--check"],
    ] {
        assert_eq!(status(&folder, args, true), (Some(2), said.to_owned()), "{args:?}");
    }
    for (args, expected) in [
        (&["check", "bad.if"][..], 1),
        (&["check", "missing.if"], 2),
        (&["gen", "good.if", "-i", "types.if", "--warn", "W004", "--out", "out"], 0),
    ] {
        assert_eq!(status(&folder, args, false).0, Some(expected), "{args:?}");
    }
    assert!(folder.0.join("out/good.rs").is_file());
}

#[test]
fn a_file_keeps_its_mode_and_its_links() {
    let folder = Folder::new("modes");
    let (file, link) = (folder.0.join("real.if"), folder.0.join("link.if"));
    folder.write("real.if", "interface   real { message m(); };\n");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    symlink("real.if", &link).unwrap();
    let fmt = |path| Command::new(env!("CARGO_BIN_EXE_flounder")).arg("fmt").arg(path).output();
    assert_eq!(fmt(&link).unwrap().status.code(), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().starts_with("interface real {"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    folder.write("real.if", "interface   real { message m(); };\n");
    fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    let refused = fmt(&file).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).ends_with("`: it is read-only\n"));
    assert!(fs::read_to_string(&file).unwrap().starts_with("interface   real"));
}
