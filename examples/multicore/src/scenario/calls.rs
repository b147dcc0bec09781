//! What a client can be told to ask of the process manager.

use flounder::{CoreId, Rights};

/// One thing that a client does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    /// Starts a program.
    Spawn(Box<Launch>),
    /// Extends a domain to another core.
    Span { cap: CapName, core: CoreId, vroot: CapName, dispframe: CapName },
    /// Ends a domain.
    Kill { cap: CapName },
    /// Ends the client's own domain, or tries to end another.
    Exit { cap: CapName, status: u8 },
    /// Waits for a domain's end.
    Wait { cap: CapName, nohang: bool },
    /// Asks how a domain stands.
    Status { domain: DomainName, cap: CapName },
    /// Lists the domains after one.
    List { after: DomainName },
    /// Derives a cap that may do less.
    Copy { cap: CapName, rights: Rights },
    /// Kills what was derived from a cap.
    Revoke { cap: CapName },
    /// Gives a cap up.
    Drop { cap: CapName },
    /// Ends the client, as a death would.
    Close,
}

/// A program to start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Launch {
    pub(crate) core: CoreId,
    pub(crate) path: String,
    /// The strings of both, each ending in NUL; a scenario may write them wrong.
    pub(crate) argvbuf: Vec<u8>,
    pub(crate) envbuf: Vec<u8>,
    pub(crate) flags: u8,
    pub(crate) inheritcn: CapName,
    pub(crate) argcn: CapName,
}

/// A cap as a line names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum CapName {
    /// One that a `spawn` or a `copy` gave.
    Given(String),
    /// The client's own Domain cap.
    Own,
    /// The null cap.
    Null,
    /// A new Frame of one page.
    Frame,
    /// A new Frame, too small for a dispatcher.
    SmallFrame,
    /// A new, empty `CNode`.
    CNode,
    /// The client's own `VNode`.
    VNode,
    /// A new Dispatcher cap of the client.
    Dispatcher,
    /// A new `EndPoint` with nothing in it.
    EndPoint,
    /// The `ProcessManager` cap, which can only be identified.
    ProcessManager,
}

impl CapName {
    /// The words that no cap can be called by.
    const WORDS: [(&'static str, Self); 9] = [
        ("own", Self::Own),
        ("null", Self::Null),
        ("frame", Self::Frame),
        ("small-frame", Self::SmallFrame),
        ("cnode", Self::CNode),
        ("vnode", Self::VNode),
        ("dispatcher", Self::Dispatcher),
        ("endpoint", Self::EndPoint),
        ("process-manager", Self::ProcessManager),
    ];

    /// The cap that a word or a name means.
    pub(crate) fn of(name: &str) -> Self {
        let word = Self::WORDS.iter().find(|(word, _)| *word == name);
        word.map_or_else(|| Self::Given(name.to_owned()), |(_, cap)| cap.clone())
    }

    /// The name that a line gave.
    pub(crate) fn given(&self) -> Option<&str> {
        match self {
            Self::Given(name) => Some(name),
            _ => None,
        }
    }

    /// The words, for whoever mistook one.
    pub(crate) fn words() -> String {
        Self::WORDS.map(|(word, _)| word).join(", ")
    }
}

/// A domain as a line names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum DomainName {
    /// By the name of a cap to it.
    Of(String),
    /// By its number.
    Number(u64),
}

impl DomainName {
    /// The name of a cap to it.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Of(name) => Some(name),
            Self::Number(_) => None,
        }
    }
}

impl Call {
    /// The word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Spawn(_) => "spawn",
            Self::Span { .. } => "span",
            Self::Kill { .. } => "kill",
            Self::Exit { .. } => "exit",
            Self::Wait { .. } => "wait",
            Self::Status { .. } => "status",
            Self::List { .. } => "list",
            Self::Copy { .. } => "copy",
            Self::Revoke { .. } => "revoke",
            Self::Drop { .. } => "drop",
            Self::Close => "close",
        }
    }

    /// The caps that it presents or acts on.
    pub(crate) fn caps(&self) -> Vec<&CapName> {
        match self {
            Self::Spawn(launch) => vec![&launch.inheritcn, &launch.argcn],
            Self::Span { cap, vroot, dispframe, .. } => vec![cap, vroot, dispframe],
            Self::Kill { cap }
            | Self::Exit { cap, .. }
            | Self::Wait { cap, .. }
            | Self::Status { cap, .. }
            | Self::Copy { cap, .. }
            | Self::Revoke { cap }
            | Self::Drop { cap } => vec![cap],
            Self::List { .. } | Self::Close => Vec::new(),
        }
    }

    /// The domain that it names, if not by a cap.
    pub(crate) fn domain(&self) -> Option<&DomainName> {
        match self {
            Self::Status { domain, .. } | Self::List { after: domain } => Some(domain),
            _ => None,
        }
    }

    /// The fields that its answer can have.
    pub(crate) fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Spawn(_) => &["err", "chain", "domain", "closed"],
            Self::Wait { .. } => &["err", "chain", "status", "closed"],
            Self::Status { .. } => &[
                "err", "chain", "domain", "state", "cause", "status", "core", "cores", "wedged",
                "program", "argv", "closed",
            ],
            Self::List { .. } => &["err", "chain", "domains", "closed"],
            _ => &["err", "chain", "closed"],
        }
    }
}
