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
        a.if:1:26: error[E005]: expected `;`, found `uint8`
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
        a.if:3:5: error[E005]: expected a type, `message` or `rpc`, found `mesage`
        a.if:4:15: error[E005]: expected `)`, found `;`
        a.if:5:20: error[E005]: expected the argument's name, found `9x`
        a.if:6:17: error[E005]: expected `;`, found `extra`
    "#]],
    );
}
