//! Event sources beside messages and tasks.

mod descriptor;
mod mailbox;
mod timer;

pub use self::descriptor::DescriptorWatch;
pub use self::mailbox::{MailError, Mailbox};
pub use self::timer::Timer;
