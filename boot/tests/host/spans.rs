//! Processes that run on further cores.

use std::collections::BTreeSet;

use flounder::{Cap, CoreId, ErrCode, Rights};
use flounder_boot::{Modules, Operator, Output, System};
use flounder_domain::{Processes, Program};

use crate::support::{
    Folder, Pipe, both_ways, code, config, id_of, is_alive, script, status_line, with_system,
};

const HOME: CoreId = CoreId(1);
const AWAY: CoreId = CoreId(0);

fn waits(pipe: &Pipe) -> Program {
    let text = format!("echo $$ >'{}'; exec sleep 1000", pipe.path());
    script(text).core(HOME).spanned_by_spawner()
}

/// The domain's Dispatcher cap on the core where it was started.
fn dispatcher(operator: &Operator, domain: &Cap, home: CoreId) -> Cap {
    operator.home().holder().dispatcher(home, id_of(domain))
}

#[test]
fn a_span_gives_a_process_the_other_cores_cpu() {
    let folder = Folder::new("span");
    let config = config().output(Output::Null);
    let system = System::boot(config, Modules::new()).expect("the system boots");
    let cpus: BTreeSet<_> = system.layout().iter().filter_map(|layout| layout.cpu).collect();
    let operator = system.operator(AWAY).expect("core 0 is there");
    operator.block_on(async {
        let processes = operator.system().processes().await.expect("it is registered");
        let pipe = folder.pipe("pid");
        let domain = processes.spawn(waits(&pipe)).await.expect("it starts");
        let pid = pipe.hear_pids()[0];
        let own = dispatcher(&operator, &domain, HOME);
        assert_eq!(processes.span(&domain, AWAY, Cap::NULL, own).await, Ok(()));

        assert_eq!(listed(&status_line(pid, "Cpus_allowed_list")), cpus);
        let record = processes.status(id_of(&domain), None).await.expect("it is known");
        assert_eq!((record.core, record.cores), (HOME, 2));
        assert_eq!(processes.kill(&domain).await, Ok(()));
        assert!(!is_alive(pid));
    });
    drop(operator);
    assert!(system.shutdown().expect("nothing failed").is_clean());
}

/// The numbers of a list like `0-2,5`.
fn listed(list: &str) -> BTreeSet<usize> {
    let ranges = list.split(',').map(|range| range.split_once('-').unwrap_or((range, range)));
    let number = |text: &str| text.parse::<usize>().expect("it is a number");
    ranges.flat_map(|(first, last)| number(first)..=number(last)).collect()
}

#[test]
fn spans_that_are_refused_change_nothing() {
    type Asks = fn(&Operator, &Cap) -> (Cap, CoreId, Cap, Cap);
    let table: [(&str, Asks, ErrCode); 5] = [
        (
            "a weaker cap",
            |operator, domain| {
                let weak = domain.copy_with(Rights::WAIT).expect("it has that");
                (weak, AWAY, Cap::NULL, dispatcher(operator, domain, HOME))
            },
            ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH,
        ),
        (
            "a core where it is",
            |operator, domain| (copy(domain), HOME, Cap::NULL, dispatcher(operator, domain, HOME)),
            ErrCode::PROC_MGMT_ERR_ALREADY_SPANNED,
        ),
        (
            "a core that isn't there",
            |operator, domain| {
                (copy(domain), CoreId(9), Cap::NULL, dispatcher(operator, domain, HOME))
            },
            ErrCode::PROC_MGMT_ERR_INVALID_SPAWND,
        ),
        (
            "a Dispatcher where it wasn't started",
            |operator, domain| (copy(domain), AWAY, Cap::NULL, dispatcher(operator, domain, AWAY)),
            ErrCode::SPAWN_ERR_SPAN,
        ),
        (
            "no Dispatcher",
            |_, domain| (copy(domain), AWAY, Cap::NULL, Cap::NULL),
            ErrCode::SPAWN_ERR_SPAN,
        ),
    ];
    let folder = Folder::new("refused span");
    with_system(config().output(Output::Null), async |operator, processes| {
        let pipe = folder.pipe("pid");
        let domain = processes.spawn(waits(&pipe)).await.expect("it starts");
        let cpus = status_line(pipe.hear_pids()[0], "Cpus_allowed_list");
        for (what, asks, expected) in table {
            let (cap, core, vroot, dispframe) = asks(operator, &domain);
            let answer = processes.span(&cap, core, vroot, dispframe).await;
            assert_eq!(code(answer), Some(expected), "{what}");
        }
        let record = processes.status(id_of(&domain), None).await.expect("it is known");
        assert_eq!(record.cores, 1);
        let text = format!("echo $$ >'{}'; exec sleep 1000", pipe.path());
        let other = processes.spawn(script(text).core(HOME)).await.expect("it starts");
        assert_eq!(status_line(pipe.hear_pids()[0], "Cpus_allowed_list"), cpus);
        let own = dispatcher(operator, &other, HOME);
        let unasked = code(processes.span(&other, AWAY, Cap::NULL, own).await);
        assert_eq!(unasked, Some(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH), "a spawner by default");
    });
}

fn copy(domain: &Cap) -> Cap {
    domain.copy().expect("it is usable")
}

#[test]
fn a_spanned_process_ends_everywhere() {
    for (how, config) in both_ways() {
        let folder = Folder::new(&format!("ends {how}"));
        with_system(config.output(Output::Null), async |operator, processes| {
            for (text, status) in [("exit 6", 6), ("kill -TERM $$", 143)] {
                let (pipe, go) = (folder.pipe(text), folder.pipe(&format!("{text} go")));
                let text = format!("echo $$ >'{}'; cat '{}'; {text}", pipe.path(), go.path());
                let program = script(&text).core(HOME).spanned_by_spawner();
                let domain = processes.spawn(program).await.expect("it starts");
                pipe.hear();
                span(operator, processes, &domain).await;
                std::fs::write(go.path(), "").expect("somebody reads");
                assert_eq!(processes.wait(&domain).await, Ok(status), "{text} {how}");
                let own = dispatcher(operator, &domain, HOME);
                let late = code(processes.span(&domain, AWAY, Cap::NULL, own).await);
                assert_eq!(late, Some(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING), "{text} {how}");
            }
        });
    }
}

async fn span(operator: &Operator, processes: &Processes, domain: &Cap) {
    let own = dispatcher(operator, domain, HOME);
    assert_eq!(processes.span(domain, AWAY, Cap::NULL, own).await, Ok(()));
}
