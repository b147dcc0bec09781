//! A dispatcher that is never idle gives every ready source its turn.

use std::cell::Cell;
use std::rc::Rc;

use flounder::{BindOptions, Ctx};

use crate::echo::{Binding, Interface, Ping, RxVtbl};
use crate::world::{State, TRIGGERS, World};

fn never_ends(ctx: &Ctx<State>) -> Binding<State> {
    const AGAIN: RxVtbl<State> = RxVtbl {
        ping: |_, binding, ping| binding.ping(ping).expect("there is room"),
        ..RxVtbl::UNHANDLED
    };
    let (one, other) = ctx.loopback::<Interface>(BindOptions::new(), &AGAIN, &AGAIN).unwrap();
    one.ping(Ping { token: 0 }).unwrap();
    let held = other.clone();
    ctx.spawn_local(async move {
        std::future::pending::<()>().await;
        drop(held);
    });
    one
}

/// Every ready source has its turn within this many turns of a loop that is never idle.
const TURNS_MAX: usize = 200;

#[test]
fn a_flood_starves_nobody() {
    for (source, trigger) in TRIGGERS {
        let world = World::new(false);
        let floods: Vec<_> = {
            let dispatcher = world.dispatcher.borrow();
            (0..8).map(|_| never_ends(dispatcher.as_ref().unwrap())).collect()
        };
        world.waitset.poll(100);
        let acted = Rc::new(Cell::new(false));
        let act = Rc::clone(&acted);
        world.act(*trigger, Rc::new(move || act.set(true)));
        assert_eq!(world.waitset.poll(TURNS_MAX), TURNS_MAX, "the flood goes on");
        assert!(acted.get(), "{source} had no turn");
        drop(floods);
    }
}
