//! What happens in a step, for people. Nothing is put into words while nobody listens: a search takes
//! millions of steps and tells of a few.

/// Who listens to a step.
#[derive(Debug)]
pub struct Tell {
    lines: Option<Vec<String>>,
}

impl Tell {
    /// Nobody listens.
    #[must_use]
    pub const fn silent() -> Self {
        Self { lines: None }
    }

    /// Every line is kept.
    #[must_use]
    pub const fn aloud() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Tells that something happens; `line` is asked only if somebody listens.
    pub fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }

    /// What was told.
    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
