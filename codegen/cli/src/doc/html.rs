//! Pages for a browser: one file each, without scripts and without anything from elsewhere.

use flounder_codegen::describe::{Interface, Message, Type, TypeKind, TypeUse};

use super::book::{self, Book, Page};
use super::text::{Block, Inline, blocks};

const STYLE: &str = include_str!("style.css");

/// Keeps a browser from running or fetching anything, whatever a page holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const EXTENSION: &str = "html";

/// A page as HTML.
pub(super) fn page(book: &Book<'_>, page: &Page<'_>) -> String {
    let writer = Writer { book, page };
    let (kind, name) = (page.kind(), escape(page.name));
    let body = match page.interface {
        Some(interface) => writer.interface(interface),
        None => facts(&[("File", page.files.iter().map(|file| code(file)).collect())]),
    };
    let types: String = page.types.iter().map(|ty| writer.declared(ty)).collect();
    let types = if types.is_empty() { types } else { format!("<h2>Types</h2>\n{types}") };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1><small>{kind}</small> {name}</h1>\n{body}{types}</body>\n</html>\n"
    )
}

struct Writer<'a> {
    book: &'a Book<'a>,
    page: &'a Page<'a>,
}

impl Writer<'_> {
    fn interface(&self, interface: &Interface) -> String {
        let lead = interface.description.as_deref().filter(|text| !text.trim().is_empty());
        let lead = lead.map(|text| format!("<p class=\"lead\">{}</p>\n", escape(text)));
        let facts = facts(&[
            ("File", self.page.files.iter().map(|file| code(file)).collect()),
            ("Fingerprint", code(&format!("{:032x}", interface.fingerprint))),
            ("Largest message", format!("{} bytes", interface.bytes_max)),
        ]);
        let messages: String =
            interface.messages.iter().map(|message| self.message(message)).collect();
        [
            lead.unwrap_or_default(),
            docs(&interface.docs),
            facts,
            contents(interface),
            "<h2>Messages</h2>\n".to_owned(),
            messages,
        ]
        .concat()
    }

    fn message(&self, message: &Message) -> String {
        let signature =
            book::signature(message, |arg| self.declaration(&arg.declared, arg.type_use()));
        let rows: Vec<_> = message
            .parameters()
            .map(|(way, arg)| {
                let ty = arg.type_use().map_or(code("String"), |ty| self.type_use(ty));
                let way = way.unwrap_or_default().to_owned();
                [code(&arg.name), way, ty, book::limit(arg), docs(&arg.docs)]
            })
            .collect();
        let table = table(["Argument", "Direction", "Type", "Limit", ""], &rows);
        let parts = [format!("<pre>{signature}</pre>\n"), docs(&message.docs), table];
        section("message", &message.name, message.kind(), &parts)
    }

    fn declared(&self, ty: &Type) -> String {
        let mut told = Vec::new();
        if let Some((target, length)) = book::target(ty) {
            told.push(("Stands for", self.type_use(target) + &length));
        }
        told.push(("Size", book::size(ty)));
        told.push(("In the fingerprint", code(&ty.wire)));
        let parts = match &ty.kind {
            TypeKind::Typedef(_) | TypeKind::Array { .. } => String::new(),
            TypeKind::Struct(fields) => {
                let rows: Vec<_> = (fields.iter())
                    .map(|it| [code(&it.name), self.type_use(it.ty), docs(&it.docs)])
                    .collect();
                table(["Field", "Type", ""], &rows)
            }
            TypeKind::Enum(values) => {
                let rows: Vec<_> = (values.iter().enumerate())
                    .map(|(value, it)| [code(&it.name), value.to_string(), docs(&it.docs)])
                    .collect();
                table(["Name", "Value", ""], &rows)
            }
        };
        let facts = facts(&told);
        section("type", &ty.name, ty.kind.name(), &[docs(&ty.docs), facts, parts])
    }

    /// A declaration whose type is a link.
    fn declaration(&self, declaration: &str, ty: Option<TypeUse>) -> String {
        let (name, rest) = book::split(declaration);
        match book::declared(ty) {
            Some(id) => anchor(&self.book.link(self.page, id, EXTENSION), name) + rest,
            None => declaration.to_owned(),
        }
    }

    fn type_use(&self, ty: TypeUse) -> String {
        let name = self.book.description.name(ty);
        let name = match book::declared(Some(ty)) {
            Some(id) => anchor(&self.book.link(self.page, id, EXTENSION), name),
            None => name.to_owned(),
        };
        format!("<code>{name}</code>")
    }
}

fn anchor(target: &str, name: &str) -> String {
    format!("<a href=\"{target}\">{name}</a>")
}

/// Names, and what is told of each.
fn facts(facts: &[(&str, String)]) -> String {
    let rows =
        facts.iter().flat_map(|(name, fact)| ["<dt>", name, "</dt>", "<dd>", fact, "</dd>\n"]);
    format!("<dl>\n{}</dl>\n", rows.collect::<String>())
}

/// What travels, in the order of the numbers.
fn contents(interface: &Interface) -> String {
    let packets = interface.messages.iter().flat_map(|message| {
        message.packets().map(|packet| {
            let link = format!("<a href=\"#message-{}\">{}</a>", message.name, packet.wire_name);
            [
                packet.number.to_string(),
                format!("<code>{link}</code>"),
                packet.bytes(),
                packet.caps.to_string(),
            ]
        })
    });
    let rows: Vec<_> = packets.collect();
    table(["Number", "On the wire", "Bytes", "Caps"], &rows)
}

fn section(what: &str, name: &str, kind: &str, parts: &[String]) -> String {
    let id = format!("{what}-{name}");
    let heading = format!("<h3><small>{kind}</small> <a href=\"#{id}\">{name}</a></h3>\n");
    format!("<section id=\"{id}\">\n{heading}{}</section>\n", parts.concat())
}

/// A table without the columns in which nothing is.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let used: Vec<_> =
        (0..N).filter(|column| rows.iter().any(|row| !row[*column].is_empty())).collect();
    let head: String = used.iter().flat_map(|column| ["<th>", head[*column], "</th>"]).collect();
    let line = |row: &[String; N]| -> String {
        let cells = used.iter().flat_map(|column| ["<td>", row[*column].trim_end(), "</td>"]);
        ["<tr>"].into_iter().chain(cells).chain(["</tr>\n"]).collect()
    };
    let lines: String = rows.iter().map(line).collect();
    format!("<div class=\"wide\"><table>\n<tr>{head}</tr>\n{lines}</table></div>\n")
}

/// A comment.
fn docs(comment: &[String]) -> String {
    let mut html = String::new();
    let mut is_list = false;
    for block in blocks(comment) {
        let is_item = matches!(block, Block::Item(_));
        let list = match (is_list, is_item) {
            (false, true) => "<ul>\n",
            (true, false) => "</ul>\n",
            _ => "",
        };
        let (element, inside) = match block {
            Block::Paragraph(text) => ("p", inlines(&text)),
            Block::Item(text) => ("li", inlines(&text)),
            Block::Code(lines) => ("pre", escape(&lines.join("\n"))),
        };
        html.extend([list, "<", element, ">", &inside, "</", element, ">\n"]);
        is_list = is_item;
    }
    html + if is_list { "</ul>\n" } else { "" }
}

fn inlines(text: &[Inline]) -> String {
    let part = |inline: &Inline| match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(text) => code(text),
    };
    text.iter().map(part).collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Text that is nothing but text, wherever it stands.
fn escape(text: &str) -> String {
    let shown = text.chars().filter(|next| *next == '\n' || !super::text::is_hidden(*next));
    let escaped = shown.map(|next| match next {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        next => next.to_string(),
    });
    escaped.collect()
}
