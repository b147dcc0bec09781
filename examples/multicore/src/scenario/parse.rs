//! From the text of a scenario to lines that make sense, or to the first line that doesn't: what is
//! wrong with it, and what to write instead.

mod raw;

use std::collections::BTreeSet;
use std::time::Duration;

use flounder::{CoreId, ErrCode, Rights};
use flounder_boot::Config;
use serde_json::Value;

use super::Failure;
use super::calls::{Call, CapName, DomainName, Launch};
use super::line::{Ask, Expect, Line, Mishap, Scenario, Step, System};
use raw::Raw;

/// How long a line may take unless the scenario says otherwise: nothing that ends takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The client that is the operator and no domain.
pub(super) const OPERATOR: &str = "operator";

/// The status of an exit that names none.
const STATUS_DEFAULT: u8 = 0;

/// What is wrong with a line, and what to do.
type Wrong = String;

/// Reads a scenario.
///
/// # Errors
///
/// [`Failure::Malformed`] with the first line that makes no sense.
pub(super) fn parse(text: &str) -> Result<Scenario, Failure> {
    let mut reader = Reader::default();
    for (index, text) in text.lines().enumerate() {
        let line = index + 1;
        let text = text.trim();
        if !text.is_empty() && !text.starts_with("//") {
            reader.line(line, text).map_err(|what| Failure::Malformed { line, what })?;
        }
    }
    Ok(reader.scenario())
}

/// What the lines so far have made known.
#[derive(Default)]
struct Reader {
    system: Option<System>,
    lines: Vec<Line>,
    /// The caps that were named.
    caps: BTreeSet<String>,
    /// Those of them that are clients' own programs.
    actors: BTreeSet<String>,
    /// The answers that some line doesn't wait for.
    open: BTreeSet<String>,
}

impl Reader {
    fn line(&mut self, number: usize, text: &str) -> Result<(), Wrong> {
        let raw: Raw = serde_json::from_str(text).map_err(|error| {
            format!("{error}: every line is one JSON object, as docs/scenarios.md tells")
        })?;
        if let Some(system) = &raw.system {
            let system = self.system(system)?;
            self.system = Some(system);
            return Ok(());
        }
        let expect = raw.expect.clone().unwrap_or_default();
        let step = self.step(&raw)?;
        let expect = checked(expect, fields(&step))?;
        self.lines.push(Line { number, step, expect });
        Ok(())
    }

    fn scenario(self) -> Scenario {
        let system = self.system.unwrap_or_else(default_system);
        Scenario { system, lines: self.lines }
    }

    fn system(&self, raw: &raw::System) -> Result<System, Wrong> {
        if self.system.is_some() || !self.lines.is_empty() {
            return Err("`system` comes once, before every other line".into());
        }
        let default = default_system();
        let millis = |given: Option<u64>, default| given.map_or(default, Duration::from_millis);
        let cores = raw.cores.unwrap_or(default.cores);
        if cores.get() > 256 {
            return Err(format!("{cores} cores are too many: a system has at most 256"));
        }
        Ok(System {
            cores,
            grace: millis(raw.grace_ms, default.grace),
            heartbeat: raw.heartbeat_ms.map(Duration::from_millis),
            domains_per_client_max: raw.domains_per_client_max,
            waits_per_client_max: raw.waits_per_client_max,
            patience: millis(raw.patience_ms, default.patience),
        })
    }

    fn step(&mut self, raw: &Raw) -> Result<Step, Wrong> {
        let asked = [raw.quiesce.is_some(), raw.release.is_some(), raw.then_await.is_some()];
        match (&raw.call, asked) {
            (Some(call), [false, false, false]) => self.call(raw, call),
            (None, [true, false, false]) => Ok(Step::Quiesce),
            (None, [false, true, false]) => Ok(Step::Release),
            (None, [false, false, true]) => {
                let name = raw.then_await.clone().unwrap_or_default();
                if !self.open.contains(&name) {
                    return Err(format!("no earlier line says \"async\":true,\"as\":\"{name}\""));
                }
                Ok(Step::Await { name })
            }
            _ => Err("a line has one of `call`, `quiesce`, `await`, `release`, `system`".into()),
        }
    }

    fn call(&mut self, raw: &Raw, word: &str) -> Result<Step, Wrong> {
        if word == "crash_spawnd" {
            let core = CoreId(raw.core.ok_or("`crash_spawnd` needs `core`: the core's number")?);
            let what = match raw.how.as_deref() {
                None | Some("crash") => Mishap::Crash,
                Some("hang") => Mishap::Hang,
                Some(how) => {
                    return Err(format!("`how` is \"crash\" or \"hang\", not \"{how}\""));
                }
            };
            return Ok(Step::Spawnd { core, what });
        }
        let client = raw.client.clone().ok_or("`call` needs `client`: who asks, by any name")?;
        let call = call_of(raw, word)?;
        self.check_names(&client, &call)?;
        let goes_on = raw.goes_on.unwrap_or(false);
        let name = self.name(raw, &call, goes_on)?;
        Ok(Step::Ask(Ask { client, call, name, goes_on }))
    }

    /// What a line names is known.
    fn check_names(&self, client: &str, call: &Call) -> Result<(), Wrong> {
        let given = call.caps().into_iter().filter_map(CapName::given);
        let domain = call.domain().and_then(DomainName::name);
        for name in given.chain(domain) {
            if !self.caps.contains(name) {
                let words = CapName::words();
                return Err(format!(
                    "nothing is called \"{name}\": name what an earlier line gave with `as`, \
                     or one of {words}"
                ));
            }
        }
        if self.caps.contains(client) && !self.actors.contains(client) {
            return Err(format!(
                "\"{client}\" does nothing by itself: only a domain spawned from \
                 \"/modules/client\" is a client"
            ));
        }
        let is_bare = client == OPERATOR;
        if is_bare && (call.caps().contains(&&CapName::Own) || matches!(call, Call::Close)) {
            return Err("the operator has no domain: it has no own cap, and can't be closed".into());
        }
        Ok(())
    }

    /// The name that the line gives.
    fn name(&mut self, raw: &Raw, call: &Call, goes_on: bool) -> Result<Option<String>, Wrong> {
        let gives_cap = matches!(call, Call::Spawn(_) | Call::Copy { .. });
        let Some(name) = raw.name.clone() else { return Ok(None) };
        if !gives_cap && !goes_on {
            return Err(format!(
                "`{}` gives nothing to name: leave `as` out, or say \"async\":true to await it",
                call.word()
            ));
        }
        if CapName::of(&name) != CapName::Given(name.clone()) || name == OPERATOR {
            return Err(format!("\"{name}\" has a meaning of its own: choose another name"));
        }
        if self.caps.contains(&name) || self.open.contains(&name) {
            return Err(format!("\"{name}\" was given before: every `as` is a new name"));
        }
        if gives_cap {
            self.caps.insert(name.clone());
        }
        if goes_on {
            self.open.insert(name.clone());
        }
        if matches!(call, Call::Spawn(launch) if is_client(&launch.path)) {
            self.actors.insert(name.clone());
        }
        Ok(Some(name))
    }
}

/// True for the program that does as a scenario says.
pub(super) fn is_client(path: &str) -> bool {
    matches!(path, "/modules/client" | "client")
}

fn default_system() -> System {
    System {
        cores: Config::CORES,
        grace: Config::GRACE,
        heartbeat: None,
        domains_per_client_max: None,
        waits_per_client_max: None,
        patience: PATIENCE,
    }
}

/// A system for whoever has all the time there is.
pub(super) fn patient_system() -> System {
    System { patience: Duration::MAX, ..default_system() }
}

/// Reads what a line asks for.
pub(crate) fn call_of(raw: &Raw, word: &str) -> Result<Call, Wrong> {
    let cap = || {
        let name = raw.cap.as_deref();
        name.map(CapName::of).ok_or_else(|| format!("`{word}` needs `cap`: what it is done to"))
    };
    let or = |name: &Option<String>, other: CapName| name.as_deref().map_or(other, CapName::of);
    Ok(match word {
        "spawn" => Call::Spawn(Box::new(launch(raw)?)),
        "span" => Call::Span {
            cap: cap()?,
            core: CoreId(raw.core.ok_or("`span` needs `core`: where to")?),
            vroot: or(&raw.vroot, CapName::VNode),
            dispframe: or(&raw.dispframe, CapName::Frame),
        },
        "kill" => Call::Kill { cap: cap()? },
        "exit" => Call::Exit {
            cap: or(&raw.cap, CapName::Own),
            status: raw.status.unwrap_or(STATUS_DEFAULT),
        },
        "wait" => Call::Wait { cap: cap()?, nohang: raw.nohang.unwrap_or(false) },
        "status" => Call::Status {
            domain: domain(raw, raw.cap.as_deref())?,
            cap: or(&raw.cap, CapName::Null),
        },
        "list" => Call::List { after: domain(raw, None).unwrap_or(DomainName::Number(0)) },
        "copy" => Call::Copy { cap: cap()?, rights: rights(raw.rights.as_deref())? },
        "revoke" => Call::Revoke { cap: cap()? },
        "drop" => Call::Drop { cap: cap()? },
        "close" => Call::Close,
        _ => {
            return Err(format!(
                "there is no call `{word}`: it is one of spawn, span, kill, exit, wait, status, \
                 list, copy, revoke, drop, close, crash_spawnd"
            ));
        }
    })
}

fn launch(raw: &Raw) -> Result<Launch, Wrong> {
    let path = raw.path.clone().ok_or("`spawn` needs `path`: the program")?;
    let packed = |strings: &[String]| -> Vec<u8> {
        strings.iter().flat_map(|string| string.bytes().chain([0])).collect()
    };
    let argv = raw.argv.clone().unwrap_or_else(|| vec![path.clone()]);
    let env = raw.env.clone().unwrap_or_default();
    let cap = |name: &Option<String>| name.as_deref().map_or(CapName::Null, CapName::of);
    Ok(Launch {
        core: CoreId(raw.core.unwrap_or(0)),
        path,
        argvbuf: raw.argvbuf.clone().map_or_else(|| packed(&argv), String::into_bytes),
        envbuf: raw.envbuf.clone().map_or_else(|| packed(&env), String::into_bytes),
        flags: raw.flags.unwrap_or_else(|| raw.ends_with_client.unwrap_or(false).into()),
        inheritcn: cap(&raw.inheritcn),
        argcn: cap(&raw.argcn),
    })
}

/// The domain that a line names, with `domain` or, of a status, with its cap.
fn domain(raw: &Raw, cap: Option<&str>) -> Result<DomainName, Wrong> {
    match (raw.domain.as_ref().or(raw.after.as_ref()), cap) {
        (Some(Value::String(name)), _) => Ok(DomainName::Of(name.clone())),
        (Some(value), _) => value.as_u64().map(DomainName::Number).ok_or_else(|| {
            format!("a domain is named as `as` named its cap, or is a number, not {value}")
        }),
        (None, Some(cap)) => Ok(DomainName::Of(cap.to_owned())),
        (None, None) => Err("`status` needs `domain`: a name given with `as`, or a number".into()),
    }
}

fn rights(names: Option<&[String]>) -> Result<Rights, Wrong> {
    const NAMES: [(&str, Rights); 4] = [
        ("WAIT", Rights::WAIT),
        ("KILL", Rights::KILL),
        ("SPAN", Rights::SPAN),
        ("EXIT", Rights::EXIT),
    ];
    let names = names.ok_or("`copy` needs `rights`: a list of WAIT, KILL, SPAN, EXIT")?;
    names.iter().try_fold(Rights::NONE, |rights, name| {
        let right = NAMES.iter().find(|(known, _)| known == name);
        let (_, right) = right.ok_or_else(|| {
            format!("there is no right \"{name}\": it is one of WAIT, KILL, SPAN, EXIT")
        })?;
        Ok(rights.union(*right))
    })
}

/// The fields that can be expected of a step.
fn fields(step: &Step) -> &'static [&'static str] {
    match step {
        Step::Ask(ask) => ask.call.fields(),
        Step::Quiesce => &["open"],
        Step::Await { .. } => &[
            "err", "chain", "domain", "status", "state", "cause", "core", "cores", "wedged",
            "program", "argv", "domains", "closed",
        ],
        Step::Release | Step::Spawnd { .. } => &[],
    }
}

/// What is expected, with codes by their whole names; or what can't be.
fn checked(mut expect: Expect, fields: &[&str]) -> Result<Expect, Wrong> {
    for (field, value) in &mut expect {
        if !fields.contains(&field.as_str()) {
            let known = if fields.is_empty() { "none".to_owned() } else { fields.join(", ") };
            return Err(format!("the answer has no field `{field}`: its fields are {known}"));
        }
        if field == "err" {
            *value = code(value)?;
        }
    }
    Ok(expect)
}

fn code(value: &Value) -> Result<Value, Wrong> {
    let name = value.as_str().ok_or_else(|| format!("`err` is the name of a code, not {value}"))?;
    let is_name = |code: &&ErrCode| {
        let (full, tail) = (code.name(), code.name().split_once("_ERR_").map(|(_, tail)| tail));
        full == name || tail == Some(name)
    };
    let mut known = ErrCode::ALL.iter().filter(is_name);
    if let (Some(code), None) = (known.next(), known.next()) {
        return Ok(code.name().into());
    }
    let near = ErrCode::ALL.iter().min_by_key(|code| distance(code.name(), name));
    let near = near.map_or("OK", |code| code.name());
    Err(format!("there is no code `{name}`: the nearest is {near}"))
}

/// How many letters differ at the ends of two names, to guess which one was meant.
fn distance(a: &str, b: &str) -> usize {
    let same =
        |pairs: &mut dyn Iterator<Item = (char, char)>| pairs.take_while(|(a, b)| a == b).count();
    let front = same(&mut a.chars().zip(b.chars()));
    let back = same(&mut a.chars().rev().zip(b.chars().rev()));
    (a.len() + b.len()).saturating_sub(2 * (front + back))
}

#[cfg(test)]
mod tests;
