//! Where the dispatchers of one domain or service live.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::contain::Contain;
use crate::dispatcher::Dispatcher;
use crate::kernel::Holder;
use crate::observe::Observe;
use crate::sync::Arc;
use crate::waitset::Waitset;

/// Where the dispatchers of one domain or service live: their waitset, the holder of their
/// capabilities, and who is told if one of them panics.
#[derive(Clone)]
pub struct Home {
    own: Rc<Own>,
}

/// What the handles to one home share.
#[derive(Clone)]
struct Own {
    waitset: Waitset,
    holder: Holder,
    contain: Option<Rc<Contain>>,
    label: Option<Arc<str>>,
    observe: Option<Rc<dyn Observe>>,
}

impl Home {
    /// A home whose panics unwind through the loop that runs the waitset.
    #[must_use]
    pub fn new(waitset: Waitset, holder: Holder) -> Self {
        Self::of(waitset, holder, None)
    }

    fn of(waitset: Waitset, holder: Holder, contain: Option<Rc<Contain>>) -> Self {
        Self { own: Rc::new(Own { waitset, holder, contain, label: None, observe: None }) }
    }

    /// A home whose panics are contained: if one dispatcher panics all of them end, and `on_panic`
    /// gets what it panicked with.
    #[must_use]
    pub fn contained(
        waitset: Waitset,
        holder: Holder,
        on_panic: impl Fn(&(dyn Any + Send)) + 'static,
    ) -> Self {
        Self::of(waitset, holder, Some(Contain::new(on_panic)))
    }

    /// The same home with a name for traces, such as `spawnd.1`.
    #[must_use]
    pub fn named(mut self, label: impl Into<std::sync::Arc<str>>) -> Self {
        Rc::make_mut(&mut self.own).label = Some(label.into());
        self
    }

    /// The same home, whose bindings `by` [sees](crate::observe).
    #[must_use]
    pub fn observed(mut self, by: Rc<dyn Observe>) -> Self {
        Rc::make_mut(&mut self.own).observe = Some(by);
        self
    }

    /// A dispatcher that lives here.
    #[must_use]
    pub fn dispatcher<S: 'static>(&self, state: S) -> Dispatcher<S> {
        let Own { waitset, holder, contain, .. } = &*self.own;
        let mut dispatcher = match contain.clone() {
            None => Dispatcher::on(waitset, holder.clone(), state),
            contain => Dispatcher::build(waitset, holder.clone(), state, contain),
        };
        dispatcher.settle(self);
        dispatcher
    }

    /// Ends all dispatchers of a contained home, also those that nobody drops; those to come are
    /// born ended. Of another home the loop ends them.
    pub fn end(&self) {
        if let Some(contain) = &self.own.contain {
            contain.end();
        }
    }

    pub(crate) fn label(&self) -> Option<Arc<str>> {
        self.own.label.clone()
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observe> {
        self.own.observe.as_deref()
    }

    /// The waitset of the dispatchers here.
    #[must_use]
    pub fn waitset(&self) -> &Waitset {
        &self.own.waitset
    }

    /// The holder of what they receive.
    #[must_use]
    pub fn holder(&self) -> &Holder {
        &self.own.holder
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("waitset", &self.own.waitset).finish_non_exhaustive()
    }
}
