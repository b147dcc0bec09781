//! The defects, in the order of the lifecycle, and the tests that are named after them.

/// A defect that can be put back, and the test that notices it.
pub(super) struct Regression {
    /// Its name, as `mutant!` has it.
    pub(super) defect: &'static str,
    pub(super) package: &'static str,
    /// The test binary, or `lib`.
    pub(super) target: &'static str,
    /// The test's whole path.
    pub(super) test: &'static str,
}

const MONITOR: &str = "flounder-monitor";
const SPAWND: &str = "flounder-spawnd";
const PROCMGMT: &str = "flounder-procmgmt";

/// Short for one row.
const fn row(
    defect: &'static str,
    package: &'static str,
    target: &'static str,
    test: &'static str,
) -> Regression {
    Regression { defect, package, target, test }
}

pub(super) const REGRESSIONS: &[Regression] = &[
    row(
        "failed-spawn-never-answered",
        PROCMGMT,
        "service",
        "regressions::a_failed_spawn_is_answered_and_hands_out_no_cap",
    ),
    row(
        "failed-spawn-gives-cap",
        PROCMGMT,
        "service",
        "regressions::a_failed_spawn_is_answered_and_hands_out_no_cap",
    ),
    row(
        "span-answered-at-once",
        PROCMGMT,
        "machine",
        "defects::span_answers_twice_and_before_the_spawnd_acted",
    ),
    row(
        "span-not-recorded",
        PROCMGMT,
        "machine",
        "defects::span_never_records_the_new_core_so_kill_misses_it",
    ),
    row(
        "span-reply-dropped-when-stopping",
        PROCMGMT,
        "machine",
        "defects::span_reply_dropped_when_the_domain_is_stopping",
    ),
    row(
        "wait-with-bad-cap",
        PROCMGMT,
        "machine",
        "defects::wait_with_a_bad_cap_reads_an_uninitialised_entry",
    ),
    row(
        "unknown-domain-has-a-status",
        PROCMGMT,
        "service",
        "regressions::an_unknown_id_has_no_status",
    ),
    row(
        "second-kill-aborts",
        PROCMGMT,
        "service",
        "regressions::of_several_killers_each_is_answered_and_twice_is_no_crime",
    ),
    row(
        "one-killer-answered",
        PROCMGMT,
        "service",
        "regressions::of_several_killers_each_is_answered_and_twice_is_no_crime",
    ),
    row(
        "joining-killer-lost",
        PROCMGMT,
        "service",
        "regressions::a_kill_over_an_exit_loses_neither",
    ),
    row(
        "kill-overwrites-exit",
        PROCMGMT,
        "service",
        "regressions::a_kill_over_an_exit_loses_neither",
    ),
    row(
        "nohang-overwrites-status",
        PROCMGMT,
        "machine",
        "defects::nohang_overwrites_the_exit_status",
    ),
    row("wait-after-cleanup-hangs", PROCMGMT, "machine", "defects::wait_after_cleanup_hangs"),
    row("waiters-answered-early", PROCMGMT, "machine", "defects::waiters_answered_twice"),
    row(
        "reply-lost-when-busy",
        PROCMGMT,
        "service",
        "regressions::no_answer_is_lost_in_a_full_channel",
    ),
    row(
        "queued-spawn-reads-later-arguments",
        PROCMGMT,
        "service",
        "regressions::a_queued_spawn_keeps_its_arguments_when_others_come",
    ),
    row("replies-by-order", PROCMGMT, "machine", "defects::replies_matched_by_order"),
    row(
        "unsolicited-reply-aborts",
        PROCMGMT,
        "service",
        "regressions::a_reply_nobody_asked_for_costs_the_spawnd_its_binding_and_nobody_else",
    ),
    row(
        "two-queued-requests-abort",
        PROCMGMT,
        "service",
        "regressions::a_busy_spawnd_gets_every_order_with_its_own_arguments",
    ),
    row(
        "dead-spawnd-hangs-clients",
        PROCMGMT,
        "machine",
        "defects::a_dead_spawnd_hangs_its_clients_for_ever_and_cant_be_replaced",
    ),
    row(
        "dead-client-aborts",
        PROCMGMT,
        "service",
        "regressions::a_dead_client_takes_its_requests_along_and_nothing_else",
    ),
    row(
        "early-death-forgotten",
        PROCMGMT,
        "machine",
        "defects::a_program_that_dies_before_spawnds_reply_stays_running",
    ),
    row(
        "exit-never-arrives",
        PROCMGMT,
        "service",
        "regressions::a_kill_over_an_exit_loses_neither",
    ),
    row(
        "forged-exit-status",
        PROCMGMT,
        "service",
        "regressions::a_parent_cannot_forge_its_childs_exit_status",
    ),
    row("kill-error-ignored", PROCMGMT, "machine", "defects::spawnds_kill_error_ignored"),
    row(
        "core-outside-table",
        PROCMGMT,
        "machine",
        "defects::core_254_or_255_reads_outside_a_table",
    ),
    row("crashed-stays-running", PROCMGMT, "machine", "defects::a_crashed_program_stays_running"),
    row("long-list-aborts", PROCMGMT, "machine", "defects::more_than_1023_domains_abort_the_list"),
    row("many-domains-get-id-0", SPAWND, "lib", "machine::tests::more_than_255_domains_start_each"),
    row("directory-aborts", SPAWND, "service", "refusals::bad_paths"),
    row("malformed-environment-aborts", SPAWND, "service", "refusals::bad_arguments"),
    row("anybody-is-a-spawnd", MONITOR, "machine", "a_spawnd_tells_once_where_it_listens"),
    row("anybody-is-the-monitor", PROCMGMT, "service", "slots::every_slot_state_and_event"),
    row(
        "anybody-commands-a-spawnd",
        SPAWND,
        "service",
        "refusals::nobody_commands_without_the_cap",
    ),
];
