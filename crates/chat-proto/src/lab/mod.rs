//! The lab dialect: what the lab's own programs say to each other.
//!
//! There is no framing. A client's first octets are its name; each later read is a message. The
//! server sends `!` and a JSON object of names to IP addresses when the room changes, and
//! `name: text ` for a message. Private messages are bare text in UDP datagrams to port
//! [`UDP_PORT`]. Messages stick together and break apart on the way, and nothing in the octets tells
//! where one ends: this module is as careful as that allows.

mod splitter;

use std::collections::BTreeMap;
use std::net::IpAddr;

pub use splitter::{LabEvent, LabSplitter};

use crate::name::UserName;
use crate::text::{ChatText, visible};

/// The port of the lab, TCP and UDP.
pub const UDP_PORT: u16 = 5000;

/// What the lab's programs read at once, in octets: a longer message is torn.
pub const READ_SIZE: usize = 1024;

/// Who is in the room, by name.
pub type LabRoster = BTreeMap<String, IpAddr>;

/// The roster as a lab client reads it: `!` and a JSON object, cut to `limit` octets.
///
/// A lab client reads [`READ_SIZE`] octets at once and stumbles over half an object, so who does
/// not fit is left out: give the most important first. Gives the octets and how many are in it.
pub fn roster<'a>(
    users: impl Iterator<Item = (&'a UserName, IpAddr)>,
    limit: usize,
) -> (Vec<u8>, usize) {
    let mut octets = b"!{".to_vec();
    let mut count: usize = 0;
    for (name, ip) in users {
        let between = if count == 0 { "" } else { ", " };
        let entry = format!("{between}\"{name}\": \"{ip}\"");
        if octets.len().saturating_add(entry.len()).saturating_add(1) > limit {
            break;
        }
        octets.extend_from_slice(entry.as_bytes());
        count = count.saturating_add(1);
    }
    octets.push(b'}');
    (octets, count)
}

/// A room message as a lab client reads it: `name: text `.
///
/// A client that reads in the middle of it must not find a roster there, so every `!` of the text
/// becomes its wide twin `！` (U+FF01); what a terminal would obey is made visible; and it is cut
/// to [`READ_SIZE`] octets.
pub fn message(from: &UserName, text: &ChatText) -> Vec<u8> {
    let shown = visible(text.as_str()).replace('!', "\u{ff01}");
    let mut octets = format!("{from}: ").into_bytes();
    for character in shown.chars() {
        let mut buffer = [0; 4];
        let encoded = character.encode_utf8(&mut buffer);
        if octets.len().saturating_add(encoded.len()).saturating_add(1) > READ_SIZE {
            break;
        }
        octets.extend_from_slice(encoded.as_bytes());
    }
    octets.push(b' ');
    octets
}

/// The name in a lab client's first read: surrounding white space is not part of it.
///
/// # Errors
/// [`NameError`](crate::NameError) if it is none.
pub fn name(first_read: &[u8]) -> Result<UserName, crate::NameError> {
    UserName::new(String::from_utf8_lossy(first_read).trim())
}

/// The text in one of a lab client's later reads: line ends at its end are not part of it, what
/// cannot be said is made visible, and octets that are no UTF-8 become U+FFFD.
pub fn text(read: &[u8]) -> Option<ChatText> {
    let text = String::from_utf8_lossy(read);
    ChatText::lossy(text.trim_end_matches(['\r', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    #[test]
    fn the_server_forms_are_the_labs() {
        let (alice, bob) = (user("alice"), user("bob"));
        let ip: IpAddr = "10.20.30.11".parse().unwrap();
        let (octets, count) = roster([(&alice, ip), (&bob, ip)].into_iter(), READ_SIZE);
        assert_eq!(
            octets,
            br#"!{"alice": "10.20.30.11", "bob": "10.20.30.11"}"#
        );
        assert_eq!(count, 2);
        assert_eq!(roster(std::iter::empty(), READ_SIZE).0, b"!{}");
        assert_eq!(
            message(&alice, &ChatText::new("hi: there").unwrap()),
            b"alice: hi: there "
        );
    }

    #[test]
    fn a_roster_fits_one_read() {
        let names: Vec<UserName> = (0..100).map(|n| user(&format!("user{n}"))).collect();
        let ip: IpAddr = "10.20.30.11".parse().unwrap();
        let (octets, count) = roster(names.iter().map(|name| (name, ip)), READ_SIZE);
        assert!(octets.len() <= READ_SIZE && count < 100);
        let read: LabRoster = serde_json::from_slice(&octets[1..]).unwrap();
        assert_eq!(read.len(), count);
    }

    #[test]
    fn no_read_within_a_message_begins_with_a_roster() {
        let text = format!("{}!{{\"bob\": \"127.6.6.6\"}}\u{202e}", "x".repeat(1000));
        let octets = message(&user("mallory"), &ChatText::new(&text).unwrap());
        assert!(octets.len() <= READ_SIZE);
        assert!(!octets.contains(&b'!'));
        assert!(octets.ends_with(b" "));
        assert!(std::str::from_utf8(&octets).is_ok());
    }

    #[test]
    fn reads_become_names_and_texts() {
        assert_eq!(name(b"alice\n"), Ok(user("alice")));
        assert!(name(b"!{}").is_err());
        assert!(name(b"\xff").is_err());
        assert_eq!(text(b"hi\r\n").unwrap().as_str(), "hi");
        assert_eq!(
            text(b"a\x1bb\xffc\nd").unwrap().as_str(),
            "a\u{241b}b\u{fffd}c\u{240a}d"
        );
        assert_eq!(text(b"\n"), None);
    }
}
