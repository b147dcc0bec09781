//! Whatever a source does, its dispatcher ends in order, or goes on.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use flounder::{BindOptions, ClaimError, Counts, Dispatcher};

use crate::echo::{Interface, Ping};
use crate::world::{ACTS, TRIGGERS, World};

#[test]
fn a_dispatcher_can_be_dropped_from_any_of_its_sources() {
    for (source, trigger) in TRIGGERS {
        let world = World::new(false);
        let dispatcher = Rc::clone(&world.dispatcher);
        let acted = Rc::new(Cell::new(0));
        let count = Rc::clone(&acted);
        world.act(
            *trigger,
            Rc::new(move || {
                count.set(count.get() + 1);
                drop(dispatcher.take());
            }),
        );
        world.settle();
        assert_eq!(acted.get(), 1, "{source}: nothing runs after the end");
        assert_eq!(world.kernel.counts(), Counts::default(), "{source}");
        assert_eq!((world.waitset.sources(), world.waitset.next_timer()), (0, None), "{source}");
    }
}

/// Panics when it is dropped, unless that would abort.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            resume_unwind(Box::new("dropped"));
        }
    }
}

#[test]
fn a_contained_panic_ends_the_dispatcher_and_nothing_else() {
    for (source, trigger) in TRIGGERS {
        let world = World::new(true);
        {
            let dispatcher = world.dispatcher.borrow();
            for _ in 0..2 {
                let bomb = PanicsOnDrop;
                dispatcher.as_ref().unwrap().spawn_local(async move {
                    std::future::pending::<()>().await;
                    drop(bomb);
                });
            }
        }
        world.act(*trigger, Rc::new(|| resume_unwind(Box::new("acted"))));
        world.settle();
        assert_eq!(world.panics.get(), 1, "{source}: told once");
        assert_eq!(world.kernel.counts().bindings, 0, "{source}");
        assert_eq!(world.waitset.sources(), 0, "{source}");
        let ended = world.dispatcher.take().unwrap();
        ended.run(); // returns
        assert!(ended.has_ended());
        let (half, _) = flounder::pair::<Interface>(BindOptions::new());
        let refused = ended.connect::<Interface>(half, &ACTS).unwrap_err();
        assert_eq!(refused, ClaimError::Ended);
        drop(ended);
        assert_eq!(world.kernel.counts(), Counts::default(), "{source}");
    }
}

#[test]
fn neither_handlers_nor_tasks_dispatch() {
    for (source, trigger) in TRIGGERS {
        let world = World::new(false);
        let other = Dispatcher::on(&world.waitset, world.kernel.holder(), ());
        let refused = Rc::new(Cell::new(0));
        let count = Rc::clone(&refused);
        let dispatches: [fn(&Dispatcher<()>); 2] =
            [|other| assert_eq!(other.poll(1), 0), |other| other.block_on(async {})];
        let act = move || {
            for dispatch in dispatches {
                let result = catch_unwind(AssertUnwindSafe(|| dispatch(&other)));
                count.set(count.get() + u32::from(result.is_err()));
            }
        };
        world.act(*trigger, Rc::new(act));
        world.waitset.poll(64);
        assert!(refused.get() >= 2, "{source}");
    }
}

#[test]
fn a_panic_that_is_not_contained_loses_no_message() {
    let world = World::new(false);
    let dispatcher = world.dispatcher.take().unwrap();
    let (here, there) = flounder::pair::<Interface>(BindOptions::new());
    dispatcher.accept::<Interface>(there, &ACTS).unwrap();
    let binding = dispatcher.connect::<Interface>(here, &ACTS).unwrap();
    let handled = Rc::new(Cell::new(0));
    let count = Rc::clone(&handled);
    dispatcher.with(|state| {
        state.act = Rc::new(move || {
            count.set(count.get() + 1);
            resume_unwind(Box::new("handler"));
        });
    });
    for token in 0..3 {
        binding.ping(Ping { token }).unwrap();
    }
    for _ in 0..3 {
        catch_unwind(AssertUnwindSafe(|| world.settle())).unwrap_err();
    }
    world.settle();
    assert_eq!(handled.get(), 3);
}
