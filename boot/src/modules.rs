//! The programs that can be spawned: Rust functions under the path `/modules/NAME`.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use flounder_domain::{Env, ExitStatus};

/// The programs that can be spawned.
///
/// ```
/// use flounder_boot::Modules;
/// use flounder_domain::{Env, ExitStatus};
///
/// fn hello(env: Env) -> ExitStatus {
///     println!("hello from core {}", env.core());
///     ExitStatus::SUCCESS
/// }
///
/// let modules = Modules::new()
///     .blocking("hello", hello)
///     .asynchronous("nap", async |_env: Env| ExitStatus::SUCCESS);
/// assert!(modules.contains("nap"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Modules {
    rows: BTreeMap<String, Module>,
}

#[derive(Clone, Debug)]
struct Module {
    main: EntryPoint,
    span: Option<EntryPoint>,
}

/// A function that a program starts with.
#[derive(Clone)]
pub(crate) enum EntryPoint {
    /// Runs on a thread of its own.
    Blocking(BlockingMain),
    /// Runs on the program loop of its core.
    Asynchronous(AsyncMain),
}

/// The function of a blocking program.
pub(crate) type BlockingMain = Arc<dyn Fn(Env) -> ExitStatus + Send + Sync>;

/// The function of an asynchronous program.
pub(crate) type AsyncMain =
    Arc<dyn Fn(Env) -> Pin<Box<dyn Future<Output = ExitStatus>>> + Send + Sync>;

impl Modules {
    /// No programs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a program that runs on a thread of its own.
    ///
    /// # Panics
    ///
    /// If there is a module of this name already, or it isn't one component of a path.
    #[must_use]
    pub fn blocking(
        self,
        name: &str,
        main: impl Fn(Env) -> ExitStatus + Send + Sync + 'static,
    ) -> Self {
        self.with(name, EntryPoint::Blocking(Arc::new(main)))
    }

    /// With a program that runs on the program loop of its core, beside others.
    ///
    /// # Panics
    ///
    /// As [`Modules::blocking`].
    #[must_use]
    pub fn asynchronous<F, R>(self, name: &str, main: F) -> Self
    where
        F: Fn(Env) -> R + Send + Sync + 'static,
        R: Future<Output = ExitStatus> + 'static,
    {
        self.with(name, asynchronous(main))
    }

    /// With an entry for further cores in the blocking program added last. When it returns, the
    /// dispatcher on that core has nothing left to do; the domain ends with its main entry.
    ///
    /// # Panics
    ///
    /// If there is no module called `name`.
    #[must_use]
    pub fn spanning(
        self,
        name: &str,
        span: impl Fn(Env) -> ExitStatus + Send + Sync + 'static,
    ) -> Self {
        self.with_span(name, EntryPoint::Blocking(Arc::new(span)))
    }

    /// Like [`Modules::spanning`], with an asynchronous entry.
    ///
    /// # Panics
    ///
    /// If there is no module called `name`.
    #[must_use]
    pub fn spanning_asynchronous<F, R>(self, name: &str, span: F) -> Self
    where
        F: Fn(Env) -> R + Send + Sync + 'static,
        R: Future<Output = ExitStatus> + 'static,
    {
        self.with_span(name, asynchronous(span))
    }

    /// True if there is a program of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.rows.contains_key(name)
    }

    /// The main entry of a program.
    pub(crate) fn main(&self, name: &str) -> Option<&EntryPoint> {
        self.rows.get(name).map(|module| &module.main)
    }

    /// The entry of a program for further cores.
    pub(crate) fn span(&self, name: &str) -> Option<&EntryPoint> {
        self.rows.get(name)?.span.as_ref()
    }

    fn with(mut self, name: &str, main: EntryPoint) -> Self {
        assert!(
            !name.is_empty() && !name.contains('/') && name != "." && name != "..",
            "a module's name is one component of a path, `{name}` isn't"
        );
        let before = self.rows.insert(name.to_owned(), Module { main, span: None });
        assert!(before.is_none(), "there are two modules called `{name}`");
        self
    }

    fn with_span(mut self, name: &str, span: EntryPoint) -> Self {
        let module = self.rows.get_mut(name);
        module.expect("a span entry belongs to a module that exists").span = Some(span);
        self
    }
}

fn asynchronous<F, R>(entry: F) -> EntryPoint
where
    F: Fn(Env) -> R + Send + Sync + 'static,
    R: Future<Output = ExitStatus> + 'static,
{
    EntryPoint::Asynchronous(Arc::new(move |env| Box::pin(entry(env))))
}

impl fmt::Debug for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocking(_) => "Blocking",
            Self::Asynchronous(_) => "Asynchronous",
        })
    }
}
