//! The program that does nothing, without a domain around it: what a domain costs is what is beyond.

use std::fmt;
use std::future::pending;
use std::pin::Pin;

use flounder::platform::Entry;
use flounder::{BindOptions, Cap, CoreId, DomainId, Half, Home};
use flounder_domain::{Birth, Env, ExitStatus};
use flounder_idl::monitor;

/// Where the program is found.
pub const IDLE_PATH: &str = "/modules/idle";

/// The program: keeps its environment and waits for ever.
pub async fn idle(_env: Env) -> ExitStatus {
    pending().await
}

/// Programs as their loop keeps them, with all that is their own: state, environment and arguments.
/// No domain, dispatcher or capability is around them.
pub struct Bare {
    _programs: Vec<Pin<Box<dyn Future<Output = ExitStatus>>>>,
}

impl fmt::Debug for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bare").finish_non_exhaustive()
    }
}

impl Bare {
    /// So many programs; what `count` says before and after is what they take. The place in the list
    /// is not theirs, nor is the way to a monitor that an environment is made with.
    ///
    /// # Errors
    ///
    /// What `count` says.
    pub fn measured<E>(
        home: &Home,
        programs: usize,
        mut count: impl FnMut() -> Result<u64, E>,
    ) -> Result<(Self, u64), E> {
        let mut list: Vec<Option<Half>> = Vec::new();
        list.resize_with(programs, || None);
        let before = count()?;
        list.fill_with(|| Some(way()));
        let ways = count()?.saturating_sub(before);

        let mut all = Vec::with_capacity(programs);
        let before = count()?;
        all.extend((0..programs).map(|_| bare(home)));
        let taken = count()?.saturating_sub(before);
        drop(list);
        Ok((Self { _programs: all }, taken.saturating_sub(ways)))
    }
}

/// The program as `asynchronous` modules make it.
fn bare(home: &Home) -> Pin<Box<dyn Future<Output = ExitStatus>>> {
    Box::pin(idle(Env::new(Birth {
        core: CoreId(0),
        domain: DomainId::NONE,
        argv: vec![IDLE_PATH.into()],
        env: Vec::new(),
        entry: Entry::Main { inheritcn: Cap::NULL, argcn: Cap::NULL },
        domain_cap: Cap::NULL,
        monitor: way(),
        home: home.clone(),
    })))
}

fn way() -> Half {
    flounder::ticket::<monitor::Interface>(BindOptions::new(), drop)
}
