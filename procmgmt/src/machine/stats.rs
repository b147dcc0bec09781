//! What the machine counts: everything that is dropped or given up, so that nothing is lost unseen.

/// Counters since boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Monitor-only messages from somebody else (`PROC_MGMT_ERR_NOT_MONITOR`).
    pub not_monitor: u64,
    /// Spawnds added to a slot that is taken (`PROC_MGMT_ERR_SPAWND_EXISTS`).
    pub spawnd_exists: u64,
    /// Exits dropped: a wrong cap, another domain's cap, no such domain.
    pub exits_dropped: u64,
    /// Bindings closed because of such exits.
    pub clients_closed: u64,
    /// Replies to what was decided already.
    pub late_replies: u64,
    /// Replies of generations that are gone.
    pub stale_replies: u64,
    /// Deaths reported of something that isn't there.
    pub stray_deaths: u64,
    /// Survivors reported of something that isn't there.
    pub stray_survivors: u64,
    /// Cleanups given up: resources a spawnd didn't return.
    pub leaked_cleanups: u64,
    /// Spawnds whose generation was closed because they broke the rules.
    pub violations: u64,
}
