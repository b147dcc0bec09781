//! Interface files in one layout, whatever they looked like.
//!
//! Works on tokens, not on the tree: comments and the order of everything stay, and only white space
//! between tokens changes. Blank lines stay too, at most one in a row. A body in braces stays on one
//! line if its first token is on the line of the brace, it holds no comments, and it fits.

mod lex;
mod print;

use crate::diag::Diagnostics;
use crate::parse;
use crate::source::{FileId, Sources};

/// Formats a file.
///
/// # Errors
///
/// The findings, if the file can't be understood. Types and names don't matter.
pub fn format(sources: &Sources, file: FileId) -> Result<String, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    parse::parse(sources, file, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(print::print(&lex::tokens(sources.text(file))))
}

#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: &Expect) {
        let formatted = formatted(text);
        expected.assert_eq(&formatted);
        assert_eq!(self::formatted(&formatted), formatted, "twice is once");
    }

    fn formatted(text: &str) -> String {
        let mut sources = Sources::new();
        let file = sources.add("a.if", text.as_bytes());
        format(&sources, file).map_err(|found| found.render(&sources)).expect("the text is right")
    }

    #[test]
    fn declarations() {
        check(
            "interface a\"d\"{typedef uint8 t [ 3 ];alias w uint32;\n\n\n\ntypedef struct{t x;w y;}s;
typedef struct {t x;
w y;}  r ;typedef enum {a,b , c}e;typedef enum{
a,b}f;@ata ( x = 1,y=p ) message m(uint8 p,String b [3],char c[n ,4]);rpc n(  );}  ;",
            &expect![[r#"
                interface a "d" {
                    typedef uint8 t[3];
                    alias w uint32;

                    typedef struct { t x; w y; } s;
                    typedef struct { t x; w y; } r;
                    typedef enum { a, b, c } e;
                    typedef enum {
                        a,
                        b
                    } f;
                    @ata(x=1, y=p)
                    message m(uint8 p, String b[3], char c[n, 4]);
                    rpc n();
                };
            "#]],
        );
    }

    #[test]
    fn long_lines() {
        check(
            "interface a { typedef struct { uint8 one_field_of_many; uint8 two_field_of_many; uint8 three_field_of_many; uint8 d; } long_struct;
typedef enum { one_enumerator_of_many, two_enumerator_of_many, three_enumerator_of_many, four_enumerator } e; message message_name(uint8 argument_one, uint16 argument_two, uint32 argument_three, uint64 four);
rpc an_rpc_with_a_name_that_leaves_little_room_for_what_follows_on_its_line_of_text(in uint8 a, out uint8 b); };",
            &expect![[r#"
                interface a {
                    typedef struct {
                        uint8 one_field_of_many;
                        uint8 two_field_of_many;
                        uint8 three_field_of_many;
                        uint8 d;
                    } long_struct;
                    typedef enum {
                        one_enumerator_of_many,
                        two_enumerator_of_many,
                        three_enumerator_of_many,
                        four_enumerator
                    } e;
                    message message_name(uint8 argument_one, uint16 argument_two, uint32 argument_three,
                                         uint64 four);
                    rpc an_rpc_with_a_name_that_leaves_little_room_for_what_follows_on_its_line_of_text(in uint8 a,
                        out uint8 b);
                };
            "#]],
        );
    }

    #[test]
    fn comments() {
        check(
            "// first


/* second */ interface a { // third
typedef enum { /// a
 a, // b
 c
 // d
 } /* e */ f; typedef struct { uint8 x; // x
 } /* s */ s;
/// Fourth.
message m(// fifth
 uint8 a, // sixth
 /// Seventh.
 uint8 b /* eighth */); // ninth

/** Tenth
* line
     * line */
rpc n(/** e */in uint8 x);
  /* odd
       layout
    stays */
 // the end
}; // the very end",
            &expect![[r#"
                // first

                /* second */
                interface a { // third
                    typedef enum { /// a
                        a, // b
                        c
                        // d
                    } /* e */ f;
                    typedef struct {
                        uint8 x; // x
                    } /* s */ s;
                    /// Fourth.
                    message m(// fifth
                              uint8 a, // sixth
                              /// Seventh.
                              uint8 b /* eighth */); // ninth

                    /** Tenth
                     * line
                     * line */
                    rpc n(/** e */ in uint8 x);
                    /* odd
                       layout
                    stays */
                    // the end
                }; // the very end
            "#]],
        );
    }
}
