//! "Did you mean …?": the known name that is most like one that isn't known.

/// Names longer than this are as good as unlike: comparing them takes time and helps nobody.
const LENGTH_MAX: usize = 64;
/// So many names are compared with one that isn't known: a file may have thousands of both.
const KNOWN_MAX: usize = 1_000;

/// The known name most like `name`, if one is: a third of the characters may differ.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count().div_ceil(3);
    known
        .filter(|known| known.len().max(name.len()) <= LENGTH_MAX)
        .filter(|known| known.len().abs_diff(name.len()) <= limit)
        .take(KNOWN_MAX)
        .filter_map(|known| Some((distance(name, known, limit)?, known)))
        .min()
        .map(|(_, known)| known)
}

/// How many characters one must insert, delete, replace or swap with their neighbour to make one
/// name the other, if no more than `limit`. Both have at most [`LENGTH_MAX`] bytes.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = |i: usize, j: usize| a[i].eq_ignore_ascii_case(&b[j]);
    let mut rows = [[0; LENGTH_MAX + 1]; 3];
    for (j, place) in rows[0].iter_mut().enumerate() {
        *place = j;
    }
    for i in 1..=a.len() {
        let [before, above, row] = [(i + 1) % 3, (i + 2) % 3, i % 3];
        rows[row][0] = i;
        for j in 1..=b.len() {
            let replaced = rows[above][j - 1] + usize::from(!same(i - 1, j - 1));
            let mut least = replaced.min(rows[above][j] + 1).min(rows[row][j - 1] + 1);
            if i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1) {
                least = least.min(rows[before][j - 2] + 1);
            }
            rows[row][j] = least;
        }
        if rows[row][..=b.len()].iter().all(|least| *least > limit) {
            return None;
        }
    }
    Some(rows[a.len() % 3][b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let known = ["message", "rpc", "typedef"];
        for (name, near) in [
            ("mesage", Some("message")),
            ("massages", Some("message")),
            ("RPC", Some("rpc")),
            ("rcp", Some("rpc")),
            ("typdef", Some("typedef")),
            ("", None),
            ("service", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()), near, "{name}");
        }
        let long = "x".repeat(65);
        assert_eq!(nearest(&long, [long.as_str()].into_iter()), None);
    }
}
