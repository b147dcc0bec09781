//! Syntax errors: where they are seen, what is said, and what they don't hide.

use expect_test::{Expect, expect};

use super::parse;
use crate::diag::Diagnostics;
use crate::source::Sources;

fn findings(text: &[u8]) -> String {
    let mut sources = Sources::new();
    let file = sources.add("a.if", text);
    let mut diagnostics = Diagnostics::new();
    parse(&sources, file, &mut diagnostics);
    diagnostics.render(&sources)
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&findings(text.as_bytes()));
}

#[test]
fn characters() {
    expect![[r#"
        a.if:1:15: error[E001]: the file is not UTF-8: see the byte at offset 14
    "#]]
    .assert_eq(&findings(b"interface a { \xff };"));
    check(
        "interface a {\u{A0}};",
        &expect![[r#"
        a.if:1:14: error[E002]: the character U+00A0 has no place here
          help: only blanks, tabs and line ends count as white space
    "#]],
    );
    check(
        "interface a {\0\u{200B}é};",
        &expect![[r#"
        a.if:1:14: error[E002]: the character U+0000 has no place here
          help: only blanks, tabs and line ends count as white space
        a.if:1:15: error[E002]: the character U+200B has no place here
          help: only blanks, tabs and line ends count as white space
        a.if:1:16: error[E002]: the character U+00E9 has no place here
          help: names are ASCII letters, digits and `_`; other characters go into comments
    "#]],
    );
    check(
        "interface a {\r};",
        &expect![[r#"
        a.if:1:14: error[E002]: a carriage return without line feed
    "#]],
    );
    check(
        "interface \u{FEFF}a",
        &expect![[r#"
        a.if:1:11: error[E002]: the character U+FEFF has no place here
          help: only blanks, tabs and line ends count as white space
    "#]],
    );
    check(
        "/* /* */",
        &expect![[r#"
        a.if:1:1: error[E003]: this comment does not end
          help: block comments nest: each `/*` inside needs its own `*/`
    "#]],
    );
    check(
        "interface a \"text\n",
        &expect![[r#"
        a.if:1:13: error[E003]: this string does not end on its line
    "#]],
    );
    check(
        "interface a \"te\\q\" { message m(); };",
        &expect![[r#"
        a.if:1:16: error[E007]: an unknown escape
          help: the escapes are \n, \t, \", \\ and \u{…}
    "#]],
    );
    check(
        &"/*".repeat(100_000),
        &expect![[r#"
        a.if:1:129: error[E004]: comments nest deeper than 64
    "#]],
    );
    check(
        &"{".repeat(100_000),
        &expect![[r#"
        a.if:1:65: error[E004]: braces nest deeper than 64
    "#]],
    );
}

/// Each brace that is not closed could be the start of a group or junk: trying both for each takes
/// longer than anybody waits.
#[test]
fn many_open_braces_take_no_time() {
    check(
        &format!("interface a 'd' {} message m(); }};", "{".repeat(60)),
        &expect![[r#"
            a.if:1:12: error[E005]: expected `{`, found `'`
        "#]],
    );
}

#[test]
fn missing_punctuation() {
    check(
        "interface a { message m() message n(); };",
        &expect![[r#"
        a.if:1:26: error[E005]: expected `;`, found `message`
    "#]],
    );
    check(
        "interface a { message m(uint8 a uint8 b); };",
        &expect![[r#"
        a.if:1:33: error[E005]: expected `,`, found `uint8`
    "#]],
    );
    check(
        "interface a { message m(uint8 a; message n(uint8); };",
        &expect![[r#"
        a.if:1:32: error[E005]: expected `)`, found `;`
        a.if:1:49: error[E005]: expected the argument's name, found `)`
    "#]],
    );
    check(
        "interface a { message m(uint8 a[n, 3); };",
        &expect![[r#"
        a.if:1:37: error[E005]: expected `]`, found `)`
    "#]],
    );
    check(
        "interface a { message m(uint8 a[]); };",
        &expect![[r#"
        a.if:1:33: error[E005]: expected a maximum, found `]`
    "#]],
    );
    check(
        "interface a { message m(uint8 a,); };",
        &expect![[r#"
        a.if:1:33: error[E005]: expected an argument, found `)`
    "#]],
    );
    check(
        "interface a { message m(5); };",
        &expect![[r#"
        a.if:1:25: error[E005]: expected an argument, `,` or `)`, found `5`
    "#]],
    );
    check(
        "interface a { message m uint8 a); };",
        &expect![[r#"
        a.if:1:24: error[E005]: expected `(`, found `uint8`
    "#]],
    );
    check(
        "interface a { message m(); }",
        &expect![[r#"
        a.if:1:29: error[E005]: expected `;`, found the end of the file
    "#]],
    );
    check(
        "interface a { message m();",
        &expect![[r#"
        a.if:1:27: error[E005]: expected `}`, found the end of the file
    "#]],
    );
    check(
        "interface a message m(); };",
        &expect![[r#"
        a.if:1:12: error[E005]: expected `{`, found `message`
    "#]],
    );
    check(
        "interface { message m(); };",
        &expect![[r#"
        a.if:1:11: error[E005]: expected the interface's name, found `{`
    "#]],
    );
}

#[test]
fn types() {
    check(
        "typedef struct { uint8 a uint8 b; } t;",
        &expect![[r#"
            a.if:1:25: error[E005]: expected `;`, found `uint8`
        "#]],
    );
    check(
        "typedef struct { uint8; } t;",
        &expect![[r#"
        a.if:1:23: error[E005]: expected the field's name, found `;`
    "#]],
    );
    check(
        "typedef struct { uint8 a; };",
        &expect![[r#"
        a.if:1:28: error[E005]: expected the type's name, found `;`
    "#]],
    );
    check(
        "typedef struct { uint8 a; t;",
        &expect![[r#"
        a.if:1:28: error[E005]: expected the field's name, found `;`
        a.if:1:29: error[E005]: expected `}`, found the end of the file
    "#]],
    );
    check(
        "typedef enum { a b, c, } t;",
        &expect![[r#"
            a.if:1:17: error[E005]: expected `,`, found `b`
            a.if:1:24: error[E005]: expected an enumerator, found `}`
        "#]],
    );
    check(
        "typedef uint8;",
        &expect![[r#"
        a.if:1:14: error[E005]: expected the type's name, found `;`
    "#]],
    );
    check(
        "alias a;",
        &expect![[r#"
        a.if:1:8: error[E005]: expected a type, found `;`
    "#]],
    );
    check(
        "typedef uint8 a[3 typedef uint8 b;",
        &expect![[r#"
        a.if:1:18: error[E005]: expected `]`, found `typedef`
    "#]],
    );
}

#[test]
fn reserved_words() {
    check(
        "interface message { message rpc(uint8 in, interface x); };",
        &expect![[r#"
        a.if:1:11: error[E008]: expected the interface's name, found the reserved word `message`
        a.if:1:29: error[E008]: expected the message's name, found the reserved word `rpc`
        a.if:1:39: error[E008]: expected the argument's name, found the reserved word `in`
        a.if:1:43: error[E008]: expected a type, found the reserved word `interface`
    "#]],
    );
}

#[test]
fn broken_declarations_hide_nothing() {
    let text = "interface a {
    typdef struct { uint8 a; } t;
    mesage m();
    message n(;
    rpc r(in uint8 9x);
    message o() extra;
};";
    check(
        text,
        &expect![[r#"
            a.if:2:5: error[E005]: expected a type, `message` or `rpc`, found `typdef`
              help: did you mean `typedef`?
            a.if:3:5: error[E005]: expected a type, `message` or `rpc`, found `mesage`
              help: did you mean `message`?
            a.if:4:15: error[E005]: expected `)`, found `;`
            a.if:5:20: error[E005]: expected the argument's name, found `9x`
            a.if:6:17: error[E005]: expected `;`, found `extra`
        "#]],
    );
}

#[test]
fn misspelt_keywords_hide_nothing() {
    let text = "interfase a {
    typdef struct { uint8 a uint8 b; } t;
    tyepdef enum { x y } e;
    typedf uint8 u;
    alais w uint32;
    strange uint8 v;
    mesage m(uint8 a uint8 b);
    rcp r(in uint8 a out uint8 b);
    Rpc s(in uint8 a out uint8 b);
    mesage o(uint8;
};";
    check(
        text,
        &expect![[r#"
            a.if:1:1: error[E005]: expected an interface or a type, found `interfase`
              help: did you mean `interface`?
            a.if:2:5: error[E005]: expected a type, `message` or `rpc`, found `typdef`
              help: did you mean `typedef`?
            a.if:2:28: error[E005]: expected `;`, found `uint8`
            a.if:3:5: error[E005]: expected a type, `message` or `rpc`, found `tyepdef`
              help: did you mean `typedef`?
            a.if:3:21: error[E005]: expected `,`, found `y`
            a.if:4:5: error[E005]: expected a type, `message` or `rpc`, found `typedf`
              help: did you mean `typedef`?
            a.if:5:5: error[E005]: expected a type, `message` or `rpc`, found `alais`
              help: did you mean `alias`?
            a.if:6:5: error[E005]: expected a type, `message` or `rpc`, found `strange`
              help: such a declaration starts with `typedef` or `alias`
            a.if:7:5: error[E005]: expected a type, `message` or `rpc`, found `mesage`
              help: did you mean `message`?
            a.if:7:22: error[E005]: expected `,`, found `uint8`
            a.if:8:5: error[E005]: expected a type, `message` or `rpc`, found `rcp`
              help: did you mean `rpc`?
            a.if:8:22: error[E005]: expected `,`, found `out`
            a.if:9:5: error[E005]: expected a type, `message` or `rpc`, found `Rpc`
              help: did you mean `rpc`?
            a.if:9:22: error[E005]: expected `,`, found `out`
            a.if:10:5: error[E005]: expected a type, `message` or `rpc`, found `mesage`
              help: did you mean `message`?
            a.if:10:19: error[E005]: expected the argument's name, found `;`
        "#]],
    );
    check(
        "service a { message m() };",
        &expect![[r#"
        a.if:1:1: error[E005]: expected an interface or a type, found `service`
          help: did you mean `interface`?
        a.if:1:24: error[E005]: expected `;`, found `}`
    "#]],
    );
}

#[test]
fn several_errors_in_one_declaration() {
    check(
        "interface a { message m(uint8 a uint8 b, uint8 c uint8) message n() };",
        &expect![[r#"
            a.if:1:33: error[E005]: expected `,`, found `uint8`
            a.if:1:50: error[E005]: expected an argument, `,` or `)`, found `uint8`
            a.if:1:56: error[E005]: expected `;`, found `message`
            a.if:1:68: error[E005]: expected `;`, found `}`
        "#]],
    );
    check(
        "interface a { rpc m(in uint8 a[n 3], out b c[n, ] message n(uint8 5 a, 7 b); };",
        &expect![[r#"
            a.if:1:33: error[E005]: expected `]`, found `3`
            a.if:1:49: error[E005]: expected a maximum, found `]`
            a.if:1:51: error[E005]: expected `)`, found `message`
            a.if:1:67: error[E005]: expected the argument's name, found `5`
            a.if:1:72: error[E005]: expected an argument, found `7`
        "#]],
    );
    check(
        "typedef struct { uint8 a uint8 b uint8; 5 } t typedef uint8 u",
        &expect![[r#"
        a.if:1:25: error[E005]: expected `;`, found `uint8`
        a.if:1:34: error[E005]: expected `;`, found `uint8`
        a.if:1:41: error[E005]: expected a field, found `5`
        a.if:1:46: error[E005]: expected `;`, found `typedef`
        a.if:1:62: error[E005]: expected `;`, found the end of the file
    "#]],
    );
    check(
        "interface a { message in(out in, rpc x; message m(message in[rpc, 3]); };",
        &expect![[r#"
        a.if:1:23: error[E008]: expected the message's name, found the reserved word `in`
        a.if:1:30: error[E008]: expected a type, found the reserved word `in`
        a.if:1:34: error[E008]: expected a type, found the reserved word `rpc`
        a.if:1:39: error[E005]: expected `)`, found `;`
        a.if:1:51: error[E008]: expected a type, found the reserved word `message`
        a.if:1:59: error[E008]: expected the argument's name, found the reserved word `in`
        a.if:1:62: error[E008]: expected a length, found the reserved word `rpc`
    "#]],
    );
    check(
        "interface a { message m() junk here { and; here }; message n() more };",
        &expect![[r#"
        a.if:1:27: error[E005]: expected `;`, found `junk`
        a.if:1:64: error[E005]: expected `;`, found `more`
    "#]],
    );
    check(
        "interface a { typedef enum { a b, , c } e typedef struct { } f message n(,); }",
        &expect![[r#"
            a.if:1:31: error[E005]: expected `,`, found `b`
            a.if:1:35: error[E005]: expected an enumerator, found `,`
            a.if:1:42: error[E005]: expected `;`, found `typedef`
            a.if:1:59: error[E005]: expected a field, found `}`
            a.if:1:63: error[E005]: expected `;`, found `message`
            a.if:1:74: error[E005]: expected an argument, found `,`
            a.if:1:75: error[E005]: expected an argument, found `)`
            a.if:1:79: error[E005]: expected `;`, found the end of the file
        "#]],
    );
}
