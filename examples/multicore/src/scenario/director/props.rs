//! The caps that lines gave names to.

use std::collections::BTreeMap;

use flounder::{Cap, CapError, DomainId, Holder};

use crate::scenario::calls::{Call, CapName, DomainName};
use crate::scenario::client::Presented;

/// The caps by name, each in the hands of the client that got it, and the domains they name.
#[derive(Debug, Default)]
pub(super) struct Props {
    caps: BTreeMap<String, Cap>,
    domains: BTreeMap<String, DomainId>,
    /// What each domain is called in lists: as its first cap.
    names: BTreeMap<DomainId, String>,
}

/// What is presented for a cap that was dropped, or that a refused spawn didn't give.
const NONE: &Cap = &Cap::NULL;

impl Props {
    /// Keeps what a line gave; a spawn that gave it no name is called by its line.
    pub(super) fn keep(
        &mut self,
        line: usize,
        name: Option<&str>,
        (cap, domain): (Cap, Option<DomainId>),
    ) {
        let called = name.map_or_else(|| format!("line {line}"), str::to_owned);
        let domain = domain.or_else(|| cap.identify().ok().and_then(|info| info.domain));
        if let Some(domain) = domain {
            self.names.entry(domain).or_insert_with(|| called.clone());
            self.domains.insert(called.clone(), domain);
        }
        if name.is_some() {
            self.caps.insert(called, cap);
        }
    }

    pub(super) fn drop(&mut self, cap: &CapName) {
        if let Some(name) = cap.given() {
            self.caps.remove(name);
        }
    }

    /// The cap of that name.
    pub(super) fn cap(&self, cap: &CapName) -> &Cap {
        cap.given().and_then(|name| self.caps.get(name)).unwrap_or(NONE)
    }

    /// The domain that a cap of that name is of.
    pub(super) fn domain(&self, name: &str) -> Option<DomainId> {
        self.domains.get(name).copied()
    }

    pub(super) fn name_of(&self, domain: DomainId) -> Option<&str> {
        self.names.get(&domain).map(String::as_str)
    }

    /// All domains that lines spawned, as far as they are known.
    pub(super) fn all(&self) -> Vec<DomainId> {
        self.names.keys().copied().collect()
    }

    /// The call with numbers for names of domains.
    pub(super) fn numbered(&self, call: &Call) -> Call {
        let number = |domain: &DomainName| match domain {
            DomainName::Of(name) => {
                DomainName::Number(self.domain(name).unwrap_or(DomainId::NONE).0)
            }
            DomainName::Number(number) => DomainName::Number(*number),
        };
        match call {
            Call::Status { domain, cap } => {
                Call::Status { domain: number(domain), cap: cap.clone() }
            }
            Call::List { after } => Call::List { after: number(after) },
            other => other.clone(),
        }
    }

    /// The caps to hand to the client that makes the call: copies, for they stay with their owners;
    /// null for those it makes itself.
    pub(super) fn presented(
        &self,
        call: &Call,
        holder: &Holder,
        authority: impl Fn() -> Cap,
    ) -> Result<Presented, CapError> {
        let caps = call.caps().into_iter();
        caps.map(|name| match name {
            CapName::Given(_) => handed(self.cap(name), holder),
            CapName::ProcessManager => Ok(authority()),
            _ => Ok(Cap::NULL),
        })
        .collect()
    }
}

/// A copy of a cap. One that can't be copied any more stands for as dead a one.
fn handed(cap: &Cap, holder: &Holder) -> Result<Cap, CapError> {
    match cap.copy() {
        Err(CapError::Null) => Ok(Cap::NULL),
        Err(CapError::Revoked) => {
            let frame = holder.frame(1)?;
            let dead = frame.copy()?;
            frame.revoke()?;
            Ok(dead)
        }
        copy => copy,
    }
}
