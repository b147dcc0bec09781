//! Ending a program that runs on a thread: it is unwound at its next dispatcher call.
//!
//! Rust code can't be stopped by force. A killed program keeps running until it next waits on its
//! dispatcher; there it unwinds, without the panic hook, up to the entry of its thread.

use std::any::Any;
use std::panic::resume_unwind;

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, lock};
use crate::waitset::ReadySet;

/// Tells the waitsets of one program, from any thread, that the program is killed.
#[derive(Clone, Debug, Default)]
pub struct KillSwitch {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    thrown: AtomicBool,
    attached: Mutex<Vec<Arc<ReadySet>>>,
}

/// What a killed program unwinds with.
#[derive(Debug)]
struct Killed;

impl KillSwitch {
    /// A switch that isn't thrown.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Throws the switch: the program unwinds at its next dispatcher call, or out of the one it
    /// sleeps in.
    pub fn throw(&self) {
        self.shared.thrown.store(true, Ordering::Release);
        for ready in lock(&self.shared.attached).iter() {
            ready.wake();
        }
    }

    /// True once the switch was thrown.
    #[must_use]
    pub fn is_thrown(&self) -> bool {
        // Pairs with the store in `throw`.
        self.shared.thrown.load(Ordering::Acquire)
    }

    /// True if a program that unwound with `payload` was killed, rather than panicked.
    #[must_use]
    pub fn is_kill(payload: &(dyn Any + Send)) -> bool {
        payload.is::<Killed>()
    }

    /// Unwinds the calling program.
    pub(crate) fn unwind() -> ! {
        resume_unwind(Box::new(Killed))
    }

    /// Lets the switch wake a waitset. The program has a handful of them, each until its end.
    pub(crate) fn attach(&self, ready: Arc<ReadySet>) {
        lock(&self.shared.attached).push(ready);
    }
}
