//! The order of the files of a run, which follows from what they hold and never from the order in
//! which they were named.

use std::collections::BTreeSet;

use crate::ast::{File, TypeDeclKind};
use crate::source::{FileId, Sources};

/// The files by name and content: neither their folders nor who named them first count.
pub(crate) fn by_name(files: &[FileId], sources: &Sources) -> Vec<FileId> {
    let mut sorted = files.to_owned();
    sorted.sort_by_key(|file| (sources.stem(*file), sources.text(*file), sources.path(*file)));
    sorted
}

/// Files of types, each behind those that declare what it uses and `imports` don't. In a circle, one
/// has to come too early: the first.
pub(crate) fn by_use(imports: &[File], files: Vec<File>) -> Vec<File> {
    let mut known: BTreeSet<String> = imports.iter().flat_map(declared).collect();
    let declarable: BTreeSet<String> = files.iter().flat_map(declared).collect();
    let mut left: Vec<_> = files.into_iter().map(|file| (missing(&file), file)).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_there = |name: &String| known.contains(name) || !declarable.contains(name);
        let next = left.iter().position(|(missing, _)| missing.iter().all(is_there));
        let (_, file) = left.remove(next.unwrap_or(0));
        known.extend(declared(&file));
        order.push(file);
    }
    order
}

/// The names of the types that a file declares.
fn declared(file: &File) -> impl Iterator<Item = String> {
    file.types.iter().map(|decl| decl.name.name.clone())
}

/// The names that a file uses before it declares them, if it does.
fn missing(file: &File) -> BTreeSet<String> {
    let (mut known, mut missing) = (BTreeSet::new(), BTreeSet::new());
    for decl in &file.types {
        let used: Vec<_> = match &decl.kind {
            TypeDeclKind::Typedef(ty) | TypeDeclKind::Array { elem: ty, .. } => vec![ty],
            TypeDeclKind::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
            TypeDeclKind::Alias(_) | TypeDeclKind::Enum(_) | TypeDeclKind::Broken => vec![],
        };
        let used = used.into_iter().map(|ty| ty.name.as_str()).filter(|ty| !known.contains(ty));
        missing.extend(used.map(str::to_owned));
        known.insert(decl.name.name.as_str());
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Diagnostics;
    use crate::parse;

    /// The order of files, each named like its place and given by its types.
    fn order(imports: &[&str], files: &[&str]) -> Vec<usize> {
        let (mut sources, mut found) = (Sources::new(), Diagnostics::new());
        let mut parsed = |text: &&str| {
            let file = sources.add("", text.as_bytes());
            parse::parse(&sources, file, &mut found)
        };
        let imports: Vec<_> = imports.iter().map(&mut parsed).collect();
        let files: Vec<_> = files.iter().map(&mut parsed).collect();
        let named: Vec<_> = files.iter().map(|file| file.id).collect();
        let place = |file: &File| named.iter().position(|id| *id == file.id).expect("it is there");
        by_use(&imports, files).iter().map(place).collect()
    }

    #[test]
    fn what_is_used_comes_first() {
        const A: &str = "typedef b a;";
        const B: &str = "typedef c b[3];";
        const C: &str = "typedef struct { uint8 x; } c;";
        const OTHER_B: &str = "typedef uint8 b;";
        for (imports, files, expected) in [
            (&[][..], &[C, B, A][..], &[0, 1, 2][..]),
            (&[], &[A, B, C], &[2, 1, 0]),
            (&[], &[B, C, A], &[1, 0, 2]),
            // What an import has needs no other file.
            (&[OTHER_B], &[A, B, C], &[0, 2, 1]),
            // Nobody declares it.
            (&[], &["typedef strange a;", B, C], &[0, 2, 1]),
            // A circle that one of two declarations opens, and one that nothing opens.
            (&[], &[A, "typedef a c; typedef uint8 b;", OTHER_B], &[2, 0, 1]),
            (&[], &[A, "typedef a b;"], &[0, 1]),
        ] {
            assert_eq!(order(imports, files), expected, "{files:?}");
        }
    }
}
