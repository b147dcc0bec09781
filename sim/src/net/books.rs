//! What holds for every channel and call, whoever speaks over it; and what breaks on its way.

use std::any::Any;

use flounder::tap::TapEnd;
use flounder::{Cap, Header};
use flounder_idl::{monitor, proc_mgmt};

use super::{Breakage, Parcel, State};
use crate::fault::Mark;
use crate::who::Who;

impl State {
    pub(super) fn complain(&mut self, end: TapEnd, what: &str) {
        let link = self.link(end);
        let (own, peer) = (link.end(end).who, link.end(end.peer()).who);
        let name = link.descriptor.name;
        self.oracle.complain(format!("{what}: {own} with {peer} over {name} #{}", end.channel));
    }

    /// Books what `end` sends: a call is opened, an answer closes one.
    pub(super) fn book_sent(&mut self, end: TapEnd, parcel: Parcel, header: Option<Header>) {
        self.traffic.sent += 1;
        let call = parcel.call;
        let link = self.link_mut(end);
        link.end_mut(end).sent.push_back(parcel);
        match header {
            Some(Header::OneWay) => {}
            Some(Header::Call(_)) => {
                link.end_mut(end).calls.insert(call);
                self.traffic.calls += 1;
            }
            Some(Header::Response(_)) | None => {
                if !link.end_mut(end.peer()).calls.remove(&call) {
                    self.complain(end, "an answer to what was not asked, or a second one");
                }
            }
        }
    }

    /// Books what `end` received: it has to be what was sent next. Returns what is wrong with it
    /// if it doesn't arrive.
    pub(super) fn book_received(
        &mut self,
        end: TapEnd,
        number: u16,
        call: u64,
    ) -> Option<Breakage> {
        self.traffic.received += 1;
        let sent = self.link_mut(end).end_mut(end.peer()).sent.pop_front();
        if sent.is_none_or(|sent| (sent.number, sent.call) != (number, call)) {
            self.complain(end, "a channel doesn't deliver what was sent, in its order");
        }
        sent.and_then(|sent| sent.spoilt)
    }

    /// Breaks what travels, if that is to happen. Returns how if it won't arrive.
    pub(super) fn spoil(&mut self, end: TapEnd, message: &mut dyn Any) -> Option<Breakage> {
        if self.refuse_endpoints > 0
            && let Some(monitor::Message::AllocMonitorEpReply(reply)) = message.downcast_mut()
        {
            // The endpoint stays in the message: its other end closes when the spawnd drops it.
            reply.err = flounder::ErrCode::MON_ERR_LIMIT.into();
            self.refuse_endpoints -= 1;
            self.coverage.mark(Mark::EndpointRefused);
        }
        let how = self.break_next?;
        if self.link(end).end(end.peer()).who != Who::ProcMgmt {
            return None;
        }
        let cap = match message.downcast_mut() {
            Some(proc_mgmt::Message::Kill(call)) => &mut call.domain_cap,
            Some(proc_mgmt::Message::Wait(call)) => &mut call.domain_cap,
            Some(proc_mgmt::Message::Exit(message)) => &mut message.domain_cap,
            _ => return None,
        };
        let mark = match how {
            Breakage::Revoked => {
                *cap = revoked(cap)?;
                Mark::CapTransferFails
            }
            Breakage::Foreign => {
                *cap = self.foreign.frame(1).ok()?;
                Mark::CapTransferFails
            }
            Breakage::Malformed => Mark::MalformedBytes,
        };
        self.break_next = None;
        self.coverage.mark(mark);
        (how != Breakage::Revoked).then_some(how)
    }
}

/// A copy of `cap` that is no longer usable.
fn revoked(cap: &Cap) -> Option<Cap> {
    let between = cap.copy().ok()?;
    let copy = between.copy().ok()?;
    between.revoke().ok()?;
    Some(copy)
}
