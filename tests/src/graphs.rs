//! Flow graphs of captures that a test made.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::chatpcap;

/// The graph of captures as JSON.
pub fn graph(captures: &[(&str, &[u8])], options: &[&str]) -> Value {
    let options = [&["--format", "json"], options].concat();
    serde_json::from_str(&text(captures, &options)).unwrap()
}

/// The graph of captures as text.
pub fn text(captures: &[(&str, &[u8])], options: &[&str]) -> String {
    let folder = written(captures);
    let mut arguments = vec!["graph"];
    arguments.extend(options);
    arguments.extend(captures.iter().map(|(name, _)| *name));
    let output = chatpcap(folder.path(), &arguments, b"");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with captures.
pub fn written(captures: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, octets) in captures {
        fs::write(folder.path().join(name), octets).unwrap();
    }
    folder
}

/// The packets of a graph.
pub fn packets(graph: &Value) -> Vec<&Value> {
    let entries = graph["entries"].as_array().unwrap().iter();
    entries.filter(|entry| entry["kind"] == "packet").collect()
}
