//! Cases that are many because they combine: every builtin in every place, every word as every name,
//! every punctuation mark left out.

use flounder_codegen::{Code, Request, Sources};

/// The builtins that have a size, and whether they are capabilities.
const BUILTINS: [(&str, bool); 17] = [
    ("uint8", false),
    ("uint16", false),
    ("uint32", false),
    ("uint64", false),
    ("int8", false),
    ("int16", false),
    ("int32", false),
    ("int64", false),
    ("int", false),
    ("size", false),
    ("uintptr", false),
    ("intptr", false),
    ("char", false),
    ("bool", false),
    ("iref", false),
    ("errval", false),
    ("cap", true),
];

/// Places for a type, and what is found if it is a String, and if it is a capability.
const TYPE_PLACES: [(&str, Option<Code>, Option<Code>); 12] = [
    ("message m(T a);", Some(Code::UnboundedString), None),
    ("rpc m(in T a);", Some(Code::UnboundedString), None),
    ("rpc m(out T a);", Some(Code::UnboundedString), None),
    ("message m(T a[n, 3]);", Some(Code::ListOfStrings), Some(Code::ListOfCaps)),
    ("rpc m(in T a[n, 3]);", Some(Code::ListOfStrings), Some(Code::ListOfCaps)),
    ("rpc m(out T a[n, 3]);", Some(Code::ListOfStrings), Some(Code::ListOfCaps)),
    ("typedef T t; message m(t a);", Some(Code::UnboundedString), None),
    ("typedef T t; message m(t a[n, 3]);", Some(Code::UnboundedString), Some(Code::ListOfCaps)),
    ("typedef T t[3]; message m(t a);", Some(Code::UnboundedString), None),
    ("typedef struct { T f; } t; message m(t a);", Some(Code::UnboundedString), None),
    ("alias t T; message m(t a);", Some(Code::UnboundedString), None),
    ("alias t T; typedef t u; message m(u a);", Some(Code::UnboundedString), None),
];

/// Places for a name.
const NAME_PLACES: [&str; 9] = [
    "message N();",
    "rpc N(in uint8 a);",
    "message m(uint8 N);",
    "rpc m(out uint8 N);",
    "message m(uint8 a[N, 3]);",
    "typedef uint8 N; message m(N a);",
    "typedef struct { uint8 N; } t; message m(t a);",
    "typedef enum { N } t; message m(t a);",
    "typedef struct { uint8 a; } N; message m(N a);",
];

/// Words that are never names, in this language.
const RESERVED: [&str; 5] = ["interface", "message", "rpc", "in", "out"];

/// Words that mean something in this language, in Rust, or in generated bindings.
const NAMES: [&str; 64] = [
    "typedef",
    "struct",
    "enum",
    "alias",
    "call",
    "response",
    "self",
    "Self",
    "super",
    "crate",
    "type",
    "fn",
    "as",
    "async",
    "await",
    "gen",
    "try",
    "match",
    "mod",
    "move",
    "union",
    "dyn",
    "static",
    "true",
    "abstract",
    "yield",
    "Option",
    "Result",
    "Vec",
    "Box",
    "Default",
    "Clone",
    "Drop",
    "Some",
    "None",
    "Ok",
    "Err",
    "send",
    "bind",
    "export",
    "connect",
    "close",
    "new",
    "clone",
    "drop",
    "poll",
    "state",
    "binding",
    "st",
    "reply",
    "msg",
    "err",
    "token",
    "register_",
    "Message",
    "Binding",
    "RxVtbl",
    "TxVtbl",
    "Interface",
    "flounder",
    "core",
    "std",
    "u8",
    "str",
];

/// A file with every form; a blank on both sides of each punctuation mark.
const EVERY_MARK: &str = "interface a \"d\" {
    typedef struct { uint8 x ; uint16 y ; } s ;
    typedef enum { p , q } e ;
    typedef uint8 t [ 3 ] ;
    alias w uint32 ;
    message m ( uint8 a , s b , t c ) ;
    message n ( uint8 d [ k , 3 ] , String f [ 9 ] ) ;
    rpc r ( in e g , out w h ) ;
} ;
";

/// The codes found in `a.if`.
fn check(text: &str) -> Vec<Code> {
    let mut sources = Sources::new();
    let file = sources.add("a.if", text.as_bytes());
    let request = Request { files: vec![file], imports: Vec::new() };
    request.check(&sources).sorted().iter().map(|finding| finding.code).collect()
}

fn interface(members: &str) -> String {
    format!("interface a {{ {members} }};")
}

#[test]
fn every_builtin_in_every_place() {
    for (place, if_string, if_cap) in TYPE_PLACES {
        let found = |ty: &str| check(&interface(&place.replace('T', ty)));
        for (ty, is_cap) in BUILTINS {
            let expected = if_cap.filter(|_| is_cap);
            assert_eq!(found(ty), Vec::from_iter(expected), "{ty} in {place}");
        }
        assert_eq!(found("give_away_cap"), Vec::from_iter(if_cap), "{place}");
        assert_eq!(found("String"), Vec::from_iter(if_string), "{place}");
        assert_eq!(found("unknown_type"), [Code::UnknownType], "{place}");
    }
}

#[test]
fn every_word_as_every_name() {
    for place in NAME_PLACES {
        for name in NAMES {
            assert_eq!(check(&interface(&place.replace('N', name))), [], "{name} in {place}");
        }
        for word in RESERVED {
            let found = check(&interface(&place.replace('N', word)));
            assert_eq!(found.first(), Some(&Code::Reserved), "{word} in {place}");
        }
    }
}

#[test]
fn every_word_makes_rust() {
    let text = "typedef struct { uint8 N; } N; message N(N N); rpc r(in N N, out uint8 a[k, 3]);";
    for name in NAMES {
        let mut sources = Sources::new();
        let file = sources.add("a.if", interface(&text.replace('N', name)).as_bytes());
        let request = Request { files: vec![file], imports: Vec::new() };
        let (outputs, _) = request.generate(&sources).expect(name);
        syn::parse_file(&outputs[0].text).expect(name);
    }
}

#[test]
fn every_builtin_is_taken_as_a_type_name() {
    let (typedef, alias) = ("typedef uint8 T; message m();", "alias T uint8; message m();");
    for (ty, _) in BUILTINS.into_iter().chain([("String", false), ("give_away_cap", true)]) {
        assert_eq!(check(&interface(&typedef.replace('T', ty))), [Code::BuiltinName], "{ty}");
        let is_published = matches!(ty, "iref" | "errval");
        let code = if is_published { Code::BuiltinAlias } else { Code::BuiltinName };
        assert_eq!(check(&interface(&alias.replace('T', ty))), [code], "{ty}");
        for place in ["message T();", "message m(uint8 T);", "typedef enum { T } e; message m();"] {
            assert_eq!(check(&interface(&place.replace('T', ty))), [], "{ty} in {place}");
        }
    }
}

#[test]
fn every_bound() {
    for (bound, code) in [
        ("1", None),
        ("0x1", None),
        ("0o1", None),
        ("4096", None),
        ("0", Some(Code::ZeroBound)),
        ("0x0", Some(Code::ZeroBound)),
        ("0o0", Some(Code::ZeroBound)),
        ("01", Some(Code::Number)),
        ("00", Some(Code::Number)),
        ("0x", Some(Code::Number)),
        ("0b1", Some(Code::Number)),
        ("1u", Some(Code::Number)),
        ("1_0", Some(Code::Number)),
        ("4294967296", Some(Code::Number)),
        ("99999999999999999999", Some(Code::Number)),
        ("", Some(Code::Syntax)),
        ("-1", Some(Code::Syntax)),
        ("1.5", Some(Code::Syntax)),
        ("\"1\"", Some(Code::Syntax)),
    ] {
        for place in ["message m(String a[B]);", "message m(uint8 a[n, B]);"] {
            let found = check(&interface(&place.replace('B', bound)));
            assert_eq!(found, Vec::from_iter(code), "{bound} in {place}");
        }
    }
}

/// Whatever mark is missing: there is an error, all errors are about syntax, they are at most two,
/// and the first is not before the mark and at most a line behind it.
#[test]
fn every_depth_of_types() {
    for made in ["typedef OLD NEW;", "typedef OLD NEW[1];", "typedef struct { OLD f; } NEW;"] {
        for (depth, expected) in [(64, &[][..]), (65, &[Code::TooDeep]), (9_000, &[Code::TooDeep])]
        {
            let types = (0..depth).map(|index| {
                let below = if index == 0 { "uint8".to_owned() } else { format!("t{}", index - 1) };
                made.replace("OLD", &below).replace("NEW", &format!("t{index}"))
            });
            let types: String = types.collect();
            let text = interface(&format!("{types} message m(t{} a);", depth - 1));
            assert_eq!(check(&text), expected, "{made} {depth}");
        }
    }
}

#[test]
fn every_mark_left_out() {
    assert_eq!(check(EVERY_MARK), []);
    let marks = EVERY_MARK.match_indices([';', ',', '(', ')', '[', ']', '{', '}']);
    for (at, mark) in marks {
        let text = [&EVERY_MARK[..at], " ", &EVERY_MARK[at + 1..]].concat();
        let mut sources = Sources::new();
        let file = sources.add("a.if", text.as_bytes());
        let request = Request { files: vec![file], imports: Vec::new() };
        let findings = request.check(&sources);
        let shown = format!("`{mark}` at {at}:\n{}", findings.render(&sources));
        let found = findings.sorted();
        let first = found.first().expect(&shown);
        assert_eq!(first.code, Code::Syntax, "{shown}");
        let lines = |to: usize| text[..to].lines().count();
        let distance = lines(first.span.end as usize).abs_diff(lines(at));
        // A brace is only missed where the next thing can't be inside it.
        let is_near = distance <= 1 || mark == "}" || mark == "{";
        assert!(is_near && found.len() <= 2, "{shown}");
    }
}
