//! The programs that can be spawned in a world.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use flounder_domain::{Env, ExitStatus};

use crate::world::WorldError;

pub(crate) type Running = Pin<Box<dyn Future<Output = ExitStatus>>>;
pub(crate) type Main = Rc<dyn Fn(Env) -> Running>;

/// A program's entries.
struct Row {
    main: Option<Main>,
    span: Option<Main>,
}

/// The programs of a world, by name: `/modules/NAME` spawns one. They run on one thread, so they are
/// asynchronous; a blocking one is refused when the world is made.
///
/// ```
/// use flounder_domain::ExitStatus;
/// use flounder_sim::Programs;
///
/// let programs = Programs::new().asynchronous("seven", async |_| ExitStatus(7));
/// # let _ = programs;
/// ```
#[derive(Default)]
pub struct Programs {
    rows: BTreeMap<String, Row>,
}

impl Programs {
    /// No programs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a program that awaits what it waits for.
    #[must_use]
    pub fn asynchronous<F, R>(mut self, name: &str, main: F) -> Self
    where
        F: Fn(Env) -> R + 'static,
        R: Future<Output = ExitStatus> + 'static,
    {
        self.rows.insert(name.to_owned(), Row { main: Some(entry(main)), span: None });
        self
    }

    /// With an entry for further cores in the program called `name`.
    ///
    /// # Panics
    ///
    /// If there is no program called `name`.
    #[must_use]
    pub fn spanning_asynchronous<F, R>(mut self, name: &str, span: F) -> Self
    where
        F: Fn(Env) -> R + 'static,
        R: Future<Output = ExitStatus> + 'static,
    {
        let row = self.rows.get_mut(name).expect("a span entry belongs to a program that exists");
        row.span = Some(entry(span));
        self
    }

    /// With a program that blocks. A world has one thread and refuses it by name, so that a table of
    /// modules that is shared with a real system doesn't hang one.
    #[must_use]
    pub fn blocking(mut self, name: &str, main: impl Fn(Env) -> ExitStatus + 'static) -> Self {
        drop(main);
        self.rows.insert(name.to_owned(), Row { main: None, span: None });
        self
    }

    /// Refuses blocking programs.
    pub(crate) fn check(&self) -> Result<(), WorldError> {
        match self.rows.iter().find(|(_, row)| row.main.is_none()) {
            Some((name, _)) => Err(WorldError::Blocking { name: name.clone() }),
            None => Ok(()),
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.rows.contains_key(name)
    }

    pub(crate) fn main(&self, name: &str) -> Option<Main> {
        self.rows.get(name)?.main.clone()
    }

    pub(crate) fn span(&self, name: &str) -> Option<Main> {
        self.rows.get(name)?.span.clone()
    }
}

fn entry<F, R>(entry: F) -> Main
where
    F: Fn(Env) -> R + 'static,
    R: Future<Output = ExitStatus> + 'static,
{
    Rc::new(move |env| Box::pin(entry(env)))
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.rows.keys()).finish()
    }
}
