//! How much may happen in the lifecycle.

crate::bounds::bounds! {
    /// Requests of clients: spawn, span, kill, wait. One that is refused and changes nothing doesn't
    /// count.
    requests = 0,
    /// How many domains there can be; a request for another isn't made.
    domains = 2,
    /// Programs that say that they exit, return, or panic.
    exits = 0,
    /// Spawnds that crash, or answer what nobody asked.
    crashes = 0,
    /// Programs that can't be started.
    failures = 0,
    /// Times that programs outlive their grace time.
    hangs = 0,
    /// Clients that die.
    deaths = 0,
    /// How many orders a channel to a spawnd holds.
    room = 1,
}
