//! One mistake per input, and what is said about it.

use expect_test::{Expect, expect};

use crate::{Request, Sources};

/// Checks `a.if` with the given text after an import of `lib.if`.
fn findings(import: &str, text: &str) -> String {
    let mut sources = Sources::new();
    let imports = vec![sources.add("lib.if", import.as_bytes())];
    let files = vec![sources.add("a.if", text.as_bytes())];
    Request { files, imports }.check(&sources).render(&sources)
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&findings("typedef uint8 coreid;", text));
}

/// Checks declarations of an interface, each on a line of its own from line 2.
fn check_members(members: &str, expected: &Expect) {
    check(&format!("interface a {{\n{members}\n}};"), expected);
}

/// Checks types of an interface with a message.
fn check_types(types: &str, expected: &Expect) {
    check_members(&format!("{types}\nmessage m();"), expected);
}

#[test]
fn accepted() {
    for text in [
        "interface a { message m(); };",
        "interface a \"text\" { message m(coreid core); };",
        "\u{FEFF}interface a { rpc m(out bool b, in int i); };",
        "interface a { alias word uint32; typedef word w; message m(w w, word word); };",
        "interface a { typedef struct { cap c; coreid a; } s; typedef s t[3]; message s(t t); };",
        "interface a { typedef enum { one } e; message m(e es[n, 4294967295]); rpc n(); };",
        "interface a { @ata(command=0xC8, dma_arg=b) message m(uint8 b[n, 4], char c); };",
        "interface a { message typedef(uint8 alias, uint8 struct, uint8 enum, uint8 call); };",
        "interface a { typedef uint8 struct; typedef struct x; message m(x struct); };",
        "interface a { message m(String s[1], char c[n, 1], give_away_cap g); };",
        "interface a { /** d */ message m(/** e */ uint8 a); /// f\n rpc r(); };",
        "interface a { /*/ /* */ // */ message m( // (\n uint8 /***/ a); /**/ };//",
        "interface a { typedef cap pair[2]; message a(pair a); };",
        "interface a { typedef uint8 Option; message self(Option self, uint8 crate); };",
        "interface a { typedef uint8 m; message m(m m); typedef_is_a_name; };",
    ] {
        let found = findings("typedef uint8 coreid;", text);
        let is_last = text.contains("typedef_is_a_name");
        assert_eq!(found.is_empty(), !is_last, "{text}\n{found}");
    }
}

#[test]
fn names_that_are_taken() {
    check_members(
        "message m();\nmessage m();",
        &expect![[r#"
            a.if:3:9: error[E021]: message `m` is declared twice
              note: a.if:2:9: first declared here
        "#]],
    );
    check_members(
        "message m();\nrpc m();",
        &expect![[r#"
        a.if:3:5: error[E021]: message `m` is declared twice
          note: a.if:2:9: first declared here
    "#]],
    );
    check_members(
        "message m_call();\nrpc m();",
        &expect![[r#"
        a.if:3:5: error[E021]: message `m_call` is declared twice
          note: a.if:2:9: first declared here
    "#]],
    );
    check_members(
        "rpc m_response();\nrpc m();",
        &expect![[r#"
        a.if:2:5: error[E026]: rpc `m_response` and the response of `m` are both `MResponse` in Rust
          note: a.if:3:5: `m` is declared here
          help: rename one of them
    "#]],
    );
    check_members(
        "message m(uint8 x, uint8 x);",
        &expect![[r#"
        a.if:2:26: error[E022]: argument `x` is declared twice
          note: a.if:2:17: first declared here
    "#]],
    );
    check_members(
        "rpc m(in uint8 x, out uint8 x);",
        &expect![[r#"
        a.if:2:29: error[E022]: argument `x` is declared twice
          note: a.if:2:16: first declared here
    "#]],
    );
    check_members(
        "message m(uint8 n, uint8 x[n, 4]);",
        &expect![[r#"
        a.if:2:28: error[E022]: argument `n` is declared twice
          note: a.if:2:17: first declared here
    "#]],
    );
    check_types(
        "typedef uint8 t;\ntypedef uint16 t;",
        &expect![[r#"
        a.if:3:16: error[E020]: type `t` is declared twice
          note: a.if:2:15: first declared here
    "#]],
    );
    check_types(
        "typedef uint16 coreid;",
        &expect![[r#"
        a.if:2:16: error[E020]: type `coreid` is declared twice
          note: lib.if:1:15: declared otherwise here
    "#]],
    );
    check_types("typedef uint8 coreid;", &expect![[""]]);
    check_types(
        "typedef struct { uint8 x; uint16 x; } t;",
        &expect![[r#"
        a.if:2:34: error[E023]: field `x` is declared twice
          note: a.if:2:24: first declared here
    "#]],
    );
    check_types(
        "typedef enum { x, x } t;",
        &expect![[r#"
        a.if:2:19: error[E024]: enumerator `x` is declared twice
          note: a.if:2:16: first declared here
    "#]],
    );
    check_members(
        "@ata(a=1, a=2) @ata() message m();",
        &expect![[r#"
        a.if:2:11: error[E025]: key `a` is declared twice
          note: a.if:2:6: first declared here
        a.if:2:17: error[E025]: annotation `ata` is declared twice
          note: a.if:2:2: first declared here
    "#]],
    );
}

#[test]
fn names_that_become_one() {
    check_members(
        "message ping_x();\nmessage pingX();",
        &expect![[r#"
        a.if:3:9: error[E026]: messages `ping_x` and `pingX` are both `PingX` in Rust
          note: a.if:2:9: `ping_x` is declared here
          help: rename one of them
    "#]],
    );
    check_members(
        "message m(uint8 a, uint8 A);",
        &expect![[r#"
        a.if:2:26: error[E026]: arguments `a` and `A` are both `a` in Rust
          note: a.if:2:17: `a` is declared here
          help: rename one of them
    "#]],
    );
    check_types(
        "typedef uint8 a;\ntypedef uint8 A;",
        &expect![[r#"
        a.if:3:15: error[E026]: types `a` and `A` are both `A` in Rust
          note: a.if:2:15: `a` is declared here
          help: rename one of them
    "#]],
    );
    check_types(
        "typedef struct { uint8 self; uint8 Self; } t;",
        &expect![[r#"
        a.if:2:36: error[E026]: fields `self` and `Self` are both `self_` in Rust
          note: a.if:2:24: `self` is declared here
          help: rename one of them
    "#]],
    );
    check_types(
        "typedef enum { register, register_ } t;",
        &expect![[r#"
        a.if:2:26: error[E026]: enumerators `register` and `register_` are both `Register` in Rust
          note: a.if:2:16: `register` is declared here
          help: rename one of them
    "#]],
    );
}

#[test]
fn names_of_builtins() {
    check_types(
        "typedef uint8 cap;",
        &expect![[r#"
        a.if:2:15: error[E028]: `cap` is a builtin type
          help: rename it
    "#]],
    );
    check_types(
        "alias uint8 uint16;",
        &expect![[r#"
        a.if:2:7: error[E028]: `uint8` is a builtin type
          help: rename it
    "#]],
    );
    check_types(
        "alias iref uint32;",
        &expect![[r#"
        a.if:2:7: warning[W002]: `iref` is a builtin type; the alias is ignored
    "#]],
    );
    check_types(
        "typedef enum { a } String;",
        &expect![[r#"
        a.if:2:20: error[E028]: `String` is a builtin type
          help: rename it
    "#]],
    );
}

#[test]
fn unknown_types() {
    check_members(
        "message m(coreif core);",
        &expect![[r#"
        a.if:2:11: error[E030]: no type named `coreif`
          help: did you mean `coreid`?
    "#]],
    );
    check_members(
        "message m(strange x[n, 3]);",
        &expect![[r#"
        a.if:2:11: error[E030]: no type named `strange`
          help: did you mean `String`?
    "#]],
    );
    check_types(
        "typedef later t;\ntypedef uint8 later;",
        &expect![[r#"
        a.if:2:9: error[E030]: no type named `later`
          help: types are declared before their use, or in an import (`-i FILE`)
    "#]],
    );
    check_types(
        "typedef struct { uint9 x; } t;",
        &expect![[r#"
        a.if:2:18: error[E030]: no type named `uint9`
          help: did you mean `uint8`?
    "#]],
    );
    check_types(
        "alias t coreid;",
        &expect![[r#"
        a.if:2:9: error[E031]: `coreid` is not a builtin type
          help: write `typedef coreid …;`, old name first
    "#]],
    );
    check_types(
        "typedf uint8 lost;\ntypedef lost t;",
        &expect![[r#"
            a.if:2:1: error[E005]: expected a type, `message` or `rpc`, found `typedf`
              help: did you mean `typedef`?
        "#]],
    );
}

#[test]
fn bounds() {
    check_members(
        "message m(String s[0]);",
        &expect![[r#"
        a.if:2:20: error[E040]: a String that can't even hold its end
    "#]],
    );
    check_members(
        "message m(String s);",
        &expect![[r#"
        a.if:2:11: error[E042]: a String needs a maximum, and this one has none
          help: a String is an argument of a message: `String name[64]`
    "#]],
    );
    check_members(
        "message m(String s[n, 4]);",
        &expect![[r#"
        a.if:2:19: error[E044]: `s` would be a dynamic array of Strings
          help: one String is written `String s[64]`
    "#]],
    );
    check_members(
        "message m(uint8 s[n]);",
        &expect![[r#"
        a.if:2:18: error[E043]: array `s` has no maximum
          help: write `uint8 s[n, 64]`
    "#]],
    );
    check_members(
        "message m(uint8 s[4]);",
        &expect![[r#"
        a.if:2:18: error[E043]: array `s` has no length name
          help: write `uint8 s[count, 4]`
    "#]],
    );
    check_members(
        "message m(uint8 s[n, 0]);",
        &expect![[r#"
        a.if:2:22: error[E040]: an array of no elements
    "#]],
    );
    check_members(
        "message m(cap s[n, 4]);",
        &expect![[r#"
        a.if:2:11: error[E045]: `s` would be a dynamic array of capabilities
          help: declare an array of fixed size with a typedef
    "#]],
    );
    check_members(
        "message m(uint8 s[n, 4294967296]);",
        &expect![[r#"
        a.if:2:22: error[E006]: `4294967296` is not a valid number
          help: the largest number is 4294967295
    "#]],
    );
    check_members(
        "message m(uint8 s[n, 007]);",
        &expect![[r#"
        a.if:2:22: error[E006]: `007` is not a valid number
          help: numbers have no leading zero; octal is written `0o17`
    "#]],
    );
}

#[test]
fn fixed_sizes() {
    check_types(
        "typedef uint8 t[0];",
        &expect![[r#"
        a.if:2:17: error[E040]: an array of no elements
    "#]],
    );
    check_types(
        "typedef uint8 t[n, 4];",
        &expect![[r#"
        a.if:2:17: error[E043]: a typedef is an array of fixed size
          help: write its size in the brackets; dynamic arrays are arguments of messages
    "#]],
    );
    check_types(
        "typedef uint8 t[65537];",
        &expect![[r#"
        a.if:2:15: error[E041]: type `t` takes 65537 bytes
          help: a fixed-size type takes at most 65536 bytes
    "#]],
    );
    check_types(
        "typedef cap t[65];",
        &expect![[r#"
        a.if:2:13: error[E041]: type `t` takes 65 capabilities
          help: a fixed-size type takes at most 64 capabilities
    "#]],
    );
    check_types(
        "typedef String t;",
        &expect![[r#"
        a.if:2:9: error[E042]: a String needs a maximum, and a typedef can't carry one
          help: a String is an argument of a message: `String name[64]`
    "#]],
    );
    check_types(
        "typedef String t[4];",
        &expect![[r#"
        a.if:2:9: error[E042]: a String needs a maximum, and an array can't hold them
          help: a String is an argument of a message: `String name[64]`
    "#]],
    );
    check_types(
        "typedef struct { String s; } t;",
        &expect![[r#"
        a.if:2:18: error[E042]: a String needs a maximum, and a field can't be one
          help: a String is an argument of a message: `String name[64]`
    "#]],
    );
    check_types(
        "typedef struct { uint8 s[4]; } t;",
        &expect![[r#"
        a.if:2:25: error[E043]: field `s` can't be an array
          help: declare the array with a typedef of its own
    "#]],
    );
    check_types(
        "alias t String;",
        &expect![[r#"
        a.if:2:9: error[E042]: a String needs a maximum, and an alias can't carry one
          help: a String is an argument of a message: `String name[64]`
    "#]],
    );
}

#[test]
fn shape_of_the_file() {
    check("", &expect![[""]]);
    check(
        "interface b { message m(); };",
        &expect![[r#"
        a.if:1:11: error[E014]: interface `b` is in a file named `a.if`
          help: rename the file to `b.if` or the interface to `a`
    "#]],
    );
    check(
        "interface a { };",
        &expect![[r#"
        a.if:1:11: error[E011]: interface `a` has no messages
    "#]],
    );
    check(
        "interface a { message m(); typedef uint8 t; };",
        &expect![[r#"
        a.if:1:42: error[E012]: type `t` is declared after a message
          note: a.if:1:23: the first message is here
          help: all types come before the first message
    "#]],
    );
    check(
        "interface a { message m(); }; interface a { message m(); };",
        &expect![[r#"
        a.if:1:41: error[E010]: `a` is a second interface
          help: give each interface a file of its own
    "#]],
    );
    check(
        "interface a { message m(); }; typedef uint8 t;",
        &expect![[r#"
        a.if:1:45: error[E010]: type `t` is declared outside the interface
          help: move it to the start of the interface or into an import
    "#]],
    );
    check(
        "interface a { message m(); }; more",
        &expect![[r#"
        a.if:1:31: error[E010]: expected an interface or a type, found `more`
    "#]],
    );
    check_members(
        "message m(in uint8 a); rpc r(uint8 b);",
        &expect![[r#"
        a.if:2:11: error[E015]: argument `a` of a message has a direction
          help: only the arguments of an rpc have one
        a.if:2:30: error[E015]: argument `b` has no direction
          help: write `in` or `out` before each argument of an rpc
    "#]],
    );
    check_members(
        "@strange(a=b) call m(uint8 a);",
        &expect![[r#"
        a.if:2:2: warning[W003]: nobody knows the annotation `strange`
        a.if:2:12: error[E032]: no argument is named `b`
        a.if:2:15: warning[W001]: `call` is an old spelling of `message`
    "#]],
    );
}

#[test]
fn imports() {
    let found = |import| findings(import, "interface a { message m(); };");
    expect![[r#"
        lib.if:1:11: error[E013]: an import can't hold the interface `lib`
          help: an import declares types only; name the file without `-i` to compile it
    "#]]
    .assert_eq(&found("interface lib { message m(); };"));
    expect![[r#"
        lib.if:1:32: error[E020]: type `t` is declared twice
          note: lib.if:1:15: first declared here
    "#]]
    .assert_eq(&found("typedef uint8 t; typedef uint8 t;"));
    expect![[r#"
        lib.if:1:16: error[E005]: expected `;`, found the end of the file
    "#]]
    .assert_eq(&found("typedef uint8 t"));
}

#[test]
fn imports_see_those_before() {
    let mut sources = Sources::new();
    let one = sources.add("x/p.if", b"typedef uint8 t;");
    let two = sources.add("y/p.if", b"typedef t u; typedef uint8 t;");
    let other = sources.add("q.if", b"typedef uint16 t;");
    let a = sources.add("a.if", b"interface a { message m(t t, u u); };");
    let check = |imports, files| Request { files, imports }.check(&sources).render(&sources);
    expect![[""]].assert_eq(&check(vec![one, two], vec![a]));
    expect![[""]].assert_eq(&check(vec![], vec![one, a, two]));
    expect![[r#"
        y/p.if:1:9: error[E030]: no type named `t`
          help: types are declared before their use, or in an import (`-i FILE`)
    "#]]
    .assert_eq(&check(vec![two, one], vec![a]));
    expect![[r#"
        q.if:1:16: error[E020]: type `t` is declared twice
          note: x/p.if:1:15: declared otherwise here
    "#]]
    .assert_eq(&check(vec![one, two, other], vec![a]));
}

#[test]
fn outputs_of_one_name() {
    let mut sources = Sources::new();
    let types = sources.add("x/a.if", b"typedef uint8 t;");
    let a = sources.add("a.if", b"interface a { message m(); };");
    let request = Request { files: vec![types, a], imports: Vec::new() };
    expect![[r#"
        a.if:1:1: error[E027]: the bindings of two files would be named `a.rs`
          note: x/a.if:1:1: the other file
    "#]]
    .assert_eq(&request.check(&sources).render(&sources));
}
