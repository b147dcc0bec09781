//! Programs that work with the caps they were given.

use std::pin::pin;

use flounder_domain::{Env, ExitStatus};

use super::{Ending, argument_cap, inherited_cap};
use crate::steps::code_name;
use crate::witness_client::Witness;
use flounder_multicore::together::begin;

/// Reads what its spawner wrote into a Frame, answers in the same Frame, and tells what it may do
/// with the Frame it inherited.
pub(super) async fn share(env: &Env) -> Ending {
    let witness = Witness::of(env).await?;
    let shared = argument_cap(env, 0)?;
    let mut word = [0; 4];
    shared.read_at(0, &mut word)?;
    witness.saw(String::from_utf8_lossy(&word)).await?;
    shared.write_at(4, b"pong")?;

    let inherited = inherited_cap(env, 0)?;
    inherited.read_at(0, &mut word)?;
    witness.saw(String::from_utf8_lossy(&word)).await?;
    let refusal = inherited.write_at(0, &word).map_err(flounder::ErrVal::from);
    witness.saw(code_name(&refusal)).await?;
    Ok(ExitStatus::SUCCESS)
}

/// Waits for the domain whose cap it was given, and tells how that ended.
pub(super) async fn wait(env: &Env) -> Ending {
    let witness = Witness::of(env).await?;
    let processes = env.system().processes().await?;
    let other = argument_cap(env, 0)?;
    let mut ended = pin!(processes.wait(&other));
    begin(ended.as_mut()).await;
    witness.saw("waiting").await?;
    witness.saw(ended.await?.to_string()).await?;
    Ok(ExitStatus::SUCCESS)
}

/// Kills the domain whose cap it was given once it is let go, and tells what the answer is.
pub(super) async fn kill(env: &Env) -> Ending {
    let witness = Witness::of(env).await?;
    let processes = env.system().processes().await?;
    let other = argument_cap(env, 0)?;
    witness.hold().await?;
    let answer = processes.kill(&other).await;
    witness.saw(code_name(&answer.map_err(|error| error.errval()))).await?;
    Ok(ExitStatus::SUCCESS)
}
