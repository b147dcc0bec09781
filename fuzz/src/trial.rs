//! One input handed to one target.

use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use flounder_fuzz::Target;

use crate::limits::{INPUT_MS_MAX, cpu_time};

thread_local! {
    /// The last panic: where, and what it said.
    static LAST: RefCell<Option<Finding>> = const { RefCell::new(None) };
}

/// What didn't hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    /// Where it was noticed: findings of one place count as one.
    pub(crate) place: String,
    /// What was said, which depends on the input.
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Notes panics from now on and prints none: they are what is looked for.
pub(crate) fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or_default().to_owned();
        LAST.set(Some(Finding { place, message }));
    }));
}

/// Hands an input to a target; what doesn't hold for it, if something doesn't.
pub(crate) fn run(target: Target, data: &[u8]) -> Result<(), Finding> {
    let start = cpu_time();
    let ended = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(data)));
    let taken = cpu_time().saturating_sub(start);
    if ended.is_err() {
        let unknown = || Finding { place: "somewhere".into(), message: String::new() };
        return Err(LAST.take().unwrap_or_else(unknown));
    }
    if taken > Duration::from_millis(INPUT_MS_MAX) {
        let message = format!("the input takes {taken:.1?} and may take {INPUT_MS_MAX} ms");
        return Err(Finding { place: "time".into(), message });
    }
    Ok(())
}
