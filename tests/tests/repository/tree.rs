//! The files of the work tree.

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the work tree.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the package lies in the work tree").to_owned()
}

/// A file of the work tree as text.
pub(crate) fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every text file of the work tree, by its path from the top, in order; what git does not keep is left out.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root(), &mut found);
    let relative = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        let path = path.strip_prefix(root()).expect("it was found below the top");
        Some((path.to_str().expect("file names are UTF-8").to_owned(), text))
    };
    let mut files: Vec<_> = found.into_iter().filter_map(relative).collect();
    files.sort();
    assert!(files.len() > 100, "only {} files found: the walk is broken", files.len());
    files
}

/// Every file of Rust.
pub(crate) fn sources() -> impl Iterator<Item = (String, String)> {
    files().into_iter().filter(|(path, _)| path.ends_with(".rs"))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("file names are UTF-8");
        if matches!(name, ".git" | "target" | "secrets") || name.ends_with(".log") {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}
