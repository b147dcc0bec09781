//! Who sees the messages of a system: asked once for every service, program and operator.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use flounder::observe::Observe;
use flounder::{CoreId, Home};

use crate::newborn::Newborn;

/// Makes what sees the bindings of a core's dispatchers of that name, on their thread.
type Make = dyn Fn(CoreId, &str) -> Rc<dyn Observe> + Send + Sync;

/// Who sees the messages of a system, if anybody does.
#[derive(Clone, Default)]
pub(crate) struct Observers(Option<Arc<Make>>);

impl Observers {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn new(
        make: impl Fn(CoreId, &str) -> Rc<dyn Observe> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(make)))
    }

    /// The home with its name for traces, seen by whoever sees this system.
    pub(crate) fn settle(&self, home: Home, core: CoreId, label: String) -> Home {
        let home = match &self.0 {
            Some(make) => home.observed(make(core, &label)),
            None => home,
        };
        home.named(label)
    }

    /// As [`Observers::settle`], for one of very many: unseen, it has no name but its badge's.
    pub(crate) fn settle_program(&self, home: Home, newborn: &Newborn) -> Home {
        match self.0 {
            Some(_) => self.settle(home, newborn.core, newborn.label()),
            None => home,
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observers").field(&self.0.is_some()).finish()
    }
}
