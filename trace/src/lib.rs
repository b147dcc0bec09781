//! Records which dispatcher sent what to whom and when, writes that as a file that Perfetto and
//! `chrome://tracing` open, checks such a file, and draws it.
//!
//! A [`Recorder`] goes to every thread; the [`Recording`] stays with whoever wants the trace.
//!
//! | module | what it holds |
//! |---|---|
//! | `record` | the observer: what it costs is paid per message |
//! | `recording` | what it saw, once all is over |
//! | `export` | that as trace events |
//! | [`mod@file`] | the file, as it is written and read |
//! | [`check`] | what the format asks of a file, and what we promise besides |
//! | [`picture`] | a part of a file as SVG |

pub mod check;
mod export;
pub mod file;
pub mod picture;
mod record;
mod recording;

pub use record::{EVENTS_PER_TRACK_MAX, Recorder};
pub use recording::Recording;
