//! Waiting until nothing is in flight.

use std::time::Duration;

use flounder::{DomainId, ErrCode};
use flounder_domain::{DomainStatus, ProcessError};
use flounder_idl::types::DomainState;
use serde_json::{Value, json};

use super::{Director, compare};
use crate::scenario::Failure;
use crate::scenario::answer::Answer;
use crate::scenario::line::Line;

/// How long is waited before a domain is looked at again that is on its way.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing happens to it by itself: it runs, or can't be stopped, or has ended.
    Any,
    /// It has ended, and its resources are back.
    Ended,
}

impl Director<'_> {
    /// Waits until nothing is in flight, and tells what was answered meanwhile.
    pub(super) async fn quiesce(
        &mut self,
        line: &Line,
        print: &mut dyn FnMut(&Value),
    ) -> Result<(), Failure> {
        self.settle(line.number, print).await?;
        let called = |(number, open): (&usize, &super::Open)| -> Value {
            open.name.clone().map_or_else(|| (*number).into(), Value::from)
        };
        let open: Vec<_> = self.open.iter().map(called).collect();
        print(&json!({"line": line.number, "quiesce": true, "open": open}));
        compare(line.number, &line.expect, &Answer::default().with("open", open))
    }

    /// The end of the file: what is expected was heard by then.
    pub(super) async fn end(&mut self, print: &mut dyn FnMut(&Value)) -> Result<(), Failure> {
        let last = self.scenario.lines.last().map_or(0, |line| line.number);
        self.settle(last, print).await?;
        let unheard = self.open.iter().find(|(_, open)| !open.expect.is_empty());
        let Some((&line, open)) = unheard else { return Ok(()) };
        let (expected, got) = (json!(open.expect).to_string(), "no answer".to_owned());
        Err(Failure::Differs { line, expected, got })
    }

    async fn settle(&mut self, line: usize, print: &mut dyn FnMut(&Value)) -> Result<(), Failure> {
        let mut canaries = std::mem::take(&mut self.canaries);
        let waitset = self.operator.home().waitset();
        let replaced = canaries.replace(&self.asker.processes, waitset);
        let replaced = self.in_time(line, replaced).await;
        self.canaries = canaries;
        replaced?.map_err(Failure::system)?;
        self.in_time(line, self.all_quiet()).await?;
        self.tell_answered(print).await
    }

    /// Tells what was answered to lines that didn't wait for it.
    pub(crate) async fn tell_answered(
        &mut self,
        print: &mut dyn FnMut(&Value),
    ) -> Result<(), Failure> {
        let answered = |line: &usize| self.troupe.has_answer(*line);
        let lines: Vec<_> = self.open.keys().copied().filter(answered).collect();
        for line in lines {
            self.finish(line, None, print).await?;
        }
        Ok(())
    }

    /// Every call is answered but for waits on what doesn't end by itself, and every domain rests.
    async fn all_quiet(&self) {
        for (&line, open) in &self.open {
            match open.waits_for {
                Some(_) => {}
                None => self.troupe.answered(line).await,
            }
        }
        for domain in self.props.all() {
            self.at_rest(domain, Rest::Any).await;
        }
        for (&line, open) in &self.open {
            if let Some(domain) = open.waits_for
                && !self.runs_on(domain).await
            {
                self.troupe.answered(line).await;
            }
        }
    }

    async fn runs_on(&self, domain: DomainId) -> bool {
        let status = self.asker.processes.status(domain, None).await;
        status.is_ok_and(|status| is_alive(&status))
    }

    /// Waits until a domain rests.
    pub(super) async fn at_rest(&self, domain: DomainId, rest: Rest) {
        loop {
            match self.asker.processes.status(domain, None).await {
                Ok(status) if status.state == DomainState::Cleaned => return,
                Ok(status) if rest == Rest::Any && is_alive(&status) => return,
                Err(ProcessError::Refused(err))
                    if err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND) =>
                {
                    return;
                }
                _ => self.operator.home().waitset().sleep(LOOK_PAUSE).await,
            }
        }
    }
}

/// True for a domain that stays as it is until something happens to it.
fn is_alive(status: &DomainStatus) -> bool {
    status.state == DomainState::Running || status.wedged > 0
}
