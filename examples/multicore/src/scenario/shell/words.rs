//! From what a person types to what is to be done.

use flounder::CoreId;

use crate::scenario::calls::{Call, CapName, Launch};
use crate::scenario::line::{Ask, Expect, Line, Mishap, Step};
use crate::scenario::parse::OPERATOR;

/// What can be typed.
pub(super) const HELP: &str = "\
spawn [@CORE] PROGRAM [ARGUMENT…]   starts a program and gives it a name: d1, d2, …
ps                                  how every domain stands
wait NAME [nohang]                  waits for its end and tells the status
kill NAME                           ends it
span NAME CORE                      extends it to another core: a client (see below) asks itself
exit NAME STATUS                    ends a client from within
crash CORE                          has the core's spawnd crash
help                                this
quit                                stops the system

With & at its end a line is answered later. /modules/client is a program that does as it is told;
others are idle, true, false, exit N, crash, hog.";

/// What a line wants.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Wish {
    /// An empty line.
    Nothing,
    Help,
    Ps,
    Quit,
    Ask(Said),
}

/// Something to be done.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Said {
    client: String,
    what: What,
    goes_on: bool,
}

#[derive(Clone, PartialEq, Debug)]
enum What {
    Call(Call),
    Crash(CoreId),
}

impl Said {
    /// The line of a scenario that says it.
    pub(super) fn line(self, number: usize, name: String) -> Line {
        let step = match self.what {
            What::Crash(core) => Step::Spawnd { core, what: Mishap::Crash },
            What::Call(call) => {
                let name = matches!(call, Call::Spawn(_)).then_some(name);
                Step::Ask(Ask { client: self.client, call, name, goes_on: self.goes_on })
            }
        };
        Line { number, step, expect: Expect::new() }
    }
}

/// What a person wants with a line, or what is wrong with it.
pub(super) fn wish(text: &str) -> Result<Wish, String> {
    let text = text.trim();
    let (text, goes_on) = match text.strip_suffix('&') {
        Some(text) => (text.trim_end(), true),
        None => (text, false),
    };
    let mut words = text.split_whitespace();
    let Some(word) = words.next() else { return Ok(Wish::Nothing) };
    let words: Vec<_> = words.collect();
    let operator = || OPERATOR.to_owned();
    let (client, what) = match (word, words.as_slice()) {
        ("help", _) => return Ok(Wish::Help),
        ("ps", []) => return Ok(Wish::Ps),
        ("quit", []) => return Ok(Wish::Quit),
        ("spawn", [core, program, arguments @ ..]) if core.starts_with('@') => {
            (operator(), launch(number(&core[1..])?, program, arguments))
        }
        ("spawn", [program, arguments @ ..]) => (operator(), launch(0, program, arguments)),
        ("wait", [name]) => (operator(), wait(name, false)),
        ("wait", [name, "nohang"]) => (operator(), wait(name, true)),
        ("kill", [name]) => (operator(), What::Call(Call::Kill { cap: CapName::of(name) })),
        ("span", [name, core]) => ((*name).to_owned(), span(number(core)?)),
        ("exit", [name, status]) => {
            let (cap, status) = (CapName::Own, number(status)?);
            ((*name).to_owned(), What::Call(Call::Exit { cap, status }))
        }
        ("crash", [core]) => (operator(), What::Crash(CoreId(number(core)?))),
        _ => return Err(format!("`{text}` is not understood; `help` tells what can be typed")),
    };
    Ok(Wish::Ask(Said { client, what, goes_on }))
}

fn number(word: &str) -> Result<u8, String> {
    word.parse().map_err(|_| format!("`{word}` is no number from 0 to 255"))
}

fn wait(name: &str, nohang: bool) -> What {
    What::Call(Call::Wait { cap: CapName::of(name), nohang })
}

fn span(core: u8) -> What {
    What::Call(Call::Span {
        cap: CapName::Own,
        core: CoreId(core),
        vroot: CapName::VNode,
        dispframe: CapName::Frame,
    })
}

fn launch(core: u8, program: &str, arguments: &[&str]) -> What {
    let argv = [program].into_iter().chain(arguments.iter().copied());
    let argvbuf = argv.flat_map(|argument| argument.bytes().chain([0])).collect();
    What::Call(Call::Spawn(Box::new(Launch {
        core: CoreId(core),
        path: program.to_owned(),
        argvbuf,
        envbuf: Vec::new(),
        flags: 0,
        inheritcn: CapName::Null,
        argcn: CapName::Null,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_told() {
        for (text, expected) in [
            ("dance", "`dance` is not understood; `help` tells what can be typed"),
            ("kill", "`kill` is not understood; `help` tells what can be typed"),
            ("spawn @x idle", "`x` is no number from 0 to 255"),
            ("span d1 256", "`256` is no number from 0 to 255"),
        ] {
            assert_eq!(wish(text), Err(expected.to_owned()));
        }
    }

    #[test]
    fn words_become_calls() {
        assert_eq!(wish("  "), Ok(Wish::Nothing));
        assert_eq!(wish("ps"), Ok(Wish::Ps));
        let Ok(Wish::Ask(said)) = wish("spawn @3 exit 7 &") else { panic!("it is a spawn") };
        let line = said.line(4, "d4".to_owned());
        let Step::Ask(Ask { call: Call::Spawn(launch), name, goes_on, .. }) = line.step else {
            panic!("it is a spawn");
        };
        assert_eq!((launch.core, launch.path.as_str()), (CoreId(3), "exit"));
        assert_eq!((launch.argvbuf.as_slice(), goes_on), (&b"exit\x007\0"[..], true));
        assert_eq!(name.as_deref(), Some("d4"));
    }
}
