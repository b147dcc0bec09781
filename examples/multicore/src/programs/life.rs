//! Programs about being born and dying.

use std::ffi::OsStr;

use flounder_domain::{Env, ExitStatus};

use super::{Ending, number};
use crate::witness_client::Witness;

/// What the panicking program says: whoever reads a panic knows that it is meant.
pub(crate) const PANIC_MESSAGE: &str = "this program panics to show what a panic does";

/// How deep in the program its end is decided.
const NESTING: u32 = 16;

/// Tells the arguments and the environment it was started with.
pub(super) async fn greet(env: &Env) -> Ending {
    let args: Vec<_> = env.args().iter().map(|arg| arg.to_string_lossy()).collect();
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    let vars: Vec<_> =
        env.vars().iter().map(|(key, value)| format!("{}={}", text(key), text(value))).collect();
    let witness = Witness::of(env).await?;
    witness.saw(format!("{} | {}", args.join(" "), vars.join(" "))).await?;
    Ok(ExitStatus::SUCCESS)
}

/// Exits by a message, from the bottom of a recursion that never returns.
pub(super) async fn exit_nested(env: &Env) -> Ending {
    let status = ExitStatus(number(env, 1)?);
    deeper(env, status, NESTING).await
}

async fn deeper(env: &Env, status: ExitStatus, levels: u32) -> Ending {
    if levels == 0 {
        match env.exit(status).await {}
    }
    Box::pin(deeper(env, status, levels - 1)).await
}

/// Waits until it is let go, then exits with the status of its first argument.
pub(super) async fn hold(env: &Env) -> Ending {
    let status = number(env, 1)?;
    Witness::of(env).await?.hold().await?;
    Ok(ExitStatus(status))
}

/// Panics once the witness knows that it lives.
pub(super) async fn panic(env: &Env) -> Ending {
    Witness::of(env).await?.saw("about to panic").await?;
    panic!("{PANIC_MESSAGE}")
}
