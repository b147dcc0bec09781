//! `flounder new`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder::Folder;

fn checkout() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    path.canonicalize().expect("the checkout is there")
}

/// The folder in which crates outside the workspace are built: it stays, so that what they depend
/// on is built once.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside")
}

#[test]
fn a_new_crate_passes_its_tests_without_a_network_and_without_a_warning() {
    let folder = Folder::new("new");
    let said = format!(
        "made `demo` on the checkout in {}; try\n  cd demo && cargo test --offline\n",
        checkout().display()
    );
    folder.check("new demo", 0, &said, "");
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args(["test", "--offline", "--quiet"])
        .current_dir(folder.0.join("demo"))
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .output()
        .expect("cargo is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stderr, "", "it builds without a warning");
    assert!(stdout.contains("2 passed"), "{stdout}");
}

#[test]
fn what_is_there_is_not_overwritten() {
    let folder = Folder::new("new_twice");
    folder.write("taken", "mine");
    folder.check("new taken", 2, "", "flounder: `taken` is there already\n");
    assert_eq!(fs::read_to_string(folder.0.join("taken")).expect("it is there"), "mine");
    fs::create_dir(folder.0.join("empty")).expect("the folder is writable");
    folder.check("new empty", 2, "", "flounder: `empty` is there already\n");
}

#[test]
fn a_checkout_is_a_checkout() {
    let folder = Folder::new("new_checkout");
    let error = "flounder: `.` is no checkout: there is no `runtime/Cargo.toml` in it\n";
    folder.check("new demo --path .", 2, "", error);
    assert!(!folder.0.join("demo").exists());
    let line = format!("new demo --path {}", checkout().display());
    assert_eq!(folder.run(&line).status.code(), Some(0));
    let manifest = fs::read_to_string(folder.0.join("demo/Cargo.toml")).expect("it is there");
    assert!(manifest.contains(&*checkout().join("runtime").to_string_lossy()), "{manifest}");
}

#[test]
fn bad_names_are_wrong_usage() {
    let folder = Folder::new("new_names");
    for name in ["fn", "../up", "Demo", "core", "a--b"] {
        let output = folder.run(&format!("new {name}"));
        assert_eq!(output.status.code(), Some(2), "{name}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("invalid value"), "{error}");
    }
}
