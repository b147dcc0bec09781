//! The committed bindings are what the compiler makes of the interface files today, all of them and
//! nothing else.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use flounder_codegen::{Output, Request, Sources, files};

/// What makes the bindings again, in the workspace's folder.
const REFRESH: &str = "cargo run --release --bin flounder -- gen idl/*.if --out idl/src/generated";

/// Imported by the interfaces; it declares none itself.
const TYPES: &str = "types";

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn generated_folder() -> PathBuf {
    crate_folder().join("src/generated")
}

/// The files of a folder in the order of their names.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.sort();
    paths
}

fn interface_files() -> Vec<PathBuf> {
    let is_interface = |path: &PathBuf| path.extension() == Some(OsStr::new("if"));
    listed(crate_folder()).into_iter().filter(is_interface).collect()
}

/// The bindings as they would be made now.
fn outputs() -> Vec<Output> {
    let mut sources = Sources::new();
    let read = |path: &PathBuf| files::read(&mut sources, path);
    let request = Request { files: interface_files().iter().map(read).collect(), imports: vec![] };
    match request.generate(&sources) {
        Ok((outputs, _)) => outputs,
        Err(findings) => panic!("the interfaces have mistakes:\n{}", findings.render(&sources)),
    }
}

/// What is wrong with the generated files, one line each.
fn complaints(outputs: &[Output], folder: &Path) -> Vec<String> {
    let stale = files::stale(outputs, folder).expect("the bindings can be read");
    let made: BTreeSet<_> = outputs.iter().map(|output| folder.join(&output.name)).collect();
    let stray = listed(folder).into_iter().filter(|path| !made.contains(path));
    let is_there = |name: &str| folder.join(name).exists();
    stale
        .iter()
        .map(|output| &output.name)
        .map(|name| format!("{name} is {}", if is_there(name) { "stale" } else { "missing" }))
        .chain(stray.map(|path| format!("{} comes from no interface: remove it", path.display())))
        .collect()
}

#[test]
fn bindings_are_what_the_compiler_makes_of_the_interfaces() {
    let complaints = complaints(&outputs(), &generated_folder());
    assert!(
        complaints.is_empty(),
        "{}\n\nto refresh the bindings, run in the workspace's folder:\n  {REFRESH}\n",
        complaints.join("\n")
    );
}

#[test]
fn every_interface_file_is_in_the_crate() {
    let names: Vec<_> = interface_files()
        .iter()
        .filter_map(|path| path.file_stem().and_then(OsStr::to_str).map(str::to_owned))
        .filter(|name| name != TYPES)
        .collect();
    let listed: Vec<_> = flounder_idl::INTERFACES.iter().map(|interface| interface.name).collect();
    assert_eq!(listed, names, "`INTERFACES` in lib.rs against the folder's interface files");
}

/// The crate inherits the workspace's lints, so bindings that compile here keep them all, as long
/// as nothing switches one off.
#[test]
fn no_lint_is_lifted_for_the_bindings() {
    let manifest = fs::read_to_string(crate_folder().join("Cargo.toml")).expect("it is there");
    assert!(manifest.contains("[lints]\nworkspace = true\n"));
    let library = crate_folder().join("src/lib.rs");
    for path in listed(&generated_folder()).iter().chain([&library]) {
        let text = fs::read_to_string(path).expect("it can be read");
        for lifted in ["allow(", "warn(", "#[expect(", "#![expect("] {
            assert!(!text.contains(lifted), "{} says `{lifted}`", path.display());
        }
    }
}
