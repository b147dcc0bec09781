//! A smaller input that shows the same.

/// How many inputs are tried at most: shrinking is a help, no proof.
const TRIES_MAX: usize = 4_000;

/// The smallest input found that `still_fails`, by leaving out ever smaller stretches; asks before
/// each try whether there `is_time` for it.
pub(crate) fn minimised(
    input: &[u8],
    is_time: impl Fn() -> bool,
    still_fails: impl Fn(&[u8]) -> bool,
) -> Vec<u8> {
    let (mut data, mut tries) = (input.to_vec(), 0);
    let mut stretch = data.len() / 2;
    while stretch > 0 {
        let mut at = 0;
        while at < data.len() {
            if tries == TRIES_MAX || !is_time() {
                return data;
            }
            let end = (at + stretch).min(data.len());
            let shorter = [&data[..at], &data[end..]].concat();
            tries += 1;
            if still_fails(&shorter) {
                data = shorter;
            } else {
                at = end;
            }
        }
        stretch /= 2;
    }
    data
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const INPUT: &[u8] = b"a long text with the needle somewhere in the middle of it all";

    fn has_needle(data: &[u8]) -> bool {
        data.windows(6).any(|part| part == b"needle")
    }

    #[test]
    fn what_matters_is_left() {
        assert_eq!(minimised(INPUT, || true, has_needle), b"needle");
    }

    #[test]
    fn when_the_time_is_over_what_was_found_counts() {
        for tries in [0, 1, 5_usize] {
            let (left, tried) = (Cell::new(tries), Cell::new(0_usize));
            let is_time = || left.replace(left.get().saturating_sub(1)) > 0;
            let found = minimised(INPUT, is_time, |data| {
                tried.set(tried.get() + 1);
                has_needle(data)
            });
            assert_eq!(tried.get(), tries);
            assert!(has_needle(&found) && found.len() <= INPUT.len(), "{found:?}");
        }
    }
}
