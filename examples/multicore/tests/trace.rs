//! `--trace` writes a file that is a right trace, with a track for every dispatcher.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use flounder_trace::check::{Summary, check};
use serde_json::Value;

/// A trace of a run with these arguments, and what is in it.
fn traced(name: &str, args: &[&str]) -> (Value, Summary) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_multicore"));
    command.args(["--json", "--trace"]).arg(&path).args(args);
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&path).expect("there is a trace");
    let file = serde_json::from_str(&text).expect("it is JSON");
    let summary = check(&file).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
    (file, summary)
}

/// What the metadata of this name call something, in order.
fn names<'a>(file: &'a Value, what: &str) -> BTreeSet<&'a str> {
    let events = file["traceEvents"].as_array().expect("there are events").iter();
    let named = events.filter(|event| event["name"] == what);
    named.filter_map(|event| event["args"]["name"].as_str()).collect()
}

#[test]
fn a_boot_and_a_program_have_a_track_for_every_dispatcher_and_arrows() {
    let (file, summary) = traced("step.json", &["--cores", "2", "--only", "exit-by-message"]);
    assert_eq!(names(&file, "process_name"), BTreeSet::from(["core 0", "core 1"]));
    let tracks = names(&file, "thread_name");
    for name in ["monitor.0", "monitor.1", "spawnd.0", "spawnd.1", "proc_mgmt", "operator@0"] {
        assert!(tracks.contains(name), "{name} is not in {tracks:?}");
    }
    assert!(tracks.iter().any(|name| name.starts_with("domain ")), "{tracks:?}");
    assert!(summary.messages > 0 && summary.slices >= summary.messages, "{summary:?}");
    let events = file["traceEvents"].as_array().expect("there are events");
    for name in ["intermon.add_spawnd", "proc_mgmt.add_spawnd", "spawn.spawn_request"] {
        let flows: Vec<_> = events.iter().filter(|event| event["name"] == name).collect();
        for ph in ["s", "f"] {
            assert!(flows.iter().any(|event| event["ph"] == ph), "no {ph} of {name}");
        }
    }
}

#[test]
fn the_whole_story_is_a_right_trace() {
    let (_, summary) = traced("story.json", &["--cores", "2"]);
    // What was sent to who died isn't received, but that is little beside the rest.
    assert!(summary.lost < summary.messages / 2, "{summary:?}");
}
