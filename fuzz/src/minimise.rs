//! A smaller input that shows the same.

/// How many inputs are tried at most: shrinking is a help, no proof.
const TRIES_MAX: usize = 4_000;

/// The smallest input found that `still_fails`, by leaving out ever smaller stretches.
pub(crate) fn minimised(input: &[u8], still_fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let (mut data, mut tries) = (input.to_vec(), 0);
    let mut stretch = data.len() / 2;
    while stretch > 0 {
        let mut at = 0;
        while at < data.len() && tries < TRIES_MAX {
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
    use super::*;

    #[test]
    fn what_matters_is_left() {
        let input = b"a long text with the needle somewhere in the middle of it all";
        let found = minimised(input, |data| data.windows(6).any(|part| part == b"needle"));
        assert_eq!(found, b"needle");
    }
}
