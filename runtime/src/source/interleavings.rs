//! The races of mailboxes: sending against falling asleep, against the dispatcher's end and against
//! the last handle's, in every order that the memory model allows.

use loom::thread;

use super::mailbox::{MailError, Mailbox};
use crate::sync::Arc;
use crate::{Dispatcher, Waitset};

/// How often a model interrupts a thread where it could have gone on.
const PREEMPTIONS_MAX: usize = 3;

/// What is sent. Its copies tell whether it was dropped.
type Value = Arc<()>;

/// Runs `model` with a dispatcher that keeps what comes, a handle of its mailbox and a value.
fn with_mailbox(model: fn(Dispatcher<Vec<Value>>, Mailbox<Value>, Value)) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(move || {
        let dispatcher = Dispatcher::on(&Waitset::new(), crate::Kernel::new().holder(), Vec::new());
        let mailbox = dispatcher.mailbox(2, |kept: &mut Vec<Value>, value| kept.push(value));
        model(dispatcher, mailbox, Value::default());
    });
}

fn run_until_kept(dispatcher: &Dispatcher<Vec<Value>>) {
    let is_kept = |kept: &mut Vec<Value>| !kept.is_empty();
    dispatcher.waitset().run_until(|| dispatcher.with(is_kept));
}

#[test]
fn a_value_races_with_falling_asleep_for_it() {
    with_mailbox(|dispatcher, mailbox, value| {
        let sender = thread::spawn(move || mailbox.send(value));
        run_until_kept(&dispatcher);
        assert_eq!(sender.join().expect("the sender panics never"), Ok(()));
    });
}

#[test]
fn a_value_races_with_the_end_of_its_dispatcher() {
    with_mailbox(|dispatcher, mailbox, value| {
        let copy = Value::clone(&value);
        let sender = thread::spawn(move || {
            let sent = mailbox.send(copy);
            (mailbox, sent)
        });
        drop(dispatcher);
        let (mailbox, sent) = sender.join().expect("the sender panics never");
        let came_back = match sent {
            Ok(()) => 0,
            Err(MailError::Closed(_)) => 1,
            Err(MailError::Full(_)) => panic!("there is a place"),
        };
        assert_eq!(Value::strong_count(&value), 1 + came_back, "no value stays in a mailbox");
        assert_eq!(mailbox.send(Value::clone(&value)), Err(MailError::Closed(value)));
    });
}

#[test]
fn what_the_last_handle_sent_is_handled_before_the_mailbox_goes() {
    with_mailbox(|dispatcher, mailbox, value| {
        let sender = thread::spawn(move || [value.clone(), value].map(|value| mailbox.send(value)));
        let waitset = dispatcher.waitset();
        waitset.run_until(|| waitset.sources() == 0);
        assert_eq!(dispatcher.with(|kept| kept.len()), 2);
        assert_eq!(sender.join().expect("the sender panics never"), [Ok(()), Ok(())]);
    });
}
