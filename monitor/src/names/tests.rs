use super::*;

/// A client of the table.
type Key = u64;

const ANN: Key = 1;
const BOB: Key = 2;

fn iref(count: u32) -> Iref {
    Iref(count)
}

/// One request and what it must answer.
enum Step {
    Register(Key, &'static str, Result<Vec<u32>, NameError>),
    Remove(Key, &'static str, Result<(), NameError>),
    Lookup(&'static str, Result<Iref, NameError>),
    Wait(Key, &'static str, u32, Result<Waiting<u32>, (NameError, u32)>),
    Next(&'static str, Option<&'static str>),
    Gone(Key),
}

#[test]
fn the_table_from_request_to_request() {
    use NameError::{Exists, NotOwner, Unknown};
    use Step::{Gone, Lookup, Next, Register, Remove, Wait};
    let later = || Ok(Waiting::Later);
    // Client n registers iref n.
    let cases = [
        ("found", vec![Register(ANN, "a", Ok(vec![])), Lookup("a", Ok(iref(1)))]),
        ("unknown", vec![Lookup("a", Err(Unknown)), Remove(ANN, "a", Err(Unknown))]),
        (
            "taken, by oneself too",
            vec![
                Register(ANN, "a", Ok(vec![])),
                Register(BOB, "a", Err(Exists)),
                Register(ANN, "a", Err(Exists)),
                Lookup("a", Ok(iref(1))),
            ],
        ),
        (
            "only the owner removes",
            vec![
                Register(ANN, "a", Ok(vec![])),
                Remove(BOB, "a", Err(NotOwner)),
                Remove(ANN, "a", Ok(())),
                Register(BOB, "a", Ok(vec![])),
                Lookup("a", Ok(iref(2))),
            ],
        ),
        (
            "names go with their client",
            vec![
                Register(ANN, "a", Ok(vec![])),
                Register(BOB, "b", Ok(vec![])),
                Gone(ANN),
                Gone(ANN),
                Lookup("a", Err(Unknown)),
                Lookup("b", Ok(iref(2))),
            ],
        ),
        (
            "waiters in the order they came, each once",
            vec![
                Wait(BOB, "a", 10, later()),
                Wait(ANN, "a", 11, later()),
                Wait(BOB, "a", 12, later()),
                Wait(BOB, "b", 13, later()),
                Register(ANN, "a", Ok(vec![10, 11, 12])),
                Remove(ANN, "a", Ok(())),
                Register(ANN, "a", Ok(vec![])),
                Wait(BOB, "a", 14, Ok(Waiting::Found(14, iref(1)))),
                Register(ANN, "b", Ok(vec![13])),
            ],
        ),
        (
            "waits go with their client",
            vec![
                Wait(BOB, "a", 10, later()),
                Wait(ANN, "a", 11, later()),
                Wait(BOB, "b", 12, later()),
                Gone(BOB),
                Register(ANN, "a", Ok(vec![11])),
                Register(ANN, "b", Ok(vec![])),
            ],
        ),
        (
            "listed in order",
            vec![
                Next("", None),
                Register(ANN, "b", Ok(vec![])),
                Register(ANN, "a/z", Ok(vec![])),
                Next("", Some("a/z")),
                Next("a", Some("a/z")),
                Next("a/z", Some("b")),
                Next("b", None),
            ],
        ),
    ];
    for (name, steps) in cases {
        let mut names = Names::default();
        for (index, step) in steps.into_iter().enumerate() {
            let holds = match step {
                Register(client, name, expected) => {
                    let iref = Iref(u32::try_from(client).unwrap());
                    names.register(client, Role::Program, name, iref) == expected
                }
                Remove(client, name, expected) => names.remove(client, name) == expected,
                Lookup(name, expected) => names.lookup(name) == expected,
                Wait(client, name, answer, expected) => {
                    names.wait_for(client, name, answer) == expected
                }
                Next(after, expected) => names.next_after(after).map(|(name, _)| name) == expected,
                Gone(client) => {
                    names.client_gone(client);
                    true
                }
            };
            assert!(holds, "{name}: step {index}, then {names:?}");
        }
    }
}

#[test]
fn what_can_be_a_name() {
    let longest = "n".repeat(NAME_BYTES_MAX);
    let too_long = "n".repeat(NAME_BYTES_MAX + 1);
    let good = ["a", "0", "/echo/v1.2", "A_b-c", ".", longest.as_str()];
    let bad = ["", "a b", "a\0", "a\n", "é", "a:b", too_long.as_str()];
    for (list, expected) in [(&good[..], Err(NameError::Unknown)), (&bad, Err(NameError::Invalid))]
    {
        for name in list {
            let mut names = Names::<Key, ()>::default();
            assert_eq!(names.lookup(name), expected, "{name:?}");
            assert_eq!(names.remove(ANN, name), expected.map(|_| ()), "{name:?}");
            let registers = names.register(ANN, Role::Program, name, iref(1)).is_ok();
            assert_eq!(registers, expected == Err(NameError::Unknown), "{name:?}");
            assert_eq!(names.wait_for(ANN, name, ()).is_ok(), registers, "{name:?}");
        }
    }
}

#[test]
fn reserved_names_are_for_services() {
    use Role::{Monitor, Operator, Program, Service};
    let reserved = ["nameservice", "proc_mgmt", "spawn.0", "spawn.255", "spawn.", "monitor.7"];
    let free = ["nameservice2", "proc_mgmt.x", "spawn", "monitor", "respawn.0", "a/monitor.0"];
    for name in reserved.iter().chain(&free) {
        for role in [Program, Operator, Service, Monitor] {
            let allowed = free.contains(name) || matches!(role, Service | Monitor);
            let expected = if allowed { Ok(vec![]) } else { Err(NameError::Reserved) };
            let mut names = Names::<Key, ()>::default();
            assert_eq!(names.register(ANN, role, name, iref(1)), expected, "{name} for {role:?}");
        }
    }
}

#[test]
fn the_null_iref_has_no_name() {
    let mut names = Names::<Key, ()>::default();
    let refused = names.register(ANN, Role::Service, "a", Iref::NULL);
    assert_eq!(refused, Err(NameError::NullIref));
}

#[test]
fn a_client_reaches_its_limits_alone() {
    let mut names = Names::default();
    for n in 0..NAMES_PER_CLIENT_MAX {
        names.register(ANN, Role::Program, &format!("n{n}"), iref(1)).unwrap();
    }
    let over = names.register(ANN, Role::Program, "over", iref(1));
    assert_eq!(over, Err(NameError::Limit));
    names.register(BOB, Role::Program, "over", iref(2)).unwrap();
    names.remove(ANN, "n0").unwrap();
    names.register(ANN, Role::Program, "again", iref(1)).unwrap();

    for n in 0..WAITS_PER_CLIENT_MAX {
        names.wait_for(ANN, "later", n).unwrap();
    }
    assert_eq!(names.wait_for(ANN, "w", 99), Err((NameError::Limit, 99)));
    assert_eq!(names.wait_for(BOB, "w", 99), Ok(Waiting::Later));
    let answered = names.register(BOB, Role::Program, "later", iref(2)).unwrap();
    assert!(answered.into_iter().eq(0..WAITS_PER_CLIENT_MAX));
    assert_eq!(names.wait_for(ANN, "w", 99), Ok(Waiting::Later));
}

#[test]
fn the_table_reaches_its_limits_and_empties() {
    let mut names = Names::default();
    let clients = u64::try_from(NAMES_MAX / NAMES_PER_CLIENT_MAX).unwrap();
    for client in 0..clients {
        for n in 0..NAMES_PER_CLIENT_MAX {
            let name = format!("{client}.{n}");
            names.register(client, Role::Program, &name, iref(1)).unwrap();
            names.wait_for(client, "later", ()).unwrap();
        }
    }
    let late = clients;
    assert_eq!(names.register(late, Role::Program, "a", iref(1)), Err(NameError::Limit));
    assert_eq!(names.wait_for(late, "later", ()), Err((NameError::Limit, ())));
    for client in 0..=clients {
        names.client_gone(client);
    }
    assert!(names.services.is_empty() && names.waiters.is_empty() && names.clients.is_empty());
    assert_eq!(names.waits_len, 0);
}
