//! Shared helpers of the end-to-end tests.

use std::path::{Path, PathBuf};

/// The folder beside the workspace with what developers and CI share, if it is there.
///
/// It holds captures that are not ours to copy into the project; tests that need them skip without it.
pub fn shared() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    path.is_dir().then_some(path)
}

/// All files below a folder, in order of their paths.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
            let path = entry.expect("an entry that can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
