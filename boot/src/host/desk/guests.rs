//! Processes that run on cores where they weren't started. The core that started one gives its
//! threads the other's CPU, ends it, and tells when it has ended; the other only passes on.

use flounder::platform::{Completion, ProcessSpan, ProgramEnd, StartFailure};
use flounder::{CoreId, DomainId};

use super::{Desk, HostEvent, Phase};
use crate::host::helper::Job;

impl Desk {
    /// Lets a process of another core run here too.
    ///
    /// # Errors
    ///
    /// If there is no such core; otherwise an event tells.
    pub(crate) fn span(&mut self, span: &ProcessSpan) -> Result<(), StartFailure> {
        let invite = HostEvent::Invite { domain: span.domain, core: self.core, cpu: self.cpu };
        if span.home == self.core || !self.tell(span.home, invite) {
            return Err(StartFailure::Span);
        }
        self.guests.insert(span.domain, span.home);
        Ok(())
    }

    /// Another core wants a process of this one as its guest.
    pub(super) fn invite(&mut self, domain: DomainId, core: CoreId, cpu: Option<usize>) {
        let resident = self.residents.get_mut(&domain);
        let running = resident.filter(|resident| matches!(resident.phase, Phase::Runs { .. }));
        let is_ok = match (running, cpu) {
            (None, _) => false,
            (Some(resident), cpu) => {
                resident.hosts.push(core);
                let pid = resident.process.pid();
                // A core without a CPU of its own takes what runs anywhere.
                let job = cpu.map(|cpu| Job::Widen { domain, pid, cpu, core });
                if job.is_some_and(|job| self.send_about(domain, job)) {
                    return;
                }
                cpu.is_none()
            }
        };
        self.tell(core, HostEvent::Invited { domain, is_ok });
    }

    pub(super) fn invited(&mut self, domain: DomainId, is_ok: bool) -> Completion {
        if is_ok {
            return Completion::Started { domain };
        }
        self.guests.remove(&domain);
        Completion::StartFailed { domain, why: StartFailure::Span }
    }

    pub(super) fn guest_ended(&mut self, domain: DomainId, end: ProgramEnd) -> Option<Completion> {
        self.guests.remove(&domain)?;
        Some(Completion::Ended { domain, end })
    }
}
