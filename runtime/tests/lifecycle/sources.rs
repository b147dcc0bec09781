//! Sources one by one: mailboxes, descriptors, timers, and the waitset as a descriptor itself.

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use flounder::{Clock, Dispatcher, Interest, Kernel, MailError, Time, Waitset};
use rustix::event::{PollFd, PollFlags};

use crate::world::rung;

#[test]
fn a_mailbox_is_bounded_and_goes_with_its_last_handle() {
    let dispatcher = Dispatcher::new(Vec::new());
    let waitset = dispatcher.waitset();
    let mailbox = dispatcher.mailbox(2, |got: &mut Vec<u32>, value| got.push(value));
    let other = mailbox.clone();
    mailbox.send(1).unwrap();
    other.send(2).unwrap();
    assert_eq!(mailbox.send(3), Err(MailError::Full(3)));
    drop(mailbox);
    while dispatcher.poll(1) > 0 {}
    assert_eq!(waitset.sources(), 1);
    other.send(4).unwrap();
    drop(other);
    while dispatcher.poll(1) > 0 {}
    assert_eq!(dispatcher.with(std::mem::take), [1, 2, 4], "what was sent is handled");
    assert_eq!(waitset.sources(), 0);

    let mailbox = dispatcher.mailbox(2, |_, _| ());
    let held = Rc::new(());
    let weak = Rc::downgrade(&held);
    let timer = dispatcher.timer(Time::default(), move |_| drop(held));
    drop(dispatcher);
    assert_eq!(mailbox.send(5), Err(MailError::Closed(5)));
    assert!(weak.upgrade().is_none(), "the end lets go of what a timer captured");
    drop(timer);
}

#[test]
fn watches_survive_descriptors_that_change_behind_them() {
    struct Fickle {
        fds: [OwnedFd; 2],
        asked: Cell<usize>,
    }
    impl AsFd for Fickle {
        fn as_fd(&self) -> BorrowedFd<'_> {
            let asked = self.asked.replace(self.asked.get() + 1);
            self.fds[asked % 2].as_fd()
        }
    }
    let dispatcher = Dispatcher::new(0);
    let waitset = dispatcher.waitset();
    let fickle = Fickle { fds: [rung(), rung()], asked: Cell::new(0) };
    let watch =
        dispatcher.watch_descriptor(fickle, Interest::Readable, |count, _| *count += 1).unwrap();
    for _ in 0..4 {
        dispatcher.poll(1);
    }
    drop(watch);
    assert_eq!((dispatcher.with(|count| *count), waitset.sources()), (1, 0));

    let fd = Rc::new(rung());
    let watches = [Interest::Readable, Interest::Writable].map(|interest| {
        dispatcher.watch_descriptor(Rc::clone(&fd), interest, |count, _| *count += 10)
    });
    assert!(watches[0].is_ok() && watches[1].is_err(), "one watch per descriptor");
    dispatcher.poll(1);
    dispatcher.poll(1);
    assert_eq!(dispatcher.with(|count| *count), 21, "called as long as it is ready");
}

/// A clock that stands.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Time {
        Time::from_nanos(5)
    }
}

#[test]
fn timers_fire_in_order_and_not_when_dropped() {
    let waitset = Waitset::with_clock(Rc::new(Stopped), None);
    let dispatcher = Dispatcher::on(&waitset, Kernel::new().holder(), Vec::new());
    let at = |nanos: u64| {
        let note = move |fired: &mut Vec<u64>| fired.push(nanos);
        dispatcher.timer(Time::from_nanos(nanos), note)
    };
    let timers = [at(4), at(6), at(1), at(5), at(4)];
    drop(at(2));
    assert_eq!(waitset.next_timer(), Some(Time::from_nanos(1)));
    while dispatcher.poll(64) > 0 {}
    assert_eq!(dispatcher.with(std::mem::take), [1, 4, 4, 5]);
    assert_eq!(waitset.next_timer(), Some(Time::from_nanos(6)));
    drop(timers);
    assert_eq!((waitset.next_timer(), waitset.sources()), (None, 0));
}

fn readable(waitset: &Waitset) -> bool {
    let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(waitset, PollFlags::IN)];
    rustix::event::poll(&mut fds, Some(&now)).unwrap() > 0
}

#[test]
fn another_event_loop_can_wait_for_the_descriptor() {
    let dispatcher = Dispatcher::new(Vec::new());
    let waitset = dispatcher.waitset();
    let mailbox = dispatcher.mailbox(8, |got: &mut Vec<u32>, value| got.push(value));
    for round in 0..3 {
        while dispatcher.poll(8) > 0 {}
        assert!(waitset.announce_wait());
        assert!(!readable(&waitset), "round {round}: nothing happened yet");
        let sender = mailbox.clone();
        std::thread::spawn(move || sender.send(round).unwrap()).join().unwrap();
        assert!(readable(&waitset), "round {round}: something happened");
    }
    mailbox.send(3).unwrap();
    assert!(!waitset.announce_wait(), "there is something to do already");
    while dispatcher.poll(8) > 0 {}
    assert_eq!(dispatcher.with(std::mem::take), [0, 1, 2, 3]);
    assert!(!readable(&waitset), "it is silent again");
}
