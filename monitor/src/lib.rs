//! The monitor of one core: irefs, binding between domains, the name service.
