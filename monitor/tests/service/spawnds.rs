//! What monitor 0 tells the process manager, and how the system stops.

use flounder::platform::{ServiceEvent, ServiceKind};
use flounder::{CoreId, DomainId};
use flounder_monitor::{Command, SURVIVORS_PER_MESSAGE_MAX};

use crate::system::{System, WEDGED};

fn spawnd_ended(survivors: usize) -> ServiceEvent {
    let survivors = (1..=survivors as u64).map(DomainId).collect();
    ServiceEvent::Ended { service: ServiceKind::Spawnd, generation: 1, survivors }
}

#[test]
fn a_spawnds_end_and_its_survivors_are_told() {
    let system = System::boot(3);
    system.news();
    for core in [0, 2] {
        let event = spawnd_ended(SURVIVORS_PER_MESSAGE_MAX + 1);
        system.service_event(core, ServiceKind::Spawnd, event);
        let ended = ServiceEvent::SurvivorEnded { domain: DomainId(7) };
        system.service_event(core, ServiceKind::Spawnd, ended);
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
fn news_wait_in_order_for_a_process_manager_that_is_slow() {
    const PARTS: usize = 400;
    let system = System::boot(2);
    system.news();
    for core in [0, 1] {
        let event = spawnd_ended(PARTS * SURVIVORS_PER_MESSAGE_MAX);
        system.service_event(core, ServiceKind::Spawnd, event);
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
