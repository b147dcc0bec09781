//! The numbers the machine deals in besides cores and domains. All are opaque to it but the two it
//! gives out itself, and none of them is ever given out twice.

/// One life of a spawn daemon on its core: starts at 1 and only grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Generation(pub u64);

/// Names a request to a spawn daemon in its reply. Given out by the machine, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(pub u64);

/// A client's binding, as the handlers number them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BindingKey(pub u64);

/// Where an answer goes. The handlers keep the reply token behind it, and the machine uses each
/// exactly once, unless the client died meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Reply(pub u64);
