//! "Did you mean …?": the known name that is most like one that isn't known.

/// The known name most like `name`, if one is: a third of the characters may differ.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count().div_ceil(3);
    known
        .map(|known| (distance(name, known), known))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

/// How many characters one must insert, delete, replace or swap with their neighbour to make one
/// name the other. Long names are as good as unlike: comparing them takes time and helps nobody.
fn distance(a: &str, b: &str) -> usize {
    const LENGTH_MAX: usize = 64;
    if a.len().max(b.len()) > LENGTH_MAX {
        return usize::MAX;
    }
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 2..i] == [b[j - 1], b[j - 2]] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
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
