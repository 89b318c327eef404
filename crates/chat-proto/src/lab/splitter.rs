//! Cutting what a lab server sends into messages and rosters.

use std::borrow::Cow;

use super::LabRoster;

/// The most that is held while waiting for the rest of a roster, in octets.
const LIMIT: usize = 64 * 1024;

/// What a lab server said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabEvent {
    /// Who is in the room now.
    Roster(LabRoster),
    /// A roster that is not believed: it gives a user of the roster before it another address,
    /// which only happens by way of a roster without that user. Tell the user; keep the old one.
    Doubtful(LabRoster),
    /// A message. Show both parts through [`visible`](crate::visible).
    Message {
        /// The name before the colon, if it has the form of one: nobody vouches for it.
        from: Option<String>,
        /// The text, without the space that ends it.
        text: String,
    },
}

/// Cuts what a lab server sends, as well as a stream without frames can be cut.
///
/// * A roster is only taken where a read or the event before it ends: a `!{` further in is text.
/// * A roster that is split over reads is put together, up to 64 KiB.
/// * Messages that stick together are cut where a space, the name of a user in the roster, a colon
///   and a space follow each other.
/// * A message that sits in the way of a roster is cut at ` !{` if what follows is a whole roster
///   of names and addresses up to the end of the read, and it is not [`Doubtful`](LabEvent::Doubtful).
/// * A character that is split over reads is put together.
///
/// A user who writes ` bob: ` in a text can so put words in bob's mouth: in this dialect
/// everybody can, since the server itself marks senders no better.
#[derive(Debug, Default)]
pub struct LabSplitter {
    held: Vec<u8>,
    half: Half,
    roster: LabRoster,
}

/// How far a half roster was read: so that octets that come one by one are not all read again each time.
#[derive(Debug, Default)]
struct Half {
    /// Octets in which its end was looked for.
    searched: usize,
    in_string: bool,
    escaped: bool,
    /// How long it was when it was last read as a roster.
    read: usize,
}

impl Half {
    /// Whether it is worth reading as a roster: it has an end, or is longer by a sixteenth, which may
    /// show that it is none.
    fn is_ripe(&mut self, octets: &[u8]) -> bool {
        let mut ends = false;
        for octet in octets.get(self.searched..).unwrap_or_default() {
            match octet {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'}' => ends |= !self.in_string,
                _ => {}
            }
        }
        self.searched = octets.len();
        ends || octets.len() >= self.read.saturating_add(self.read / 16)
    }
}

impl LabSplitter {
    /// A splitter at the beginning of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what one read gave, and gives what is complete, in order.
    pub fn push(&mut self, read: &[u8]) -> Vec<LabEvent> {
        self.held.extend_from_slice(read);
        let is_half = self.held.starts_with(b"!") && self.held.len() <= LIMIT;
        if is_half && !self.half.is_ripe(&self.held) {
            return Vec::new();
        }
        let octets = std::mem::take(&mut self.held);
        let (text, rest) = split_character(&octets);
        let mut events = Vec::new();
        let incomplete = self.cut(&text, !rest.is_empty(), &mut events);
        self.held.extend_from_slice(incomplete.as_bytes());
        self.held.extend_from_slice(rest);
        self.half = Half::default();
        self.half.is_ripe(&self.held);
        self.half.read = self.held.len();
        if self.held.len() > LIMIT {
            events.extend(self.finish());
        }
        events
    }

    /// The connection ended, or nothing came for a second: what is held is text after all.
    pub fn finish(&mut self) -> Option<LabEvent> {
        self.half = Half::default();
        let held = std::mem::take(&mut self.held);
        let text = String::from_utf8_lossy(&held);
        (!text.is_empty()).then(|| message(&text))
    }

    /// Whether part of a roster or of a character is held.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Cuts whole events off the front; gives what is left if it may be half a roster, or if
    /// `more` says that the text stops within a character.
    fn cut<'a>(&mut self, text: &'a str, more: bool, events: &mut Vec<LabEvent>) -> &'a str {
        let mut rest = text;
        while !rest.is_empty() {
            match read_roster(rest) {
                Read::Roster(roster, after) => {
                    events.push(self.judge(roster));
                    rest = after;
                }
                Read::Incomplete => return rest,
                Read::Text => {
                    let (now, after) = self.split_text(rest);
                    if more && after.is_empty() {
                        return rest;
                    }
                    events.push(message(now));
                    rest = after;
                }
            }
        }
        rest
    }

    fn judge(&mut self, roster: LabRoster) -> LabEvent {
        let moved = |(name, ip)| self.roster.get(name).is_some_and(|before| before != ip);
        if roster.iter().any(moved) {
            return LabEvent::Doubtful(roster);
        }
        self.roster.clone_from(&roster);
        LabEvent::Roster(roster)
    }

    /// Where the first message of a text ends: at a known sender, at a roster, or at its end.
    fn split_text<'a>(&self, text: &'a str) -> (&'a str, &'a str) {
        let longest = self.roster.keys().map(String::len).max().unwrap_or(0);
        // Where the next colon with a space is: looked for once, however many spaces are before it.
        let mut colon = 0;
        for (place, _) in text.match_indices(' ') {
            let begin = place.saturating_add(1);
            let Some((now, after)) = text.split_at_checked(begin) else {
                break;
            };
            if colon < begin {
                colon = after
                    .find(": ")
                    .map_or(text.len(), |distance| begin.saturating_add(distance));
            }
            let sender = text.get(begin..colon).filter(|name| name.len() <= longest);
            if colon < text.len() && sender.is_some_and(|name| self.roster.contains_key(name)) {
                return (now, after);
            }
            if let Read::Roster(roster, "") = read_roster(after) {
                let moved = |(name, ip)| self.roster.get(name).is_some_and(|known| known != ip);
                if !roster.iter().any(moved) {
                    return (now, after);
                }
            }
        }
        (text, "")
    }
}

enum Read<'a> {
    Roster(LabRoster, &'a str),
    Incomplete,
    Text,
}

/// Reads a roster at the front of a text.
fn read_roster(text: &str) -> Read<'_> {
    let Some(json) = text.strip_prefix('!') else {
        return Read::Text;
    };
    if !json.is_empty() && !json.starts_with('{') {
        return Read::Text;
    }
    let mut stream = serde_json::Deserializer::from_str(json).into_iter::<LabRoster>();
    match stream.next() {
        Some(Ok(roster)) => {
            let after = json.get(stream.byte_offset()..).unwrap_or_default();
            Read::Roster(roster, after)
        }
        Some(Err(error)) if error.is_eof() => Read::Incomplete,
        None => Read::Incomplete,
        Some(Err(_)) => Read::Text,
    }
}

fn message(text: &str) -> LabEvent {
    let text = text.strip_suffix(' ').unwrap_or(text);
    match text.split_once(": ") {
        Some((from, said)) if !from.is_empty() && !from.contains(' ') => LabEvent::Message {
            from: Some(from.to_owned()),
            text: said.to_owned(),
        },
        _ => LabEvent::Message {
            from: None,
            text: text.to_owned(),
        },
    }
}

/// Parts octets before a character whose end has not arrived; what is no UTF-8 is replaced.
fn split_character(octets: &[u8]) -> (Cow<'_, str>, &[u8]) {
    match std::str::from_utf8(octets) {
        Ok(text) => (Cow::Borrowed(text), &[]),
        Err(error) if error.error_len().is_none() => {
            let (valid, rest) = octets
                .split_at_checked(error.valid_up_to())
                .unwrap_or_default();
            (String::from_utf8_lossy(valid), rest)
        }
        Err(_) => (String::from_utf8_lossy(octets), &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn roster(entries: &[(&str, &str)]) -> LabRoster {
        entries
            .iter()
            .map(|(name, ip)| ((*name).to_owned(), ip.parse().unwrap()))
            .collect()
    }

    fn said(from: &str, text: &str) -> LabEvent {
        LabEvent::Message {
            from: Some(from.to_owned()),
            text: text.to_owned(),
        }
    }

    const ROOM: &str = r#"!{"alice": "10.0.0.1", "bob": "10.0.0.2"}"#;

    fn room() -> LabRoster {
        roster(&[("alice", "10.0.0.1"), ("bob", "10.0.0.2")])
    }

    #[test]
    fn stuck_together_and_split() {
        let mut splitter = LabSplitter::new();
        let events = splitter.push(format!("{ROOM}alice: hi bob: yo alice: x: y ").as_bytes());
        let expected = [
            LabEvent::Roster(room()),
            said("alice", "hi"),
            said("bob", "yo"),
            said("alice", "x: y"),
        ];
        assert_eq!(events, expected);
        assert_eq!(splitter.push(br#"!{"alice": "10."#), []);
        assert!(splitter.is_holding());
        let events = splitter.push(br#"0.0.1"}alice: alone "#);
        let alone = roster(&[("alice", "10.0.0.1")]);
        assert_eq!(events, [LabEvent::Roster(alone), said("alice", "alone")]);
        let (first, second) = "bob: a alice: æ ".as_bytes().split_at(15);
        assert_eq!(
            splitter.push(first),
            [LabEvent::Message {
                from: Some("bob".into()),
                text: "a".into()
            }]
        );
        assert_eq!(splitter.push(second), [said("alice", "æ")]);
    }

    #[test]
    fn a_message_and_a_roster_in_one_read() {
        let mut splitter = LabSplitter::new();
        splitter.push(ROOM.as_bytes());
        let events = splitter.push(format!("alice: bye {ROOM}").as_bytes());
        assert_eq!(events, [said("alice", "bye"), LabEvent::Roster(room())]);
    }

    #[test]
    fn a_forged_roster_is_not_believed() {
        let forged = r#"!{"alice": "10.0.0.1", "bob": "127.6.6.6"}"#;
        let mut splitter = LabSplitter::new();
        splitter.push(ROOM.as_bytes());
        // In the middle of a read it is text; at the front of one it is doubtful.
        let events = splitter.push(format!("mallory: x {forged}").as_bytes());
        assert_eq!(events, [said("mallory", &format!("x {forged}"))]);
        let events = splitter.push(forged.as_bytes());
        let other = roster(&[("alice", "10.0.0.1"), ("bob", "127.6.6.6")]);
        assert_eq!(events, [LabEvent::Doubtful(other)]);
        assert_eq!(
            splitter.push(b"!boo "),
            [LabEvent::Message {
                from: None,
                text: "!boo".into()
            }]
        );
    }

    #[test]
    fn what_stays_incomplete_is_text() {
        let mut splitter = LabSplitter::new();
        assert_eq!(splitter.push(b"!{\"alice\": "), []);
        let text = LabEvent::Message {
            from: None,
            text: "!{\"alice\":".into(),
        };
        assert_eq!(splitter.finish(), Some(text));
        assert_eq!(splitter.finish(), None);
        let mut events = splitter.push(b"!{");
        for _ in 0..66 {
            events.extend(splitter.push(&[b' '; 1000]));
        }
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn a_roster_comes_octet_by_octet() {
        let text = "!{\"al}ice\\\"}\": \"10.0.0.1\", \"bob\": \"10.0.0.2\"}bob: hi ";
        let mut splitter = LabSplitter::new();
        let mut events = Vec::new();
        for octet in text.as_bytes() {
            events.extend(splitter.push(&[*octet]));
        }
        let expected = roster(&[("al}ice\"}", "10.0.0.1"), ("bob", "10.0.0.2")]);
        assert_eq!(events.first(), Some(&LabEvent::Roster(expected)));
        // What is none shows soon.
        let mut splitter = LabSplitter::new();
        assert_eq!(splitter.push(b"!{\"a\": "), []);
        assert_eq!(splitter.push(b"x").len(), 1);
    }

    proptest! {
        #[test]
        fn any_octets_end(reads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..8)) {
            let mut splitter = LabSplitter::new();
            for read in reads {
                splitter.push(&read);
                prop_assert!(splitter.held.len() <= LIMIT);
            }
        }
    }
}
