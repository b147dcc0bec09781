//! Documentation: comments of interface files, made harmless.
//!
//! A comment may hold anything. What would be markup to rustdoc and can go wrong there (code blocks,
//! which become tests, links that lead nowhere, HTML) is escaped; what can't (paragraphs, lists, code
//! in backticks, emphasis) stays. Words that name code get backticks, as clippy asks.

/// Documentation: blocks of one line each, a paragraph or a list item. `render` fills the lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Docs(Vec<String>);

impl Docs {
    /// One paragraph of our own.
    pub(crate) fn text(paragraph: impl Into<String>) -> Self {
        Self(vec![paragraph.into()])
    }

    /// What a comment says; `fallback` if it says nothing.
    pub(crate) fn of(comment: &[String], fallback: impl FnOnce() -> String) -> Self {
        let blocks = blocks(comment);
        if blocks.is_empty() { Self::text(fallback()) } else { Self(blocks) }
    }

    /// What the first of these comments says that says anything.
    pub(crate) fn first_of(comments: &[&[String]]) -> Option<Self> {
        comments.iter().map(|comment| blocks(comment)).find(|blocks| !blocks.is_empty()).map(Self)
    }

    /// The same with another paragraph of our own.
    pub(crate) fn and(mut self, paragraph: impl Into<String>) -> Self {
        self.0.push(paragraph.into());
        self
    }

    /// What a comment says as the second half of a sentence, `Sends X: …`; `tail` ends its first
    /// paragraph.
    pub(crate) fn action(action: &str, comment: &[String], tail: &str) -> Self {
        let mut blocks = blocks(comment);
        match blocks.first_mut() {
            Some(first) if !is_item(first) => {
                *first = format!("{action}: {}{tail}", uncapitalized(first));
            }
            _ => blocks.insert(0, format!("{action}.{tail}")),
        }
        Self(blocks)
    }

    /// The lines to print, with empty ones between paragraphs.
    pub(crate) fn lines(&self) -> Vec<&str> {
        let mut lines = Vec::new();
        for (index, block) in self.0.iter().enumerate() {
            if index > 0 && !(is_item(block) && is_item(&self.0[index - 1])) {
                lines.push("");
            }
            lines.push(block);
        }
        lines
    }
}

/// The indefinite article and the name, as code: "an `echo`".
pub(crate) fn a(name: &str) -> String {
    let vowel = name.starts_with(|first: char| "aeiouAEIOU".contains(first));
    format!("{} `{name}`", if vowel { "an" } else { "a" })
}

/// A sentence's first letter in upper case.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A sentence's first letter in lower case, unless its first word is a name.
fn uncapitalized(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let is_name = word.chars().skip(1).any(|next| !next.is_lowercase());
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if !is_name => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

fn is_item(block: &str) -> bool {
    block.starts_with("- ")
}

/// The paragraphs and list items of a comment.
fn blocks(comment: &[String]) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open = false;
    for line in comment {
        let line: String = line.chars().filter(|next| !is_hidden(*next)).collect();
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            open = false;
        } else if !open || item_text(&line).is_some() {
            blocks.push(line);
            open = true;
        } else if let Some(last) = blocks.last_mut() {
            last.push(' ');
            last.push_str(&line);
        }
    }
    blocks.iter().map(|block| escape_block(block)).collect()
}

/// Characters that show nothing and that rustc refuses in comments: control characters, but white
/// space, and those that change the direction of text.
fn is_hidden(next: char) -> bool {
    let is_direction = matches!(next, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    is_direction || (next.is_control() && !next.is_whitespace())
}

/// The text of a list item.
fn item_text(line: &str) -> Option<&str> {
    ["- ", "* ", "+ "].iter().find_map(|marker| line.strip_prefix(marker))
}

fn escape_block(block: &str) -> String {
    if let Some(text) = item_text(block) {
        return format!("- {}", escape_block(text));
    }
    let text = escape(block);
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && text[digits..].starts_with(['.', ')']) {
        return format!("{}\\{}", &text[..digits], &text[digits..]);
    }
    if text.starts_with(['#', '-', '+', '=', '|', '_', '!', ':']) {
        return format!("\\{text}");
    }
    text
}

/// Text with everything escaped that is markup, except code and emphasis.
///
/// Code that itself holds backticks is escaped too: three of them could start a line.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].chars().take_while(|next| *next == '`').count();
        plain(&rest[..start], &mut escaped);
        let inner = &rest[start + ticks..];
        match closing(inner, ticks) {
            Some(end) if !inner[..end].contains('`') && !inner[..end].trim().is_empty() => {
                escaped.extend(["`", inner[..end].trim(), "`"]);
                rest = &inner[end + ticks..];
            }
            _ => {
                escaped += &"\\`".repeat(ticks);
                rest = inner;
            }
        }
    }
    plain(rest, &mut escaped);
    escaped
}

/// Where code that `ticks` backticks opened is closed by as many.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(start) = text[at..].find('`') {
        let run = text[at + start..].chars().take_while(|next| *next == '`').count();
        if run == ticks {
            return Some(at + start);
        }
        at += start + run;
    }
    None
}

/// Appends text without code: words that name code get backticks, markup is escaped.
fn plain(text: &str, escaped: &mut String) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            escaped.push(' ');
        }
        let core = word.trim_matches(|next: char| !next.is_alphanumeric() && next != '_');
        let start = word.find(core).unwrap_or(0);
        let (before, after) = (&word[..start], &word[start + core.len()..]);
        if core.starts_with("http://") || core.starts_with("https://") {
            let url = core.replace(['<', '>'], "");
            escaped.extend([&markup(before), "<", &url, ">", &markup(after)]);
        } else if let Some(after) = after.strip_prefix("()").filter(|_| !core.is_empty()) {
            escaped.extend([&markup(before), "`", core, "()`", &markup(after)]);
        } else if is_code(core) {
            escaped.extend([&markup(before), "`", core, "`", &markup(after)]);
        } else {
            *escaped += &markup(word);
        }
    }
}

/// Whether clippy would take the word for a name in code.
fn is_code(word: &str) -> bool {
    let is_camel = || {
        let stem = word.strip_suffix('s').unwrap_or(word);
        let upper = stem.chars().filter(|next| next.is_uppercase()).count();
        let lower = stem.chars().filter(|next| next.is_lowercase()).count();
        stem.chars().all(char::is_alphanumeric) && upper > 1 && lower > 0
    };
    let has_underscore = word.trim_matches('_').contains('_');
    has_underscore || word.contains("::") || is_camel()
}

fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for next in text.chars() {
        if matches!(next, '\\' | '[' | ']' | '<' | '>' | '*' | '~') {
            escaped.push('\\');
        }
        escaped.push(next);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(comment: &str, expected: &str) {
        let comment: Vec<String> = comment.lines().map(str::to_owned).collect();
        assert_eq!(Docs::of(&comment, || "none".to_owned()).lines().join("\n"), expected);
    }

    #[test]
    fn text_stays() {
        check("", "none");
        check(" \n \n", "none");
        check("Asks for `x`,\n  then waits.\n\nMore.", "Asks for `x`, then waits.\n\nMore.");
        check("One:\n- a\n  b\n* c\nlast", "One:\n\n- a b\n- c last");
    }

    #[test]
    fn markup_is_escaped() {
        check("```rust\npanic!()\n```", "`rust panic!()`");
        check("```\nfn", r"\`\`\` fn");
        check("~~~\nfn", r"\~\~\~ fn");
        check("    indented code", "indented code");
        check("-     code", "- code");
        check("> quote\n# head", r"\> quote # head");
        check("1. one", r"1\. one");
        check("see [n] and <b> */", r"see \[n\] and \<b\> \*/");
        check("a \\[b]", r"a \\\[b\]");
        check("# head", r"\# head");
        check("call add_spawnd() of ProcMgmt", "call `add_spawnd()` of `ProcMgmt`");
        check("a main(), then () alone", "a `main()`, then () alone");
        check("(https://example.org/a_b).", "(<https://example.org/a_b>).");
        check("`[x]` and ``a`b``", r"`[x]` and \`\`a\`b\`\`");
    }

    #[test]
    fn actions_continue_the_sentence() {
        let action = |comment: &str| Docs::action("Sends `x`", &[comment.to_owned()], " Done.");
        assert_eq!(action("Asks it. Now.").lines(), ["Sends `x`: asks it. Now. Done."]);
        assert_eq!(action("IRQ came.").lines(), ["Sends `x`: IRQ came. Done."]);
        assert_eq!(action("").lines(), ["Sends `x`. Done."]);
    }
}
