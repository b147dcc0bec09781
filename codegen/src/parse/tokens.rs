//! Finds tokens in a text, for errors that quote them.

/// Where the first token at or after `start` begins and ends.
pub(super) fn first(text: &str, start: usize) -> (usize, usize) {
    let start = start + blank(&text[start..]);
    let rest = &text[start..];
    let is_word = |next: char| next.is_ascii_alphanumeric() || next == '_';
    let word = rest.find(|next| !is_word(next)).unwrap_or(rest.len());
    let length = if word == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { word };
    (start, start + length)
}

/// How many bytes of white space and comments `text` starts with.
fn blank(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += match rest.as_bytes() {
            [b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C, ..] => 1,
            [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => block_comment(rest),
            _ => return at,
        };
    }
}

/// The length of the block comment at the start of `text`.
pub(crate) fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    loop {
        match text.as_bytes()[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            [_, ..] => at += 1,
            [] => return at,
        }
        if depth == 0 {
            return at;
        }
    }
}
