//! Items, their signatures and their fields.

use super::exprs::split_value;
use super::flat::flat;
use super::tokens::Code;
use super::{INDENT, Printer, WIDTH_MAX};

/// An item of a file or of an implementation.
struct Item<'a> {
    /// The word that says what it is.
    keyword: &'a str,
    attributes: Vec<Code<'a>>,
    /// All before its end, visibility included.
    head: Code<'a>,
    /// What stands between its braces, if it ends with them and not with a semicolon.
    body: Option<Code<'a>>,
}

impl<'a> Item<'a> {
    fn take(code: &mut Code<'a>) -> Self {
        let attributes = take_attributes(code);
        let whole = *code;
        let keyword = keyword(whole);
        let ends_with_body = matches!(keyword, "mod" | "struct" | "enum" | "impl" | "fn");
        let end = if ends_with_body { "{" } else { ";" };
        *code = whole.find(end).1;
        let head = whole.without_tail(*code);
        let end = code.take();
        let body = end.filter(|_| ends_with_body).map(Code::inside);
        Self { keyword, attributes, head, body }
    }

    /// The items that follow each other.
    fn all(mut code: Code<'a>) -> Vec<Self> {
        let mut items = Vec::new();
        while !code.is_empty() {
            items.push(Self::take(&mut code));
        }
        items
    }
}

/// The word that says what the item is that starts here.
fn keyword(mut item: Code<'_>) -> &str {
    item.take_if("pub");
    let word = item.first();
    item.take();
    if word == "const" && item.first() == "fn" { "fn" } else { word }
}

fn take_attributes<'a>(code: &mut Code<'a>) -> Vec<Code<'a>> {
    let mut attributes = Vec::new();
    while code.take_if("#") {
        attributes.extend(code.take());
    }
    attributes
}

impl Printer {
    /// Items with a blank line between them, except between those of one line that belong together.
    pub(super) fn items(&mut self, code: Code<'_>) {
        let mut last = "";
        for (index, item) in Item::all(code).iter().enumerate() {
            let together = matches!(item.keyword, "use" | "type")
                && item.keyword == last
                && item.attributes.is_empty();
            if index > 0 && !together {
                self.line("");
            }
            last = item.keyword;
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item<'_>) {
        self.attributes(&item.attributes);
        let body = item.body.unwrap_or(item.head);
        match item.keyword {
            "mod" => {
                self.block(&format!("{} {{", flat(item.head)), "}", |to| to.items(body));
            }
            "use" => self.import(item.head),
            "const" => {
                let (prefix, value) = split_value(item.head);
                self.value(&flat(prefix), value);
            }
            "type" => {
                let (prefix, value) = split_value(item.head);
                self.assignment(&flat(prefix), &flat(value));
            }
            "struct" => self.members(item.head, body, Self::field),
            "enum" => self.members(item.head, body, |to, variant| to.whole_line("", variant, ",")),
            "impl" => self.implementation(item.head, body),
            _ => self.function(item.head, body),
        }
    }

    /// An import; names that don't fit fill the lines below.
    fn import(&mut self, import: Code<'_>) {
        let line = format!("{};", flat(import));
        let Some((path, group)) = import.group_at_end() else { return self.line(&line) };
        let path = flat(path);
        let names: Vec<String> = group.inside().split(",").map(flat).collect();
        let line = format!("{path}{{{}}};", names.join(", "));
        if self.fits(&line) {
            return self.line(&line);
        }
        self.block(&format!("{path}{{"), "};", |to| {
            let mut line = String::new();
            for name in names {
                if !line.is_empty() && !to.fits(&format!("{line} {name},")) {
                    to.line(&std::mem::take(&mut line));
                }
                line.extend([if line.is_empty() { "" } else { " " }, &name, ","]);
            }
            to.line(&line);
        });
    }

    /// Fields or variants, with their attributes.
    fn members(&mut self, head: Code<'_>, body: Code<'_>, each: fn(&mut Self, Code<'_>)) {
        let head = flat(head);
        if body.is_empty() {
            return self.line(&format!("{head} {{}}"));
        }
        self.block(&format!("{head} {{"), "}", |to| {
            for mut member in body.split(",") {
                let attributes = take_attributes(&mut member);
                to.attributes(&attributes);
                each(to, member);
            }
        });
    }

    fn field(&mut self, field: Code<'_>) {
        if self.line_if_fits("", field, ",") {
            return;
        }
        let (name, mut ty) = field.find(":");
        ty.take();
        self.line(&format!("{}:", flat(name)));
        self.indent += INDENT;
        self.line(&format!("{},", flat(ty)));
        self.indent -= INDENT;
    }

    fn implementation(&mut self, head: Code<'_>, body: Code<'_>) {
        let mut of = head;
        of.take();
        let generics = take_generics(&mut of);
        let (name, ty) = of.find("for");
        let (head, ty) = (format!("impl{} {}", flat(generics), flat(name)), flat(ty));
        let line = format!("{head} {ty}");
        let line = line.trim_end();
        if body.is_empty() {
            return self.line(&format!("{line} {{}}"));
        }
        let open = if ty.is_empty() || self.fits(&format!("{line} {{")) {
            format!("{line} {{")
        } else {
            self.line(&head);
            self.indent += INDENT;
            self.line(&ty);
            self.indent -= INDENT;
            "{".to_owned()
        };
        self.block(&open, "}", |to| to.items(body));
    }

    fn function(&mut self, head: Code<'_>, body: Code<'_>) {
        let brace = if body.is_empty() { " {}" } else { " {" };
        let (signature, output) = head.find("->");
        if !self.line_if_fits("", head, brace) {
            self.signature(signature, output, brace);
        }
        if !body.is_empty() {
            self.returns_nothing = output.is_empty();
            self.indent += INDENT;
            self.statements(body);
            self.indent -= INDENT;
            self.line("}");
        }
    }

    /// A signature with one parameter per line.
    fn signature(&mut self, head: Code<'_>, output: Code<'_>, brace: &str) {
        let Some((name, parameters)) = head.group_at_end() else { return };
        self.line(&format!("{}(", flat(name)));
        self.indent += INDENT;
        for parameter in parameters.inside().split(",") {
            self.whole_line("", parameter, ",");
        }
        self.indent -= INDENT;
        self.output(output, brace);
    }

    /// The last lines of a signature: the return type and the brace.
    fn output(&mut self, mut output: Code<'_>, brace: &str) {
        if !output.take_if("->") {
            return self.line(&format!("){brace}"));
        }
        let line = format!(") -> {}", flat(output));
        // `rustfmt` counts the indentation of this line twice.
        let width = line.chars().count() + 2 * self.indent + brace.len();
        if width <= WIDTH_MAX {
            self.line(&format!("{line}{brace}"));
        } else if output.is_path() && !self.fits_generics(&line) {
            self.path(") -> ", output, brace);
        } else {
            self.line(&line);
            self.line(brace.trim_start());
        }
    }
}

/// Takes generic parameters off, if there are some.
fn take_generics<'a>(code: &mut Code<'a>) -> Code<'a> {
    let whole = *code;
    let mut depth = 0;
    loop {
        match code.first() {
            "<" => depth += 1,
            ">" => depth -= 1,
            _ if depth == 0 => break,
            _ => (),
        }
        if code.take().is_none() || depth == 0 {
            break;
        }
    }
    whole.without_tail(*code)
}
