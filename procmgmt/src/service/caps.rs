//! Domain caps: what one says that a client presents, and how those of a new domain are made.

use std::sync::Arc;

use flounder::{Cap, CapError, CapKind, DomainId, LastDrop, Mailbox, Rights};

use super::Letter;
use crate::machine::{Presented, SPAWN_SPANNED_BY_SPAWNER};

/// What the spawner of a domain may do with it.
const SPAWNER: Rights = Rights::WAIT.union(Rights::KILL);
/// What the spawner may do as well if the program, which has no binding to ask with, leaves it to it.
const SPAWNER_SPANS: Rights = SPAWNER.union(Rights::SPAN);
/// What a domain may do with itself.
const OWN: Rights = Rights::SPAN.union(Rights::EXIT);

/// What a cap is for a request that needs these rights.
pub(super) fn presented(cap: &Cap, needed: Rights) -> Presented {
    match cap.identify() {
        Ok(info) if info.kind == CapKind::Domain => match info.domain {
            Some(domain) if info.rights.contains(needed) => Presented::Domain(domain),
            Some(domain) => Presented::Weak(domain),
            None => Presented::Nothing,
        },
        _ => Presented::Nothing,
    }
}

/// The part of a presented cap that a domain may have of itself. A cap that died meanwhile becomes
/// the null cap, which the spawnd refuses.
pub(super) fn own_part(cap: &Cap) -> Cap {
    let rights = cap.identify().map(|info| info.rights.intersection(OWN));
    rights.and_then(|rights| cap.copy_with(rights)).unwrap_or(Cap::NULL)
}

/// The caps a domain starts with. There is no third, so the last of their descendants to drop is
/// the last that anybody has.
#[derive(Debug)]
pub(super) struct Minted {
    /// For the program: SPAN and EXIT.
    pub(super) own: Cap,
    /// For its spawner: WAIT and KILL, and SPAN if it was asked for.
    pub(super) spawner: Cap,
}

/// Makes caps from the root `ProcessManager` cap.
pub(super) struct Mint {
    root: Cap,
    notice: Option<Arc<dyn LastDrop>>,
}

impl Mint {
    pub(super) fn new(root: Cap) -> Self {
        Self { root, notice: None }
    }

    /// From now on the last drop of a domain's caps is reported there.
    pub(super) fn report_to(&mut self, mailbox: Mailbox<Letter>) {
        self.notice = Some(Arc::new(Notice(mailbox)));
    }

    /// The caps of a new domain that was spawned with these flags.
    pub(super) fn domain(&self, domain: DomainId, flags: u8) -> Result<Minted, CapError> {
        let all = self.root.retype_domain(domain, self.notice.clone())?;
        let spans = flags & SPAWN_SPANNED_BY_SPAWNER != 0;
        let spawner = if spans { SPAWNER_SPANS } else { SPAWNER };
        Ok(Minted { own: all.copy_with(OWN)?, spawner: all.copy_with(spawner)? })
    }

    /// The cap that proves to a spawnd who commands it; it can't be retyped. Should the root be
    /// unusable, it is the null cap, which spawnds refuse.
    pub(super) fn authority(&self) -> Cap {
        self.root.copy_with(Rights::NONE).unwrap_or(Cap::NULL)
    }
}

/// Reports the last drop of a domain's caps.
struct Notice(Mailbox<Letter>);

impl LastDrop for Notice {
    fn last_drop(&self, domain: DomainId) {
        // Refused only once the service has ended, and its records with it.
        let _ = self.0.send(Letter::LastDrop(domain));
    }
}
