//! Where a step plays: the operator's view of the system, and what most steps do with it.

use std::cell::Cell;
use std::fmt::{self, Display};
use std::time::Duration;

use flounder::{Cap, CoreId, DomainId, ErrCode, Time};
use flounder_boot::{CoreLayout, Operator, System};
use flounder_domain::{NameService, ProcessError, Processes, Program};
use flounder_idl::types::ExitCause;

use super::answer::{Answer, StepError};
use super::{Outcome, Step, code_name};
use crate::listener::{Listener, Note};
use flounder_multicore::together::in_time;

/// How long a step may take. It takes milliseconds; a lost message must not keep a test for ever, and
/// a busy machine must not fail one.
const STEP_TIME_MAX: Duration = Duration::from_secs(60);

/// Where a step plays.
pub(crate) struct Stage {
    pub(crate) operator: Operator,
    pub(crate) processes: Processes,
    pub(crate) names: NameService,
    pub(crate) listener: Listener,
    /// How many cores there are.
    pub(crate) cores: u16,
    /// Whether this process has a guard.
    pub(crate) guarded: bool,
    /// Where they are.
    pub(crate) layout: Vec<CoreLayout>,
    /// Whether the next answer is heard wrong.
    hears_wrong: Cell<bool>,
}

/// A domain that a step spawned.
pub(crate) struct Child {
    pub(crate) id: DomainId,
    pub(crate) cap: Cap,
}

impl Display for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "domain {}", self.id)
    }
}

impl Stage {
    /// Sets the stage: binds to the services and registers the witness.
    pub(crate) fn set(system: &System) -> Result<Self, StepError> {
        let layout = system.layout().to_vec();
        let operator = system.operator(CoreId(0))?;
        let (processes, names, listener) = operator.block_on(async {
            let system = operator.system();
            let listener = Listener::serve(&operator).await?;
            Ok::<_, StepError>((system.processes().await?, system.names().await?, listener))
        })?;
        let cores = u16::try_from(layout.len()).unwrap_or(u16::MAX);
        let hears_wrong = Cell::new(false);
        let guarded = system.containment().guarded;
        Ok(Self { operator, processes, names, listener, cores, guarded, layout, hears_wrong })
    }

    /// Plays a step and tells how long it took. One that `hears_wrong` gets its first answer wrong.
    pub(crate) fn play(&self, step: &Step, hears_wrong: bool) -> (Outcome, Duration) {
        self.hears_wrong.set(hears_wrong);
        let start = self.now();
        let outcome = self.operator.block_on(self.in_time((step.play)(self)));
        self.listener.forget();
        (outcome, self.now() - start)
    }

    async fn in_time(&self, playing: impl Future<Output = Outcome>) -> Outcome {
        let late = self.operator.home().waitset().sleep(STEP_TIME_MAX);
        in_time(late, playing).await.unwrap_or(Err(StepError::Late(STEP_TIME_MAX)))
    }

    /// The present time.
    pub(crate) fn now(&self) -> Time {
        self.operator.home().waitset().now()
    }

    /// The cores in ascending order.
    pub(crate) fn core_ids(&self) -> impl Iterator<Item = CoreId> + Clone + use<> {
        (0..=u8::MAX).map(CoreId).take(self.cores.into())
    }

    /// The core farthest from the operator's: the last one.
    pub(crate) fn far_core(&self) -> CoreId {
        self.core_ids().last().unwrap_or(CoreId(0))
    }

    /// A core number that no core has; `None` if every number has one.
    pub(crate) fn absent_core(&self) -> Option<CoreId> {
        u8::try_from(self.cores).ok().map(CoreId)
    }

    /// Spawns a program.
    pub(crate) async fn spawn(&self, program: Program) -> Result<Child, StepError> {
        let cap = self.processes.spawn(program).await?;
        let id = cap.identify()?.domain.unwrap_or(DomainId::NONE);
        Ok(Child { id, cap })
    }

    /// Spawns a program that holds until it is let go and then exits with `status`, and returns
    /// when it holds.
    pub(crate) async fn spawn_holder(
        &self,
        module: &str,
        core: CoreId,
        status: u8,
    ) -> Result<Child, StepError> {
        let program = module_program(module).arg(status.to_string()).core(core);
        let child = self.spawn(program).await?;
        self.listener.until_held(child.id).await;
        Ok(child)
    }

    /// The next thing that a domain tells.
    pub(crate) async fn hear(&self, child: &Child) -> Note {
        self.listener.hear(child.id).await
    }

    /// Expects the next thing that a domain tells.
    pub(crate) async fn hears(&self, child: &Child, want: &str) -> Result<(), StepError> {
        let note = self.hear(child).await;
        self.expect(&format_args!("what {child} told"), note.what, want.to_owned())
    }

    /// Waits for a domain and expects its status.
    pub(crate) async fn ends(&self, child: &Child, want: u8) -> Result<(), StepError> {
        let got = self.processes.wait(&child.cap).await?;
        self.expect(&format_args!("the status of {child}"), got, want)
    }

    /// Expects what the process manager has on record of a domain that has ended.
    pub(crate) async fn record(
        &self,
        child: &Child,
        want: (ExitCause, u8),
    ) -> Result<(), StepError> {
        let status = self.processes.status(child.id, None).await?;
        let got = (status.cause, status.status);
        self.expect(&format_args!("the record of {child}"), got, want)
    }

    /// Expects an answer of the process manager by the code it says.
    pub(crate) fn expect_code<T>(
        &self,
        what: &(impl Display + ?Sized),
        answer: Result<T, ProcessError>,
        want: ErrCode,
    ) -> Result<(), StepError> {
        let got = code_name(&answer.map_err(|error| error.errval()));
        self.expect(what, got, want.name().to_owned())
    }

    /// Expects what was heard. All that a step compares goes through here.
    pub(crate) fn expect<T: Answer>(
        &self,
        what: &(impl Display + ?Sized),
        got: T,
        want: T,
    ) -> Result<(), StepError> {
        let heard = if self.hears_wrong.take() { got.falsified() } else { got };
        match (heard, want) {
            (heard, want) if heard == want => Ok(()),
            (heard, want) => Err(StepError::Wrong {
                what: what.to_string(),
                got: format!("{heard:?}"),
                want: format!("{want:?}"),
            }),
        }
    }
}

/// The program of a module.
pub(crate) fn module_program(name: &str) -> Program {
    Program::new(format!("/modules/{name}"))
}
