//! Event sources beside messages and tasks.

mod descriptor;
#[cfg(all(test, loom))]
mod interleavings;
mod mailbox;
mod timer;

pub use self::descriptor::DescriptorWatch;
pub use self::mailbox::{MailError, Mailbox};
pub use self::timer::Timer;
