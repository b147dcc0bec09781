//! One mistake each, in a file that is right otherwise.

use serde_json::{Value, json};

use super::*;

/// Two tracks and a message from the first to the second.
fn right() -> Value {
    json!({ "traceEvents": [
        { "ph": "M", "name": "process_name", "pid": 1, "tid": 0, "args": { "name": "core 0" } },
        { "ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "args": { "name": "a" } },
        { "ph": "M", "name": "thread_name", "pid": 1, "tid": 2, "args": { "name": "b" } },
        { "ph": "X", "name": "m", "pid": 1, "tid": 1, "ts": 1.0, "dur": 2.0 },
        { "ph": "s", "name": "m", "cat": "c", "id": "7", "pid": 1, "tid": 1, "ts": 2.0 },
        { "ph": "X", "name": "m", "pid": 1, "tid": 2, "ts": 4.0, "dur": 1.0 },
        { "ph": "f", "name": "m", "cat": "c", "id": "7", "pid": 1, "tid": 2, "ts": 4.0, "bp": "e" },
        { "ph": "i", "name": "m", "pid": 1, "tid": 2, "ts": 4.5, "s": "t" },
    ] })
}

#[test]
fn a_right_file_is_summed_up() {
    let summary = check(&right()).expect("nothing is wrong");
    let expected = Summary { cores: 1, tracks: 2, slices: 2, messages: 1, lost: 1 };
    assert_eq!(summary, expected);
}

#[test]
fn every_mistake_is_found() {
    use Problem::{Flow, Key, Loose, Nameless, Order, Overlap, Phase};
    let flow = || Flow { id: "7".to_owned() };
    let key = |index, key, what| Key { index, key, what };
    let cases: &[(usize, &str, Value, Problem)] = &[
        (3, "dur", json!(null), key(3, "dur", "a time from 0")),
        (3, "dur", json!(-1.0), key(3, "dur", "a time from 0")),
        (3, "pid", json!("1"), key(3, "pid", "a whole number")),
        (5, "name", json!(5), key(5, "name", "a text")),
        (7, "s", json!(null), key(7, "s", "a text")),
        (1, "args", json!(null), key(1, "args", "an object")),
        (3, "ph", json!("B"), Phase { index: 3, phase: "B".to_owned() }),
        (1, "args", json!({}), Nameless { index: 3 }),
        (0, "args", json!({}), Nameless { index: 3 }),
        (7, "ts", json!(3.0), Order { index: 7 }),
        (6, "name", json!("n"), flow()),
        (6, "ph", json!("s"), flow()),
        (4, "ts", json!(3.5), Loose { index: 4 }),
        (5, "tid", json!(1), Loose { index: 6 }),
    ];
    for (index, key, value, expected) in cases {
        let mut file = right();
        file["traceEvents"][*index][*key] = value.clone();
        let problems = check(&file).expect_err("something is wrong");
        assert!(problems.contains(expected), "{index} {key}: {problems:?}");
    }
    let mut file = right();
    file["traceEvents"][5]["tid"] = json!(1);
    file["traceEvents"][5]["ts"] = json!(2.5);
    let problems = check(&file).expect_err("two slices overlap");
    assert!(problems.contains(&Overlap { index: 5 }), "{problems:?}");
    assert_eq!(check(&json!({})), Err(vec![Problem::NoEvents]));
}

#[test]
fn an_arrow_does_not_go_back_in_time() {
    let mut file = right();
    for (index, ts) in [(5, 0.5), (6, 0.5)] {
        file["traceEvents"][index]["ts"] = json!(ts);
    }
    assert_eq!(check(&file), Err(vec![Problem::Flow { id: "7".to_owned() }]));
}
