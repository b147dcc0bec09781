//! The steps, as data. What belongs to a step that isn't in the repository yet skips it.

use crate::figures::Figures;
use crate::step::{Need, Run, Step, Work};

/// A step of one command.
macro_rules! command {
    ($command:expr, $count:expr, $figures:expr $(, $name:expr => $value:expr)*) => {
        Work::Command(Run {
            environment: &[$(($name, $value)),*],
            command: $command,
            count: $count,
            figures: $figures,
        })
    };
}

/// What cargo runs a program under.
pub(crate) const RUNNER: &str = if cfg!(target_arch = "aarch64") {
    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"
} else {
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER"
};
const MEMCHECK: &str = "valgrind --error-exitcode=1 --leak-check=full \
    --show-leak-kinds=definite --errors-for-leak-kinds=definite";

const VALGRIND: Need = Need::Tool("valgrind --version", "valgrind is not installed");

/// A step counts in the unit that its command takes; the second number is that of `long`.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "tests",
        what: "all tests of the workspace",
        needs: &[],
        work: command!("cargo test --workspace --locked", [0, 0], Figures::Tests(&[])),
        seconds_max: [900, 1800],
    },
    Step {
        name: "properties",
        what: "encode then decode is identity, for every message of every interface",
        needs: &[],
        work: command!(
            "cargo test --release --locked -p flounder-idl --test codec round_trips -- --nocapture",
            [500, 100_000],
            Figures::Tests(&["round trips"]),
            "SEED" => "{seed}",
            "ROUNDS" => "{count}"
        ),
        seconds_max: [480, 3600],
    },
    Step {
        name: "hostile",
        what: "what is no message, for every decoder, and over real bindings",
        needs: &[],
        work: command!(
            "cargo test --release --locked -p flounder-idl --test codec -- hostile peer --nocapture",
            [200, 20_000],
            Figures::Tests(&["interface ", "all "]),
            "SEED" => "{seed}",
            "ROUNDS" => "{count}"
        ),
        seconds_max: [480, 3600],
    },
    Step {
        name: "overload",
        what: "a flood harms nobody but who sends it",
        needs: &[],
        work: command!(
            "cargo test --release --locked -p flounder --test overload -- --nocapture",
            [2_000, 1_000_000],
            Figures::Tests(&["overload"]),
            "ROUNDS" => "{count}"
        ),
        seconds_max: [480, 3600],
    },
    Step {
        name: "soak",
        what: "messages over each driver: each once, in order and whole",
        needs: &[],
        work: command!(
            "cargo run --release --locked --bin soak -- --messages {count}",
            [1_000_000, 100_000_000],
            Figures::LastLine
        ),
        seconds_max: [480, 7200],
    },
    Step {
        name: "loom",
        what: "links, loops, mailboxes, caps and bindings in every interleaving, up to their bounds",
        needs: &[],
        work: command!(
            "cargo test --release --locked -p flounder --lib interleavings",
            [0, 0],
            Figures::Tests(&[]),
            "RUSTFLAGS" => "--cfg loom",
            "CARGO_TARGET_DIR" => "target/loom"
        ),
        seconds_max: [480, 3600],
    },
    Step {
        name: "mutants",
        what: "defects planted under these models: each is found",
        needs: &[],
        work: Work::Mutants,
        seconds_max: [480, 3600],
    },
    Step {
        name: "shuttle",
        what: "two dispatchers and a monitor, in random schedules",
        needs: &[Need::File("monitor/tests/shuttle/main.rs")],
        work: command!(
            "cargo test --release --locked -p flounder-monitor --test shuttle -- --nocapture",
            [2_000, 1_000_000],
            Figures::Tests(&["shuttle"]),
            "RUSTFLAGS" => "--cfg shuttle",
            "CARGO_TARGET_DIR" => "target/shuttle",
            "SEED" => "{seed}",
            "ITERATIONS" => "{count}"
        ),
        seconds_max: [480, 3600],
    },
    Step {
        name: "miri",
        what: "the kernel's objects, byte by byte",
        // Builds the standard library for it, once, of sources that it must have.
        needs: &[Need::Tool(
            "cargo +nightly miri setup",
            "there is no nightly toolchain with Miri and rust-src",
        )],
        work: command!(
            "cargo +nightly miri test --locked -p flounder --lib kernel",
            [0, 0],
            Figures::Tests(&[])
        ),
        seconds_max: [480, 3600],
    },
    Step {
        name: "fuzz",
        what: "what must hold for any input of the compiler, with mutated ones",
        needs: &[],
        work: command!(
            "cargo run --release --locked -p flounder-fuzz -- --target all --seconds {count} --seed {seed}",
            [5, 600],
            Figures::Lines("inputs in")
        ),
        seconds_max: [480, 7200],
    },
    Step {
        name: "sim",
        what: "the whole system in random worlds, beside an oracle",
        needs: &[Need::File("sim/src/main.rs")],
        work: command!(
            "cargo run --release --locked --bin sim -- --seed {seed} --seeds {count} --steps 20000 --json",
            [20, 20_000],
            Figures::Keys(&[
                "steps",
                "steps_per_s",
                "requests",
                "cells_reached",
                "cells",
                "violations",
                "trace_hash",
            ])
        ),
        seconds_max: [480, 14_400],
    },
    Step {
        name: "regressions",
        what: "defects of the former service, put back: the test of each fails",
        needs: &[],
        work: Work::Regressions,
        seconds_max: [480, 3600],
    },
    Step {
        name: "sim-mutants",
        what: "defects of the process manager, put back: an oracle notices each",
        needs: &[Need::File("sim/src/mutants.rs")],
        work: command!(
            "cargo run --release --locked --bin sim -- --mutants --seed {seed} --seeds {count}",
            [10, 100],
            Figures::LastLine,
            "RUSTFLAGS" => "--cfg flounder_mutants",
            "CARGO_TARGET_DIR" => "target/mutants"
        ),
        seconds_max: [480, 7200],
    },
    Step {
        name: "model",
        what: "the lifecycle and bind in every way they can go, within bounds",
        needs: &[Need::File("model/src/main.rs")],
        work: command!(
            "cargo run --release --locked --bin model -- --effort {count} --json",
            [1, 2],
            Figures::Keys(&[
                "searches",
                "exhaustive",
                "states",
                "transitions",
                "depth",
                "seconds",
                "violations",
            ])
        ),
        seconds_max: [480, 7200],
    },
    Step {
        name: "model-mutants",
        what: "defects of the machines, put back: a search finds each",
        needs: &[Need::File("model/src/main.rs")],
        work: command!(
            "cargo run --release --locked --bin model -- --mutants --effort test",
            [0, 0],
            Figures::LastLine,
            "RUSTFLAGS" => "--cfg flounder_mutants",
            "CARGO_TARGET_DIR" => "target/mutants"
        ),
        seconds_max: [480, 7200],
    },
    Step {
        name: "storm",
        what: "real processes, started and ended in random ways",
        needs: &[Need::File("examples/multicore/src/bin/storm/main.rs")],
        work: command!(
            "cargo run --release --locked --bin storm -- --domains {count} --seed {seed}",
            [1_000, 100_000],
            Figures::LastLine
        ),
        seconds_max: [480, 7200],
    },
    Step {
        name: "multicore",
        what: "the system on real threads, its steps in random orders",
        needs: &[],
        work: command!(
            "cargo run --release --locked --bin multicore -- --repeat {count} --shuffle {seed} --json",
            [20, 2_000],
            Figures::Keys(&["runs", "failed"])
        ),
        seconds_max: [480, 7200],
    },
    Step {
        name: "leaks",
        what: "nothing is lost from a boot to its end, as valgrind sees it",
        needs: &[VALGRIND],
        work: command!(
            "cargo run --release --locked --bin multicore -- --cores 2 --no-pin --only boot-and-lookup",
            [0, 0],
            Figures::LastLine,
            RUNNER => MEMCHECK
        ),
        seconds_max: [480, 480],
    },
    Step {
        name: "instructions",
        what: "a call takes no more of them than it did",
        needs: &[VALGRIND],
        work: Work::Instructions,
        seconds_max: [480, 480],
    },
];
