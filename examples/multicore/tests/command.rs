//! The command as whoever runs it sees it: output, exit status, and that it notices what is wrong.

use std::process::{Command, Output};

use serde_json::Value;

fn multicore(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_multicore"));
    command.args(args).output().expect("the command starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the output is UTF-8")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("the command exits")
}

/// The object that `--json` prints, and the exit status.
fn json(args: &[&str]) -> (Value, i32) {
    let output = multicore(&[&["--json"], args].concat());
    let stdout = text(&output.stdout);
    let value = serde_json::from_str(stdout)
        .unwrap_or_else(|error| panic!("{args:?}: {error} in {stdout:?}{output:?}"));
    (value, status(&output))
}

/// The names of the steps.
fn steps() -> Vec<String> {
    let output = multicore(&["--list"]);
    assert_eq!(status(&output), 0);
    let names = text(&output.stdout).lines().map(|line| line.split_once(' '));
    names.flatten().map(|(name, _)| name.to_owned()).collect()
}

/// The steps of a report.
fn played(report: &Value) -> impl Iterator<Item = &Value> {
    report["steps"].as_array().expect("a report has its steps").iter()
}

fn name(step: &Value) -> &str {
    step["name"].as_str().expect("a step has its name")
}

/// The names of the steps of a report that are not ok.
fn red(report: &Value) -> Vec<&str> {
    played(report).filter(|step| step["ok"] != true).map(name).collect()
}

#[test]
fn all_is_ok_on_any_number_of_cores() {
    let names = steps();
    for cores in ["1", "2", "4"] {
        let (report, status) = json(&["--cores", cores]);
        assert_eq!((&report["ok"], status), (&true.into(), 0), "{report}");
        assert_eq!(report["cores"].to_string(), cores);
        assert_eq!(played(&report).map(name).collect::<Vec<_>>(), names);
        for step in played(&report) {
            assert_eq!(step["ok"], true, "{step}");
            assert!(step["detail"].is_string() && step["micros"].is_u64(), "{step}");
        }
        for kind in ["threads", "bindings", "caps", "domains", "descriptors", "processes"] {
            assert_eq!(report["leaked"][kind], 0, "{kind}");
        }
    }
}

#[test]
fn more_cores_than_calls_one_binding_may_have_outstanding() {
    let (report, status) = json(&["--cores", "256", "--only", "program-on-every-core"]);
    assert_eq!((&report["ok"], status), (&true.into(), 0), "{report}");
}

#[test]
fn every_step_stands_alone() {
    for name in steps() {
        let (report, status) = json(&["--cores", "2", "--only", &name]);
        assert_eq!((&report["ok"], status), (&true.into(), 0), "{report}");
        assert_eq!(played(&report).count(), 1, "{report}");
    }
}

#[test]
fn a_wrong_answer_turns_its_step_red() {
    for name in steps() {
        let (report, status) = json(&["--cores", "2", "--only", &name, "--wrong", &name]);
        assert_eq!(red(&report), [name], "{report}");
        assert_eq!((&report["ok"], status), (&false.into(), 1), "{report}");
        assert_eq!(report["leaked"]["domains"], 0, "{report}");
    }
}

#[test]
fn a_wrong_answer_leaves_the_other_steps_alone() {
    let (report, status) = json(&["--cores", "2", "--wrong", "nohang"]);
    assert_eq!((red(&report), status), (vec!["nohang"], 1), "{report}");
}

#[test]
fn a_leak_is_counted() {
    for (kind, field) in
        [("thread", "threads"), ("cap", "caps"), ("binding", "bindings"), ("domain", "domains")]
    {
        let args = ["--cores", "2", "--only", "boot-and-lookup", "--leak", kind];
        let (report, status) = json(&args);
        assert!(report["leaked"][field].as_u64().unwrap() > 0, "{kind}: {report}");
        assert_eq!(red(&report), [""; 0], "{kind}: {report}");
        assert_eq!((&report["ok"], status), (&false.into(), 1), "{kind}: {report}");
    }
}

#[test]
fn many_runs_in_any_order() {
    let (report, status) = json(&["--cores", "3", "--repeat", "3", "--shuffle", "7"]);
    assert_eq!((&report["ok"], status), (&true.into(), 0), "{report}");
    assert_eq!((&report["runs"], &report["failed"]), (&3.into(), &0.into()), "{report}");
    let (again, _) = json(&["--cores", "3", "--shuffle", &report["shuffle"].to_string()]);
    assert!(played(&report).map(name).eq(played(&again).map(name)), "a seed gives one order");
    assert!(!played(&report).map(name).eq(steps()), "a seed gives another order");
}

#[test]
fn one_bad_run_of_many_is_shown() {
    let (report, status) =
        json(&["--cores", "1", "--repeat", "2", "--only", "ps", "--wrong", "ps"]);
    assert_eq!((&report["runs"], &report["failed"], status), (&2.into(), &2.into(), 1));
    assert_eq!(red(&report), ["ps"]);
}

#[test]
fn what_the_command_line_refuses() {
    for args in [
        &["--only", "nobody"][..],
        &["--wrong", "nobody"],
        &["--cores", "0"],
        &["--cores", "257"],
        &["--leak", "patience"],
        &["--repeat", "0"],
        &["--idle", "0"],
        &["--idle", "1", "--repeat", "2"],
        &["--nonsense"],
    ] {
        let output = multicore(args);
        assert_eq!(status(&output), 2, "{args:?}: {output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}: {output:?}");
    }
}

#[test]
fn the_story_has_its_parts_in_order() {
    let output = multicore(&["--cores", "3"]);
    assert_eq!(status(&output), 0, "{output:?}");
    let story = text(&output.stdout);
    let mut parts = vec!["A multikernel of 3 cores".to_owned()];
    parts.extend((0..3).map(|core| format!("monitor.{core}, spawnd.{core}")));
    parts.extend(steps());
    parts.push("domain  core  cores  state".into());
    parts.push("/modules/holder-async 1".into());
    parts.push("0 threads, 0 bindings, 0 caps, 0 domains, 0 descriptors, 0 processes".into());
    let mut rest = story;
    for part in parts {
        let at = rest.find(&part).unwrap_or_else(|| panic!("no {part:?} in {rest}"));
        rest = &rest[at + part.len()..];
    }
    assert!(!story.contains('\x1b'), "colours are for terminals");
    assert!(output.stderr.is_empty(), "the panics that belong to the story are quiet");
}

#[test]
fn messages_name_sender_and_receiver() {
    let output = multicore(&["--cores", "1", "--only", "exit-codes", "--messages", "--json"]);
    assert_eq!(status(&output), 0, "{output:?}");
    serde_json::from_slice::<Value>(&output.stdout).expect("standard output is one object");
    let messages = text(&output.stderr);
    for part in ["operator@0 -> proc_mgmt", "proc_mgmt.spawn_call", "-> spawnd.0", "-> monitor.0"] {
        assert!(messages.contains(part), "no {part:?} in {messages}");
    }
}

#[test]
fn idle_programs_cost_nothing() {
    let (report, status) = json(&["--cores", "2", "--idle", "1"]);
    assert_eq!((&report["ok"], status), (&true.into(), 0), "{report}");
    assert_eq!(report["programs"], 4);
    assert!(report["cpu_percent"].as_f64().unwrap() < 1.0, "{report}");
    // Two loops on each core, a thread for each blocking program, and the one that runs the system.
    assert_eq!(report["threads"].as_array().unwrap().len(), 2 * 2 + 2 + 1, "{report}");
}

#[test]
fn spawnds_that_crash_under_load_leave_no_request_unanswered() {
    for cores in ["1", "3"] {
        let (report, status) = json(&["--cores", cores, "--crashes", "24"]);
        assert_eq!((&report["ok"], status), (&true.into(), 0), "{report}");
        assert_eq!((&report["answered"], &report["in_flight"]), (&(24 * 16).into(), &16.into()));
        for none in ["unanswered", "wrong", "survivors"] {
            assert_eq!(report[none], 0, "{report}");
        }
    }
}

#[test]
fn many_domains_and_waiters_at_once() {
    let (report, status) = json(&["--cores", "2", "--scale", "1500"]);
    assert_eq!((&report["ok"], status), (&true.into(), 0), "{report}");
    assert_eq!((&report["listed"], &report["domains"]), (&1500.into(), &1500.into()), "{report}");
    assert_eq!(report["waiters_answered"], 10_000, "{report}");
    let bytes = ["domain_bytes", "own_bytes", "beyond_bytes"].map(|field| report[field].as_u64());
    assert!(bytes.iter().all(Option::is_some), "{report}");
}
