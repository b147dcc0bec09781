//! The monitor of one core: irefs, binding between domains, the name service.
//!
//! [`start`] starts it. What it decides is [`Machine`], which turns an [`Event`] into [`Effect`]s, and
//! [`Names`], which keeps a table; neither has a clock, a channel or a cap. The handlers around them
//! only translate and carry out, so that a monitor runs the same on threads and in a simulation. A
//! monitor must never wait for anyone: who asks it for something is answered now, or later from a table
//! with a limit, or when whoever owes the answer dies.
//!
//! A monitor trusts other monitors to stamp badges for their own cores. It trusts no child with more
//! than the child was started for.

mod event;
mod log;
mod machine;
mod names;
mod outbox;
mod peers;
mod service;

pub use event::{
    Effect, Effects, Event, FromChild, PeerMessage, ShutdownOutcome, SpawndNews, TimerId, ToChild,
    ToProcMgmt,
};
pub use machine::{
    CHILDREN_MAX, Counts, EXPORTS_PER_CHILD_MAX, Machine, NAME_SERVICE_IREF, PENDING_PER_CHILD_MAX,
    PENDING_PER_LINK_MAX, PENDING_PER_SERVICE_MAX, SURVIVORS_PER_MESSAGE_MAX, WatchConfig,
};
pub use names::{
    NAME_BYTES_MAX, NAMES_MAX, NAMES_PER_CLIENT_MAX, NameError, Names, WAITS_PER_CLIENT_MAX,
    Waiting,
};
pub use outbox::{CHILD_OUTBOX_MAX, LINK_OUTBOX_MAX};
pub use peers::{ChildKey, ChildKind, Generation, Interface, RequestId};
pub use service::{
    Command, MonitorEnv, NAME_BINDINGS_PER_PEER_MAX, child_pair, link_pair, start, start_with,
};
