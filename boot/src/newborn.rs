//! A program about to start, on its way to the thread that will run it.

use std::ffi::OsString;

use flounder::platform::{Entry, ProgramStart};
use flounder::{Cap, CoreId, DomainId, Half, Holder, Home, Transfer};
use flounder_domain::{Birth, Env};

/// The status of a program that was killed. Nobody reads it: its kill is its cause.
pub(crate) const KILLED: u8 = 9;

/// A program about to start. It can cross threads; its environment can't.
pub(crate) struct Newborn {
    pub(crate) domain: DomainId,
    pub(crate) core: CoreId,
    pub(crate) holder: Holder,
    argv: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    entry: Entry,
    domain_cap: Cap,
    monitor: Half,
}

impl Newborn {
    /// The program, with its capabilities in the hands of `holder`.
    pub(crate) fn new(start: ProgramStart, core: CoreId, holder: &Holder) -> Self {
        let ProgramStart { domain, entry, argv, env, domain_cap, monitor, .. } = start;
        let entry = match entry {
            Entry::Main { inheritcn, argcn } => Entry::Main {
                inheritcn: hand_over(inheritcn, holder),
                argcn: hand_over(argcn, holder),
            },
            Entry::Span { vroot, dispframe } => Entry::Span {
                vroot: hand_over(vroot, holder),
                dispframe: hand_over(dispframe, holder),
            },
        };
        let domain_cap = hand_over(domain_cap, holder);
        Self { domain, core, holder: holder.clone(), argv, env, entry, domain_cap, monitor }
    }

    /// True if it runs a span entry: when that returns, the domain goes on with its main entry, and
    /// this part of it stays until that ends.
    pub(crate) fn is_span(&self) -> bool {
        matches!(self.entry, Entry::Span { .. })
    }

    /// What the program is called in traces, and its thread.
    pub(crate) fn label(&self) -> String {
        format!("domain {}@{}", self.domain, self.core)
    }

    /// The program's environment, on the thread that runs it.
    pub(crate) fn into_env(self, home: Home) -> Env {
        let Self { domain, core, argv, env, entry, domain_cap, monitor, .. } = self;
        Env::new(Birth { core, domain, argv, env, entry, domain_cap, monitor, home })
    }
}

/// A cap in the hands of another holder. An unusable one stays so.
pub(crate) fn hand_over(cap: Cap, holder: &Holder) -> Cap {
    match cap.transfer(Transfer::Move, holder) {
        Ok(cap) | Err((cap, _)) => cap,
    }
}
