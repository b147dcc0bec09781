//! The only way out of the system: what services ask of whatever they run on.
//!
//! The boot crate implements [`Platform`] with threads and the system's clock, a simulator with
//! virtual time; services run unchanged on either. Completions arrive in the mailbox that the asker
//! gave. Time comes from the waitset's clock.

use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::half::Half;
use crate::home::Home;
use crate::ids::{CoreId, DomainId};
use crate::kernel::Cap;
use crate::source::Mailbox;

/// What the services of one core ask of the system.
pub trait Platform {
    /// True if a program is registered under `/modules/name`.
    fn has_module(&self, name: &str) -> bool;

    /// True if `path` is a regular file that may be executed.
    fn is_executable(&self, path: &Path) -> bool;

    /// Starts a program on this core. [`Completion::Started`] or [`Completion::StartFailed`]
    /// follows, in the program's mailbox.
    fn start_program(&self, program: ProgramStart);

    /// Starts a process of the host on this core, with nothing but what `process` says.
    /// [`Completion::Started`] or [`Completion::StartFailed`] follows, in the process's mailbox.
    ///
    /// A platform that finds no executables starts none.
    fn start_process(&self, process: ProcessStart) {
        let why = StartFailure::Load;
        // A closed mailbox: nobody is left to hear.
        let _ = process.completions.send(Completion::StartFailed { domain: process.domain, why });
    }

    /// Lets a process of another core run on this one as well. [`Completion::Started`] or
    /// [`Completion::StartFailed`] follows, and [`Completion::Ended`] when the process has ended.
    ///
    /// A platform that starts no processes spans none.
    fn span_process(&self, span: ProcessSpan) {
        let why = StartFailure::Span;
        let _ = span.completions.send(Completion::StartFailed { domain: span.domain, why });
    }

    /// Ends a program's holder at once and tells the program to unwind; a process is ended by
    /// force, with all it started. [`Completion::Ended`] follows when it has ended; of a program
    /// that isn't there nothing follows. Killing again does no harm.
    fn kill_program(&self, domain: DomainId);

    /// Forgets a program that has ended.
    fn release_program(&self, domain: DomainId);

    /// Starts a service on this core.
    fn start_service(&self, service: ServiceStart);

    /// Ends that life of a service, if it hasn't ended: its bindings and caps are dead when this
    /// returns. Ends what it started as [`Platform::kill_program`] does, and forgets what of that
    /// has ended. [`ServiceEvent::Ended`] follows, as it does of one that panics.
    ///
    /// By default nothing happens, for platforms whose services never fail.
    fn fence_service(&self, _service: ServiceKind, _generation: u64) {}

    /// Says that a service failed so often that it isn't started again. By default nobody hears.
    fn service_given_up(&self, _service: ServiceKind) {}

    /// Says that the process manager is bound to the spawnd of `core`: programs can be spawned there.
    fn core_up(&self, core: CoreId);

    /// Says that the process manager has stopped every domain, but for `wedged` ones.
    fn shutdown_done(&self, wedged: u32);
}

/// A program to be started.
pub struct ProgramStart {
    /// The domain it runs in.
    pub domain: DomainId,
    /// What is started.
    pub image: Image,
    /// Which entry runs.
    pub entry: Entry,
    /// The arguments.
    pub argv: Vec<OsString>,
    /// The environment, in the order given.
    pub env: Vec<(OsString, OsString)>,
    /// The domain's own cap.
    pub domain_cap: Cap,
    /// The end of a binding to the core's monitor.
    pub monitor: Half,
    /// Where completions go.
    pub completions: Mailbox<Completion>,
}

/// A process of the host to be started.
pub struct ProcessStart {
    /// The domain it runs in.
    pub domain: DomainId,
    /// The executable, as an absolute path.
    pub path: PathBuf,
    /// The arguments, without NUL bytes.
    pub argv: Vec<OsString>,
    /// The environment, in the order given, without NUL bytes.
    pub env: Vec<(OsString, OsString)>,
    /// The domain's own cap. A process can't use it: it is kept as long as the process lives.
    pub domain_cap: Cap,
    /// Where completions go.
    pub completions: Mailbox<Completion>,
}

/// A process of the host that is to run on a further core.
pub struct ProcessSpan {
    /// The domain it runs in.
    pub domain: DomainId,
    /// The core that started it, and keeps the say over it.
    pub home: CoreId,
    /// The domain's own cap, kept as long as the process lives.
    pub domain_cap: Cap,
    /// Where completions go.
    pub completions: Mailbox<Completion>,
}

/// What a program is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Image {
    /// The Rust program registered under `/modules/NAME`.
    Module(String),
}

/// Which entry of a program runs, and the caps it gets.
#[derive(Debug)]
pub enum Entry {
    /// The main entry, with two `CNode` caps, each of which may be null.
    Main {
        /// Inherited capabilities.
        inheritcn: Cap,
        /// Capabilities named by the arguments.
        argcn: Cap,
    },
    /// The span entry on another core.
    Span {
        /// The domain's `VNode` cap.
        vroot: Cap,
        /// A `Frame` for the new dispatcher.
        dispframe: Cap,
    },
}

/// What became of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completion {
    /// It runs.
    Started {
        /// The program's domain.
        domain: DomainId,
    },
    /// It doesn't run and never will.
    StartFailed {
        /// The program's domain.
        domain: DomainId,
        /// Why.
        why: StartFailure,
    },
    /// It ran and has ended: nothing of it executes and nothing it held is usable.
    Ended {
        /// The program's domain.
        domain: DomainId,
        /// How it ended.
        end: ProgramEnd,
    },
}

/// Why a program was not started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartFailure {
    /// There is no such program.
    #[error("there is no such program")]
    Load,
    /// Its thread can't be started, or the host doesn't execute it.
    #[error("the program can't be started")]
    Run,
    /// It can't span cores, or the caps it needs for that are not what they must be.
    #[error("the program can't span cores")]
    Span,
}

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ProgramEnd {
    /// It returned a status, or was killed and unwound.
    Exited(u8),
    /// It panicked.
    Panicked,
    /// A signal of this number ended it.
    Signalled(u8),
}

/// A service to be started.
pub struct ServiceStart {
    /// Which one.
    pub service: ServiceKind,
    /// Its life: 1 for the first on this core.
    pub generation: u64,
    /// The end of a binding to the core's monitor.
    pub monitor: Half,
    /// Where the monitor hears of its end.
    pub events: Mailbox<ServiceEvent>,
}

/// What a monitor hears of the services it started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServiceEvent {
    /// A service ended though nobody asked: it panicked. Its bindings and caps are dead.
    Ended {
        /// Which one.
        service: ServiceKind,
        /// Its life.
        generation: u64,
        /// Programs it had started that have not ended yet; they were told to.
        /// [`ServiceEvent::SurvivorEnded`] follows for each that does.
        survivors: Vec<DomainId>,
    },
    /// A survivor has ended.
    SurvivorEnded {
        /// The program's domain.
        domain: DomainId,
    },
}

/// The services that a monitor starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ServiceKind {
    /// The spawn daemon of the core.
    Spawnd,
    /// The process manager of the system.
    ProcMgmt,
}

/// What a service is born with.
pub struct ServiceEnv {
    /// The core it runs on.
    pub core: CoreId,
    /// Its life: 1 for the first on this core.
    pub generation: u64,
    /// Where its dispatchers live.
    pub home: Home,
    /// The end of a binding to the core's monitor.
    pub monitor: Half,
    /// The root `ProcessManager` cap for the process manager, null for the others.
    pub process_manager: Cap,
    /// The way out.
    pub platform: Rc<dyn Platform>,
}

/// A running service: whoever holds it keeps it running.
pub type Service = Box<dyn Any>;

impl fmt::Debug for ProgramStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramStart")
            .field("domain", &self.domain)
            .field("image", &self.image)
            .field("entry", &self.entry)
            .field("argv", &self.argv)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProcessStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessStart")
            .field("domain", &self.domain)
            .field("path", &self.path)
            .field("argv", &self.argv)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProcessSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessSpan")
            .field("domain", &self.domain)
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServiceStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceStart")
            .field("service", &self.service)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServiceEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceEnv")
            .field("core", &self.core)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
