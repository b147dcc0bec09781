//! What the system is asked to do, step by step.
//!
//! A step has domains and names of its own and leaves nothing behind, so steps may run in any order.

mod answer;
mod birth;
mod crowd;
mod death;
mod host;
mod names;
mod panics;
mod ps;
mod refusals;
mod sharing;
mod stage;
mod waiting;

use std::pin::Pin;

use flounder::ErrVal;

pub(crate) use answer::StepError;
pub(crate) use stage::Stage;

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its fixed name.
    pub(crate) name: &'static str,
    /// What it shows, in one line.
    pub(crate) about: &'static str,
    /// Plays it.
    pub(crate) play: fn(&Stage) -> Playing<'_>,
}

/// A step under way.
pub(crate) type Playing<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// What came of a step.
pub(crate) type Outcome = Result<Told, StepError>;

/// What a step has to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    /// What was seen, in one line.
    pub(crate) detail: String,
    /// A table for the end of the story.
    pub(crate) table: Vec<String>,
}

impl<T: Into<String>> From<T> for Told {
    fn from(detail: T) -> Self {
        Self { detail: detail.into(), table: Vec::new() }
    }
}

/// The name of the outermost code of an answer.
pub(crate) fn code_name<T>(answer: &Result<T, ErrVal>) -> String {
    let err = answer.as_ref().err().copied().unwrap_or(ErrVal::OK);
    err.top().map_or_else(|| err.to_string(), |code| code.name().to_owned())
}

/// The steps in the order of the story.
pub(crate) const ALL: &[Step] = &[
    Step {
        name: "boot-and-lookup",
        about: "the name service knows the system's services, and says so of what it doesn't know",
        play: |stage| Box::pin(names::boot_and_lookup(stage)),
    },
    Step {
        name: "program-on-every-core",
        about: "a program starts on every core and gets its arguments and its environment",
        play: |stage| Box::pin(birth::every_core(stage)),
    },
    Step {
        name: "exit-codes",
        about: "programs return 0, 7 and 255, and whoever waits gets these",
        play: |stage| Box::pin(birth::exit_codes(stage)),
    },
    Step {
        name: "exit-by-message",
        about: "a program exits from deep inside, by telling the process manager",
        play: |stage| Box::pin(birth::exit_by_message(stage)),
    },
    Step {
        name: "shared-frame",
        about: "parent and child use one Frame, and an inherited cap can only read",
        play: |stage| Box::pin(sharing::frame(stage)),
    },
    Step {
        name: "span",
        about: "a program extends itself to a second core and works there",
        play: |stage| Box::pin(sharing::span(stage)),
    },
    Step {
        name: "kill-same-core",
        about: "a program on the operator's core is killed",
        play: |stage| Box::pin(death::kill_same_core(stage)),
    },
    Step {
        name: "kill-other-core",
        about: "programs on another core are killed",
        play: |stage| Box::pin(death::kill_other_core(stage)),
    },
    Step {
        name: "two-waiters-two-killers",
        about: "four domains wait for and kill a fifth, and each gets its answer",
        play: |stage| Box::pin(death::crowd(stage)),
    },
    Step {
        name: "wait-around-death",
        about: "waits before, during and after a death all get the status",
        play: |stage| Box::pin(waiting::around_death(stage)),
    },
    Step {
        name: "nohang",
        about: "a wait that doesn't block tells who is alive, and changes nothing",
        play: |stage| Box::pin(waiting::nohang(stage)),
    },
    Step {
        name: "panic",
        about: "a program that panics ends with 134, and nothing else does",
        play: |stage| Box::pin(panics::panic(stage)),
    },
    Step {
        name: "host-programs",
        about: "executables of the host run, exit and are killed like any other program",
        play: |stage| Box::pin(host::programs(stage)),
    },
    Step {
        name: "host-grandchild",
        about: "what a host program leaves behind ends with it",
        play: |stage| Box::pin(host::grandchild(stage)),
    },
    Step {
        name: "host-span",
        about: "a host program gets the CPU of a second core",
        play: |stage| Box::pin(host::span(stage)),
    },
    Step {
        name: "thousand-async",
        about: "1,000 asynchronous programs are alive at once",
        play: |stage| Box::pin(crowd::thousand(stage)),
    },
    Step {
        name: "blocking-lookup",
        about: "a program looks up a name that is registered only later",
        play: |stage| Box::pin(names::blocking_lookup(stage)),
    },
    Step {
        name: "refuse-second-kill",
        about: "a domain that is gone can't be killed again",
        play: |stage| Box::pin(refusals::second_kill(stage)),
    },
    Step {
        name: "refuse-null-and-wrong-cap",
        about: "the null cap, a Frame and a cap without the right do nothing",
        play: |stage| Box::pin(refusals::null_and_wrong_cap(stage)),
    },
    Step {
        name: "refuse-core-not-up",
        about: "nothing starts on a core that isn't up",
        play: |stage| Box::pin(refusals::core_not_up(stage)),
    },
    Step {
        name: "refuse-unknown-program",
        about: "a program that isn't there can't be spawned",
        play: |stage| Box::pin(refusals::unknown_program(stage)),
    },
    Step {
        name: "refuse-unknown-id",
        about: "nobody knows how a domain stands that never was",
        play: |stage| Box::pin(refusals::unknown_id(stage)),
    },
    Step {
        name: "refuse-add-spawnd",
        about: "a program that poses as a spawnd is ignored",
        play: |stage| Box::pin(refusals::add_spawnd(stage)),
    },
    Step {
        name: "refuse-malformed-environment",
        about: "arguments and environments that can't be read start nothing",
        play: |stage| Box::pin(refusals::malformed_environment(stage)),
    },
    Step {
        name: "ps",
        about: "the process manager lists who is alive and how",
        play: |stage| Box::pin(ps::ps(stage)),
    },
];
