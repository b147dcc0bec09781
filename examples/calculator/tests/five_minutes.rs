//! What the README shows in "five minutes" works in a crate of its own, outside the workspace.
//!
//! The files are copied as they are; only the paths to this checkout become absolute.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

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

const OUTPUT: &str = "Hello, world!\ngreetings: 1\n";

#[test]
fn the_crate_builds_and_runs_outside_the_workspace() {
    let copy = Copy::new("as-shown", |manifest| manifest).expect("the folder is writable");
    assert_eq!(copy.run(), OUTPUT);
}

#[test]
fn generated_code_is_clean_in_an_older_edition_under_strict_lints() {
    let copy = Copy::new("strict", |manifest| {
        assert!(manifest.contains("edition = \"2024\""));
        manifest.replace("edition = \"2024\"", "edition = \"2021\"") + STRICT
    });
    assert_eq!(copy.expect("the folder is writable").run(), OUTPUT);
}

#[test]
fn the_crate_is_as_short_as_the_readme_promises() {
    let lines =
        |file| fs::read_to_string(source().join(file)).expect("it is there").lines().count();
    let lines = lines("build.rs") + lines("src/main.rs");
    assert!(lines <= RUST_LINES_MAX, "{lines} lines of Rust");
}

/// A copy of the crate outside the workspace; it goes when this drops.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    /// The copy that test `name` works on. `edit` may change its manifest.
    fn new(name: &str, edit: impl FnOnce(String) -> String) -> io::Result<Self> {
        // Named after the checkout: another one may run the same test now.
        let checkout = root().to_string_lossy().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let folder = std::env::temp_dir().join(format!("five-minutes{checkout}-{name}"));
        let copy = Self { folder };
        copy.remove();
        fs::create_dir_all(copy.folder.join("src"))?;
        for file in FILES {
            fs::copy(source().join(file), copy.folder.join(file))?;
        }
        // The versions that the workspace was tested with, which are at hand without a network.
        fs::copy(root().join("Cargo.lock"), copy.folder.join("Cargo.lock"))?;
        let manifest = copy.folder.join("Cargo.toml");
        let shown = fs::read_to_string(&manifest)?;
        fs::write(&manifest, edit(shown.replace("../..", &root().to_string_lossy())))?;
        Ok(copy)
    }

    /// Builds and runs the crate; returns what it prints.
    fn run(&self) -> String {
        let output = Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"))
            .args(["run", "--quiet", "--offline"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()
            .expect("cargo is there");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{stderr}", output.status);
        assert_eq!(stderr, "", "it builds and runs without a warning");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn remove(&self) {
        // An error means that it isn't there, mostly; if not, the next step says so.
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
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it is deep inside").to_owned()
}

/// The crate that the README shows.
fn source() -> PathBuf {
    root().join("examples/five-minutes")
}
