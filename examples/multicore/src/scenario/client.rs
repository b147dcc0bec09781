//! A client at work: turns a call into the message that says it, and the reply into an answer. The
//! messages are sent as they are, past the checks of the client library: a scenario may be wrong.

use flounder::{AnyBinding, BindOptions, Cap, CapError, CoreId, DomainId, ErrCode, ErrVal, Holder};
use flounder::{RpcError, Transfer};
use flounder_domain::Processes;
use flounder_domain::convert::endpoint_of;
use flounder_idl::proc_mgmt::{
    Exit, GetDomainlist, GetStatus, GetStatusResponse, Interface, Kill, Span, Spawn, SpawnWithCaps,
    Wait,
};
use flounder_idl::types::{DomainState, ExitCause};
use serde_json::Value;

use super::answer::Answer;
use super::calls::{Call, CapName, DomainName, Launch};

/// What the Frame of a new dispatcher must hold.
const PAGE_BYTES: usize = 4096;

/// Who asks.
pub(crate) struct Asker {
    pub(crate) processes: Processes,
    pub(crate) holder: Holder,
    pub(crate) core: CoreId,
    /// Its domain; none of an operator.
    pub(crate) domain: DomainId,
    /// The domain's own cap.
    pub(crate) own: Cap,
}

/// The caps that a call names, in the order of [`Call::caps`]; null for those that the client makes.
pub(crate) type Presented = Vec<Cap>;

/// What a client heard, and the cap it was given, or null.
pub(crate) type Heard = (Answer, Cap);

/// Why there is no answer that a message brought.
#[derive(Debug)]
enum Unsaid {
    Rpc(RpcError),
    Cap(CapError),
}

impl From<RpcError> for Unsaid {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl From<CapError> for Unsaid {
    fn from(error: CapError) -> Self {
        Self::Cap(error)
    }
}

/// Does what a call says, which concerns the process manager.
pub(crate) async fn perform(asker: &Asker, call: &Call, presented: Presented) -> Heard {
    match asker.ask(call, presented).await {
        Ok(heard) => heard,
        Err(Unsaid::Rpc(error)) => (Answer::of(error.code().into()), Cap::NULL),
        Err(Unsaid::Cap(error)) => (Answer::of(error.into()), Cap::NULL),
    }
}

impl Asker {
    async fn ask(&self, call: &Call, presented: Presented) -> Result<Heard, Unsaid> {
        let mut caps = self.caps(call, presented)?.into_iter();
        let mut cap = || caps.next().unwrap_or(Cap::NULL);
        let binding = self.processes.binding();
        let answer = match call {
            Call::Spawn(launch) => return self.spawn(launch, cap(), cap()).await,
            Call::Span { core, .. } => {
                let (domain_cap, vroot, dispframe) = (cap(), cap(), cap());
                let span = Span { domain_cap, core: core.0, vroot, dispframe };
                Answer::of(binding.call(span).await?.err)
            }
            Call::Kill { .. } => Answer::of(binding.call(Kill { domain_cap: cap() }).await?.err),
            Call::Exit { status, .. } => {
                let exit = Exit { domain_cap: cap(), status: *status };
                let sent = binding.send_when_room(exit).await;
                Answer::of(sent.map_or(ErrCode::FLOUNDER_ERR_PEER_CLOSED.into(), |()| ErrVal::OK))
            }
            Call::Wait { nohang, .. } => {
                let wait = Wait { domain_cap: cap(), nohang: *nohang };
                let reply = binding.call(wait).await?;
                Answer::of(reply.err).with("status", reply.status)
            }
            Call::Status { domain, .. } => {
                let status = GetStatus { domain: number(domain), domain_cap: cap() };
                status_of(binding.call(status).await?)
            }
            Call::List { after } => self.list(number(after)).await?,
            Call::Copy { .. } | Call::Revoke { .. } | Call::Drop { .. } | Call::Close => {
                unreachable!("{} is not asked of the process manager", call.word())
            }
        };
        Ok((answer, Cap::NULL))
    }

    async fn spawn(
        &self,
        launch: &Launch,
        inheritcn_cap: Cap,
        argcn_cap: Cap,
    ) -> Result<Heard, Unsaid> {
        let Launch { core: CoreId(core), path, argvbuf, envbuf, flags, .. } = launch.clone();
        let binding = self.processes.binding();
        let (err, cap) = if inheritcn_cap.is_null() && argcn_cap.is_null() {
            let reply = binding.call(Spawn { core, path, argvbuf, envbuf, flags }).await?;
            (reply.err, reply.domain_cap)
        } else {
            let spawn =
                SpawnWithCaps { core, path, argvbuf, envbuf, inheritcn_cap, argcn_cap, flags };
            let reply = binding.call(spawn).await?;
            (reply.err, reply.domain_cap)
        };
        let domain = cap.identify().ok().and_then(|info| info.domain);
        let mut answer = Answer::of(err);
        answer.set("domain", domain.map_or(Value::Null, |domain| domain.0.into()));
        Ok((answer, cap))
    }

    async fn list(&self, mut after: u64) -> Result<Answer, Unsaid> {
        let mut domains: Vec<u64> = Vec::new();
        loop {
            let page = self.processes.binding().call(GetDomainlist { after }).await?;
            domains.extend_from_slice(&page.domains);
            match page.domains.last() {
                Some(&last) if page.more => after = last,
                _ => return Ok(Answer::of(ErrVal::OK).with("domains", domains)),
            }
        }
    }

    /// The caps of a call in the client's hands: those it was handed, and those it makes.
    fn caps(&self, call: &Call, presented: Presented) -> Result<Vec<Cap>, CapError> {
        let names = call.caps().into_iter();
        names.zip(presented).map(|(name, handed)| self.cap(name, handed)).collect()
    }

    fn cap(&self, name: &CapName, handed: Cap) -> Result<Cap, CapError> {
        let holder = &self.holder;
        Ok(match name {
            CapName::Given(_) | CapName::ProcessManager => {
                handed.transfer(Transfer::Move, holder).map_err(|(_, error)| error)?
            }
            CapName::Own if self.own.is_null() => Cap::NULL,
            CapName::Own => self.own.copy()?,
            CapName::Null => Cap::NULL,
            CapName::Frame => holder.frame(PAGE_BYTES)?,
            CapName::SmallFrame => holder.frame(PAGE_BYTES - 1)?,
            CapName::CNode => holder.cnode(),
            CapName::VNode => holder.vnode(self.domain),
            CapName::Dispatcher => holder.dispatcher(self.core, self.domain),
            CapName::EndPoint => {
                let (half, _) = flounder::pair::<Interface>(BindOptions::new());
                endpoint_of(half, holder)
            }
        })
    }
}

/// The number of a domain; whoever plays a scenario has looked names up.
fn number(domain: &DomainName) -> u64 {
    match domain {
        DomainName::Number(number) => *number,
        DomainName::Of(_) => DomainId::NONE.0,
    }
}

fn status_of(reply: GetStatusResponse) -> Answer {
    let entry = reply.entry;
    let argv = reply.argvbuf.strip_suffix(&[0]).map_or_else(Vec::new, |buffer| {
        let strings = buffer.split(|&byte| byte == 0);
        strings.map(|string| String::from_utf8_lossy(string).into_owned()).collect()
    });
    Answer::of(reply.err)
        .with("domain", entry.domain)
        .with("state", state(entry.state))
        .with("cause", cause(entry.cause))
        .with("status", entry.status)
        .with("core", entry.core)
        .with("cores", entry.cores)
        .with("wedged", entry.wedged)
        .with("program", reply.program)
        .with("argv", argv)
}

fn state(state: DomainState) -> &'static str {
    match state {
        DomainState::Nil => "nil",
        DomainState::Running => "running",
        DomainState::StopPend => "stop_pend",
        DomainState::Stopped => "stopped",
        DomainState::Cleaned => "cleaned",
    }
}

fn cause(cause: ExitCause) -> &'static str {
    match cause {
        ExitCause::None => "none",
        ExitCause::Exited => "exited",
        ExitCause::Killed => "killed",
        ExitCause::Crashed => "crashed",
        ExitCause::CoreLost => "core_lost",
    }
}
