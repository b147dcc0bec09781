//! Steps about what the system refuses.

use flounder::{AnyBinding, Cap, CapError, CoreId, DomainId, ErrCode, Rights};
use flounder_domain::Program;
use flounder_idl::proc_mgmt::{Spawn, SpawnResponse};

use super::stage::module_program;
use super::{Outcome, Stage, StepError};

/// A domain that no system lives long enough to have.
const NEVER: DomainId = DomainId(1 << 60);

pub(super) async fn second_kill(stage: &Stage) -> Outcome {
    let victim = stage.spawn_holder("holder", stage.far_core(), 0).await?;
    stage.processes.kill(&victim.cap).await?;
    let again = stage.processes.kill(&victim.cap).await;
    stage.expect_code("a second kill", again, ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING)?;
    Ok(format!("{victim} was killed, then it was not running any more").into())
}

pub(super) async fn null_and_wrong_cap(stage: &Stage) -> Outcome {
    const WANT: ErrCode = ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH;
    let processes = &stage.processes;
    let holder = stage.spawn_holder("holder", stage.far_core(), 0).await?;
    let frame = stage.operator.home().holder().frame(1)?;
    let may_wait = holder.cap.copy_with(Rights::WAIT)?;
    let may_kill = holder.cap.copy_with(Rights::KILL)?;
    stage.expect_code("kill with the null cap", processes.kill(&Cap::NULL).await, WANT)?;
    stage.expect_code("wait with the null cap", processes.wait(&Cap::NULL).await, WANT)?;
    stage.expect_code("kill with a Frame", processes.kill(&frame).await, WANT)?;
    stage.expect_code("wait with a Frame", processes.wait(&frame).await, WANT)?;
    stage.expect_code("kill without KILL", processes.kill(&may_wait).await, WANT)?;
    stage.expect_code("wait without WAIT", processes.wait(&may_kill).await, WANT)?;
    let span = processes.span(&holder.cap, CoreId(0), Cap::NULL, Cap::NULL).await;
    stage.expect_code("span without SPAN", span, WANT)?;

    let more = may_wait.copy_with(Rights::WAIT | Rights::KILL).err();
    let is_refused = more == Some(CapError::MissingRights);
    stage.expect("a copy can't gain a right", is_refused, true)?;
    stage.listener.let_go(holder.id);
    stage.ends(&holder, 0).await?;
    Ok(format!("seven tries to touch {holder}, seven times {WANT}").into())
}

pub(super) async fn core_not_up(stage: &Stage) -> Outcome {
    let Some(core) = stage.absent_core() else {
        let child = stage.spawn(module_program("exit").arg("0").core(CoreId(u8::MAX))).await?;
        stage.ends(&child, 0).await?;
        return Ok("all 256 cores are up, so core 255 takes a program".into());
    };
    for core in [core, CoreId(254), CoreId(255)] {
        if usize::from(core.0) < usize::from(stage.cores) {
            continue;
        }
        let answer = stage.processes.spawn(module_program("exit").arg("0").core(core)).await;
        let what = format!("spawn on core {core}");
        stage.expect_code(&what, answer, ErrCode::PROC_MGMT_ERR_INVALID_SPAWND)?;
    }
    Ok(format!("core {core} has no spawnd, so nothing started there").into())
}

pub(super) async fn unknown_program(stage: &Stage) -> Outcome {
    for path in ["/modules/nobody", "/modules", "/no/such/file", "nobody"] {
        let answer = stage.processes.spawn(Program::new(path).core(stage.far_core())).await;
        stage.expect_code(path, answer, ErrCode::SPAWN_ERR_LOAD)?;
    }
    Ok("a module, a folder, a file and a bare name that aren't there".into())
}

pub(super) async fn unknown_id(stage: &Stage) -> Outcome {
    for domain in [NEVER, DomainId::NONE] {
        let answer = stage.processes.status(domain, None).await;
        let what = format!("the status of domain {domain}");
        stage.expect_code(&what, answer, ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND)?;
    }
    Ok(format!("nobody knows domain {NEVER}").into())
}

/// An impostor claims core 0, which is up, and a core that isn't. Neither claim does anything.
pub(super) async fn add_spawnd(stage: &Stage) -> Outcome {
    let settler = stage.spawn_holder("holder", CoreId(0), 7).await?;
    let absent = stage.absent_core();
    let claims = [CoreId(0)].into_iter().chain(absent);
    let program =
        claims.fold(module_program("impostor"), |program, core| program.arg(core.to_string()));
    let impostor = stage.spawn(program).await?;
    stage.listener.until_held(impostor.id).await;

    if let Some(core) = absent {
        let answer = stage.processes.spawn(module_program("exit").arg("0").core(core)).await;
        let what = format!("spawn on core {core}");
        stage.expect_code(&what, answer, ErrCode::PROC_MGMT_ERR_INVALID_SPAWND)?;
    }
    let child = stage.spawn(module_program("exit").arg("5")).await?;
    stage.ends(&child, 5).await?;
    stage.listener.let_go(settler.id);
    stage.ends(&settler, 7).await?;
    stage.listener.let_go(impostor.id);
    stage.hears(&impostor, "0").await?;
    stage.ends(&impostor, 0).await?;
    Ok(format!("{impostor} claimed to be a spawnd; nobody came, nothing changed").into())
}

pub(super) async fn malformed_environment(stage: &Stage) -> Outcome {
    let cases: [(&str, &[u8], &[u8]); 6] = [
        ("an argument without its NUL", b"exit\x000", b""),
        ("a variable without its NUL", b"exit\x000\0", b"A=1"),
        ("a variable without =", b"exit\x000\0", b"A\0"),
        ("a variable without a key", b"exit\x000\0", b"=1\0"),
        ("a variable twice", b"exit\x000\0", b"A=1\0A=2\0"),
        ("127 empty variables", b"exit\x000\0", &[0; 127]),
    ];
    for (what, argvbuf, envbuf) in cases {
        let answer = spawn_raw(stage, argvbuf, envbuf).await?;
        let got = answer.err.top().map_or("", ErrCode::name).to_owned();
        stage.expect(what, got, ErrCode::SPAWN_ERR_GET_CMDLINE_ARGS.name().to_owned())?;
        stage.expect("a refused spawn gives no cap", answer.domain_cap.is_null(), true)?;
    }
    Ok(format!("{} ways to write arguments wrong start nothing", cases.len()).into())
}

/// Spawns with these very bytes, which the client would never send.
async fn spawn_raw(
    stage: &Stage,
    argvbuf: &[u8],
    envbuf: &[u8],
) -> Result<SpawnResponse, StepError> {
    let request = Spawn {
        core: stage.far_core().0,
        path: "/modules/exit".into(),
        argvbuf: argvbuf.into(),
        envbuf: envbuf.into(),
        flags: 0,
    };
    Ok(stage.processes.binding().call(request).await?)
}
