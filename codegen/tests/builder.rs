//! The builder, as a build script uses it.

use std::fs;
use std::path::{Path, PathBuf};

use flounder_codegen::Builder;

fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("builder {test}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the folder is writable");
    fs::write(path.join("types.if"), "typedef uint8 coreid;").expect("the folder is writable");
    fs::write(path.join("a.if"), "interface a { message m(coreid core); };")
        .expect("the folder is writable");
    fs::write(path.join("bad.if"), "interface bad {\n message m(coreif core); };")
        .expect("the folder is writable");
    path
}

#[test]
fn bindings_appear_beside_those_of_their_imports() {
    let folder = folder("ok");
    let builder = Builder::new().import(folder.join("types.if")).out_dir(folder.join("out"));
    builder.compile(&[folder.join("a.if")]).expect("the interface is right");
    for (name, module) in [("a.rs", "pub mod a {"), ("types.rs", "pub mod types {")] {
        assert!(
            fs::read_to_string(folder.join("out").join(name))
                .expect("it was made")
                .contains(module)
        );
    }
}

#[test]
fn errors_say_where_and_leave_nothing() {
    let folder = folder("errors");
    let builder = Builder::new().import(folder.join("types.if")).out_dir(folder.join("out"));
    let bad = folder.join("bad.if");
    let error = builder.compile(&[&bad]).expect_err("the type is unknown");
    // A build script whose `main` returns the error shows it so.
    assert_eq!(format!("{error:?}"), error.to_string());
    let error = error.to_string();
    let expected = format!("{}:2:12: error[E030]: no type named `coreif`", bad.display());
    assert!(error.starts_with(&expected), "{error}");
    let error = builder.compile(&[folder.join("absent.if")]).expect_err("there is no such file");
    assert!(error.to_string().contains("absent.if"), "{error}");
    assert!(!folder.join("out").exists());
}
