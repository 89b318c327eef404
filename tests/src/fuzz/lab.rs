//! What a server of the lab's dialect sends, in reads of any size.

use chat_proto::lab::{LabEvent, LabRoster, LabSplitter};

use super::tape::Tape;

/// Texts of the dialect; `0` to `9` of an address are changed by the tape.
const TEXTS: [&str; 12] = [
    "!{\"alice\": \"10.0.0.1\", \"bob\": \"10.0.0.2\"}",
    "!{\"alice\": \"10.0.0.1\"}",
    "!{\"bob\": \"10.0.0.3\", \"alice\": \"10.0.0.1\"}",
    "!{}",
    "!{\"",
    "!",
    "alice: hi ",
    "bob: x: y alice: z ",
    "mallory: !{\"alice\": \"6.6.6.6\"}",
    "æ\u{202e}",
    " ",
    "\": \"10.0.0.2\"}",
];
/// Octets that a splitter may hold back.
const HELD: usize = 64 * 1024;

/// Cuts the reads of a tape into events.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let mut splitter = LabSplitter::new();
    let mut believed = LabRoster::default();
    let (mut read_octets, mut given) = (0, 0);
    while !tape.is_over() {
        let mut read = Vec::new();
        for _ in 0..=tape.below(4) {
            match tape.below(16) {
                choice @ 0..12 => read.extend(TEXTS[choice].as_bytes()),
                12 => read.resize(read.len() + usize::from(tape.u16() >> 4), tape.octet()),
                _ => read.extend(tape.short()),
            }
        }
        read_octets += read.len();
        for event in splitter.push(&read) {
            given += judge(event, &mut believed);
        }
        if tape.below(8) == 0
            && let Some(event) = splitter.finish()
        {
            given += judge(event, &mut believed);
            assert!(!splitter.is_holding());
        }
    }
    if let Some(event) = splitter.finish() {
        let length = judge(event, &mut believed);
        assert!(length <= 3 * HELD + 3 * read_octets);
        given += length;
    }
    assert!(!splitter.is_holding());
    // What is no UTF-8 is replaced by a character of three octets.
    assert!(given <= 3 * read_octets, "{given} of {read_octets}");
}

/// Octets of an event. A roster never gives a user of the one before another address.
fn judge(event: LabEvent, believed: &mut LabRoster) -> usize {
    let moved = |roster: &LabRoster| {
        roster
            .iter()
            .any(|(name, ip)| believed.get(name).is_some_and(|before| before != ip))
    };
    match event {
        LabEvent::Roster(roster) => {
            assert!(!moved(&roster), "{roster:?} after {believed:?}");
            *believed = roster;
            1
        }
        LabEvent::Doubtful(roster) => {
            assert!(moved(&roster), "{roster:?} after {believed:?}");
            1
        }
        LabEvent::Message { from, text } => {
            if let Some(from) = &from {
                assert!(!from.is_empty() && !from.contains(' '), "{from:?}");
            }
            from.map_or(0, |from| from.len() + 2) + text.len()
        }
        _ => 0,
    }
}

/// Rosters and messages, whole and split.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0, 0, 1, 3, 6, 7, 6, 7, 1],
        vec![1, 0, 8, 1, 0, 2, 1, 0, 1, 1, 0, 0, 1],
        vec![0, 4, 1, 0, 13, 5, b'a', b'l', b'i', b'c', b'e', 1, 0, 11, 1],
        vec![3, 0, 6, 0, 7, 1, 0, 9, 0, 5, 0, 3],
        vec![
            0, 4, 1, 0, 12, 0xff, 0xff, b' ', 1, 0, 12, 0xff, 0xff, b'!', 1,
        ],
        vec![0, 13, 2, 0xc3, 0xff, 1, 0, 13, 1, 0xa6, 0],
    ]
}
