//! Bindings as they are printed: the same for any order of files, and stable in every case of width.

use crate::{Output, Request, Sources};

fn generate(files: &[(&str, &str)]) -> Vec<Output> {
    let mut sources = Sources::new();
    let files = files.iter().map(|(path, text)| sources.add(*path, text.as_bytes())).collect();
    let request = Request { files, imports: Vec::new() };
    let (outputs, _) = request.generate(&sources).expect("the interfaces are right");
    outputs
}

#[test]
fn order_and_folders_change_nothing() {
    let types = ("types.if", "typedef uint8 coreid; typedef struct { cap c; } holder;");
    let a = ("a.if", "interface a { message m(coreid c, holder h); rpc r(out String s[9]); };");
    let b = ("b.if", "interface b \"B\" { typedef enum { x, y } e; message m(e e, e f[n, 9]); };");
    let first = generate(&[types, a, b]);
    assert_eq!(
        first.iter().map(|output| &*output.name).collect::<Vec<_>>(),
        ["a.rs", "b.rs", "types.rs"]
    );
    assert_eq!(first, generate(&[types, a, b]));
    assert_eq!(first, generate(&[b, types, a]));
    assert_eq!(first, generate(&[("/x/y/a.if", a.1), ("../b.if", b.1), ("z/types.if", types.1)]));
}
