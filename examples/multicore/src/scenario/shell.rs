//! The calls of scenarios for a person who types them: every line becomes a line of a scenario, asked by
//! the operator or by a client that the person spawned.

mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write as _};
use std::process::ExitCode;

use flounder::CoreId;
use flounder_boot::{Config, System};
use rustyline::error::ReadlineError;
use serde_json::Value;

use super::Failure;
use super::calls::Call;
use super::director::Director;
use super::line::{Ask, Line, Scenario, Step};
use super::parse;
use super::programs::{Wings, modules};
use super::troupe::Troupe;
use words::{Said, Wish};

/// What a person sees when it is their turn.
const PROMPT: &str = "multicore> ";

/// Runs the shell until the input ends or says `quit`.
pub(crate) fn shell(config: Config) -> ExitCode {
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "multicore: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: Config) -> Result<(), Failure> {
    let wings = Wings::default();
    let modules = modules(crate::programs::modules(), &wings);
    let system = System::boot(config, modules).map_err(Failure::system)?;
    let typed = converse(&system, &wings);
    wings.gate.release();
    system.shutdown().map_err(Failure::system)?;
    typed
}

fn converse(system: &System, wings: &Wings) -> Result<(), Failure> {
    let operator = system.operator(CoreId(0)).map_err(Failure::system)?;
    let troupe = Troupe::gather(&operator, wings);
    let scenario = Scenario { system: parse::patient_system(), lines: Vec::new() };
    let director = Director::new(&scenario, (system, &operator), troupe, wings);
    let director = operator.block_on(director)?;
    let mut shell = Shell { director, lines: 0, actors: BTreeSet::new() };
    say(&format!("{} cores are up; `help` tells what can be typed", system.layout().len()));
    let mut input = Input::new()?;
    while let Some(text) = input.next_line()? {
        match words::wish(&text) {
            Ok(Wish::Nothing) => {}
            Ok(Wish::Quit) => return Ok(()),
            Ok(Wish::Help) => say(words::HELP),
            Ok(Wish::Ask(said)) => operator.block_on(shell.ask(said)),
            Ok(Wish::Ps) => operator.block_on(shell.ps()),
            Err(what) => say(&what),
        }
    }
    Ok(())
}

struct Shell<'a> {
    director: Director<'a>,
    lines: usize,
    /// The names of the programs that do as they are told.
    actors: BTreeSet<String>,
}

impl Shell<'_> {
    /// Has a line played, and says what came of it and of those that went on.
    async fn ask(&mut self, said: Said) {
        self.lines += 1;
        let name = format!("d{}", self.lines);
        let line = said.line(self.lines, name);
        self.play(&line).await;
        if let Err(failure) = self.director.tell_answered(&mut tell).await {
            say(&failure.to_string());
        }
    }

    async fn play(&mut self, line: &Line) {
        if let Some(name) = self.director.unknown(line) {
            return say(&format!("nothing is called `{name}`: spawn gives names, ps lists them"));
        }
        if let Some(name) = self.idler(line) {
            return say(&format!("`{name}` does nothing by itself: /modules/client does"));
        }
        if let Err(failure) = self.director.line(line, &mut tell).await {
            say(&failure.to_string());
        }
    }

    /// The program in a line that can't ask for anything. Those that can are remembered.
    fn idler(&mut self, line: &Line) -> Option<String> {
        let Step::Ask(Ask { client, call, name, .. }) = &line.step else { return None };
        if let (Call::Spawn(launch), Some(name)) = (call, name)
            && parse::is_client(&launch.path)
        {
            self.actors.insert(name.clone());
        }
        let is_able = client == parse::OPERATOR || self.actors.contains(client);
        (!is_able).then(|| client.clone())
    }

    /// Tells how every domain stands that isn't cleaned up.
    async fn ps(&mut self) {
        match self.director.table().await {
            Ok(rows) => rows.iter().for_each(|row| say(row)),
            Err(failure) => say(&failure.to_string()),
        }
    }
}

/// Where lines come from.
enum Input {
    /// A person, who can go back to what they typed before.
    Person(Box<rustyline::DefaultEditor>),
    /// A pipe or a file.
    Pipe(io::StdinLock<'static>),
}

impl Input {
    fn new() -> Result<Self, Failure> {
        if !io::stdin().is_terminal() {
            return Ok(Self::Pipe(io::stdin().lock()));
        }
        let editor = rustyline::DefaultEditor::new().map_err(Failure::system)?;
        Ok(Self::Person(Box::new(editor)))
    }

    fn next_line(&mut self) -> Result<Option<String>, Failure> {
        match self {
            Self::Person(editor) => match editor.readline(PROMPT) {
                Ok(line) => {
                    // A line that can't be remembered can be typed again.
                    let _ = editor.add_history_entry(&line);
                    Ok(Some(line))
                }
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(None),
                Err(error) => Err(Failure::system(error)),
            },
            Self::Pipe(stdin) => {
                let mut line = String::new();
                let bytes = stdin.read_line(&mut line)?;
                Ok((bytes > 0).then_some(line))
            }
        }
    }
}

/// Tells an answer as a person reads it.
fn tell(answer: &Value) {
    let field = |name: &str| answer.get(name).and_then(Value::as_str);
    let (call, err) = (field("call").unwrap_or("spawnd"), field("err").unwrap_or("closed"));
    let mut parts: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in answer.as_object().into_iter().flatten() {
        if matches!(name.as_str(), "as" | "domain" | "status" | "core" | "spawnd")
            && !value.is_null()
        {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            parts.insert(name, text);
        }
    }
    let parts = parts.iter().fold(String::new(), |mut told, (name, value)| {
        let _ = write!(told, ", {name} {value}");
        told
    });
    match field("spawnd") {
        Some(_) => say(&format!("done{parts}")),
        None => say(&format!("{call}: {err}{parts}")),
    }
}

/// A closed pipe ends the telling, not the shell.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
