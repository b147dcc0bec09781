//! Pieces of a text that mutations move: words, blanks, comments, marks.

use std::ops::Range;

/// The pieces of a text, one after the other. Any bytes are cut in some way.
pub(crate) fn pieces(data: &[u8]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let length = length(&data[at..]);
        pieces.push(at..at + length);
        at += length;
    }
    pieces
}

fn length(rest: &[u8]) -> usize {
    let run = |is_part: fn(u8) -> bool| rest.iter().take_while(|byte| is_part(**byte)).count();
    let through = |end: &[u8]| {
        let found = rest.windows(end.len()).skip(1).position(|window| window == end);
        found.map_or(rest.len(), |at| at + 1 + end.len())
    };
    match rest {
        [b'/', b'/', ..] => through(b"\n"),
        [b'/', b'*', ..] => through(b"*/"),
        [b'"', ..] => through(b"\""),
        [first, ..] if first.is_ascii_whitespace() => run(|byte| byte.is_ascii_whitespace()),
        [first, ..] if is_word(*first) => run(is_word),
        _ => 1,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}
