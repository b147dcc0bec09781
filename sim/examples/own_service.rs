//! A service of one's own in a simulated world: a door with one key.
//!
//! Whoever calls `register` gets the key, unless somebody has it; `remove` gives it back. The service
//! has a bug that examples don't show: when a client dies that has the key, nobody gets it any more.
//! A few seeds find it: `cargo run --example own_service`.

use std::cell::Cell;
use std::rc::Rc;

use flounder::{AnyBinding, BindingId, CoreId, ErrCode, ErrVal, Iref};
use flounder_idl::nameservice::{
    Interface, Register, RegisterResponse, Remove, RemoveResponse, RxVtbl,
};
use flounder_sim::{Config, Fault, Host, World};

/// Who has the key.
#[derive(Default)]
struct Door {
    holder: Option<BindingId>,
}

/// The name service's interface serves as one of our own: `register` asks for the key.
const DOOR: RxVtbl<Door> = RxVtbl {
    register_call: |door: &mut Door, client, _, reply| {
        let is_free = door.holder.is_none();
        if is_free {
            // The bug: nobody listens for the end of this client's binding.
            door.holder = Some(client.id());
        }
        let err = if is_free { ErrVal::OK } else { ErrCode::NAME_ERR_EXISTS.into() };
        let _ = reply.send(RegisterResponse { err });
    },
    remove_call: |door: &mut Door, client, _, reply| {
        if door.holder == Some(client.id()) {
            door.holder = None;
        }
        let _ = reply.send(RemoveResponse { err: ErrVal::OK });
    },
    ..RxVtbl::UNHANDLED
};

/// A client that takes the key and gives it back, again and again.
fn visitor(world: &mut World, visits: &Rc<Cell<u32>>) -> Host {
    let host = world.host(CoreId(1));
    let (system, visits) = (host.system(), Rc::clone(visits));
    let dispatcher = Rc::new(host.dispatcher(()));
    host.spawn(async move {
        let ctx = dispatcher.ctx();
        let door = system.bind::<Interface, ()>(&ctx, "door", &RxVtbl::UNHANDLED).await;
        let Ok(door) = door else { return };
        loop {
            let key = door.call(Register { name: "key".into(), iref: Iref::NULL }).await;
            let Ok(key) = key else { return };
            if key.err.is_ok() {
                visits.set(visits.get() + 1);
                let _ = door.call(Remove { name: "key".into() }).await;
            }
        }
    });
    host
}

/// True if the door still opens after a client has died somewhere in between.
fn survives(seed: u64) -> Result<bool, Box<dyn std::error::Error>> {
    let mut world = World::new(seed, Config::new())?;
    let server = world.host(CoreId(0));
    let (system, door) = (server.system(), Rc::new(server.dispatcher(Door::default())));
    let ctx = door.ctx();
    server.spawn(async move {
        let name = system.serve::<Interface, Door>(&ctx, "door", &DOOR, |_, _| Ok(())).await;
        name.expect("it is free");
        std::future::pending::<()>().await;
    });
    let visits = Rc::new(Cell::new(0));
    let mortal = visitor(&mut world, &visits);
    for _ in 0..500 + seed {
        world.step()?;
    }
    world.outside(|_| drop(mortal));
    world.inject(Fault::Delay);
    let before = visits.get();
    let _heir = visitor(&mut world, &visits);
    for _ in 0..3_000 {
        world.step()?;
    }
    drop(door);
    Ok(visits.get() > before)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for seed in 0..100 {
        if !survives(seed)? {
            println!("seed {seed}: a client died with the key, and the door stays shut");
            return Ok(());
        }
    }
    Err("the bug was not found".into())
}
