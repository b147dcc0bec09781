//! Planted changes: each is found, and nothing else is.

use flounder_codegen::describe::Description;
use flounder_codegen::{Code as Finding, Level, Levels, Request, Sources};

use super::change::{Change, Wire};
use super::compare::compare;
use crate::changes::Code;

/// A version of some files, by name.
pub(super) type Files<'a> = Vec<(&'a str, String)>;

fn describe(files: &Files<'_>, sources: &mut Sources) -> Description {
    let add = |(name, text): &(&str, String)| sources.add(*name, text.as_bytes());
    let files = files.iter().map(add).collect();
    let mut levels = Levels::new();
    levels.set(Finding::NameMismatch, Level::Warn);
    match (Request { files, imports: Vec::new() }).describe(sources, &levels) {
        Ok((description, _)) => description,
        Err(findings) => panic!("{}", findings.render(sources)),
    }
}

/// The changes between two versions. Whether the wire breaks is what the fingerprints say.
pub(super) fn changes(old: &Files<'_>, new: &Files<'_>) -> (Vec<Change>, Sources) {
    let mut sources = Sources::new();
    let (old, new) = (describe(old, &mut sources), describe(new, &mut sources));
    let changes = compare(&old, &new);
    let is_refused = changes.iter().any(|change| change.wire == Wire::Refused);
    let fingerprints = |it: &Description| -> Vec<u128> {
        it.interfaces.iter().map(|interface| interface.fingerprint).collect()
    };
    let is_new_interface = old.interfaces.len() < new.interfaces.len();
    assert!(
        is_new_interface || is_refused == (fingerprints(&old) != fingerprints(&new)),
        "the fingerprints say otherwise: {changes:#?}"
    );
    (changes, sources)
}

/// The members of an interface `a`, as the whole file.
pub(super) fn interface(members: &str) -> Files<'static> {
    vec![("a.if", format!("interface a {{ {members}\n}};"))]
}

/// A line per change: code, what breaks, message.
pub(super) fn told(changes: &[Change]) -> String {
    let lines = changes.iter().map(|change| {
        let wire = change.wire.name().unwrap_or("-");
        let source = format!("{:?}", change.source).to_lowercase();
        format!("{} {wire} {source}: {}", change.code.number(), change.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Old members, new members, what is told.
const PLANTED: &[(&str, &str, &str)] = &[
    ("message m();", "/* new */ /// Docs.\n  message\nm ( ) ; // end", ""),
    ("message m(size a, char b);", "message m(uint64 a, uint8 b);", ""),
    ("message m(int a);", "message m(int32 a);", ""),
    ("alias w uint32; message m(w a);", "message m(uint32 a);", ""),
    ("message m(uint8 a[n, 4]);", "message m(uint8 a[count, 4]);", ""),
    ("message m(uint32 a);", "typedef uint32 w; message m(w a);", ""),
    (
        "message a(); message b(); message c();",
        "message a(); message c();",
        "B010 refused everybody: message `b` was removed",
    ),
    (
        "message a(); rpc c();",
        "message a(); rpc b(out uint8 x); rpc c();",
        "B011 refused handlers: rpc `b` was added",
    ),
    (
        "message a(); message b(); message c();",
        "message b(); message c(); message a();",
        "B013 refused nobody: `a` was moved: its number was 3 and is 5",
    ),
    (
        "message a(); message b(); message c();",
        "message a(); message x(); message c();",
        "B012 refused everybody: message `b` was renamed to `x`",
    ),
    (
        "message a(uint8 x); message b();",
        "message b(); message c(uint8 x);",
        "B012 refused everybody: message `a` was renamed to `c`\n\
         B013 refused nobody: `c` was moved: its number was 3 and is 4",
    ),
    (
        "message ping_x();",
        "message pingX();",
        "B012 refused nobody: message `ping_x` was renamed to `pingX`",
    ),
    (
        "message a(uint8 x);",
        "rpc a(in uint8 x, out uint8 y);",
        "B014 refused everybody: message `a` became an rpc",
    ),
    (
        "message m(uint8 a, uint16 b);",
        "message m(uint16 b);",
        "B020 refused everybody: argument `a` of `m` was removed",
    ),
    (
        "message m(uint8 a, uint8 b);",
        "message m(uint8 b, uint8 c);",
        "B020 misread everybody: argument `a` of `m` was removed\n\
         B021 misread everybody: argument `c` of `m` was added",
    ),
    (
        "rpc m(in uint8 a);",
        "rpc m(in uint8 a, out uint8 b);",
        "B021 refused everybody: argument `b` of `m` was added",
    ),
    (
        "message m(uint8 a, uint8 b);",
        "message m(uint8 a, uint8 c);",
        "B022 - everybody: argument `b` of `m` was renamed to `c`",
    ),
    ("message m(uint8 aB);", "message m(uint8 a_b);", ""),
    (
        "message m(uint8 a, uint8 b);",
        "message m(uint8 b, uint8 a);",
        "B023 misread nobody: argument `a` of `m` was moved",
    ),
    (
        "message m(uint32 a, uint64 b);",
        "message m(uint32 b, uint64 a);",
        "B024 misread everybody: argument `b` of `m` was declared `uint64 b` and is `uint32 b`\n\
         B023 misread nobody: argument `a` of `m` was moved\n\
         B024 misread everybody: argument `a` of `m` was declared `uint32 a` and is `uint64 a`",
    ),
    (
        "message m(uint8 a, String b[4]);",
        "message m(String b[4], uint8 a);",
        "B023 refused nobody: argument `a` of `m` was moved",
    ),
    (
        "message m(uint8 a);",
        "message m(int8 a);",
        "B024 refused everybody: argument `a` of `m` was declared `uint8 a` and is `int8 a`",
    ),
    (
        "message m(cap a);",
        "message m(give_away_cap a);",
        "B024 refused nobody: argument `a` of `m` was declared `cap a` and is `give_away_cap a`",
    ),
    (
        "message m(char a[n, 4]);",
        "message m(String a[4]);",
        "B024 refused everybody: argument `a` of `m` was declared `char a[n, 4]` and is `String \
         a[4]`",
    ),
    (
        "typedef struct { uint8 a; } s; typedef struct { uint8 a; } t; message m(s s);",
        "typedef struct { uint8 a; } s; typedef struct { uint8 a; } t; message m(t s);",
        "B024 - everybody: argument `s` of `m` was declared `s s` and is `t s`",
    ),
    (
        "message m(String a[4]);",
        "message m(String a[5]);",
        "B025 refused nobody: argument `a` of `m` was declared `String a[4]` and is `String a[5]`",
    ),
    (
        "message m(uint8 a[n, 4]);",
        "message m(uint8 a[n, 3]);",
        "B025 refused nobody: argument `a` of `m` was declared `uint8 a[n, 4]` and is `uint8 a[n, \
         3]`",
    ),
    (
        "rpc m(in uint8 a, out uint8 b);",
        "rpc m(out uint8 a, in uint8 b);",
        "B026 misread everybody: argument `a` of `m` was `in` and is `out`\n\
         B026 misread everybody: argument `b` of `m` was `out` and is `in`",
    ),
    (
        "rpc m(in uint8 a, out uint8 b);",
        "rpc m(in uint8 b, out uint8 c);",
        "B020 misread everybody: argument `a` of `m` was removed\n\
         B026 misread everybody: argument `b` of `m` was `out` and is `in`\n\
         B021 misread everybody: argument `c` of `m` was added",
    ),
    (
        "rpc m(in uint8 a, in uint16 b);",
        "rpc m(in uint8 a, out uint16 b);",
        "B026 refused everybody: argument `b` of `m` was `in` and is `out`",
    ),
    (
        "typedef uint8 t; message m(uint8 a);",
        "message m(uint8 a);",
        "B030 - everybody: type `t` was removed",
    ),
    (
        "typedef uint8 t; message m(t a);",
        "typedef uint8 u; message m(u a);",
        "B031 - everybody: type `t` was renamed to `u`",
    ),
    (
        "typedef uint8 t; typedef t u; typedef struct { u u; } v; message m(v v, t t, u us[n, 4]);",
        "typedef uint16 t; typedef t u; typedef struct { u u; } v; message m(v v, t t, u us[n, 4]);",
        "B032 refused everybody: type `t` was `uint8` and is `uint16`",
    ),
    (
        "typedef uint8 t; message m();",
        "typedef uint16 t; message m();",
        "B032 - everybody: type `t` was `uint8` and is `uint16`",
    ),
    ("typedef uint8 t; message m(t a);", "typedef char t; message m(t a);", ""),
    (
        "typedef struct { uint8 a; } t; message m(t a);",
        "typedef enum { a } t; message m(t a);",
        "B032 refused everybody: type `t` was a struct and is an enum",
    ),
    (
        "typedef uint8 t[4]; message m(t a);",
        "typedef uint8 t[5]; message m(t a);",
        "B034 refused everybody: type `t` was `uint8[4]` and is `uint8[5]`",
    ),
    (
        "typedef struct { uint8 a; uint8 b; } t; message m(t t);",
        "typedef struct { uint8 b; } t; message m(t t);",
        "B040 refused everybody: field `a` of `t` was removed",
    ),
    (
        "typedef struct { uint8 b; } t; message m(t t);",
        "typedef struct { uint8 a; uint8 b; } t; message m(t t);",
        "B041 refused everybody: field `a` of `t` was added",
    ),
    (
        "typedef struct { uint8 a; uint8 b; } t; message m(t t);",
        "typedef struct { uint8 a; uint8 c; } t; message m(t t);",
        "B042 - everybody: field `b` of `t` was renamed to `c`",
    ),
    (
        "typedef struct { uint8 a; uint8 b; } t; message m(t t);",
        "typedef struct { uint8 b; uint8 a; } t; message m(t t);",
        "B043 misread nobody: field `a` of `t` was moved",
    ),
    (
        "typedef struct { uint8 a; uint16 b; } t; message m(t t);",
        "typedef struct { uint16 b; uint8 a; } t; message m(t t);",
        "B043 refused nobody: field `a` of `t` was moved",
    ),
    (
        "typedef struct { uint8 a; } t; message m(t t);",
        "typedef struct { uint16 a; } t; message m(t t);",
        "B044 refused everybody: field `a` of `t` was declared `uint8 a` and is `uint16 a`",
    ),
    (
        "typedef enum { a, b, c } t; message m(t t);",
        "typedef enum { a, c } t; message m(t t);",
        "B050 refused everybody: value `b` of `t` was removed",
    ),
    (
        "typedef enum { a, b } t; message m(t t);",
        "typedef enum { x, a, b } t; message m(t t);",
        "B051 refused everybody: value `x` of `t` was added",
    ),
    (
        "typedef enum { a, b } t; message m(t t);",
        "typedef enum { a, c } t; message m(t t);",
        "B052 - everybody: value `b` of `t` was renamed to `c`",
    ),
    (
        "typedef enum { a, b, c } t; message m(t t);",
        "typedef enum { c, a, b } t; message m(t t);",
        "B053 misread nobody: value `c` of `t` was moved",
    ),
    ("typedef enum { a, b } t; message m();", "typedef enum { b, a } t; message m();", ""),
];

#[test]
fn every_planted_change_is_found_and_no_other() {
    let wrong = PLANTED.iter().filter_map(|(old, new, expected)| {
        let told = told(&changes(&interface(old), &interface(new)).0);
        (told != *expected).then(|| format!("{old}\n  -> {new}\n{told}"))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn no_version_differs_from_itself() {
    for (old, new, _) in PLANTED {
        for members in [old, new] {
            let (changes, _) = changes(&interface(members), &interface(members));
            assert_eq!(told(&changes), "", "{members}");
        }
    }
}

#[test]
fn changes_of_several_files_are_told_once() {
    let types = |text: &str| ("types.if", text.to_owned());
    let user = |name: &'static str, interface: &str| {
        (name, format!("interface {interface} {{ message m(t t); }};"))
    };
    let old = vec![types("typedef uint8 t;"), user("a.if", "a"), user("b.if", "b")];
    let new = vec![types("typedef uint16 t;"), user("a.if", "a"), user("b.if", "b")];
    let expected = "B032 refused everybody: type `t` was `uint8` and is `uint16`";
    assert_eq!(told(&changes(&old, &new).0), expected);

    let new = vec![types("typedef uint8 t;"), user("a.if", "a"), user("c.if", "c")];
    let expected = "B002 refused everybody: interface `b` was renamed to `c`";
    assert_eq!(told(&changes(&old, &new).0), expected);

    let new = vec![types("typedef uint8 t;"), user("a.if", "a")];
    let expected = "B001 refused everybody: interface `b` was removed";
    assert_eq!(told(&changes(&old, &new).0), expected);
    assert_eq!(told(&changes(&new, &old).0), "", "an interface was added");
}

#[test]
fn a_type_that_moves_is_told_where_it_went() {
    let old = interface("typedef uint8 t; message m(t t);");
    let mut new = interface("message m(t t);");
    new.insert(0, ("types.if", "typedef uint8 t;".to_owned()));
    let (changes, sources) = changes(&old, &new);
    assert_eq!(told(&changes), "B033 - everybody: type `t` was moved to another file");
    assert_eq!(sources.place(changes[0].place.span()), "types.if:1:15");
}

#[test]
fn every_code_has_a_page_and_its_example_is_true() {
    for code in Code::ALL {
        let (number, page) = (code.number(), code.page());
        assert!(page.starts_with(&format!("# {number}: {}\n", code.meaning())), "{number}");
        let (_, examples) = page.split_once("\n## Before\n").expect(number);
        let (before, after) = examples.split_once("\n## After\n").expect(number);
        let (changes, _) = changes(&files(before), &files(after));
        let found: Vec<_> = changes.iter().map(|change| change.code).collect();
        assert_eq!(found, [*code], "{number}");
    }
}

/// The files of a section: `flounder import NAME` is a file of types.
fn files(section: &str) -> Files<'_> {
    let blocks = section.split("```").skip(1).step_by(2);
    let file = |block: &'_ str| {
        let (info, text) = block.split_once('\n').expect("a block has an info line");
        (info.contains("import"), text.to_owned())
    };
    let name = |(is_import, text): (bool, String)| {
        let name = if is_import { "types.if" } else { "a.if" };
        (name, text)
    };
    blocks.map(file).map(name).collect()
}

#[test]
fn every_planted_code_is_in_the_table_or_has_a_test() {
    const ELSEWHERE: [Code; 3] = [Code::InterfaceRemoved, Code::InterfaceRenamed, Code::TypeMoved];
    for code in Code::ALL {
        let is_planted = PLANTED.iter().any(|(_, _, told)| told.contains(code.number()));
        assert!(is_planted || ELSEWHERE.contains(code), "{}", code.number());
    }
}

#[test]
fn numbers_are_unique_and_ascend() {
    let numbers: Vec<_> = Code::ALL.iter().map(|code| code.number()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(Code::ALL.iter().all(|code| Code::find(code.number()) == Some(*code)));
}
