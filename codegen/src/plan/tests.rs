//! Numbers, sizes and fingerprints.

use expect_test::expect;

use super::{Interface, plan};
use crate::check::{self, Unit};
use crate::diag::Diagnostics;
use crate::parse::parse;
use crate::source::Sources;
use crate::style::Style;

fn planned(members: &str) -> Interface {
    let mut sources = Sources::new();
    let file = sources.add("a.if", format!("interface a {{ {members} }};").as_bytes());
    let mut diagnostics = Diagnostics::new();
    let interfaces = vec![parse(&sources, file, &mut diagnostics)];
    let unit = Unit { imports: Vec::new(), interfaces };
    let model = check::check(unit, &sources, &mut diagnostics);
    assert_eq!(diagnostics.render(&sources), "");
    plan(&model, &sources, &Style::default()).interfaces.remove(0)
}

#[test]
fn messages_are_numbered_from_3_in_textual_order() {
    let plan = planned("message a(); rpc b(); message c();");
    let numbers: Vec<_> = plan.messages.iter().map(|m| (&*m.wire_name, m.number)).collect();
    assert_eq!(numbers, [("a", 3), ("b_call", 4), ("b_response", 5), ("c", 6)]);
}

#[test]
fn sizes_count_padding_and_put_strings_last() {
    for (args, bytes) in [
        ("", 0),
        ("cap c", 0),
        ("bool b", 8),
        ("uint8 a, uint64 b", 16),
        ("uint8 a, uint64 b, uint8 c", 24),
        ("String s[64]", 72),
        ("String s[5], uint32 x", 16),
        ("uint16 x[n, 3], uint8 y", 16),
        ("uint64 x[n, 4294967295]", 8 + 8 * 4_294_967_295),
    ] {
        assert_eq!(planned(&format!("message m({args});")).messages[0].bytes_max, bytes, "{args}");
    }
}

#[test]
fn messages_of_small_plain_values_are_copy() {
    let types = "typedef struct { uint64 a; bool b; } s; typedef s pair[2]; typedef pair again;
                 typedef struct { again p; e e; } nested; typedef uint8 large[201];
                 typedef struct { cap c; } holder; typedef holder holders[2];";
    for (args, is_copy) in [
        ("", true),
        ("uint8 a, iref b, errval c", true),
        ("s s, pair p, again r, nested n, e e", true),
        ("large l", false),
        ("uint8 a, String s[4]", false),
        ("char a[n, 4]", false),
        ("cap c", false),
        ("give_away_cap c", false),
        ("holder h", false),
        ("holders h", false),
    ] {
        let plan = planned(&format!("typedef enum {{ x, y }} e; {types} message m({args});"));
        assert_eq!(plan.messages[0].is_copy(), is_copy, "{args}");
    }
}

#[test]
fn fingerprints_follow_the_wire_and_nothing_else() {
    let of = |members: &str| planned(members).fingerprint;
    let first = of("message m(uint8 a); rpc r(in char b[n, 4]);");
    for same in [
        "/** d */ message m(uint8 other); rpc r(in uint8 c[k, 4]);",
        "alias x uint8; typedef x y; message m(y a); rpc r(in y b[n, 0x4]);",
        "typedef uint8 unused; message m(char a); rpc r(in char b[n, 4]);",
    ] {
        assert_eq!(of(same), first, "{same}");
    }
    for other in [
        "message m(uint16 a); rpc r(in char b[n, 4]);",
        "message n(uint8 a); rpc r(in char b[n, 4]);",
        "message m(uint8 a); rpc r(in char b[n, 5]);",
        "message m(uint8 a); rpc r(out char b[n, 4]);",
        "rpc r(in char b[n, 4]); message m(uint8 a);",
        "message m(uint8 a); rpc r(in char b[n, 4]); message more();",
        "message m(int8 a); rpc r(in char b[n, 4]);",
    ] {
        assert_ne!(of(other), first, "{other}");
    }
}

#[test]
fn canonical_names_of_types_stay_as_they_are() {
    let plan = planned(
        "typedef struct { bool a; int16 b; } s; typedef s t[2]; typedef enum { x, y } e;
         message m(t t, e e, cap c, give_away_cap g, iref i, errval v, size z, intptr p);
         rpc r(in String s[9], in s l[n, 3], out int x);",
    );
    expect!["d208d49b0eb14b507bb39451b2a6e8bb"].assert_eq(&format!("{:032x}", plan.fingerprint));
}
