//! What the README shows in "five minutes" works in a crate of its own, outside the workspace.
//!
//! The files are copied as they are; only the paths to this checkout become absolute.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the crate consists of.
const FILES: [&str; 4] = ["Cargo.toml", "greeter.if", "build.rs", "src/main.rs"];

/// The README promises that it is this short.
const RUST_LINES_MAX: usize = 60;

/// The lints under which generated code must compile in a user's crate. A crate that denies lints
/// for its own good must not have to exempt it.
const STRICT: &str = r#"
[lints.rust]
warnings = "deny"
missing_docs = "deny"
missing_debug_implementations = "deny"
unreachable_pub = "deny"
unsafe_code = "deny"
rust_2018_idioms = { level = "deny", priority = -1 }
"#;

/// A copy of the crate outside the workspace; it goes when this drops.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    /// The copy that `test` works on. `edit` may change its manifest.
    fn new(test: &str, edit: impl FnOnce(String) -> String) -> Self {
        // Named after the checkout: another one may run the same test now.
        let checkout: String =
            root().to_string_lossy().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let folder = std::env::temp_dir().join(format!("five-minutes{checkout}-{test}"));
        let copy = Self { folder };
        copy.remove();
        fs::create_dir_all(copy.folder.join("src")).unwrap();
        for file in FILES {
            fs::copy(source().join(file), copy.folder.join(file)).unwrap();
        }
        // The versions that the workspace was tested with, which are at hand without a network.
        fs::copy(root().join("Cargo.lock"), copy.folder.join("Cargo.lock")).unwrap();
        let manifest = copy.folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, edit(text.replace("../..", &root().to_string_lossy()))).unwrap();
        copy
    }

    /// Builds and runs the crate; returns what it prints.
    fn run(&self) -> String {
        let output = Command::new(std::env::var_os("CARGO").unwrap())
            .args(["run", "--quiet", "--offline"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("five-minutes"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()
            .expect("cargo is there");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{stderr}", output.status);
        assert_eq!(stderr, "", "it builds and runs without a warning");
        String::from_utf8(output.stdout).unwrap()
    }

    fn remove(&self) {
        // That it isn't there is as well.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The crate that the README shows.
fn source() -> PathBuf {
    root().join("examples/five-minutes")
}

const OUTPUT: &str = "Hello, world!\ngreetings: 1\n";

#[test]
fn the_crate_builds_and_runs_outside_the_workspace() {
    assert_eq!(Copy::new("as-shown", |manifest| manifest).run(), OUTPUT);
}

#[test]
fn generated_code_is_clean_in_an_older_edition_under_strict_lints() {
    let copy = Copy::new("strict", |manifest| {
        assert!(manifest.contains("edition = \"2024\""));
        manifest.replace("edition = \"2024\"", "edition = \"2021\"") + STRICT
    });
    assert_eq!(copy.run(), OUTPUT);
}

#[test]
fn the_crate_is_as_short_as_the_readme_promises() {
    let rust = FILES.iter().filter(|file| file.ends_with(".rs"));
    let lines: usize =
        rust.map(|file| fs::read_to_string(source().join(file)).unwrap().lines().count()).sum();
    assert!(lines <= RUST_LINES_MAX, "{lines} lines of Rust");
}
