//! What the chat says: the native protocol and the lab dialect, from octets to messages.
//!
//! [`datagram`] reads a private message, [`segment`] judges one TCP segment alone, and a
//! [`ChatReader`] reads one direction of a connection piece by piece. This file alone knows the
//! language; chat-proto's `PROTOCOL.md` describes it.
//!
//! The lab dialect has no framing: what its octets leave open is [`guessed`](ChatMessage::guessed).
//! Names and texts are as the sender wrote them: make them safe before a terminal sees them.

mod message;

use chat_proto::lab::{LabEvent, LabRoster, LabSplitter};
use chat_proto::{
    Address, Body, Command, Contact, ErrorCode, Event, EventError, MAX_FRAME, Opening,
    SignedDatagram, User, UserName,
};
use serde::Serialize;

pub use self::message::{ChatKind, ChatMessage, ChatUser, Dialect, Speaker};

/// The port of the lab's chat, TCP and UDP.
pub const PORT: u16 = 5000;

impl Dialect {
    /// Judges what the first octets of a stream, or of a part of it, are. `None` where they are no
    /// chat: another protocol, or none at all.
    ///
    /// A native stream that is joined within a line is known by a whole line behind it.
    pub fn of(octets: &[u8]) -> Option<Self> {
        match Opening::of(octets)? {
            Opening::Native => return Some(Self::Native),
            Opening::Tls | Opening::Http | Opening::Foreign => return None,
            Opening::Lab => {}
        }
        let mut lines = octets.split(|octet| *octet == b'\n').skip(1);
        if lines.any(|line| line.starts_with(b"{\"type\":")) || octets.ends_with(b"\"}\n") {
            return Some(Self::Native);
        }
        (is_text(octets) && !octets.starts_with(b"HTTP/")).then_some(Self::Lab)
    }
}

/// Whether a segment begins as a TLS client does: a record of a handshake with a client's hello
/// (RFC 8446 §4, §5.1). Whether there is chat inside cannot be told without its keys.
pub fn is_tls(octets: &[u8]) -> bool {
    Opening::of(octets) == Some(Opening::Tls) && octets.get(5) == Some(&1)
}

/// Reads a private message or its acknowledgement from the payload of a UDP datagram.
///
/// Text that is none of the native protocol is a lab client's. `None` where it is no text.
pub fn datagram(octets: &[u8]) -> Option<ChatMessage> {
    let Ok(signed) = SignedDatagram::parse(octets) else {
        let looks_native = octets.starts_with(b"{\"type\":");
        if octets.is_empty() || !is_text(octets) {
            return None;
        }
        let text = Some(String::from_utf8_lossy(octets).into_owned());
        return Some(ChatMessage::lab(
            ChatKind::Private,
            None,
            text,
            looks_native,
        ));
    };
    let claims = signed.claims();
    let (kind, text) = match &claims.body {
        Body::Message(text) => (ChatKind::Private, Some(text.as_str().to_owned())),
        Body::Ack => (ChatKind::Ack, None),
    };
    Some(ChatMessage {
        from: Some(claims.from.as_str().to_owned()),
        to: Some(claims.to.as_str().to_owned()),
        text,
        id: Some(claims.id),
        ..ChatMessage::new(Dialect::Native, kind)
    })
}

/// Judges the payload of one TCP segment alone, without what came before it.
///
/// `begins` tells that it is the first of its direction, which makes it a lab client's name.
pub fn segment(octets: &[u8], speaker: Speaker, begins: bool) -> Vec<ChatMessage> {
    let mut reader = if begins {
        ChatReader::new(speaker)
    } else {
        ChatReader::joining(speaker)
    };
    let mut messages = reader.push(octets);
    messages.extend(reader.finish());
    messages
}

/// Reads what one side of a connection says, piece by piece.
///
/// The pieces are what single segments brought: the lab dialect has no better bounds.
#[derive(Debug)]
pub struct ChatReader {
    speaker: Speaker,
    language: Language,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Whether octets up to the next line feed belong to a line whose start is missing.
    is_amid: bool,
    lab: LabSplitter,
    /// Whether the lab client's name is still to come.
    name_is_next: bool,
    /// Whether octets before the next piece are missing.
    after_gap: bool,
}

/// What the first octets told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Unheard,
    Chat(Dialect),
    Other,
}

impl ChatReader {
    /// A reader at the beginning of a stream.
    pub fn new(speaker: Speaker) -> Self {
        Self {
            speaker,
            language: Language::Unheard,
            line: Vec::new(),
            is_amid: false,
            lab: LabSplitter::new(),
            name_is_next: true,
            after_gap: false,
        }
    }

    /// A reader that joins a stream whose beginning is missing.
    pub fn joining(speaker: Speaker) -> Self {
        Self {
            name_is_next: false,
            after_gap: true,
            ..Self::new(speaker)
        }
    }

    /// The language, once octets have told it.
    pub const fn dialect(&self) -> Option<Dialect> {
        match self.language {
            Language::Chat(dialect) => Some(dialect),
            Language::Unheard | Language::Other => None,
        }
    }

    /// Takes the next octets; gives what is complete with them.
    pub fn push(&mut self, octets: &[u8]) -> Vec<ChatMessage> {
        if octets.is_empty() {
            return Vec::new();
        }
        if self.language == Language::Unheard {
            self.language = Dialect::of(octets).map_or(Language::Other, Language::Chat);
        }
        if self.after_gap {
            self.is_amid = octets.first() != Some(&b'{');
        }
        let messages = match (self.dialect(), self.speaker) {
            (Some(Dialect::Native), _) => self.push_lines(octets),
            (Some(Dialect::Lab), Speaker::Server) => self.push_from_lab_server(octets),
            (Some(Dialect::Lab), Speaker::Client) => self.push_from_lab_client(octets),
            (None, _) => Vec::new(),
        };
        self.after_gap = false;
        messages
    }

    /// Octets are missing here. Gives what of the message before them is there.
    pub fn gap(&mut self) -> Option<ChatMessage> {
        let part = self.finish();
        self.after_gap = true;
        part
    }

    /// The stream ends. Gives what of an unfinished message is there.
    pub fn finish(&mut self) -> Option<ChatMessage> {
        if let Some(event) = self.lab.finish() {
            return Some(from_lab_server(event, true));
        }
        let line = std::mem::take(&mut self.line);
        (!line.is_empty()).then(|| part(&line))
    }

    fn push_lines(&mut self, octets: &[u8]) -> Vec<ChatMessage> {
        let mut messages = Vec::new();
        let mut rest = octets;
        while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
            let (piece, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            let is_amid = std::mem::take(&mut self.is_amid);
            self.hold(piece, &mut messages);
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if is_amid && !line.is_empty() {
                messages.push(part(line));
            } else if !line.is_empty() {
                messages.push(match self.speaker {
                    Speaker::Client => command(line),
                    Speaker::Server => event(line),
                });
            }
        }
        self.hold(rest, &mut messages);
        messages
    }

    /// Keeps part of a line; a line longer than any may be is given up.
    fn hold(&mut self, piece: &[u8], messages: &mut Vec<ChatMessage>) {
        if self.line.len().saturating_add(piece.len()) > MAX_FRAME {
            // The beginning names the line; what follows up to its end is passed over.
            self.line
                .extend(piece.iter().take(MAX_FRAME.saturating_sub(self.line.len())));
            messages.push(part(&std::mem::take(&mut self.line)));
            self.is_amid = true;
        } else {
            self.line.extend_from_slice(piece);
        }
    }

    fn push_from_lab_client(&mut self, octets: &[u8]) -> Vec<ChatMessage> {
        let text = String::from_utf8_lossy(octets);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Vec::new();
        }
        if std::mem::take(&mut self.name_is_next) {
            let name = Some(text.trim().to_owned());
            return vec![ChatMessage::lab(ChatKind::Name, name, None, false)];
        }
        let text = Some(text.to_owned());
        vec![ChatMessage::lab(ChatKind::Say, None, text, self.after_gap)]
    }

    fn push_from_lab_server(&mut self, octets: &[u8]) -> Vec<ChatMessage> {
        let was_holding = self.lab.is_holding();
        let events = self.lab.push(octets);
        // A server ends a message with a space and sends it alone: what stands alone between two
        // bounds of segments, and ends so, is one message.
        let texts = events
            .iter()
            .filter(|event| matches!(event, LabEvent::Message { .. }));
        let is_alone = texts.count() <= 1 && events.len() <= 1 && !was_holding;
        let is_whole = octets.last() == Some(&b' ') && !self.after_gap;
        let guessed = !(is_alone && is_whole);
        events
            .into_iter()
            .map(|event| from_lab_server(event, guessed))
            .collect()
    }
}

fn from_lab_server(event: LabEvent, guessed: bool) -> ChatMessage {
    let roster = |roster: LabRoster, guessed| ChatMessage {
        users: roster
            .into_iter()
            .map(|(name, address)| ChatUser {
                name,
                address: Some(address),
                udp_port: None,
            })
            .collect(),
        ..ChatMessage::lab(ChatKind::Roster, None, None, guessed)
    };
    match event {
        LabEvent::Roster(users) => roster(users, false),
        LabEvent::Doubtful(users) => roster(users, true),
        LabEvent::Message { from, text } => {
            let guessed = guessed || from.is_none();
            ChatMessage::lab(ChatKind::Message, from, Some(text), guessed)
        }
        // The splitter may learn more than this reader.
        _ => ChatMessage::lab(ChatKind::Unknown, None, None, true),
    }
}

fn part(line: &[u8]) -> ChatMessage {
    ChatMessage {
        text: Some(String::from_utf8_lossy(line).into_owned()),
        guessed: true,
        ..ChatMessage::new(Dialect::Native, ChatKind::Part)
    }
}

/// A line that a client sends.
fn command(line: &[u8]) -> ChatMessage {
    let new = |kind| ChatMessage::new(Dialect::Native, kind);
    let named = |kind, name: &UserName| ChatMessage {
        from: Some(name.as_str().to_owned()),
        ..new(kind)
    };
    match Command::parse(line) {
        Ok(Command::Hello { client, .. }) => ChatMessage {
            text: Some(client).filter(|client| !client.is_empty()),
            ..new(ChatKind::Hello)
        },
        Ok(Command::Register { name }) => named(ChatKind::Register, &name),
        Ok(Command::Registration { .. }) => new(ChatKind::Registration),
        Ok(Command::Login { scram }) => ChatMessage {
            from: name_in_scram(&scram),
            ..new(ChatKind::Login)
        },
        Ok(Command::Proof { contact, .. }) => ChatMessage {
            users: contact_of(None, contact),
            ..new(ChatKind::Proof)
        },
        Ok(Command::Enter { name, contact }) => ChatMessage {
            users: contact_of(Some(&name), contact),
            ..named(ChatKind::Enter, &name)
        },
        Ok(Command::Say { id, text }) => ChatMessage {
            id,
            text: Some(text.as_str().to_owned()),
            ..new(ChatKind::Say)
        },
        Ok(Command::Lookup { name }) => ChatMessage {
            users: vec![named_user(&name)],
            ..new(ChatKind::Lookup)
        },
        Ok(Command::Ping { id }) => ChatMessage {
            id: Some(id),
            ..new(ChatKind::Ping)
        },
        Ok(Command::Pong { id }) => ChatMessage {
            id: Some(id),
            ..new(ChatKind::Pong)
        },
        Ok(Command::Quit) => new(ChatKind::Quit),
        Ok(_) => new(ChatKind::Unknown),
        Err(error) => ChatMessage {
            id: error.id,
            text: Some(error.reason),
            ..new(if error.code == ErrorCode::UnknownCommand {
                ChatKind::Unknown
            } else {
                ChatKind::Unreadable
            })
        },
    }
}

/// A line that a server sends.
fn event(line: &[u8]) -> ChatMessage {
    let new = |kind| ChatMessage::new(Dialect::Native, kind);
    let of_users = |kind, users: Vec<User>| ChatMessage {
        users: users.into_iter().map(ChatUser::from).collect(),
        ..new(kind)
    };
    let for_name = |kind, name: &UserName| ChatMessage {
        to: Some(name.as_str().to_owned()),
        ..new(kind)
    };
    let numbered = |kind, id| ChatMessage {
        id: Some(id),
        ..new(kind)
    };
    match Event::parse(line) {
        Ok(Event::Hello { server, .. }) => ChatMessage {
            text: Some(server),
            ..new(ChatKind::Hello)
        },
        Ok(Event::RegisterKey { .. }) => new(ChatKind::RegisterKey),
        Ok(Event::Registered { name }) => for_name(ChatKind::Registered, &name),
        Ok(Event::Challenge { .. }) => new(ChatKind::Challenge),
        Ok(Event::Welcome { name, ip, .. }) => ChatMessage {
            users: vec![ChatUser {
                address: Some(ip),
                ..named_user(&name)
            }],
            ..for_name(ChatKind::Welcome, &name)
        },
        Ok(Event::Roster { users, .. }) => of_users(ChatKind::Roster, users),
        Ok(Event::Joined { users }) => of_users(ChatKind::Joined, users),
        Ok(Event::Left { users, reason }) => ChatMessage {
            users: users.iter().map(named_user).collect(),
            code: code(&reason),
            ..new(ChatKind::Left)
        },
        Ok(Event::Message { seq, from, text }) => ChatMessage {
            seq: Some(seq),
            from: Some(from.as_str().to_owned()),
            text: Some(text.as_str().to_owned()),
            ..new(ChatKind::Message)
        },
        Ok(Event::Said { id, seq }) => ChatMessage {
            seq: Some(seq),
            ..numbered(ChatKind::Said, id)
        },
        Ok(Event::User { user }) => of_users(ChatKind::User, vec![user]),
        Ok(Event::Ping { id }) => numbered(ChatKind::Ping, id),
        Ok(Event::Pong { id }) => numbered(ChatKind::Pong, id),
        Ok(Event::Error {
            code: why,
            text,
            id,
        }) => ChatMessage {
            id,
            text: Some(text),
            code: code(&why),
            ..new(ChatKind::Error)
        },
        Ok(Event::Bye { code: why, text }) => ChatMessage {
            text: Some(text),
            code: code(&why),
            ..new(ChatKind::Bye)
        },
        Ok(_) | Err(EventError::Unknown) => new(ChatKind::Unknown),
        Err(error) => ChatMessage {
            text: Some(error.to_string()),
            ..new(ChatKind::Unreadable)
        },
    }
}

fn named_user(name: &UserName) -> ChatUser {
    ChatUser {
        name: name.as_str().to_owned(),
        address: None,
        udp_port: None,
    }
}

impl From<User> for ChatUser {
    fn from(user: User) -> Self {
        let Some(Address { ip, udp, .. }) = user.address else {
            return named_user(&user.name);
        };
        Self {
            address: Some(ip),
            udp_port: udp,
            ..named_user(&user.name)
        }
    }
}

/// The port at which a client takes private messages.
fn contact_of(name: Option<&UserName>, contact: Contact) -> Vec<ChatUser> {
    let name = name.map_or("", UserName::as_str).to_owned();
    let udp_port = contact.udp;
    let user = udp_port.map(|_| ChatUser {
        name,
        address: None,
        udp_port,
    });
    user.into_iter().collect()
}

/// The code as the protocol spells it.
fn code<T: Serialize>(code: &T) -> Option<String> {
    let value = serde_json::to_value(code).ok()?;
    value.as_str().map(str::to_owned)
}

/// The user's name in SCRAM's `client-first-message` (RFC 5802 §5.1). A name of the chat has no
/// character that would be escaped.
fn name_in_scram(message: &str) -> Option<String> {
    let name = message
        .split(',')
        .find_map(|field| field.strip_prefix("n="));
    name.map(str::to_owned)
}

/// Whether octets can be what a person typed: UTF-8 that may be cut at its end, without control
/// characters but those of lines and tables.
fn is_text(octets: &[u8]) -> bool {
    let valid = match std::str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            let (valid, _) = octets
                .split_at_checked(error.valid_up_to())
                .unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty()
        && !valid
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The session at the end of PROTOCOL.md, one line a message: who, and the JSON.
    fn documented() -> impl Iterator<Item = (Speaker, &'static [u8])> {
        let document = include_str!("../../../../chat-proto/PROTOCOL.md");
        let session = document.rsplit("```text").next().unwrap();
        session.lines().filter_map(|line| {
            let speaker = match line.get(..2)? {
                "C " => Speaker::Client,
                "S " => Speaker::Server,
                _ => return None,
            };
            Some((speaker, &line.as_bytes()[2..]))
        })
    }

    fn kinds(messages: &[ChatMessage]) -> Vec<ChatKind> {
        messages.iter().map(|message| message.kind).collect()
    }

    #[test]
    fn every_line_of_the_documented_session_is_known() {
        let mut seen = 0;
        for (speaker, line) in documented() {
            let message = &segment(&[line, b"\n"].concat(), speaker, false)[0];
            let json: serde_json::Value = serde_json::from_slice(line).unwrap();
            let refused = json["text"] == "\u{1b}[2J";
            let expected = if refused {
                "unreadable"
            } else {
                json["type"].as_str().unwrap()
            };
            assert_eq!(message.kind.name(), expected);
            assert_eq!((message.dialect, message.guessed), (Dialect::Native, false));
            seen += 1;
        }
        assert!(seen > 20, "only {seen} lines");
    }

    #[test]
    fn the_documented_session_says_who_said_what() {
        let find = |kind| {
            let messages = documented()
                .flat_map(|(speaker, line)| segment(&[line, b"\n"].concat(), speaker, false));
            messages
                .into_iter()
                .find(|message| message.kind == kind)
                .unwrap()
        };
        assert_eq!(find(ChatKind::Login).from.as_deref(), Some("alice"));
        assert_eq!(find(ChatKind::Registered).to.as_deref(), Some("alice"));
        assert_eq!(find(ChatKind::Proof).users[0].udp_port, Some(5000));
        let message = find(ChatKind::Message);
        assert_eq!(message.from.as_deref(), Some("bob"));
        assert_eq!(message.text.as_deref(), Some("hei, er det noen her?"));
        assert_eq!(
            (find(ChatKind::Said).id, find(ChatKind::Said).seq),
            (Some(1), Some(2))
        );
        assert_eq!(find(ChatKind::Error).code.as_deref(), Some("bad_text"));
        let bob = &find(ChatKind::Joined).users[0];
        assert_eq!((bob.name.as_str(), bob.udp_port), ("bob", Some(5000)));
        assert_eq!(bob.address, Some("10.20.30.12".parse().unwrap()));
    }

    #[test]
    fn any_cut_of_a_stream_gives_the_same_lines() {
        for speaker in [Speaker::Client, Speaker::Server] {
            let lines = documented().filter(|(who, _)| *who == speaker);
            let stream: Vec<u8> = lines.flat_map(|(_, line)| [line, b"\n"].concat()).collect();
            let whole = ChatReader::new(speaker).push(&stream);
            for size in [1, 7, 100, 1460] {
                let mut reader = ChatReader::new(speaker);
                let pieces: Vec<_> = stream
                    .chunks(size)
                    .flat_map(|piece| reader.push(piece))
                    .collect();
                assert_eq!(pieces, whole);
                assert_eq!(reader.finish(), None);
            }
        }
    }

    #[test]
    fn a_gap_costs_the_lines_that_it_touches() {
        let line = |text: &str| format!("{{\"type\":\"say\",\"text\":\"{text}\"}}\n").into_bytes();
        let mut reader = ChatReader::new(Speaker::Client);
        let one = [line("one"), line("two")].concat();
        assert_eq!(kinds(&reader.push(&one[..one.len() - 5])), [ChatKind::Say]);
        assert_eq!(reader.gap().unwrap().kind, ChatKind::Part);
        let three = [line("three"), line("four")].concat();
        let messages = reader.push(&three[9..]);
        assert_eq!(kinds(&messages), [ChatKind::Part, ChatKind::Say]);
        reader.gap();
        assert_eq!(kinds(&reader.push(&line("five"))), [ChatKind::Say]);
        // Joined in the middle of a line.
        let messages = segment(&three[20..], Speaker::Client, false);
        assert_eq!(kinds(&messages), [ChatKind::Part, ChatKind::Say]);
    }

    #[test]
    fn the_lab_dialect() {
        let text = |message: &ChatMessage| message.text.clone().unwrap_or_default();
        let mut client = ChatReader::new(Speaker::Client);
        let name = client.push(b"alice\n");
        assert_eq!(
            (name[0].kind, name[0].from.as_deref()),
            (ChatKind::Name, Some("alice"))
        );
        let say = client.push(b"second message: with colon");
        assert_eq!(
            (say[0].kind, text(&say[0]).as_str()),
            (ChatKind::Say, "second message: with colon")
        );
        assert!(!say[0].guessed);

        let mut server = ChatReader::new(Speaker::Server);
        let room = br#"!{"alice": "10.20.30.11", "bob": "10.20.30.12"}"#;
        let roster = server.push(room);
        assert_eq!(
            (roster[0].kind, roster[0].users.len(), roster[0].guessed),
            (ChatKind::Roster, 2, false)
        );
        let one = server.push(b"bob: hi alice ");
        assert_eq!(
            (
                one[0].from.as_deref(),
                text(&one[0]).as_str(),
                one[0].guessed
            ),
            (Some("bob"), "hi alice", false)
        );
        // Stuck together, and torn.
        let two = server.push(b"bob: a alice: b ");
        assert_eq!(kinds(&two), [ChatKind::Message; 2]);
        assert!(two.iter().all(|message| message.guessed));
        assert!(server.push(b"bob: torn mess")[0].guessed);
        assert!(server.push(b"age ")[0].guessed);
    }

    #[test]
    fn one_segment_alone_is_judged() {
        let name = segment(b"alice", Speaker::Client, true);
        assert_eq!(kinds(&name), [ChatKind::Name]);
        let say = segment(b"hello", Speaker::Client, false);
        assert_eq!((say[0].kind, say[0].guessed), (ChatKind::Say, true));
        for other in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"HTTP/1.1 200 OK\r\n",
            b"\x16\x03\x01",
            b"\xff\xfe",
            b"",
        ] {
            assert!(segment(other, Speaker::Client, false).is_empty());
        }
    }

    #[test]
    fn datagrams() {
        let signed = br#"{"type":"message","from":"alice","to":"bob","id":1,"text":"hi","mac":"QTOPtiXjNFNID3DrZSBUypXfLNcQ/gSvyfS84/WmXuw="}"#;
        let message = datagram(signed).unwrap();
        assert_eq!((message.kind, message.id), (ChatKind::Private, Some(1)));
        assert_eq!(message.to.as_deref(), Some("bob"));
        let bare = datagram("psst å".as_bytes()).unwrap();
        assert_eq!(
            (bare.dialect, bare.text.as_deref()),
            (Dialect::Lab, Some("psst å"))
        );
        assert!(datagram(&signed[..50]).unwrap().guessed);
        assert!(datagram(b"\x00\x01").is_none() && datagram(b"").is_none());
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let mut reader = ChatReader::new(Speaker::Client);
        let mut parts = 0;
        reader.push(b"{");
        for _ in 0..100 {
            parts += reader.push(&[b'x'; 1400]).len();
            assert!(reader.line.len() <= MAX_FRAME);
        }
        assert!(parts > 0);
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_answered(pieces in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80), 0..6)) {
            for speaker in [Speaker::Client, Speaker::Server] {
                let mut reader = ChatReader::new(speaker);
                for piece in &pieces {
                    reader.push(piece);
                    datagram(piece);
                    segment(piece, speaker, true);
                }
                reader.gap();
                reader.finish();
            }
        }
    }
}
