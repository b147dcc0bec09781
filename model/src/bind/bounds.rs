//! How much may happen around a bind.

crate::bounds::bounds! {
    /// Requests of programs: bind, take an export back, say that one is the core's spawnd.
    requests = 0,
    /// Programs that die.
    deaths = 0,
    /// Cores that are lost, with their monitors.
    losses = 0,
}
