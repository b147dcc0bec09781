//! Plays a scenario line by line: boots a system, has the clients ask, compares what they hear.

mod canaries;
mod props;
mod quiet;
mod table;

use std::collections::BTreeMap;
use std::rc::Rc;

use flounder::{Cap, CoreId, DomainId, ErrVal, Transfer};
use flounder_boot::{Config, Operator, System};
use flounder_domain::Program;
use serde_json::{Value, json};

use super::Failure;
use super::answer::Answer;
use super::calls::{Call, CapName, DomainName};
use super::client::{Asker, perform};
use super::line::{Ask, Expect, Line, Mishap, Scenario, Step};
use super::parse::OPERATOR;
use super::programs::{Answering, Job, Wings, modules};
use super::troupe::Troupe;
use canaries::Canaries;
use props::Props;

/// Plays a scenario.
///
/// # Errors
///
/// The first line whose answer is another one, or that has none in time.
pub(super) fn direct(
    scenario: &Scenario,
    config: Config,
    print: &mut dyn FnMut(&Value),
) -> Result<(), Failure> {
    let wings = Wings::default();
    let settings = &scenario.system;
    let mut config = config.cores(settings.cores).grace(settings.grace);
    if let Some(period) = settings.heartbeat {
        config = config.heartbeat_period(period);
    }
    if let Some(max) = settings.domains_per_client_max {
        config = config.domains_per_client_max(max);
    }
    if let Some(max) = settings.waits_per_client_max {
        config = config.waits_per_client_max(max);
    }
    let modules = modules(crate::programs::modules(), &wings);
    let system = System::boot(config, modules).map_err(Failure::system)?;
    let played = play(scenario, &system, &wings, print);
    wings.gate.release();
    system.shutdown().map_err(Failure::system)?;
    played
}

fn play(
    scenario: &Scenario,
    system: &System,
    wings: &Wings,
    print: &mut dyn FnMut(&Value),
) -> Result<(), Failure> {
    let operator = system.operator(CoreId(0)).map_err(Failure::system)?;
    let troupe = Troupe::gather(&operator, wings);
    operator.block_on(async {
        let mut director = Director::new(scenario, (system, &operator), troupe, wings).await?;
        for line in &scenario.lines {
            director.line(line, print).await?;
        }
        director.end(print).await
    })
}

/// An answer that is still to come.
struct Open {
    client: String,
    word: &'static str,
    name: Option<String>,
    gives_cap: bool,
    /// The domain that is waited for.
    waits_for: Option<DomainId>,
    expect: Expect,
}

pub(super) struct Director<'a> {
    scenario: &'a Scenario,
    system: &'a System,
    operator: &'a Operator,
    wings: &'a Wings,
    /// The operator as a client.
    asker: Rc<Asker>,
    troupe: Troupe,
    /// Clients that no line spawned, with the caps that keep their records.
    clients: BTreeMap<String, (DomainId, Cap)>,
    /// What tells that a core's spawnd is gone, and that another is there.
    canaries: Canaries,
    props: Props,
    open: BTreeMap<usize, Open>,
}

impl<'a> Director<'a> {
    pub(super) async fn new(
        scenario: &'a Scenario,
        (system, operator): (&'a System, &'a Operator),
        troupe: Troupe,
        wings: &'a Wings,
    ) -> Result<Self, Failure> {
        let processes = operator.system().processes().await.map_err(Failure::system)?;
        let asker = Rc::new(Asker {
            processes,
            holder: operator.home().holder().clone(),
            core: operator.core(),
            domain: DomainId::NONE,
            own: Cap::NULL,
        });
        let canaries = Canaries::of(scenario, &asker.processes).await.map_err(Failure::system)?;
        let (clients, props, open) = (BTreeMap::new(), Props::default(), BTreeMap::new());
        Ok(Self {
            scenario,
            system,
            operator,
            wings,
            asker,
            troupe,
            clients,
            canaries,
            props,
            open,
        })
    }

    pub(super) async fn line(
        &mut self,
        line: &Line,
        print: &mut dyn FnMut(&Value),
    ) -> Result<(), Failure> {
        match &line.step {
            Step::Ask(ask) => self.ask(line, ask, print).await,
            Step::Quiesce => self.quiesce(line, print).await,
            Step::Await { name } => {
                let is = |open: &&Open| open.name.as_deref() == Some(name);
                let asked = self.open.iter().find(|(_, open)| is(open)).map(|(&line, _)| line);
                match asked {
                    Some(asked) => self.finish(asked, Some(line), print).await,
                    None => Err(stuck(line.number, "it was answered and told before")),
                }
            }
            Step::Release => {
                self.wings.gate.release();
                Ok(())
            }
            Step::Spawnd { core, what } => {
                match what {
                    Mishap::Crash => self.system.crash_spawnd(*core),
                    Mishap::Hang => self.system.hang_spawnd(*core),
                }
                self.canaries.in_danger(*core);
                print(&json!({"line": line.number, "core": core.0, "spawnd": what.word()}));
                Ok(())
            }
        }
    }

    async fn ask(
        &mut self,
        line: &Line,
        ask: &Ask,
        print: &mut dyn FnMut(&Value),
    ) -> Result<(), Failure> {
        self.answer_needed(ask, print).await?;
        let client = self.client(line.number, &ask.client).await?;
        let waits_for = self.waited_for(ask, client);
        let open = Open {
            client: ask.client.clone(),
            word: ask.call.word(),
            name: ask.name.clone(),
            gives_cap: matches!(ask.call, Call::Spawn(_) | Call::Copy { .. }),
            waits_for,
            expect: line.expect.clone(),
        };
        self.open.insert(line.number, open);
        self.send(line.number, ask, client)?;
        if !ask.goes_on {
            self.finish(line.number, None, print).await?;
        }
        if ask.call == Call::Close {
            self.gone(line.number, &ask.client, client).await?;
        }
        Ok(())
    }

    /// Waits for the answers to earlier lines that bring the caps of this one.
    async fn answer_needed(
        &mut self,
        ask: &Ask,
        print: &mut dyn FnMut(&Value),
    ) -> Result<(), Failure> {
        let mut names: Vec<&str> = vec![&ask.client];
        names.extend(ask.call.caps().into_iter().filter_map(CapName::given));
        names.extend(ask.call.domain().and_then(DomainName::name));
        let brings = |open: &Open| {
            open.gives_cap && open.name.as_deref().is_some_and(|name| names.contains(&name))
        };
        let lines: Vec<_> =
            self.open.iter().filter(|(_, open)| brings(open)).map(|(&line, _)| line).collect();
        for line in lines {
            self.finish(line, None, print).await?;
        }
        Ok(())
    }

    /// The domain of a client, which is brought on stage if it isn't; none of the operator.
    async fn client(&mut self, line: usize, name: &str) -> Result<DomainId, Failure> {
        if name == OPERATOR {
            return Ok(DomainId::NONE);
        }
        if let Some(domain) = self.props.domain(name) {
            self.in_time(line, self.troupe.entered(domain)).await?;
            return Ok(domain);
        }
        if let Some((domain, _)) = self.clients.get(name) {
            return Ok(*domain);
        }
        let spawned = self.asker.processes.spawn(Program::new("/modules/client")).await;
        let cap = spawned.map_err(|error| stuck(line, &format!("no client {name}: {error}")))?;
        let domain = cap.identify().ok().and_then(|info| info.domain).unwrap_or(DomainId::NONE);
        self.in_time(line, self.troupe.entered(domain)).await?;
        self.clients.insert(name.to_owned(), (domain, cap));
        Ok(domain)
    }

    fn waited_for(&self, ask: &Ask, client: DomainId) -> Option<DomainId> {
        match &ask.call {
            Call::Wait { cap: CapName::Given(name), .. } => self.props.domain(name),
            Call::Wait { cap: CapName::Own, .. } => Some(client),
            _ => None,
        }
    }

    /// Has the client ask, or does what it needs nobody for.
    fn send(&mut self, line: usize, ask: &Ask, client: DomainId) -> Result<(), Failure> {
        let answering = Answering { line, to: self.troupe.answers() };
        if let Some(heard) = self.act(&ask.call, client) {
            answering.send(heard);
            return Ok(());
        }
        let call = self.props.numbered(&ask.call);
        let authority = || self.system.authority();
        let presented = self.props.presented(&call, &self.asker.holder, authority);
        let presented = presented.map_err(|error| stuck(line, &error.to_string()))?;
        if client == DomainId::NONE {
            let asker = Rc::clone(&self.asker);
            self.troupe.run(async move {
                let heard = perform(&asker, &call, presented).await;
                answering.send(heard);
            });
        } else {
            let job = Job { call, presented, answering };
            // A client that has ended drops its job, and with it says so.
            self.troupe.with(client, |entrance| drop(entrance.jobs.send(job)));
        }
        Ok(())
    }

    /// What is done with caps themselves.
    fn act(&mut self, call: &Call, client: DomainId) -> Option<(Answer, Cap)> {
        let holder = self.troupe.with(client, |entrance| entrance.holder.clone());
        let holder = holder.unwrap_or_else(|| self.asker.holder.clone());
        let done = match call {
            Call::Copy { cap, rights } => self
                .props
                .cap(cap)
                .copy_with(*rights)
                .and_then(|cap| cap.transfer(Transfer::Move, &holder).map_err(|(_, e)| e)),
            Call::Revoke { cap } => self.props.cap(cap).revoke().map(|()| Cap::NULL),
            Call::Drop { cap } => {
                self.props.drop(cap);
                Ok(Cap::NULL)
            }
            _ => return None,
        };
        Some(match done {
            Ok(cap) => (Answer::of(ErrVal::OK), cap),
            Err(error) => (Answer::of(error.into()), Cap::NULL),
        })
    }

    /// Waits until the process manager knows that a client is gone.
    async fn gone(&mut self, line: usize, name: &str, domain: DomainId) -> Result<(), Failure> {
        self.clients.remove(name);
        self.in_time(line, self.at_rest(domain, quiet::Rest::Ended)).await
    }

    /// Waits for the answer to the line `asked`, prints it, and compares it with what is expected of
    /// it there and at the line `now`.
    async fn finish(
        &mut self,
        asked: usize,
        now: Option<&Line>,
        print: &mut dyn FnMut(&Value),
    ) -> Result<(), Failure> {
        let line = now.map_or(asked, |line| line.number);
        self.in_time(line, self.troupe.answered(asked)).await?;
        let (Some((mut answer, cap)), Some(open)) =
            (self.troupe.take(asked), self.open.remove(&asked))
        else {
            return Ok(());
        };
        if open.gives_cap {
            self.props.keep(asked, open.name.as_deref(), (cap, answer.domain()));
        }
        self.name_domains(&mut answer);
        let mut told = answer.clone().with("line", asked).with("client", open.client);
        told.set("call", open.word);
        if let Some(name) = open.name {
            told.set("as", name);
        }
        print(&Value::Object(told.0));
        compare(asked, &open.expect, &answer)?;
        now.map_or(Ok(()), |now| compare(now.number, &now.expect, &answer))
    }

    /// Lists domains by the names that lines gave them, and not those that no line spawned.
    fn name_domains(&self, answer: &mut Answer) {
        let Some(domains) = answer.0.get_mut("domains").and_then(Value::as_array_mut) else {
            return;
        };
        let is_hidden = |id: u64| {
            let id = DomainId(id);
            self.canaries.has(id) || self.clients.values().any(|(client, _)| *client == id)
        };
        domains.retain(|domain| !domain.as_u64().is_some_and(is_hidden));
        for domain in domains {
            let name = domain.as_u64().and_then(|id| self.props.name_of(DomainId(id)));
            if let Some(name) = name {
                *domain = name.into();
            }
        }
    }

    /// Waits, but no longer than the scenario has patience.
    async fn in_time<T>(&self, line: usize, future: impl Future<Output = T>) -> Result<T, Failure> {
        let patience = self.scenario.system.patience;
        let waitset = self.operator.home().waitset();
        let done = flounder_multicore::together::in_time(waitset.sleep(patience), future).await;
        done.ok_or_else(|| stuck(line, &format!("no answer within {patience:?}")))
    }
}

fn stuck(line: usize, what: &str) -> Failure {
    Failure::Stuck { line, what: what.to_owned() }
}

fn compare(line: usize, expect: &Expect, answer: &Answer) -> Result<(), Failure> {
    match answer.differs(expect) {
        None => Ok(()),
        Some(got) => {
            let expected = json!(expect).to_string();
            Err(Failure::Differs { line, expected, got: got.to_string() })
        }
    }
}
