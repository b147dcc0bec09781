//! Comments: paragraphs, list items, code. A comment may hold anything; whatever isn't one of these
//! is text.

/// A part of a comment.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Block {
    Paragraph(Vec<Inline>),
    Item(Vec<Inline>),
    /// Lines between fences; without a second fence, all that follow.
    Code(Vec<String>),
}

/// A part of a paragraph.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Inline {
    Text(String),
    Code(String),
}

const FENCES: [&str; 2] = ["```", "~~~"];

/// The parts of a comment.
pub(super) fn blocks(comment: &[String]) -> Vec<Block> {
    let mut reader = Reader::default();
    for line in comment {
        let line: String = line.chars().filter(|next| !is_hidden(*next)).collect();
        reader.line(&line);
    }
    reader.close();
    reader.close_fence();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    /// The paragraph or item that lines are added to, and whether it is an item.
    open: Option<(bool, String)>,
    /// The fence that code ends at, and the code so far.
    fence: Option<(&'static str, Vec<String>)>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let text = line.trim();
        let fence = FENCES.into_iter().find(|fence| text.starts_with(fence));
        let item = ["- ", "* ", "+ "].iter().find_map(|marker| text.strip_prefix(marker));
        if let Some((end, lines)) = &mut self.fence {
            if fence == Some(*end) {
                self.close_fence();
            } else {
                lines.push(line.to_owned());
            }
        } else if let Some(fence) = fence {
            self.close();
            self.fence = Some((fence, Vec::new()));
        } else if let Some(item) = item {
            self.close();
            self.open = Some((true, item.to_owned()));
        } else if text.is_empty() {
            self.close();
        } else if let Some((_, open)) = &mut self.open {
            open.extend([" ", text]);
        } else {
            self.open = Some((false, text.to_owned()));
        }
    }

    /// Ends a paragraph or an item.
    fn close(&mut self) {
        if let Some((is_item, text)) = self.open.take() {
            let inlines = inlines(&text);
            let block = if is_item { Block::Item(inlines) } else { Block::Paragraph(inlines) };
            self.blocks.push(block);
        }
    }

    /// Ends code, of which there may be none.
    fn close_fence(&mut self) {
        if let Some((_, lines)) = self.fence.take()
            && lines.iter().any(|line| !line.trim().is_empty())
        {
            self.blocks.push(Block::Code(lines));
        }
    }
}

/// A line's text and its code, which stands between two runs of as many backticks.
fn inlines(line: &str) -> Vec<Inline> {
    let mut inlines = Vec::new();
    let (mut text, mut rest) = (String::new(), line);
    while let Some(start) = rest.find('`') {
        let run = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let inside = &rest[start + run..];
        text.push_str(&rest[..start]);
        if let Some(length) = closing(inside, run) {
            inlines.extend((!text.is_empty()).then(|| Inline::Text(std::mem::take(&mut text))));
            inlines.push(Inline::Code(inside[..length].trim().to_owned()));
            rest = &inside[length + run..];
        } else {
            text.push_str(&rest[start..start + run]);
            rest = inside;
        }
    }
    text.push_str(rest);
    inlines.extend((!text.is_empty()).then_some(Inline::Text(text)));
    inlines
}

/// Where a run of just `run` backticks starts.
fn closing(text: &str, run: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].find('`') {
        let start = from + found;
        let length = text[start..].len() - text[start..].trim_start_matches('`').len();
        if length == run {
            return Some(start).filter(|start| !text[..*start].trim().is_empty());
        }
        from = start + length;
    }
    None
}

/// Characters that show nothing, or that change the direction of what follows.
pub(super) fn is_hidden(next: char) -> bool {
    let is_direction = matches!(next, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    is_direction || (next.is_control() && next != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The blocks of a comment in one line: `p(…)`, `i(…)`, `c(…)`, code in angle brackets.
    fn told(comment: &str) -> String {
        let line = |inlines: &[Inline]| -> String {
            let parts = inlines.iter().map(|inline| match inline {
                Inline::Text(text) => text.clone(),
                Inline::Code(code) => format!("<{code}>"),
            });
            parts.collect()
        };
        let lines: Vec<_> = comment.split('\n').map(str::to_owned).collect();
        let told = blocks(&lines).into_iter().map(|block| match block {
            Block::Paragraph(inlines) => format!("p({})", line(&inlines)),
            Block::Item(inlines) => format!("i({})", line(&inlines)),
            Block::Code(lines) => format!("c({})", lines.join("/")),
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_have_paragraphs_items_and_code() {
        for (comment, expected) in [
            ("", ""),
            ("one\n  two  \n\nthree", "p(one two) p(three)"),
            ("a:\n- one\n  more\n* two\n\nend", "p(a:) i(one more) i(two) p(end)"),
            ("see `x` and ``a ` b``.", "p(see <x> and <a ` b>.)"),
            ("open ` and `` and ```", "p(open ` and `` and ```)"),
            ("`` ` ``", "p(<`>)"),
            ("``", "p(``)"),
            ("` `", "p(` `)"),
            ("before\n```rust\n  let x;\n\n- y\n```\nafter", "p(before) c(  let x;//- y) p(after)"),
            ("~~~\n```\n~~~\n```\nrest", "c(```) c(rest)"),
            ("```\n\n```", ""),
            ("text\n```", "p(text)"),
            ("hid\u{202E}den\u{0}", "p(hidden)"),
        ] {
            assert_eq!(told(comment), expected, "{comment:?}");
        }
    }
}
