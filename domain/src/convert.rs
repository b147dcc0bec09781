//! Between the runtime's types and what the interfaces call the same things.

use flounder::{Badge, CoreId, Descriptor, DomainId, Fingerprint, Half, Holder, Role};
use flounder_idl::types;

/// A badge as messages carry it.
#[must_use]
pub fn badge_to_wire(badge: Badge) -> types::Badge {
    let role = match badge.role {
        Role::Operator => types::Role::Operator,
        Role::Service => types::Role::Service,
        Role::Monitor => types::Role::Monitor,
        _ => types::Role::Program,
    };
    types::Badge { core: badge.core.0, domain: badge.domain.0, role }
}

/// A badge as the runtime has it.
#[must_use]
pub fn badge_from_wire(badge: &types::Badge) -> Badge {
    let role = match badge.role {
        types::Role::Program => Role::Program,
        types::Role::Operator => Role::Operator,
        types::Role::Service => Role::Service,
        types::Role::Monitor => Role::Monitor,
    };
    Badge { core: CoreId(badge.core), domain: DomainId(badge.domain), role }
}

/// A fingerprint as messages carry it.
#[must_use]
pub fn fingerprint_to_wire(fingerprint: Fingerprint) -> types::Fingerprint {
    types::Fingerprint { high: fingerprint.high(), low: fingerprint.low() }
}

/// A fingerprint as the runtime has it.
#[must_use]
pub fn fingerprint_from_wire(fingerprint: &types::Fingerprint) -> Fingerprint {
    Fingerprint::new(fingerprint.high, fingerprint.low)
}

/// The interface's name as far as messages carry it: a longer name is cut, the fingerprint decides.
#[must_use]
pub fn interface_name(descriptor: &Descriptor) -> String {
    let mut end = descriptor.name.len().min(INTERFACE_NAME_BYTES_MAX);
    while !descriptor.name.is_char_boundary(end) {
        end -= 1;
    }
    descriptor.name[..end].to_owned()
}

/// `interface_name[256]` in the interface files has room for 255 bytes.
const INTERFACE_NAME_BYTES_MAX: usize = 255;

/// Puts a half into an `EndPoint` cap, to send it.
#[must_use]
pub fn endpoint_of(half: Half, holder: &Holder) -> flounder::Cap {
    holder.endpoint(Box::new(half))
}

/// Takes the half out of a received `EndPoint` cap; `None` if it is no such cap, was revoked, or
/// its half was taken already.
#[must_use]
pub fn half_of(endpoint: flounder::Cap) -> Option<Half> {
    let payload = endpoint.take_endpoint().ok()?;
    payload.downcast::<Half>().map(|half| *half).map_err(flounder::discard).ok()
}
