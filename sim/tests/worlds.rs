//! Worlds as a user makes them, and campaigns.

use flounder::CoreId;
use flounder_domain::{ExitStatus, Program};
use flounder_sim::{Campaign, Config, Fault, Programs, Progress, World, WorldError};

const FAULTS: [Fault; 16] = [
    Fault::Delay,
    Fault::FullChannel,
    Fault::SlowMonitor(CoreId(0)),
    Fault::SpawndHang(CoreId(1)),
    Fault::SpawndStuck(CoreId(1)),
    Fault::SpawndCrashLoop(CoreId(1)),
    Fault::TimePasses,
    Fault::StartFailure,
    Fault::EndpointRefused,
    Fault::CapTransferFails,
    Fault::SpuriousWake,
    Fault::ProgramWedge,
    Fault::ProgramCrash,
    Fault::ProgramExit,
    Fault::ClientDeath,
    Fault::SpawndCrash(CoreId(1)),
];

fn campaign(seed: u64) -> Campaign {
    Campaign { seed, steps: 20_000, world: None, trace_lines: 40, shrink: true }
}

#[test]
fn seeds_find_no_violation() {
    for seed in 100..110 {
        let findings = campaign(seed).run();
        if let Some(failure) = findings.failure {
            let trace = failure.violation.trace.join("\n");
            let needed = failure.needed;
            panic!(
                "seed {seed}, world {}: {}\n{trace}\n{needed:#?}",
                failure.world, failure.violation
            );
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    assert_eq!(campaign(3).run().trace_hash, campaign(3).run().trace_hash);
    assert_ne!(campaign(3).run().trace_hash, campaign(4).run().trace_hash);
}

#[test]
fn a_blocking_program_is_refused_by_name() {
    let programs = Programs::new().blocking("sleeper", |_| ExitStatus::SUCCESS);
    let refused = World::with_programs(1, Config::new(), programs).expect_err("it blocks");
    assert_eq!(refused, WorldError::Blocking { name: "sleeper".into() });
    assert!(refused.to_string().contains("asynchronous ones only"));
}

#[test]
fn a_world_makes_sense_or_isnt_made() {
    for cores in [0, 65] {
        let refused = World::new(1, Config::new().cores(cores)).expect_err("too many or none");
        assert_eq!(refused, WorldError::Cores { cores });
    }
    let refused = World::new(1, Config::new().room_max(0)).expect_err("no room");
    assert_eq!(refused, WorldError::NoRoom);
}

/// A world with one client that spawns a program and waits for it.
fn world_with_a_wait(seed: u64) -> (World, flounder_sim::Host) {
    let programs = Programs::new().asynchronous("waits", async |_| std::future::pending().await);
    let mut world = World::with_programs(seed, Config::new(), programs).expect("it boots");
    let host = world.host(CoreId(0));
    let system = host.system();
    host.spawn(async move {
        let Ok(processes) = system.processes().await else { return };
        let domain = processes.spawn(Program::new("waits").core(CoreId(1))).await;
        if let Ok(domain) = domain {
            let _ = processes.wait(&domain).await;
        }
    });
    (world, host)
}

#[test]
fn every_fault_happens_and_is_survived() {
    for (seed, fault) in (0..).zip(FAULTS) {
        let (mut world, host) = world_with_a_wait(seed);
        world.quiesce().expect("it comes to rest");
        assert!(world.inject(fault), "{fault:?} has something to happen to");
        world.quiesce().unwrap_or_else(|violation| panic!("after {fault:?}: {violation}"));
        world.outside(|_| drop(host));
        world.end().unwrap_or_else(|violation| panic!("after {fault:?}: {violation}"));
    }
}

/// Steps until nothing is left to do; nobody heals anything.
fn rest(world: &mut World) {
    while world.step().expect("nothing is wrong") == Progress::Turn {}
}

#[test]
fn a_stuck_spawnd_is_ended_and_another_started() {
    let (mut world, _host) = world_with_a_wait(7);
    world.quiesce().expect("it comes to rest");
    assert!(world.inject(Fault::SpawndStuck(CoreId(1))));
    rest(&mut world);
    let trace = world.trace().join("\n");
    for line in ["host 1@0: wait_response OK status 254", "spawnd.1/2 → monitor.1: export_request"]
    {
        assert!(trace.contains(line), "{line} is in\n{trace}");
    }
}

#[test]
fn spawnds_that_crash_in_a_row_are_given_up() {
    let lives_after = |crashes: usize, answers: bool| {
        let mut world = World::new(8, Config::new().restarts_max(2)).expect("it boots");
        for _ in 0..crashes {
            assert!(world.inject(Fault::SpawndCrash(CoreId(1))), "there is one to crash");
            if answers {
                world.quiesce().expect("it comes to rest");
            } else {
                rest(&mut world);
            }
        }
        world.inject(Fault::SpawndCrash(CoreId(1)))
    };
    assert!(lives_after(2, false), "it is started again");
    assert!(!lives_after(3, false), "it is given up");
    assert!(lives_after(5, true), "one that has answered ends the row");
}

#[test]
fn faults_that_find_nothing_say_so() {
    let mut world = World::new(1, Config::new()).expect("it boots");
    for fault in [Fault::ProgramExit, Fault::ProgramWedge, Fault::ClientDeath] {
        assert!(!world.inject(fault), "{fault:?}");
    }
    assert!(!world.inject(Fault::SpawndCrash(CoreId(9))));
}

#[test]
fn a_trace_says_who_sent_what_to_whom() {
    let (mut world, _host) = world_with_a_wait(5);
    world.quiesce().expect("it comes to rest");
    let trace = world.trace().join("\n");
    for line in ["host 1@0 → proc_mgmt: spawn_call core 1", "proc_mgmt → spawnd.1/1: spawn_request"]
    {
        assert!(trace.contains(line), "{line} is in\n{trace}");
    }
}

#[test]
fn what_is_counted_grows() {
    let (mut world, _host) = world_with_a_wait(6);
    let before = world.stats();
    world.quiesce().expect("it comes to rest");
    let after = world.stats();
    assert!(after.steps > before.steps && after.received > before.received);
    assert_eq!((before.requests, after.requests), (0, 2), "a spawn and a wait");
}
