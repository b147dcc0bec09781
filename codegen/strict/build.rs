//! Makes bindings in every form that the builder knows, each in a folder of its own.

use std::env;
use std::path::{Path, PathBuf};

use flounder_codegen::{BuildError, Builder};

fn main() -> Result<(), BuildError> {
    // Two packages share this script: paths are told from its folder.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let strict = if here.ends_with("2021") { here.join("..") } else { here.to_owned() };
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let golden = strict.join("../tests/golden");
    let files = [
        golden.join("every.if"),
        golden.join("one.if"),
        strict.join("two.if"),
        strict.join("names.if"),
        strict.join("comments.if"),
    ];
    let builder = || Builder::new().import(golden.join("shared.if"));
    builder().out_dir(out.join("both")).compile(&files)?;
    // The others have the types of the first.
    let side = || builder().extern_interface("shared", "crate::both::shared");
    side().server(false).out_dir(out.join("client")).compile(&files)?;
    side().client(false).out_dir(out.join("server")).compile(&files)?;
    side()
        .client(false)
        .server(false)
        .derive("one_call_for_all_call", "Hash, ::core::cmp::PartialOrd, Ord")
        .derive("comments.marks", "PartialOrd, Ord")
        .attribute(".comments", "#[non_exhaustive] #[must_use = \"they are values\"]")
        .out_dir(out.join("neither"))
        .compile(&files)
}
