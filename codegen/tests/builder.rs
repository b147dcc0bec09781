//! The builder, as a build script uses it.

use std::fs;
use std::path::{Path, PathBuf};

use flounder_codegen::Builder;

const TYPES: &str = "typedef uint8 coreid; typedef struct { coreid core; } place;";
const A: &str = "interface a { typedef enum { x, y } kind; message m(place at, kind k);
    rpc say(in String s[9], out bool ok); };";

/// A folder with a blank in its name, and interface files in it.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("builder {test}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the folder is writable");
    for (name, text) in [
        ("types.if", TYPES),
        ("a.if", A),
        ("b.if", "interface b { message m(place at); };"),
        ("bad.if", "interface bad {\n message m(coreif core); };"),
    ] {
        fs::write(path.join(name), text).expect("the folder is writable");
    }
    path
}

/// A builder of the files in a folder, which writes below it.
fn builder(folder: &Path) -> Builder {
    Builder::new().import(folder.join("types.if")).out_dir(folder.join("out"))
}

/// What was made of an interface.
fn made(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("out").join(name)).expect(name)
}

/// Why nothing was made of `a.if`.
fn refused(folder: &Path, builder: &Builder) -> String {
    let error = builder.compile(&[folder.join("a.if")]).expect_err("what is asked for is wrong");
    assert!(!folder.join("out").exists(), "{error}");
    error.to_string()
}

#[test]
fn bindings_appear_beside_those_of_their_imports() {
    let folder = folder("ok");
    let files = [folder.join("a.if"), folder.join("b.if")];
    builder(&folder).compile(&files).expect("the interfaces are right");
    for (name, module) in
        [("a.rs", "pub mod a {"), ("b.rs", "pub mod b {"), ("types.rs", "pub mod types {")]
    {
        assert!(made(&folder, name).contains(module));
    }
}

#[test]
fn sources_may_be_read_only_and_paths_relative() {
    let folder = folder("read only");
    for name in ["types.if", "a.if"] {
        let mut permissions = fs::metadata(folder.join(name)).expect(name).permissions();
        permissions.set_readonly(true);
        fs::set_permissions(folder.join(name), permissions).expect(name);
    }
    // Tests run in the folder of their package, build scripts too.
    let here = std::env::current_dir().expect("there is a current folder");
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(folder.strip_prefix("/").expect("the folder is absolute"));
    builder(&relative).compile(&[relative.join("a.if")]).expect("the interface is right");
    let first = made(&folder, "a.rs");
    builder(&folder).compile(&[folder.join("a.if")]).expect("the interface is right");
    assert_eq!(made(&folder, "a.rs"), first);
}

#[test]
fn errors_say_where_and_leave_nothing() {
    let folder = folder("errors");
    let builder = builder(&folder);
    let bad = folder.join("bad.if");
    let error = builder.compile(&[&bad]).expect_err("the type is unknown");
    // A build script whose `main` returns the error shows it so.
    assert_eq!(format!("{error:?}"), error.to_string());
    let error = error.to_string();
    let expected = format!("{}:2:12: error[E030]: no type named `coreif`", bad.display());
    assert!(error.starts_with(&expected), "{error}");
    let error = builder.compile(&[folder.join("absent.if")]).expect_err("there is no such file");
    assert!(error.to_string().contains("absent.if"), "{error}");
    let files = [folder.join("absent.if"), folder.join("bad.if"), folder.join("gone.if")];
    let error = builder.compile(&files).expect_err("two files aren't there").to_string();
    let codes = error.lines().filter_map(|line| line.split(['[', ']']).nth(1));
    // What the type in `bad.if` is may be said in one of the others.
    assert_eq!(codes.collect::<Vec<_>>(), ["E009", "E009"], "{error}");
    assert!(!folder.join("out").exists());
}

#[test]
fn types_of_another_crate_are_named_and_not_copied() {
    let folder = folder("extern");
    let builder = builder(&folder).extern_interface("types", "other::types");
    builder.compile(&[folder.join("a.if")]).expect("the interface is right");
    assert!(!folder.join("out/types.rs").exists());
    let text = made(&folder, "a.rs");
    assert!(text.contains("pub use ::other::types::{Coreid, Place};"), "{text}");
    assert!(text.contains("pub at: ::other::types::Place,"), "{text}");
}

#[test]
fn derives_and_attributes_go_where_their_patterns_say() {
    let folder = folder("derives");
    builder(&folder)
        .derive(".", "Hash, Clone")
        .derive("a.kind", "::core::cmp::PartialOrd")
        .attribute("say_response", "#[must_use = \"it says whether\"]")
        .compile(&[folder.join("a.if")])
        .expect("the interface is right");
    let text = made(&folder, "a.rs");
    for expected in [
        "    #[derive(Clone, Debug, PartialEq, Eq)]\n        #[derive(Hash)]\n        pub struct Say {",
        "#[derive(::core::cmp::PartialOrd)]\n        #[repr(u32)]\n        pub enum Kind {",
        "#[derive(Hash)]\n        #[must_use = \"it says whether\"]\n        pub struct SayResponse {",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert!(!text.contains("derive(Hash, Clone)") && !text.contains("derive(Clone)]"));
    // Types derive both anyway.
    assert!(!made(&folder, "types.rs").contains("derive(Hash"));
}

#[test]
fn one_side_is_left_out() {
    let folder = folder("sides");
    for (client, server) in [(true, true), (true, false), (false, true), (false, false)] {
        let builder = builder(&folder).client(client).server(server);
        builder.compile(&[folder.join("a.if")]).expect("the interface is right");
        let text = made(&folder, "a.rs");
        for part in ["pub mod calls {", "impl ::flounder::Request<", "pub fn say("] {
            assert_eq!(text.contains(part), client, "{part}");
        }
        for part in ["pub mod replies {", "pub say_call: fn("] {
            assert_eq!(text.contains(part), server, "{part}");
        }
        assert!(text.contains("pub m: fn(") && text.contains("pub fn m("));
    }
}

#[test]
fn what_can_not_be_done_is_an_error() {
    let folder = folder("asked");
    let base = || builder(&folder);
    for (builder, expected) in [
        (base().derive("a..m", "Hash"), "`a..m` is no pattern: write `.` for all"),
        (base().derive("a.kint", "Hash"), "matches no struct and no enum; did you mean `a.kind`?"),
        (base().attribute("types.coreid", "#[x]"), "`types.coreid` matches no struct and no enum"),
        (base().derive(".", "Hash Ord"), "`Hash Ord` is no list of traits: "),
        (base().derive(".", ""), "`` is no list of traits: it is empty"),
        (base().attribute(".", "non_exhaustive"), "`non_exhaustive` is no attribute"),
        (
            base().extern_interface("typos", "::x"),
            "no import is named `typos`; did you mean `types`?",
        ),
        (base().extern_interface("types", "a b"), "`a b` is no path to a module"),
    ] {
        let error = refused(&folder, &builder);
        assert!(error.contains(expected), "{error}");
    }
}
