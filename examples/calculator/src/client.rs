//! Step 5: the client, an asynchronous program.

use std::error::Error;

use flounder_domain::{Env, ExitStatus};

use crate::interface::calculator::{
    Binding, Calculate, Interface, Recall, Remember, Retire, RxVtbl,
};
use crate::interface::numbers::{
    Calculation,
    Operation::{self, Add, Divide, Multiply},
    Outcome,
};
use crate::service::NAME;

/// An asynchronous program: it awaits and never blocks, so that a core can run thousands.
pub(crate) async fn main(env: Env) -> ExitStatus {
    match converse(&env).await {
        Ok(()) => ExitStatus::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            ExitStatus::FAILURE
        }
    }
}

async fn converse(env: &Env) -> Result<(), Box<dyn Error>> {
    // A client has a dispatcher as well. Its state is `()`: it handles no messages, it only calls.
    let dispatcher = env.dispatcher(());

    // Waits until somebody has registered the name, then binds to that service.
    let calculator =
        env.system().bind::<Interface, ()>(&dispatcher, NAME, &RxVtbl::UNHANDLED).await?;
    println!("client: I am domain {} on core {}", env.id(), env.core());

    let product = ask(&calculator, 6, Multiply, 7).await?;
    ask(&calculator, 1, Divide, 0).await?;
    ask(&calculator, i64::MAX, Add, 1).await?;

    // A one-way message. Messages arrive in the order they are sent, so the call that follows sees
    // what this one did. An error would hand the message back.
    calculator.remember(Remember { value: product.unwrap_or_default() })?;
    let memory = calculator.recall(Recall {})?.await?.value;
    println!("client: the calculator remembers {memory}");

    // The service won't: it looks at who asks.
    calculator.retire(Retire {})?;
    ask(&calculator, memory, Divide, 2).await?;
    Ok(())
}

/// Has the service calculate and says how it went.
async fn ask(
    calculator: &Binding<()>,
    left: i64,
    operation: Operation,
    right: i64,
) -> Result<Option<i64>, Box<dyn Error>> {
    let sign = match operation {
        Operation::Add => '+',
        Operation::Subtract => '-',
        Operation::Multiply => '*',
        Operation::Divide => '/',
    };
    let calculation = Calculation { left, operation, right };

    // Two things can go wrong, hence the two `?`: the request can't be sent, or no answer comes.
    let answer = calculator.calculate(Calculate { calculation })?.await?;

    // That there is an answer doesn't mean that there is a result.
    match answer.outcome {
        Outcome::Done => {
            println!("client: {left} {sign} {right} = {}", answer.result);
            return Ok(Some(answer.result));
        }
        Outcome::Overflow => println!("client: {left} {sign} {right} is too large"),
        Outcome::DivisionByZero => println!("client: {left} {sign} {right}: nobody divides by 0"),
    }
    Ok(None)
}
