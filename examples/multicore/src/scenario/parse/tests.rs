//! One mistake each, and what is said of it.

use super::*;

fn check(text: &str, expected: &str) {
    let error = parse(text).expect_err("it makes no sense");
    let told = error.to_string();
    assert!(told.contains(expected), "{text}\n{told}\n{expected}");
    assert!(matches!(error, Failure::Malformed { .. }), "{told}");
}

#[test]
fn every_mistake_is_told_with_its_line_and_what_to_do() {
    let spawn = r#"{"client":"a","call":"spawn","as":"d","path":"/modules/idle"}"#;
    let table = [
        ("{", "line 1: EOF while parsing"),
        ("\n// a comment\n[]", "line 3: "),
        (r#"{"client":"a","call":"spwan"}"#, "no call `spwan`: it is one of spawn"),
        (r#"{"client":"a","call":"spawn"}"#, "`spawn` needs `path`"),
        (r#"{"call":"list"}"#, "`call` needs `client`"),
        (r#"{"client":"a","call":"kill"}"#, "`kill` needs `cap`"),
        (r#"{"client":"a","call":"kill","cap":"d"}"#, "nothing is called \"d\""),
        (r#"{"client":"a","call":"span","cap":"own"}"#, "`span` needs `core`"),
        (r#"{"client":"a","call":"status"}"#, "`status` needs `domain`"),
        (r#"{"client":"a","call":"status","domain":1.5}"#, "not 1.5"),
        (r#"{"client":"a","call":"copy","cap":"own"}"#, "`copy` needs `rights`"),
        (r#"{"client":"a","call":"copy","cap":"own","rights":["RUN"]}"#, "no right \"RUN\""),
        (r#"{"client":"a","call":"wait","cap":"own","as":"w"}"#, "gives nothing to name"),
        (r#"{"client":"a","call":"list","colour":1}"#, "unknown field `colour`"),
        (r#"{"client":"a","call":"list","core":256}"#, "invalid value: integer `256`"),
        (r#"{"client":"a","call":"list","expect":{"status":0}}"#, "no field `status`"),
        (r#"{"client":"a","call":"list","expect":{"err":"OKAY"}}"#, "no code `OKAY`"),
        (r#"{"client":"operator","call":"close"}"#, "the operator has no domain"),
        (r#"{"call":"crash_spawnd"}"#, "`crash_spawnd` needs `core`"),
        (r#"{"call":"crash_spawnd","core":0,"how":"gently"}"#, "not \"gently\""),
        (r#"{"quiesce":false}"#, "this is true, or left out"),
        (r#"{"quiesce":true,"release":true}"#, "a line has one of"),
        (r#"{"await":"w"}"#, "no earlier line says"),
        (r#"{"system":{"cores":0}}"#, "expected a nonzero u16"),
        (r#"{"system":{"cores":257}}"#, "at most 256"),
        ("{\"quiesce\":true}\n{\"system\":{}}", "line 2: `system` comes once"),
    ];
    for (text, expected) in table {
        check(text, expected);
    }
    check(&format!("{spawn}\n{spawn}"), "line 2: \"d\" was given before");
    check(&spawn.replace("\"d\"", "\"null\""), "has a meaning of its own");
    let actor = r#"{"client":"d","call":"list"}"#;
    check(&format!("{spawn}\n{actor}"), "\"d\" does nothing by itself");
}

#[test]
fn short_names_of_codes_are_completed() {
    let text = r#"{"client":"a","call":"kill","cap":"null","expect":{"err":"DOMAIN_CAP_HASH"}}"#;
    let scenario = parse(text).expect("it makes sense");
    let expected = Value::from("PROC_MGMT_ERR_DOMAIN_CAP_HASH");
    assert_eq!(scenario.lines[0].expect.get("err"), Some(&expected));
}
