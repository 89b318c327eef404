//! Hand-ins as zip files: whatever is in them is graded, and told in every form.

use std::fs;
use std::sync::LazyLock;

use chatpcap::grade::hand_in::{HandIn, Limits, Listing};
use chatpcap::grade::{Gradebook, LAB, Rubric, Terms};
use tempfile::TempDir;

use super::rubric::print;
use super::scene::MARK;
use super::tape::Tape;
use crate::hostile_hand_ins::zipped;
use crate::notebook::notebook;
use crate::recording::gzip;

static RUBRIC: LazyLock<Rubric> = LazyLock::new(|| Rubric::new(LAB).unwrap());

/// Grades a zip file: a tape's octets as they are, or files that they describe.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let zip = if tape.below(2) == 0 {
        tape.rest().to_vec()
    } else {
        made(&mut tape)
    };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(format!("{MARK}\u{1b}.zip"));
    fs::write(&path, zip).unwrap();
    let Ok(hand_in) = HandIn::at(&path) else {
        return;
    };
    let listing = Listing {
        hand_ins: vec![hand_in],
        others: Vec::new(),
    };
    let terms = Terms {
        // Small, so that they are reached.
        limits: Limits {
            file_octets: 100_000,
            hand_in_octets: 200_000,
            ..Limits::default()
        },
        ..Terms::default()
    };
    print(&Gradebook::of(listing, &RUBRIC, &terms, &|| ()));
}

/// A zip file with files of a tape.
fn made(tape: &mut Tape<'_>) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    while !tape.is_over() && files.len() < 12 {
        let name = *tape.one_of(&[
            "client1.pcap",
            "chatserver.pcap",
            "client2.pcap.gz",
            "lab.ipynb",
            "my answers.json",
            "../client1.pcap",
            "a/b/client1.pcap",
            "",
        ]);
        let name = format!(
            "{name}{}",
            String::from_utf8_lossy(tape.short()).replace("MARK", MARK)
        );
        let octets = tape.long().to_vec();
        let octets = if name.contains(".gz") {
            gzip(&octets)
        } else {
            octets
        };
        if files.iter().all(|(other, _)| *other != name) {
            files.push((name, octets));
        }
    }
    let files: Vec<(&str, Vec<u8>)> = files
        .iter()
        .map(|(name, octets)| (name.as_str(), octets.clone()))
        .collect();
    zipped(&files)
}

/// A whole hand-in, its zip file, and a zip file that is cut.
pub fn seeds() -> Vec<Vec<u8>> {
    let capture = super::capture::seeds().swap_remove(0);
    let answers = notebook(&[
        ("SYN_sequence_number", "1"),
        ("protocol_number_for_UDP", "17"),
    ])
    .to_string();
    let file = |name: u8, more: &str, octets: &[u8]| {
        let length = u16::try_from(octets.len()).unwrap().to_be_bytes();
        let name = [
            &[name, u8::try_from(more.len()).unwrap()][..],
            more.as_bytes(),
        ]
        .concat();
        [&name[..], &length, octets].concat()
    };
    let whole = [
        vec![1],
        file(0, "", &capture),
        file(1, "", &capture),
        file(2, "", &capture),
        file(3, "", answers.as_bytes()),
        file(7, "MARK\n.pcap", b"nothing"),
        file(5, "", &capture),
    ]
    .concat();
    let zip = zipped(&[("client1.pcap", capture), ("a.ipynb", answers.into_bytes())]);
    let raw = [&[0][..], &zip].concat();
    vec![whole, raw[..raw.len() - 30].to_vec(), raw]
}
