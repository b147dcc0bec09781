//! What is said about a case: a line of a table for people, an object for programs.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// One variant of a case, measured. The names of the fields are those of the printed object.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    pub(crate) variant: Cow<'static, str>,
    pub(crate) p50_ns: Option<f64>,
    pub(crate) p99_ns: Option<f64>,
    pub(crate) ratio_to: Option<&'static str>,
    pub(crate) ratio: Option<f64>,
    pub(crate) goal: Option<f64>,
    pub(crate) met: Option<bool>,
    pub(crate) rounds: usize,
}

/// The head of the table.
pub(crate) fn head() -> String {
    line(["case", "variant", "p50 ns", "p99 ns", "ratio", "to", "goal", "met"])
}

/// One line of the table: names stand left in their columns, numbers right.
fn line([case, variant, p50, p99, ratio, ratio_to, goal, met]: [&str; 8]) -> String {
    format!("{case:<4} {variant:<28} {p50:>9} {p99:>9} {ratio:>8} {ratio_to:<20} {goal:>5} {met}")
}

impl Row {
    /// The row as one line of JSON.
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let met = match self.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        let cells = [
            self.case,
            &self.variant,
            &number(self.p50_ns, 1),
            &number(self.p99_ns, 1),
            &number(self.ratio, 3),
            self.ratio_to.unwrap_or("-"),
            &number(self.goal, 2),
            met,
        ];
        f.write_str(&line(cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            case: "B1",
            variant: "call".into(),
            p50_ns: Some(104.6),
            ratio_to: Some("crossbeam"),
            ratio: Some(1.5),
            goal: Some(1.25),
            met: Some(false),
            rounds: 5,
            ..Row::default()
        }
    }

    #[test]
    fn the_object_has_the_published_keys_in_their_order() {
        let expected = r#"{"case":"B1","variant":"call","p50_ns":104.6,"p99_ns":null,"#.to_owned()
            + r#""ratio_to":"crossbeam","ratio":1.5,"goal":1.25,"met":false,"rounds":5}"#;
        assert_eq!(row().json().unwrap(), expected);
    }

    #[test]
    fn the_columns_stand_under_their_heads() {
        let line = row().to_string();
        let end = |text: &str, word: &str| text.find(word).map(|start| start + word.len());
        for (cell, title) in [("104.6", "p50 ns"), ("1.500", "ratio"), ("1.25", "goal")] {
            assert_eq!(end(&line, cell), end(&head(), title), "{title}");
        }
        assert!(line.ends_with("NO"));
    }
}
