//! The figures in what a step prints.

/// What to tell of a step's output.
#[derive(Debug)]
pub(crate) enum Figures {
    /// How many tests passed, and the lines that begin like this, without the repeated blanks.
    Tests(&'static [&'static str]),
    /// These keys of a JSON object.
    Keys(&'static [&'static str]),
    /// The lines that have these words.
    Lines(&'static str),
    /// The last line.
    LastLine,
}

impl Figures {
    pub(crate) fn of(&self, log: &str) -> String {
        match self {
            Self::Tests(prefixes) => {
                let lines = log
                    .lines()
                    .filter(|line| prefixes.iter().any(|prefix| line.starts_with(prefix)));
                let lines = lines.map(one_blank);
                let told = std::iter::once(format!("{} tests", passed(log))).chain(lines);
                told.collect::<Vec<_>>().join("; ")
            }
            Self::Keys(keys) => {
                let told =
                    keys.iter().filter_map(|key| Some(format!("{key} {}", value(log, key)?)));
                told.collect::<Vec<_>>().join(", ")
            }
            Self::Lines(words) => {
                let lines = log.lines().filter(|line| line.contains(words)).map(one_blank);
                lines.collect::<Vec<_>>().join("; ")
            }
            Self::LastLine => log.lines().next_back().unwrap_or_default().trim().to_owned(),
        }
    }
}

/// The line without repeated blanks.
fn one_blank(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many tests passed, in all test binaries together.
pub(crate) fn passed(log: &str) -> u64 {
    let results = log.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok()).sum()
}

/// The number or text at a key of a JSON object, without being particular about where.
fn value<'a>(log: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = log.rsplit_once(&format!("\"{key}\":"))?;
    let end = rest.find([',', '}', '\n']).unwrap_or(rest.len());
    Some(rest[..end].trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "a   1\ntest result: ok. 3 passed; 0 failed\nb\n\
        test result: ok. 4 passed\n{\"seed\":1, \"hash\": \"0a\"}";

    #[test]
    fn figures_are_found() {
        assert_eq!(Figures::Tests(&["a "]).of(LOG), "7 tests; a 1");
        assert_eq!(Figures::Keys(&["hash", "seed", "none"]).of(LOG), "hash 0a, seed 1");
        assert_eq!(Figures::Lines("st").of("fast  1\nslow 2\nlast 3"), "fast 1; last 3");
        assert_eq!(Figures::LastLine.of("x\n y \n"), "y");
    }
}
