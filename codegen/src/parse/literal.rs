//! The values of numbers, strings and doc comments.

/// The value of a number as written.
///
/// # Errors
///
/// A clause that says what is wrong with it.
pub(super) fn natural(text: &str) -> Result<u32, &'static str> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x', ..] => (&text[2..], 16),
        [b'0', b'o', ..] => (&text[2..], 8),
        [b'0', _, ..] => return Err("numbers have no leading zero; octal is written `0o17`"),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err("a number is decimal, `0x` and hex digits, or `0o` and octal digits");
    }
    u32::from_str_radix(digits, radix).map_err(|_| "the largest number is 4294967295")
}

/// The text of a string in its quotes.
///
/// # Errors
///
/// The offset of an escape that means nothing.
pub(super) fn string(quoted: &str) -> Result<String, usize> {
    let inner = &quoted[1..quoted.len() - 1];
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.char_indices();
    while let Some((offset, next)) = chars.next() {
        if next != '\\' {
            text.push(next);
            continue;
        }
        let (meaning, length) = escape(&inner[offset + 1..]).ok_or(offset + 1)?;
        text.push(meaning);
        chars = inner.char_indices();
        chars.by_ref().take_while(|(at, _)| *at < offset + length).for_each(drop);
    }
    Ok(text)
}

/// What the escape after a backslash means, and the bytes that follow the backslash.
fn escape(rest: &str) -> Option<(char, usize)> {
    match rest.as_bytes().first()? {
        b'n' => Some(('\n', 1)),
        b't' => Some(('\t', 1)),
        b'"' => Some(('"', 1)),
        b'\\' => Some(('\\', 1)),
        b'u' => {
            let digits = rest[1..].strip_prefix('{')?.split_once('}')?.0;
            let number = u32::from_str_radix(digits, 16).ok()?;
            Some((char::from_u32(number)?, digits.len() + 3))
        }
        _ => None,
    }
}

/// The lines of one doc comment, its markers and its common decoration removed.
pub(super) fn docs(comment: &str) -> Vec<String> {
    if let Some(line) = comment.strip_prefix("///") {
        return vec![line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()];
    }
    let inner = comment.strip_prefix("/**").and_then(|rest| rest.strip_suffix("*/"));
    let mut lines: Vec<String> = inner.unwrap_or(comment).lines().map(block_line).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    lines.drain(..first);
    lines
}

/// One line of a block comment without the ` * ` that often leads it.
fn block_line(line: &str) -> String {
    let trimmed = line.trim();
    match trimmed.strip_prefix('*') {
        Some("") => String::new(),
        Some(rest) if rest.starts_with(' ') => rest[1..].to_owned(),
        _ => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naturals() {
        for (text, value) in [
            ("0", 0),
            ("10", 10),
            ("0xfF", 255),
            ("0o17", 15),
            ("4294967295", u32::MAX),
            ("0x00000000000ff", 255),
        ] {
            assert_eq!(natural(text), Ok(value), "{text}");
        }
        for text in ["007", "0x", "0o8", "0X10", "12a", "4294967296", "1_000"] {
            assert!(natural(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strings() {
        assert_eq!(string(r#""a\n\t\"\\ü\u{1F600}b""#), Ok("a\n\t\"\\ü\u{1F600}b".to_owned()));
        assert_eq!(string(r#""""#), Ok(String::new()));
        for bad in [r#""\q""#, r#""\u{}""#, r#""\u{110000}""#, r#""\u12""#] {
            assert_eq!(string(bad), Err(1), "{bad}");
        }
    }

    #[test]
    fn doc_comments() {
        for (comment, lines) in [
            ("/// one", &["one"][..]),
            ("///", &[""]),
            ("///   code", &["  code"]),
            ("/** one */", &["one"]),
            ("/**\n * one\n *\n *  - two\n */", &["one", "", " - two"]),
            ("/** *bold* text */", &["*bold* text"]),
        ] {
            assert_eq!(docs(comment), lines, "{comment}");
        }
    }
}
