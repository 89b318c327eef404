//! A handful of hand-ins, each with something to lose points for.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::hostile_hand_ins::zipped;
use crate::notebook::notebook;
use crate::program::project;

/// One of the lab's files.
pub fn lab(name: &str) -> Vec<u8> {
    fs::read(project().join("captures/python-lab").join(name)).unwrap()
}

/// Writes a file, and the folders that it is in.
pub fn write(folder: &Path, path: &str, octets: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, octets).unwrap();
}

/// A notebook with the right answers but for these.
pub fn answers(other: &[(&str, &str)]) -> String {
    let right: Value = serde_json::from_slice(&lab("answers.json")).unwrap();
    let right = right["answers"].as_object().unwrap();
    let typed: Vec<(&str, String)> = right
        .iter()
        .map(|(key, value)| {
            let other = other.iter().find(|(wrong, _)| wrong == key);
            let value = other.map_or_else(|| value.to_string(), |(_, value)| (*value).to_owned());
            (key.as_str(), value)
        })
        .collect();
    let typed: Vec<(&str, &str)> = typed
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    notebook(&typed).to_string()
}

/// A class: one perfect, one with mistakes, one zip with half of it, one whose notebook is broken.
pub fn class() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for name in ["chatserver.pcap", "client1.pcap", "client2.pcap"] {
        write(path, &format!("alice/{name}"), lab(name));
        write(path, &format!("bob/lab3/{name}"), lab(name));
        write(path, &format!("dora/{name}"), lab(name));
    }
    write(path, "alice/lab3.ipynb", answers(&[]));
    let mistakes = [
        ("SYN_sequence_number", "0"),
        ("SYNACK_sequence_number", "1488523287"),
        ("SYNACK_ACKnowledgement_number", "1488523287"),
        ("maximum_number_of_bytes_in_UDP_payload", "65507"),
        ("largest_possible_source_port_number", "65535.0"),
        ("protocol_number_for_UDP", "None"),
    ];
    write(path, "bob/lab3/lab3.ipynb", answers(&mistakes));
    let half = [
        ("lab3/chatserver.pcap", lab("chatserver.pcap")),
        ("lab3/answers.json", lab("answers.json")),
    ];
    write(path, "carol.zip", zipped(&half));
    write(path, "dora/lab3.ipynb", "{\"cells\": [");
    write(path, "<script>alert(1)<!--/client1.pcap", "no capture");
    write(path, "readme.txt", "");
    folder
}
