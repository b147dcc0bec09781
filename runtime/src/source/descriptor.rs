//! File descriptors that call a handler whenever they are ready.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};

use crate::dispatcher::{Core, Ctx};
use crate::log;
use crate::waitset::{Interest, Key, Registration, Source, Turn, WeakWaitset};

/// A watched file descriptor; dropping it ends the watch.
#[must_use = "dropping a watch ends it"]
pub struct DescriptorWatch {
    _registration: Registration,
}

type ReadyEvent<S, F> = Box<dyn FnMut(&mut S, &F)>;

struct DescriptorSource<S: 'static, F: AsFd> {
    core: Weak<Core<S>>,
    waitset: WeakWaitset,
    interest: Interest,
    /// `None` while the descriptor isn't in the waitset.
    key: Cell<Option<Key>>,
    fd: F,
    event: RefCell<ReadyEvent<S, F>>,
}

impl<S: 'static, F: AsFd> Source for DescriptorSource<S, F> {
    fn turn(&self) -> Turn {
        let Some(core) = self.core.upgrade() else { return Turn::Idle };
        core.enter(|state| (self.event.borrow_mut())(state, &self.fd));
        // The handler may have ended the watch.
        if let Some(key) = self.key.get() {
            let armed = core.waitset().arm_descriptor(self.fd.as_fd(), key, self.interest);
            if let Err(error) = armed {
                log::warn!("a watched descriptor is no longer ready for its waitset: {error}");
            }
        }
        Turn::Idle
    }

    fn end(&self) {
        if let (Some(_), Some(waitset)) = (self.key.take(), self.waitset.upgrade()) {
            waitset.remove_descriptor(self.fd.as_fd());
        }
    }
}

impl<S: 'static, F: AsFd> Drop for DescriptorSource<S, F> {
    fn drop(&mut self) {
        // While the descriptor is still open.
        self.end();
    }
}

impl<S: 'static> Ctx<S> {
    /// Calls `event` whenever `fd` is ready, until the watch is dropped. Level-triggered: it is
    /// called again as long as the descriptor is ready.
    ///
    /// # Errors
    ///
    /// What the system says if the descriptor can't be waited for, or is in the waitset already.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    pub fn watch_descriptor<F: AsFd + 'static>(
        &self,
        fd: F,
        interest: Interest,
        event: impl FnMut(&mut S, &F) + 'static,
    ) -> std::io::Result<DescriptorWatch> {
        let core = self.core();
        let (source, registration) = core.insert(|_| {
            Rc::new(DescriptorSource {
                core: Rc::downgrade(&core),
                waitset: core.waitset().downgrade(),
                interest,
                key: Cell::new(None),
                fd,
                event: RefCell::new(Box::new(event)),
            })
        });
        core.waitset().add_descriptor(source.fd.as_fd(), registration.key(), interest)?;
        source.key.set(Some(registration.key()));
        Ok(DescriptorWatch { _registration: registration })
    }
}

impl fmt::Debug for DescriptorWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DescriptorWatch").finish_non_exhaustive()
    }
}
