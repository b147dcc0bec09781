//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

/// The text of a file of the repository.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files under `folder` whose names end in `suffix`, relative to the root, in order. What is
/// built isn't looked at.
pub(crate) fn find(folder: &str, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("the folder is readable");
        for path in entries.map(|entry| entry.expect("its entries are readable").path()) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(suffix) {
                found.push(path.strip_prefix(root()).expect("it is under the root").to_owned());
            }
        }
    }
    found.sort();
    found
}
