//! Spawning with the builder: blocking and awaiting are the same call, and errors name what they are
//! about.

use std::future::pending;
use std::time::Duration;

use flounder::{CoreId, ErrCode, RpcError};
use flounder_boot::{Config, Modules, System};
use flounder_domain::{
    ChildError, Env, ExitStatus, NameError, ProcessError, ReachError, Spawn, Waited, Why,
};
use flounder_idl::nameservice::{Interface, RxVtbl};

fn modules() -> Modules {
    Modules::new()
        .blocking("parent", |env: Env| {
            let child = Spawn::program("exit").arg("5").core(CoreId(1)).start(&env).block();
            ExitStatus(child.expect("it starts").wait().block().expect("it ends"))
        })
        .asynchronous("async parent", async |env: Env| {
            let child = Spawn::program("exit").arg("6").start(&env).await.expect("it starts");
            ExitStatus(child.wait().await.expect("it ends"))
        })
        .asynchronous("exit", async |env: Env| {
            let status = env.arg(1).and_then(|arg| arg.parse().ok());
            ExitStatus(status.expect("a number"))
        })
        .asynchronous("reader", async |env: Env| {
            let flounder::platform::Entry::Main { argcn, .. } = env.entry() else {
                return ExitStatus::FAILURE;
            };
            let (mut bytes, frame) = ([0; 1], argcn.copy_from(1).expect("the second cap"));
            frame.read_at(0, &mut bytes).expect("it is a Frame");
            ExitStatus(bytes[0])
        })
        .asynchronous("waits", async |_: Env| pending().await)
}

fn boot() -> System {
    let config = Config::new().cores(2.try_into().expect("two"));
    System::boot(config, modules()).expect("the system boots")
}

#[test]
fn blocking_and_awaiting_are_the_same_call() {
    let system = boot();
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    for (name, status) in [("parent", 5), ("async parent", 6)] {
        let child = Spawn::program(name).start(&operator).block().expect("it starts");
        assert_eq!(child.wait().block(), Ok(status), "{name}");
        let again = operator.block_on(async { child.wait().await });
        assert_eq!(again, Ok(status), "{name}");
    }
    let child = Spawn::program("waits").core(CoreId(1)).start(&operator).block().expect("starts");
    assert_eq!(child.try_wait().block(), Ok(Waited::Alive));
    assert_eq!(child.status().block().map(|status| status.core), Ok(CoreId(1)));
    assert_eq!(child.kill().block(), Ok(()));
    assert_eq!(child.wait().block(), Ok(9));
    drop(child);
    drop(operator);
    assert!(system.shutdown().expect("nothing failed").is_clean());
}

#[test]
fn caps_are_in_slots_in_their_order() {
    let system = boot();
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    let holder = operator.home().holder();
    let (first, second) = (holder.frame(1).expect("one"), holder.frame(1).expect("two"));
    second.write_at(0, &[77]).expect("it is ours");
    let child = Spawn::program("reader").cap(first).cap(second).start(&operator).block();
    assert_eq!(child.expect("it starts").wait().block(), Ok(77));
    drop(operator);
    assert!(system.shutdown().expect("nothing failed").is_clean());
}

#[test]
fn errors_name_the_program_the_core_and_the_domain() {
    let system = boot();
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    let nobody = Spawn::program("nobody").core(CoreId(1)).start(&operator).block();
    let error = nobody.expect_err("there is no such program");
    assert_eq!(
        error.to_string(),
        "can't start `nobody` on core 1: the process manager refused: SPAWN_ERR_LOAD"
    );
    let child = Spawn::program("exit").arg("0").start(&operator).block().expect("it starts");
    assert_eq!(child.wait().block(), Ok(0));
    let error = child.kill().block().expect_err("it has ended");
    let id = child.id();
    assert_eq!(
        error.to_string(),
        format!(
            "can't kill domain {id} (`exit` on core 0): the process manager refused: \
             PROC_MGMT_ERR_DOMAIN_NOT_RUNNING"
        )
    );
    let ChildError::NotDone { why: Why::Process(ProcessError::Refused(err)), .. } = error else {
        panic!("{error:?}");
    };
    assert!(err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING));
    drop(child);
    drop(operator);
    assert!(system.shutdown().expect("nothing failed").is_clean());
}

#[test]
fn waiting_for_a_name_ends_at_the_deadline_and_leaves_nothing_behind() {
    let system = boot();
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    operator.block_on(async {
        let names = operator.system().names().await.expect("it is there");
        let waitset = operator.home().waitset();
        // More often than one client may wait.
        for _ in 0..=flounder_monitor::WAITS_PER_CLIENT_MAX {
            let deadline = waitset.now() + Duration::from_micros(100);
            let late = names.wait_for_until("never", deadline).await;
            assert_eq!(late, Err(NameError::Rpc(RpcError::TimedOut)));
        }
        let far = waitset.now() + Duration::from_secs(3_600);
        assert!(names.wait_for_until("proc_mgmt", far).await.is_ok());

        let dispatcher = operator.dispatcher(());
        let (ctx, system) = (dispatcher.ctx(), operator.system());
        let unhandled = &RxVtbl::UNHANDLED;
        let deadline = waitset.now();
        let bound = system.bind_until::<Interface, ()>(&ctx, "never", unhandled, deadline).await;
        let error = bound.map(drop).expect_err("nobody has that name");
        assert_eq!(error, ReachError::Name(NameError::Rpc(RpcError::TimedOut)));
    });
    drop(operator);
    assert!(system.shutdown().expect("nothing failed").is_clean());
}
