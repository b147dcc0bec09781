//! Pages for whatever shows Markdown.

use flounder_codegen::describe::{Interface, Message, Type, TypeKind, TypeUse};

use super::book::{self, Book, Page};
use super::text::{Block, Inline, blocks};

const EXTENSION: &str = "md";

/// What means something to Markdown, or to HTML in it, wherever it stands.
const SPECIAL: &str = "\\`*_[]<>|~&$";

/// What means something at the start of a line.
const SPECIAL_AT_START: &str = "#+-=:";

/// A page as Markdown.
pub(super) fn page(book: &Book<'_>, page: &Page<'_>) -> String {
    let writer = Writer { book, page };
    let files: Vec<_> = page.files.iter().map(|file| code(file)).collect();
    let mut parts = vec![format!("# {} {}", page.kind(), escape(page.name))];
    match page.interface {
        Some(interface) => parts.extend(writer.interface(interface, &files.join(", "))),
        None => parts.push(format!("Declared in {}.", files.join(", "))),
    }
    if !page.types.is_empty() {
        parts.push("## Types".to_owned());
        parts.extend(page.types.iter().flat_map(|ty| writer.declared(ty)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

struct Writer<'a> {
    book: &'a Book<'a>,
    page: &'a Page<'a>,
}

impl Writer<'_> {
    fn interface(&self, interface: &Interface, files: &str) -> Vec<String> {
        let Interface { fingerprint, bytes_max, .. } = interface;
        let facts = format!(
            "Declared in {files}. Fingerprint `{fingerprint:032x}`. The largest message takes \
             {bytes_max} bytes."
        );
        let description = interface.description.as_deref().unwrap_or_default();
        let head = [paragraph(description), docs(&interface.docs), facts, contents(interface)];
        let messages = interface.messages.iter().flat_map(|message| self.message(message));
        head.into_iter().chain(["## Messages".to_owned()]).chain(messages).collect()
    }

    fn message(&self, message: &Message) -> [String; 4] {
        let rows: Vec<_> = message
            .parameters()
            .map(|(way, arg)| {
                let ty = arg.type_use().map_or(code("String"), |ty| self.type_use(ty));
                let way = way.unwrap_or_default().to_owned();
                [code(&arg.name), way, ty, book::limit(arg), cell(&arg.docs)]
            })
            .collect();
        [
            heading("message", &message.name, message.kind()),
            format!("```c\n{}\n```", book::signature(message, |arg| arg.declared.clone())),
            docs(&message.docs),
            table(["Argument", "Direction", "Type", "Limit", "Meaning"], &rows),
        ]
    }

    fn declared(&self, ty: &Type) -> [String; 4] {
        let stands_for = book::target(ty).map(|(target, length)| {
            format!("Stands for {}{}. ", self.type_use(target), escape(&length))
        });
        let (size, wire) = (book::size(ty), code(&ty.wire));
        let facts = stands_for.unwrap_or_default() + &format!("{size}, in the fingerprint {wire}.");
        let parts = match &ty.kind {
            TypeKind::Typedef(_) | TypeKind::Array { .. } => String::new(),
            TypeKind::Struct(fields) => {
                let rows: Vec<_> = (fields.iter())
                    .map(|it| [code(&it.name), self.type_use(it.ty), cell(&it.docs)])
                    .collect();
                table(["Field", "Type", "Meaning"], &rows)
            }
            TypeKind::Enum(values) => {
                let rows: Vec<_> = (values.iter().enumerate())
                    .map(|(value, it)| [code(&it.name), value.to_string(), cell(&it.docs)])
                    .collect();
                table(["Name", "Value", "Meaning"], &rows)
            }
        };
        [heading("type", &ty.name, ty.kind.name()), docs(&ty.docs), facts, parts]
    }

    fn type_use(&self, ty: TypeUse) -> String {
        let name = code(self.book.description.name(ty));
        match book::declared(Some(ty)) {
            Some(id) => format!("[{name}]({})", self.book.link(self.page, id, EXTENSION)),
            None => name,
        }
    }
}

/// What travels, in the order of the numbers.
fn contents(interface: &Interface) -> String {
    let packets = interface.messages.iter().flat_map(|message| {
        message.packets().map(|packet| {
            let link = format!("[{}](#message-{})", code(&packet.wire_name), message.name);
            [packet.number.to_string(), link, packet.bytes(), packet.caps.to_string()]
        })
    });
    table(["Number", "On the wire", "Bytes", "Caps"], &packets.collect::<Vec<_>>())
}

/// A heading with an anchor that doesn't depend on who makes anchors of headings.
fn heading(what: &str, name: &str, kind: &str) -> String {
    format!("<a id=\"{what}-{name}\"></a>\n\n### {kind} {}", code(name))
}

/// A table without the columns in which nothing is.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let used: Vec<_> =
        (0..N).filter(|column| rows.iter().any(|row| !row[*column].is_empty())).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| -> String {
        cells.flat_map(|cell| ["| ", cell, " "]).collect::<String>() + "|"
    };
    let head = line(&mut used.iter().map(|column| head[*column]));
    let rule = line(&mut used.iter().map(|_| "---"));
    let rows = rows.iter().map(|row| line(&mut used.iter().map(|column| row[*column].as_str())));
    [head, rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// A comment.
fn docs(comment: &[String]) -> String {
    let mut text = String::new();
    let mut is_list = false;
    for block in blocks(comment) {
        let is_item = matches!(block, Block::Item(_));
        let gap = match (text.is_empty(), is_list && is_item) {
            (true, _) => "",
            (false, true) => "\n",
            (false, false) => "\n\n",
        };
        let (marker, inside) = match block {
            Block::Paragraph(inlines) => ("", at_start(&join(&inlines, code))),
            Block::Item(inlines) => ("- ", at_start(&join(&inlines, code))),
            Block::Code(lines) => ("", fenced(&lines)),
        };
        text.extend([gap, marker, &inside]);
        is_list = is_item;
    }
    text
}

/// A comment in a cell of a table: one line.
fn cell(comment: &[String]) -> String {
    let parts = blocks(comment).into_iter().map(|block| match block {
        Block::Paragraph(inlines) | Block::Item(inlines) => join(&inlines, code_in_cell),
        Block::Code(lines) => code_in_cell(&lines.join(" ")),
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn join(text: &[Inline], code: fn(&str) -> String) -> String {
    let part = |inline: &Inline| match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(text) => code(text),
    };
    text.iter().map(part).collect()
}

/// A paragraph that is text and nothing else.
fn paragraph(text: &str) -> String {
    at_start(&escape(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Text that is nothing but text, if it isn't at the start of a line.
fn escape(text: &str) -> String {
    let shown = text.chars().filter(|next| !super::text::is_hidden(*next));
    shown
        .flat_map(|next| SPECIAL.contains(next).then_some('\\').into_iter().chain([next]))
        .collect()
}

/// The same at the start of a line, where more means something.
fn at_start(escaped: &str) -> String {
    let digits = escaped.chars().take_while(char::is_ascii_digit).count();
    let (number, rest) = escaped.split_at(digits);
    let is_number = digits > 0 && rest.starts_with(['.', ')']);
    let is_special = digits == 0 && rest.starts_with(|next| SPECIAL_AT_START.contains(next));
    if is_number || is_special { format!("{number}\\{rest}") } else { escaped.to_owned() }
}

/// Code, between more backticks than are in it.
fn code(text: &str) -> String {
    let text = text.chars().filter(|next| !super::text::is_hidden(*next)).collect::<String>();
    let fence = "`".repeat(longest_run(&text) + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    if text.is_empty() { text } else { [&fence, blank, &text, blank, &fence].concat() }
}

/// The same in a cell, which a bar would end.
fn code_in_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn fenced(lines: &[String]) -> String {
    let text = lines.join("\n");
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|next| next != '`').map(str::len).max().unwrap_or(0)
}
