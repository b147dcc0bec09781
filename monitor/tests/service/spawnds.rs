//! The watch over spawnds, what monitor 0 tells the process manager, and how the system stops.

use std::time::Duration;

use flounder::platform::{ServiceEvent, ServiceKind};
use flounder::{CoreId, DomainId};
use flounder_monitor::{Command, SURVIVORS_PER_MESSAGE_MAX, WatchConfig};

use crate::system::{System, WEDGED};

/// How monitors watch here.
const WATCH: WatchConfig = WatchConfig::new();

/// Less than anything takes.
const MOMENT: Duration = Duration::from_millis(1);

/// A moment less.
fn just_before(span: Duration) -> Duration {
    span.checked_sub(MOMENT).expect("nothing is that short")
}

fn spawnd_ended(survivors: usize) -> ServiceEvent {
    let survivors = (1..=survivors as u64).map(DomainId).collect();
    ServiceEvent::Ended { service: ServiceKind::Spawnd, generation: 1, survivors }
}

#[test]
fn a_spawnds_end_and_its_survivors_are_told_once_the_grace_time_is_over() {
    for core in [0, 2] {
        let system = System::boot(3);
        system.news();
        let event = spawnd_ended(SURVIVORS_PER_MESSAGE_MAX + 2);
        system.service_event(core, ServiceKind::Spawnd, event);
        let ended = |domain| ServiceEvent::SurvivorEnded { domain: DomainId(domain) };
        system.service_event(core, ServiceKind::Spawnd, ended(9));
        system.pass(just_before(WATCH.grace));
        assert_eq!(system.news(), [""; 0], "the others may end yet");
        system.pass(MOMENT);
        system.service_event(core, ServiceKind::Spawnd, ended(7));
        assert_eq!(
            system.news(),
            [
                format!("remove {core} life 1: 256 survive, more"),
                format!("remove {core} life 1: 1 survive"),
                format!("7 ended on {core}"),
            ]
        );
    }
}

#[test]
fn another_spawnd_comes_up_after_a_while() {
    let system = System::boot(2);
    system.news();
    for generation in 1..=3 {
        let end =
            ServiceEvent::Ended { service: ServiceKind::Spawnd, generation, survivors: vec![] };
        system.service_event(1, ServiceKind::Spawnd, end);
        assert_eq!(system.news(), [format!("remove 1 life {generation}: 0 survive")]);
        let backoff = WATCH.backoff_first * (1 << (generation - 1));
        system.pass(just_before(backoff));
        assert_eq!(system.news(), [""; 0], "a crash loop costs little");
        system.pass(MOMENT);
        let news = system.news();
        let next = generation + 1;
        assert!(news[0].starts_with(&format!("add 1 life {next} at ")), "{news:?}");
        let last = system.platforms[1].order.borrow().last().copied();
        assert_eq!(last, Some((ServiceKind::Spawnd, next)));
    }
}

#[test]
fn a_core_whose_spawnds_all_fail_stays_without() {
    let system = System::boot(1);
    for generation in 1..=u64::from(WATCH.restarts_max) + 1 {
        let end =
            ServiceEvent::Ended { service: ServiceKind::Spawnd, generation, survivors: vec![] };
        system.service_event(0, ServiceKind::Spawnd, end);
        let is_last = generation > WATCH.restarts_max.into();
        assert_eq!(system.platforms[0].given_up.get().is_some(), is_last, "{generation}");
        system.pass(WATCH.backoff_max);
    }
    let started = system.platforms[0].order.borrow().len();
    system.pass(WATCH.backoff_max * 100);
    assert_eq!(system.platforms[0].order.borrow().len(), started);
}

#[test]
fn a_spawnd_that_answers_its_heartbeats_is_left_alone() {
    let system = System::boot(2);
    for _ in 0..100 {
        system.pass(WATCH.heartbeat_period);
    }
    assert!(system.platforms.iter().all(|platform| platform.fenced.borrow().is_empty()));
}

#[test]
fn one_that_does_not_is_ended_when_its_time_is_over() {
    let system = System::boot(2);
    system.command(CoreId(1), Command::IgnoreHeartbeats);
    system.settle();
    for _ in 0..WATCH.heartbeats_missed_max {
        system.pass(WATCH.heartbeat_period);
        assert!(system.platforms[1].fenced.borrow().is_empty());
    }
    system.pass(WATCH.heartbeat_period);
    assert_eq!(*system.platforms[1].fenced.borrow(), [(ServiceKind::Spawnd, 1)]);
    assert!(system.platforms[0].fenced.borrow().is_empty(), "the other answers");
}

#[test]
fn a_spawnd_that_closes_its_binding_is_ended() {
    let system = System::boot(1);
    let started = system.platforms[0].started.borrow_mut().remove(&ServiceKind::Spawnd);
    drop(started);
    system.settle();
    assert_eq!(*system.platforms[0].fenced.borrow(), [(ServiceKind::Spawnd, 1)]);
}

#[test]
fn the_process_manager_has_spawnds_ended() {
    let system = System::boot(3);
    for (core, generation) in [(0, 1), (2, 1), (1, 9), (77, 1)] {
        system.has_fenced(core, generation);
    }
    let fenced = |core: usize| system.platforms[core].fenced.borrow().clone();
    assert_eq!(fenced(0), [(ServiceKind::Spawnd, 1)]);
    assert_eq!(fenced(1), [], "another generation than it means");
    assert_eq!(fenced(2), [(ServiceKind::Spawnd, 1)]);
}

#[test]
fn news_wait_in_order_for_a_process_manager_that_is_slow() {
    const PARTS: usize = 400;
    for core in [0, 1] {
        let system = System::boot(2);
        system.news();
        let event = spawnd_ended(PARTS * SURVIVORS_PER_MESSAGE_MAX);
        system.service_event(core, ServiceKind::Spawnd, event);
        system.pass(WATCH.grace);
        let mut expected = vec![format!("remove {core} life 1: 256 survive, more"); PARTS - 1];
        expected.push(format!("remove {core} life 1: 256 survive"));
        assert_eq!(system.news(), expected);
    }
}

#[test]
fn the_system_stops_once_the_process_manager_says_so() {
    let system = System::boot(2);
    system.news();
    for _ in 0..2 {
        system.command(CoreId(0), Command::Shutdown);
        system.settle();
    }
    assert_eq!(system.news(), ["shutdown"], "asked once");
    assert_eq!(system.platforms[0].stopped.get(), Some(WEDGED));
}

#[test]
fn the_system_stops_without_a_process_manager_too() {
    let proc_mgmt = ServiceKind::ProcMgmt;
    let ended = ServiceEvent::Ended { service: proc_mgmt, generation: 1, survivors: Vec::new() };
    let ends: [&dyn Fn(&System); 2] =
        [&|system| system.service_event(0, proc_mgmt, ended.clone()), &|system| {
            drop(system.platforms[0].started.borrow_mut().remove(&proc_mgmt));
        }];
    for end in ends {
        let system = System::boot(1);
        end(&system);
        system.settle();
        system.command(CoreId(0), Command::Shutdown);
        system.settle();
        assert_eq!(system.platforms[0].stopped.get(), Some(0));
    }
}

#[test]
fn only_monitor_0_stops_the_system() {
    let system = System::boot(2);
    system.command(CoreId(1), Command::Shutdown);
    system.settle();
    assert_eq!(system.platforms[1].stopped.get(), None);
}
