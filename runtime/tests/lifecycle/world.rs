//! A dispatcher with every kind of source, each of which can be made to act.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use flounder::{AnyBinding, BindOptions, Dispatcher, Interest, Kernel, Time, Waitset};
use rustix::event::{EventfdFlags, eventfd};

use crate::echo::{Binding, Echo, Interface, Ping, RxVtbl};

/// What a source does when it has its turn.
pub(crate) type Act = Rc<dyn Fn()>;

/// The state: what a message makes the dispatcher do.
pub(crate) struct State {
    pub(crate) act: Act,
}

pub(crate) const ACTS: RxVtbl<State> =
    RxVtbl { ping: |state, _, _| (Rc::clone(&state.act))(), ..RxVtbl::UNHANDLED };

/// A dispatcher with one of each source, all of which hold the binding they were made with.
pub(crate) struct World {
    pub(crate) kernel: Kernel,
    pub(crate) waitset: Waitset,
    pub(crate) panics: Rc<Cell<u32>>,
    pub(crate) dispatcher: Rc<RefCell<Option<Dispatcher<State>>>>,
}

/// Makes one source of the dispatcher ready, which then acts.
pub(crate) type Trigger = fn(&Dispatcher<State>, &Binding<State>, Act) -> Box<dyn Any>;

pub(crate) const TRIGGERS: &[(&str, Trigger)] = &[
    ("handler", |dispatcher, binding, act| {
        dispatcher.with(|state| state.act = act);
        binding.ping(Ping { token: 1 }).unwrap();
        Box::new(())
    }),
    ("continuation", |_, binding, act| {
        binding.continue_with(move |_, _| act()).unwrap();
        Box::new(())
    }),
    ("room", |_, binding, act| {
        binding.register_send(move |_, _| act()).unwrap();
        Box::new(())
    }),
    ("task", |dispatcher, _, act| {
        dispatcher.spawn_local(async move {
            act();
            std::future::pending::<()>().await;
        });
        Box::new(())
    }),
    ("timer", |dispatcher, _, act| Box::new(dispatcher.timer(Time::default(), move |_| act()))),
    ("mailbox", |dispatcher, _, act| {
        let mailbox = dispatcher.mailbox(4, move |_, ()| act());
        mailbox.send(()).unwrap();
        mailbox.send(()).unwrap();
        Box::new(mailbox)
    }),
    ("descriptor", |dispatcher, _, act| {
        let watch = dispatcher.watch_descriptor(rung(), Interest::Readable, move |_, _| act());
        Box::new(watch.unwrap())
    }),
];

/// An eventfd that can be read.
pub(crate) fn rung() -> OwnedFd {
    eventfd(1, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).expect("a descriptor is left")
}

impl World {
    pub(crate) fn new(contained: bool) -> Self {
        let (kernel, waitset) = (Kernel::new(), Waitset::new());
        let panics = Rc::new(Cell::new(0));
        let state = State { act: Rc::new(|| ()) };
        let count = Rc::clone(&panics);
        let dispatcher = if contained {
            Dispatcher::contained(&waitset, kernel.holder(), state, move |_| {
                count.set(count.get() + 1);
            })
        } else {
            Dispatcher::on(&waitset, kernel.holder(), state)
        };
        let dispatcher = Rc::new(RefCell::new(Some(dispatcher)));
        Self { kernel, waitset, panics, dispatcher }
    }

    /// Lets a source of the dispatcher act while a call, a task, a timer and a mailbox wait.
    pub(crate) fn act(&self, trigger: Trigger, act: Act) {
        let dispatcher = self.dispatcher.borrow();
        let dispatcher = dispatcher.as_ref().expect("it has not ended");
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        dispatcher.accept::<Interface>(there, &ACTS).unwrap();
        let binding = dispatcher.connect::<Interface>(here, &ACTS).unwrap();
        let call = binding.echo(Echo { text: "never answered".into() }).unwrap();
        let held = binding.clone();
        dispatcher.spawn_local(async move {
            let _ = (call.await, held);
            std::future::pending::<()>().await;
        });
        let guard = trigger(dispatcher, &binding, act);
        let held = (binding.clone(), guard);
        dispatcher.spawn_local(async move {
            std::future::pending::<()>().await;
            drop(held);
        });
    }

    pub(crate) fn settle(&self) {
        while self.waitset.poll(64) > 0 {}
    }
}
