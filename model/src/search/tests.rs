use super::*;

/// Two numbers below a limit, each of which can grow; the second may be made to go in circles.
struct Numbers {
    limit: u8,
    in_circles: bool,
    forbidden: Option<(u8, u8)>,
    starts: bool,
}

#[derive(Clone, Copy, Debug)]
enum Grow {
    First,
    Second,
}

impl Model for Numbers {
    type State = (u8, u8);
    type Action = Grow;

    fn start(&self) -> (u8, u8) {
        assert!(self.starts, "nothing comes up");
        (0, 0)
    }

    fn actions(&self, &(first, second): &(u8, u8), out: &mut Vec<Grow>) {
        out.extend((first < self.limit).then_some(Grow::First));
        out.extend((self.in_circles || second < self.limit).then_some(Grow::Second));
    }

    fn is_progress(&self, action: Grow) -> bool {
        matches!(action, Grow::Second)
    }

    fn act(&self, state: &mut (u8, u8), action: Grow, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("{action:?}"));
        match action {
            Grow::First => state.0 += 1,
            Grow::Second => state.1 = (state.1 + 1) % (self.limit + 1),
        }
        assert!(state.0 < 7, "seven is too much");
        Ok(())
    }

    fn check(&self, state: &(u8, u8), at_rest: bool) -> Result<(), String> {
        assert_eq!(at_rest, !self.in_circles && state.1 == self.limit);
        if Some(*state) == self.forbidden { Err("forbidden".to_owned()) } else { Ok(()) }
    }
}

const PLAIN: Numbers = Numbers { limit: 3, in_circles: false, forbidden: None, starts: true };

fn violation(model: &Numbers) -> (String, String) {
    let found = search(model, Limits::default());
    assert!(!found.exhaustive);
    let Violation { what, path } = found.violation.expect("something doesn't hold");
    (what, path.join(" "))
}

#[test]
fn every_state_is_found_once() {
    let found = search(&PLAIN, Limits::default());
    let expected = Findings {
        states: 16,
        rests: 4,
        transitions: 24,
        depth: 6,
        exhaustive: true,
        violation: None,
    };
    assert_eq!(found, expected);
}

#[test]
fn a_violation_has_a_shortest_path() {
    let (what, path) = violation(&Numbers { forbidden: Some((2, 1)), ..PLAIN });
    assert_eq!(what, "forbidden");
    assert_eq!(path.split(' ').count(), 3, "{path}");
}

#[test]
fn a_panic_is_a_violation_with_its_last_step() {
    let (what, path) = violation(&Numbers { limit: 9, ..PLAIN });
    assert_eq!(what, "a service panics: seven is too much");
    assert_eq!(path, "First ".repeat(7).trim_end());
}

#[test]
fn what_does_not_start_is_a_violation_without_a_path() {
    let (what, path) = violation(&Numbers { starts: false, ..PLAIN });
    assert_eq!(what, "a service panics: nothing comes up");
    assert_eq!(path, "");
}

#[test]
fn progress_in_circles_is_a_violation() {
    let (what, _) = violation(&Numbers { in_circles: true, ..PLAIN });
    assert!(what.contains("circles"), "{what}");
}

#[test]
fn a_search_over_its_limit_is_not_exhaustive() {
    let found = search(&PLAIN, Limits { states_max: 10 });
    assert!(!found.exhaustive && found.violation.is_none());
    assert_eq!(found.states, 11);
}
