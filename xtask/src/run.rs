//! Runs a command for a limited time, with all that it starts, and keeps what it prints.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::figures::{Figures, passed};
use crate::step::{Outcome, Plan, Run};

/// Where steps leave what they print.
const LOGS: &str = "target/xtask";
/// How often a running command is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How much of a log is shown when a step fails, in lines.
const SHOWN_LINES: usize = 40;

/// What became of a command.
pub(crate) enum Ended {
    /// It ended by itself: whether well, and all it printed.
    ByItself(bool, String),
    /// It was ended, because it took too long.
    TooLate(String),
}

/// Runs the command of a step.
pub(crate) fn command(name: &str, run: &Run, plan: &Plan, seconds_max: u64) -> Outcome {
    let filled = |text: &str| {
        let count = run.count[plan.tier as usize].to_string();
        text.replace("{seed}", &plan.seed.to_string()).replace("{count}", &count)
    };
    let words: Vec<_> = run.command.split(' ').map(filled).collect();
    let environment: Vec<_> =
        run.environment.iter().map(|(name, value)| (*name, filled(value))).collect();
    match limited(name, &words, &environment, seconds_max) {
        // A filter that names no test any more is no success.
        Ok(Ended::ByItself(true, log))
            if matches!(run.figures, Figures::Tests(_)) && passed(&log) == 0 =>
        {
            failed("no test ran", &log)
        }
        Ok(Ended::ByItself(true, log)) => Outcome::Ok(run.figures.of(&log)),
        Ok(Ended::ByItself(false, log)) => failed(&as_typed(&words, &environment), &log),
        Ok(Ended::TooLate(log)) => failed(&format!("took longer than {seconds_max} s"), &log),
        Err(error) => failed(&format!("{}: {error}", words.join(" ")), ""),
    }
}

/// The command as one would type it.
fn as_typed(words: &[String], environment: &[(&str, String)]) -> String {
    let settings = environment.iter().map(|(name, value)| format!("{name}='{value}' "));
    settings.collect::<String>() + &words.join(" ")
}

/// A failure, with the end of the log.
pub(crate) fn failed(why: &str, log: &str) -> Outcome {
    let lines: Vec<_> = log.lines().collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    let log = shown.iter().flat_map(|line| ["    ", line, "\n"]).collect();
    Outcome::Failed { why: why.to_owned(), log }
}

/// Runs a command, which is killed with all that it started if it takes too long.
pub(crate) fn limited(
    name: &str,
    words: &[String],
    environment: &[(&str, String)],
    seconds_max: u64,
) -> io::Result<Ended> {
    let log = log_of(name)?;
    let mut child = spawn(words, environment, &log)?;
    let end = Instant::now() + Duration::from_secs(seconds_max);
    let status = wait_until(&mut child, end)?;
    let printed = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    Ok(match status {
        Some(status) => Ended::ByItself(status.success(), printed),
        None => Ended::TooLate(printed),
    })
}

fn log_of(name: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(LOGS)?;
    Ok(Path::new(LOGS).join(name).with_extension("log"))
}

fn spawn(words: &[String], environment: &[(&str, String)], log: &Path) -> io::Result<Child> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let out = File::create(log)?;
    Command::new(program)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .process_group(0)
        .spawn()
}

/// How the child ended; `None` if it had to be killed.
fn wait_until(child: &mut Child, end: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            kill_process_group(Pid::from_child(child), Signal::KILL)?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
