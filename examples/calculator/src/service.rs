//! Step 4: the service. Its state, a function per message, and the program that offers it.

use std::collections::BTreeMap;

use flounder::{AnyBinding, BindingId, ErrCode, ErrVal, Role};
use flounder_domain::{Env, ExitStatus, ReachError};

use crate::interface::calculator::{
    Binding, Calculate, CalculateReply, CalculateResponse, Interface, Recall, RecallReply,
    RecallResponse, Remember, Retire, RxVtbl,
};
use crate::interface::numbers::{Calculation, Operation, Outcome};

/// The name under which clients find the service.
pub(crate) const NAME: &str = "calculator";

/// How many clients may be bound at once: what is kept for each of them can't grow without an end.
const CLIENTS_MAX: usize = 16;

/// What the service knows. Only its own thread ever touches it, so it needs no lock.
#[derive(Default)]
struct Calculator {
    /// How many calculations it did.
    calculations: u64,
    /// The memory of each client, under the id of the binding to it.
    memories: BTreeMap<BindingId, i64>,
}

/// Which function handles which message. With `..RxVtbl::UNHANDLED` at its end a table may leave
/// some out.
const SERVICE: RxVtbl<Calculator> =
    RxVtbl { calculate_call: calculate, remember, recall_call: recall, retire };

/// A blocking program: it has a thread of its own, pinned to the CPU of its core, and `env` is all
/// that it is born with.
pub(crate) fn main(env: &Env) -> ExitStatus {
    match serve(env) {
        Ok(calculations) => {
            println!("service: did {calculations} calculations, goodbye");
            ExitStatus::SUCCESS
        }
        Err(error) => {
            eprintln!("service: {error}");
            ExitStatus::FAILURE
        }
    }
}

/// Offers the service until it is told to retire. Returns how many calculations it did.
fn serve(env: &Env) -> Result<u64, ReachError> {
    println!("service: I am domain {} on core {}", env.id(), env.core());

    // A dispatcher is an event loop around the state. It calls the functions of the table, one at
    // a time.
    let dispatcher = env.dispatcher(Calculator::default());

    // From here on, clients find us. `welcome` is called with each one that binds.
    env.block_on(env.system().serve::<Interface, _>(&dispatcher, NAME, &SERVICE, welcome))?;

    // Handles messages, and sleeps when there are none, until `stop` is called.
    dispatcher.run();
    Ok(dispatcher.with(|calculator| calculator.calculations))
}

/// Takes a new client, or refuses it with an error.
fn welcome(calculator: &mut Calculator, binding: &Binding<Calculator>) -> Result<(), ErrVal> {
    if calculator.memories.len() >= CLIENTS_MAX {
        return Err(ErrCode::FLOUNDER_ERR_BIND_REFUSED.into());
    }
    calculator.memories.insert(binding.id(), 0);

    // A client may go at any time. Whatever is kept for it has to go then, too.
    binding.set_error_handler(|calculator, binding, error| {
        if error.is_fatal() {
            calculator.memories.remove(&binding.id());
        }
    });
    Ok(())
}

/// A handler of an rpc also gets a token to answer with: exactly once, now or later.
fn calculate(
    calculator: &mut Calculator,
    _: &Binding<Calculator>,
    Calculate { calculation }: Calculate,
    reply: CalculateReply,
) {
    calculator.calculations += 1;
    let (outcome, result) = match evaluate(calculation) {
        Ok(result) => (Outcome::Done, result),
        Err(outcome) => (outcome, 0),
    };
    // An error here means that the client went before it got its answer.
    let _ = reply.send(CalculateResponse { outcome, result });
}

/// A handler of a one-way message: there is nothing to answer.
fn remember(
    calculator: &mut Calculator,
    binding: &Binding<Calculator>,
    Remember { value }: Remember,
) {
    // There is a memory for each client that was welcomed, and for nobody else.
    if let Some(memory) = calculator.memories.get_mut(&binding.id()) {
        *memory = value;
    }
}

fn recall(
    calculator: &mut Calculator,
    binding: &Binding<Calculator>,
    Recall {}: Recall,
    reply: RecallReply,
) {
    let value = calculator.memories.get(&binding.id()).copied().unwrap_or_default();
    let _ = reply.send(RecallResponse { value });
}

fn retire(_: &mut Calculator, binding: &Binding<Calculator>, Retire {}: Retire) {
    // Who is at the other end was stamped by a monitor; a client can't make it up.
    let peer = binding.peer();
    if peer.role != Role::Operator {
        println!("service: {peer} wants me to retire, which only the operator may");
    } else if let Some(ctx) = binding.ctx() {
        ctx.stop();
    }
}

/// Functions that know nothing of messages are the easiest to test.
fn evaluate(Calculation { left, operation, right }: Calculation) -> Result<i64, Outcome> {
    let result = match operation {
        Operation::Add => left.checked_add(right),
        Operation::Subtract => left.checked_sub(right),
        Operation::Multiply => left.checked_mul(right),
        Operation::Divide if right == 0 => return Err(Outcome::DivisionByZero),
        Operation::Divide => left.checked_div(right),
    };
    result.ok_or(Outcome::Overflow)
}

#[cfg(test)]
mod tests;
