//! Which crate may see which.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::files;

/// A package and the packages of ours that it may link. Packages that are there to use the system
/// may see everything: boot, the benchmark, the simulator, and whatever lies under `examples/`. The
/// models see the machines of all services and nothing that is around them.
const GRAPH: &[(&str, &[&str])] = &[
    ("flounder", &[]),
    ("flounder-codegen", &[]),
    ("flounder-cli", &["flounder-codegen"]),
    ("flounder-fuzz", &["flounder-codegen"]),
    ("flounder-strict", &["flounder"]),
    (OTHER_EDITION, &["flounder"]),
    ("flounder-idl", &["flounder"]),
    ("flounder-domain", &["flounder", "flounder-idl"]),
    ("flounder-monitor", SERVICE),
    ("flounder-spawnd", SERVICE),
    ("flounder-procmgmt", SERVICE),
    ("flounder-trace", &["flounder"]),
    ("flounder-model", &["flounder", "flounder-monitor", "flounder-procmgmt", "flounder-spawnd"]),
    ("xtask", &[]),
];

/// Compiles the same as `flounder-strict` in the edition before.
const OTHER_EDITION: &str = "flounder-strict-2021";

const SERVICE: &[&str] = &["flounder", "flounder-idl", "flounder-domain"];

/// What tests of any crate may use besides: the compiler, to prove its output, and the runtime.
const TESTED_WITH: &[&str] = &["flounder", "flounder-codegen"];

/// A package of the workspace.
struct Package {
    folder: String,
    /// Names of packages, and whether only tests or build scripts need them.
    dependencies: Vec<(String, bool)>,
    manifest: Value,
}

/// The packages of the workspace by name.
fn packages() -> BTreeMap<String, Package> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(files::root())
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages.iter().map(|package| (text(&package["name"]), Package::new(package))).collect()
}

impl Package {
    fn new(manifest: &Value) -> Self {
        let path = text(&manifest["manifest_path"]);
        let root = files::root().canonicalize().expect("the root is there");
        let folder = path.strip_prefix(&*root.to_string_lossy()).unwrap_or(&path);
        let folder = folder.trim_start_matches('/').trim_end_matches("Cargo.toml").to_owned();
        let dependencies = manifest["dependencies"].as_array().expect("a list");
        let dependencies = dependencies
            .iter()
            .map(|dependency| (text(&dependency["name"]), !dependency["kind"].is_null()))
            .collect();
        Self { folder, dependencies, manifest: manifest.clone() }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

#[test]
fn every_crate_sees_only_what_it_may() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    for &(name, may) in GRAPH {
        let package = packages.get(name).unwrap_or_else(|| panic!("there is no package {name}"));
        for (dependency, is_extra) in &package.dependencies {
            let dependency = dependency.as_str();
            let allowed = !ours.contains(dependency)
                || may.contains(&dependency)
                || (*is_extra && TESTED_WITH.contains(&dependency));
            assert!(allowed, "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn only_boot_and_examples_see_all_services() {
    let listed: BTreeSet<&str> = GRAPH.iter().map(|&(name, _)| name).collect();
    for (name, package) in packages() {
        let is_binary = package.folder.starts_with("examples/");
        let sees_all =
            ["flounder-boot", "flounder-bench", "flounder-sim"].contains(&&*name) || is_binary;
        let known = listed.contains(name.as_str()) || sees_all;
        assert!(known, "{name} in `{}` has no place in the crate graph yet", package.folder);
    }
}

#[test]
fn every_crate_is_of_one_mould() {
    for (name, package) in packages() {
        let manifest = &package.manifest;
        assert_eq!(manifest["version"], "0.1.0", "{name}");
        let edition = if name == OTHER_EDITION { "2021" } else { "2024" };
        assert_eq!(manifest["edition"], edition, "{name}");
        assert_eq!(manifest["license"], "MIT OR Apache-2.0", "{name}");
        assert_eq!(manifest["publish"], Value::Array(Vec::new()), "{name} is published nowhere");
        assert!(manifest["rust_version"].is_string(), "{name} says no `rust-version`");
        let toml = files::read(format!("{}Cargo.toml", package.folder));
        assert!(toml.contains("[lints]\nworkspace = true"), "{name} has lints of its own");
    }
}
