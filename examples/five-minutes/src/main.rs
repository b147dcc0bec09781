//! Two threads, each pinned to a CPU, that share nothing: one greets, the other asks it to.

use std::error::Error;

use flounder::{AnyBinding, BindOptions, Dispatcher, Half};
use greeter::{Bye, Greet, GreetResponse, Interface, RxVtbl};

flounder::include_interfaces!(greeter);

/// What the server does with each message. Its state is the number of greetings.
const SERVER: RxVtbl<u32> = RxVtbl {
    greet_call: |greetings, _, Greet { name }, reply| {
        *greetings += 1;
        let greeting = format!("Hello, {name}!");
        // An error here means that nobody waits for the answer any more.
        let _ = reply.send(GreetResponse { greeting });
    },
    bye: |_, binding, Bye {}| {
        if let Some(ctx) = binding.ctx() {
            ctx.stop();
        }
    },
};

/// Handles messages until one says `bye`. Returns the number of greetings.
fn serve(half: Half) -> Result<u32, flounder::ClaimError> {
    let dispatcher = Dispatcher::new(0);
    dispatcher.accept::<Interface>(half, &SERVER)?;
    dispatcher.run();
    Ok(dispatcher.with(|greetings| *greetings))
}

fn main() -> Result<(), Box<dyn Error>> {
    // A channel has two halves. Each goes to the thread that will own it.
    let (client, server) = flounder::pair::<Interface>(BindOptions::new());
    let cpus = flounder::thread::allowed_cpus()?;
    let server = flounder::thread::spawn("server", cpus.last().copied(), || serve(server))?;
    flounder::thread::pin_to(cpus[0])?;

    let dispatcher = Dispatcher::new(());
    let binding = dispatcher.connect::<Interface>(client, &RxVtbl::UNHANDLED)?;
    let call = binding.greet(Greet { name: "world".into() })?;
    println!("{}", dispatcher.block_on(call)?.greeting);
    binding.bye(Bye {})?;

    let greetings = server.join().expect("the server doesn't panic")??;
    println!("greetings: {greetings}");
    Ok(())
}
