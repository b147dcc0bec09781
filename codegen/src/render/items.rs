//! Items, their signatures and their fields.

use syn::{
    Fields, ImplItem, ImplItemFn, Item, ItemEnum, ItemImpl, ItemStruct, ItemUse, ReturnType,
    Signature, Type, UseTree, Visibility,
};

use super::flat::flat;
use super::{INDENT, Printer, WIDTH_MAX};

impl Printer {
    /// Items with a blank line between them, except between imports.
    pub(super) fn items(&mut self, items: &[Item]) {
        for (index, item) in items.iter().enumerate() {
            let is_use = |item: &Item| matches!(item, Item::Use(_));
            if index > 0 && !(is_use(item) && is_use(&items[index - 1])) {
                self.line("");
            }
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Mod(module) => {
                self.attributes(&module.attrs);
                let open = format!("{} mod {} {{", flat(&module.vis), module.ident);
                let items = module.content.as_ref().map(|(_, items)| items.as_slice());
                self.block(&open, "}", |to| to.items(items.unwrap_or_default()));
            }
            Item::Use(import) => self.import(import),
            Item::Const(constant) => {
                self.attributes(&constant.attrs);
                let (name, ty) = (&constant.ident, flat(&constant.ty));
                let prefix = format!("{}const {name}: {ty} =", visibility(&constant.vis));
                self.value(&prefix, &constant.expr);
            }
            Item::Type(alias) => {
                self.attributes(&alias.attrs);
                let prefix = format!("{}type {} =", visibility(&alias.vis), alias.ident);
                self.assignment(&prefix, &alias.ty);
            }
            Item::Struct(item) => self.structure(item),
            Item::Enum(item) => self.enumeration(item),
            Item::Impl(item) => self.implementation(item),
            other => self.line(&flat(other)),
        }
    }

    /// An import; names that don't fit fill the lines below.
    fn import(&mut self, import: &ItemUse) {
        let line = flat(import);
        let mut tree = &import.tree;
        let mut path = format!("{}use ", visibility(&import.vis));
        while let UseTree::Path(step) = tree {
            path = format!("{path}{}::", step.ident);
            tree = &step.tree;
        }
        let UseTree::Group(group) = tree else { return self.line(&line) };
        let names: Vec<String> = group.items.iter().map(flat).collect();
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
                line += &format!("{}{name},", if line.is_empty() { "" } else { " " });
            }
            to.line(&line);
        });
    }

    fn structure(&mut self, item: &ItemStruct) {
        self.attributes(&item.attrs);
        let head =
            format!("{}struct {}{}", visibility(&item.vis), item.ident, flat(&item.generics));
        if item.fields.is_empty() {
            return self.line(&format!("{head} {{}}"));
        }
        self.block(&format!("{head} {{"), "}", |to| {
            for field in &item.fields {
                to.attributes(&field.attrs);
                let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                to.field(&format!("{}{name}:", visibility(&field.vis)), &flat(&field.ty));
            }
        });
    }

    fn field(&mut self, prefix: &str, ty: &str) {
        let line = format!("{prefix} {ty},");
        if self.fits(&line) {
            self.line(&line);
        } else {
            self.line(prefix);
            self.indent += INDENT;
            self.line(&format!("{ty},"));
            self.indent -= INDENT;
        }
    }

    fn enumeration(&mut self, item: &ItemEnum) {
        self.attributes(&item.attrs);
        let head = format!("{}enum {}", visibility(&item.vis), item.ident);
        if item.variants.is_empty() {
            return self.line(&format!("{head} {{}}"));
        }
        self.block(&format!("{head} {{"), "}", |to| {
            for variant in &item.variants {
                to.attributes(&variant.attrs);
                let fields = match &variant.fields {
                    Fields::Unit => String::new(),
                    fields => flat(fields),
                };
                let value = variant.discriminant.as_ref().map(|(_, value)| flat(value));
                let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
                to.line(&format!("{}{fields}{value},", variant.ident));
            }
        });
    }

    fn implementation(&mut self, item: &ItemImpl) {
        let generics = flat(&item.generics);
        let of = match &item.trait_ {
            Some((path, _)) => format!(" {} for", flat(path)),
            None => String::new(),
        };
        let head = format!("impl{generics}{of} {}", flat(&item.self_ty));
        if item.items.is_empty() {
            return self.line(&format!("{head} {{}}"));
        }
        self.block(&format!("{head} {{"), "}", |to| {
            for (index, member) in item.items.iter().enumerate() {
                let is_type = |member: &ImplItem| matches!(member, ImplItem::Type(_));
                if index > 0 && !(is_type(member) && is_type(&item.items[index - 1])) {
                    to.line("");
                }
                to.member(member);
            }
        });
    }

    fn member(&mut self, member: &ImplItem) {
        match member {
            ImplItem::Fn(function) => self.function(function),
            ImplItem::Const(constant) => {
                self.attributes(&constant.attrs);
                let (name, ty) = (&constant.ident, flat(&constant.ty));
                let prefix = format!("{}const {name}: {ty} =", visibility(&constant.vis));
                self.value(&prefix, &constant.expr);
            }
            ImplItem::Type(alias) => {
                let (name, generics) = (&alias.ident, flat(&alias.generics));
                self.assignment(&format!("type {name}{generics} ="), &alias.ty);
            }
            other => self.line(&flat(other)),
        }
    }

    fn function(&mut self, function: &ImplItemFn) {
        self.attributes(&function.attrs);
        let brace = if function.block.stmts.is_empty() { " {}" } else { " {" };
        let vis = visibility(&function.vis);
        let line = format!("{vis}{}{brace}", flat(&function.sig));
        if self.fits(&line) {
            self.line(&line);
        } else {
            self.signature(&vis, &function.sig, brace);
        }
        if !function.block.stmts.is_empty() {
            self.indent += INDENT;
            self.statements(&function.block);
            self.indent -= INDENT;
            self.line("}");
        }
    }

    /// A signature with one parameter per line.
    fn signature(&mut self, vis: &str, sig: &Signature, brace: &str) {
        let constness = if sig.constness.is_some() { "const " } else { "" };
        self.line(&format!("{vis}{constness}fn {}{}(", sig.ident, flat(&sig.generics)));
        self.indent += INDENT;
        for param in &sig.inputs {
            self.line(&format!("{},", flat(param)));
        }
        self.indent -= INDENT;
        self.output(&sig.output, brace);
    }

    /// The last lines of a signature: the return type and the brace.
    fn output(&mut self, output: &ReturnType, brace: &str) {
        let ReturnType::Type(_, ty) = output else { return self.line(&format!("){brace}")) };
        let line = format!(") -> {}", flat(ty));
        // `rustfmt` counts the indentation of this line twice.
        let width = line.chars().count() + 2 * self.indent + brace.len();
        match &**ty {
            _ if width <= WIDTH_MAX => self.line(&format!("{line}{brace}")),
            Type::Path(path) if !self.fits_generics(&line) => self.path(") -> ", &path.path, brace),
            _ => {
                self.line(&line);
                self.line(brace.trim_start());
            }
        }
    }
}

/// A visibility and the blank behind it.
fn visibility(visibility: &Visibility) -> String {
    match visibility {
        Visibility::Inherited => String::new(),
        other => format!("{} ", flat(other)),
    }
}
