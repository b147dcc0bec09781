//! The lifecycle table of spawnd slots, as far as clients and monitors can see it.

use flounder::{DomainId, ErrCode, ErrVal};
use flounder_idl::proc_mgmt::{AddSpawnd, RemoveSpawnd, Shutdown, SurvivorEnded};
use flounder_idl::spawn::RequestKind;
use flounder_procmgmt::Config;

use crate::fakes::{bind, spawnd_iref};
use crate::world::{World, code, ready};

#[derive(Clone, Copy, Debug)]
enum Step {
    Add(u64),
    Remove(u64),
    /// The same from somebody else than the monitor.
    AddByStranger(u64),
    RemoveByStranger(u64),
    /// Binds are not answered from now on.
    Hold,
    /// Those that weren't are.
    Release,
    /// Spawnds of that generation can't be bound to.
    Refuse(u64),
    /// The spawnd closes its binding.
    Close,
    /// It answers something it was never asked.
    Lie,
    /// A client spawns.
    Spawn,
}
use Step::{
    Add, AddByStranger, Close, Hold, Lie, Refuse, Release, Remove, RemoveByStranger, Spawn,
};

/// What was done; what every spawn was told; whether a spawn now reaches a spawnd.
type Story = (&'static [Step], &'static str, bool);

#[rustfmt::skip]
const STORIES: &[Story] = &[
    // ABSENT
    (&[Spawn], "INVALID_SPAWND", false),
    (&[AddByStranger(1), Spawn], "INVALID_SPAWND", false),
    (&[Remove(1), Add(1)], "", true),
    // BINDING
    (&[Hold, Add(1), Spawn], "INVALID_SPAWND", false),
    (&[Hold, Add(1), Spawn, Release], "INVALID_SPAWND", true),
    (&[Hold, Add(1), Add(1), Release], "", true),
    (&[Hold, Add(1), Add(2), Release], "", true),
    (&[Hold, Add(1), AddByStranger(2), Release], "", true),
    (&[Hold, Add(1), Remove(1), Release], "", false),
    (&[Hold, Add(1), Remove(2), Release], "", true),
    (&[Refuse(1), Add(1)], "", false),
    (&[Refuse(1), Add(1), Add(2)], "", true),
    // UP
    (&[Add(1), Spawn, Add(1)], "-", true),
    (&[Add(2), Spawn, Add(1)], "-", true),
    (&[Add(1), Spawn, AddByStranger(2)], "-", true),
    (&[Add(1), Spawn, RemoveByStranger(1)], "-", true),
    (&[Add(1), Spawn, Remove(1)], "SPAWND_REQUEST", false),
    (&[Add(1), Spawn, Remove(2)], "-", true),
    (&[Add(1), Spawn, Add(2)], "SPAWND_REQUEST", true),
    // Its binding is gone, and the monitor hasn't said so yet.
    (&[Add(1), Spawn, Close, Spawn], "- INVALID_SPAWND", false),
    (&[Add(1), Spawn, Close, Remove(1)], "SPAWND_REQUEST", false),
    (&[Add(1), Spawn, Lie, Spawn], "- INVALID_SPAWND", false),
    (&[Add(1), Spawn, Lie, Remove(1), Add(2)], "SPAWND_REQUEST", true),
    // DOWN
    (&[Add(1), Remove(1), Spawn], "INVALID_SPAWND", false),
    (&[Add(1), Remove(1), Add(1)], "", false),
    (&[Add(1), Remove(1), Add(2)], "", true),
    (&[Add(1), Remove(1), Remove(1), Add(2)], "", true),
];

#[test]
fn every_slot_state_and_event() {
    for (steps, told, up) in STORIES {
        let world = World::bare(Config::default());
        let (client, stranger) = (world.operator(), world.program(DomainId(9)));
        let mut spawns = Vec::new();
        for &step in *steps {
            match step {
                Spawn => spawns.push(world.spawn(&client, 0)),
                AddByStranger(generation) => {
                    let iref = spawnd_iref(0, generation);
                    stranger.add_spawnd(AddSpawnd { core: 0, generation, iref }).unwrap();
                }
                RemoveByStranger(generation) => {
                    let (survivors, more) = (vec![], false);
                    let message = RemoveSpawnd { core: 0, generation, survivors, more };
                    stranger.remove_spawnd(message).unwrap();
                }
                step => act(&world, step),
            }
            world.run();
        }
        let words: Vec<_> = spawns.iter_mut().map(spawned).collect();
        assert_eq!(words.join(" "), *told, "{steps:?}");
        let mut last = world.spawn(&client, 0);
        assert_eq!(spawned(&mut last) == "-", *up, "{steps:?}");
    }
}

fn spawned(spawning: &mut crate::world::Spawning) -> String {
    ready(spawning).map_or_else(|| "-".into(), |answer| code(answer.unwrap().0))
}

fn act(world: &World, step: Step) {
    match step {
        Add(generation) => world.add_spawnd(0, generation),
        Remove(generation) => world.remove_spawnd(0, generation, &[]),
        Hold => world.fakes.with(|fakes| fakes.hold = true),
        Release => world.fakes.with(|fakes| {
            fakes.hold = false;
            for request in std::mem::take(&mut fakes.held) {
                bind(fakes, request);
            }
        }),
        Refuse(generation) => world.fakes.with(|fakes| {
            fakes.refused.insert(spawnd_iref(0, generation));
        }),
        Close => flounder::AnyBinding::close(&world.link(0)),
        Lie => world.reply(0, 999, RequestKind::Kill, ErrVal::OK),
        other => unreachable!("{other:?} is a client's"),
    }
}

#[test]
fn what_ran_there_is_lost_with_its_spawnd() {
    let world = World::new();
    let client = world.operator();
    let (lost, cap, _own) = world.running(&client);
    let (survivor, other, _own) = world.running(&client);
    let mut waits = [world.wait(&client, &cap, false), world.wait(&client, &other, false)];
    world.run();
    world.remove_spawnd(0, 1, &[survivor]);
    assert_eq!(world.told(&mut waits[0]), "OK 254");
    assert_eq!(world.told(&mut waits[1]), "-");
    assert_eq!(world.stands(lost), "Cleaned CoreLost 254");
    assert_eq!(world.stands(survivor), "StopPend CoreLost 254");
    let mut kill = world.kill(&client, &other);
    assert_eq!(world.told(&mut kill), "KILL");
    let ended = SurvivorEnded { core: 0, domain: survivor.0 };
    client.survivor_ended(ended).unwrap();
    assert_eq!(world.told(&mut waits[1]), "-", "only the monitor says so");
    world.monitor().survivor_ended(ended).unwrap();
    assert_eq!(world.told(&mut waits[1]), "OK 254");
}

#[test]
fn only_the_monitor_shuts_down() {
    let world = World::new();
    let client = world.operator();
    let (id, _cap, _own) = world.running(&client);
    client.shutdown(Shutdown {}).unwrap();
    world.run();
    assert_eq!(world.stands(id), "Running");
    world.monitor().shutdown(Shutdown {}).unwrap();
    assert_eq!(world.orders(), "kill@0");
    world.answer(0, RequestKind::Kill, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
    assert_eq!(world.fakes.with(|fakes| fakes.shutdown_done.clone()), [1]);
}
