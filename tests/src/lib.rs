//! Shared helpers of the end-to-end tests.

pub mod found;
pub mod frames;
pub mod generator;
pub mod hostile_hand_ins;
pub mod program;
pub mod random;
pub mod recording;
pub mod scenario;
pub mod source;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of captures and reference figures beside the project, if it is there.
///
/// A test that needs it says that it skips, and passes, where it is missing.
pub fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    shared.is_dir().then_some(shared)
}

/// A capture of the corpus.
#[derive(Clone, Debug)]
pub struct CorpusCapture {
    /// Repository and path, as the manifest names it.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// Every capture of the corpus and what tshark says of it, in the manifest's order.
pub fn corpus() -> Option<Vec<(CorpusCapture, Value)>> {
    let corpus = shared()?.join("corpus");
    let manifest = fs::read_to_string(corpus.join("manifest.tsv")).ok()?;
    let names = manifest
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next());
    let entries = names.map(|name| {
        let facts = corpus.join("facts").join(format!("{name}.json"));
        let facts = fs::read(&facts).unwrap_or_else(|error| panic!("{}: {error}", facts.display()));
        let facts = serde_json::from_slice(&facts).unwrap();
        (
            CorpusCapture {
                name: name.to_owned(),
                path: corpus.join("captures").join(name),
            },
            facts,
        )
    });
    Some(entries.collect())
}

/// All files below a folder, in order of their paths.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder that can be read") {
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
pub mod chat;
