//! Events: what the server says to a client.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::code::{EndCode, ErrorCode};
use crate::frame::{self, FrameError, MAX_FRAME};
use crate::key::PublicKey;
use crate::name::UserName;
use crate::text::ChatText;
use crate::user::User;

/// One event, one JSON object with a `type`, one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Answers [`Command::Hello`](crate::Command::Hello).
    Hello {
        /// The version of the protocol: [`VERSION`](crate::VERSION).
        version: u32,
        /// The program and its version.
        server: String,
        /// How one enters.
        entry: Entry,
        /// The PBKDF2 iterations that a registration must have; 0 without accounts.
        iterations: u32,
        /// The channel bindings that a log-in may have on this connection: over TLS
        /// [`TLS_EXPORTER`](crate::scram::TLS_EXPORTER).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        bindings: Vec<String>,
    },
    /// Answers [`Command::Register`](crate::Command::Register): seal the registration for this key.
    RegisterKey {
        /// The server's passing key, good for one registration on this connection.
        key: PublicKey,
    },
    /// The account is on the server's disk; now log in.
    Registered {
        /// Its name.
        name: UserName,
    },
    /// Answers [`Command::Login`](crate::Command::Login).
    Challenge {
        /// SCRAM's `server-first-message`.
        scram: String,
    },
    /// The client is in the room; the roster follows.
    Welcome {
        /// The client's name, as the account spells it.
        name: UserName,
        /// The client's IP address, as the server sees it and the others are told.
        ip: IpAddr,
        /// SCRAM's `server-final-message`; `None` without accounts. A client that logged in must
        /// check it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scram: Option<String>,
    },
    /// Who is in the room, the client included; once after `welcome`, in one or more frames.
    Roster {
        /// Users, in no order.
        users: Vec<User>,
        /// Whether further frames belong to this roster.
        more: bool,
    },
    /// Users who came; one who is already known has a new session with a new address.
    Joined {
        /// Those users.
        users: Vec<User>,
    },
    /// Users who left.
    Left {
        /// Their names.
        users: Vec<UserName>,
        /// Why.
        reason: EndCode,
    },
    /// Somebody else said something to the room.
    Message {
        /// The message's number in the room: greater than that of every message before it.
        seq: u64,
        /// Who said it.
        from: UserName,
        /// What was said.
        text: ChatText,
    },
    /// The receipt for a [`Command::Say`](crate::Command::Say) with an id: it stands in the room's order here.
    Said {
        /// The client's id.
        id: u64,
        /// The message's number in the room.
        seq: u64,
    },
    /// Answers [`Command::Lookup`](crate::Command::Lookup).
    User {
        /// The user with the address.
        user: User,
    },
    /// Asks for a sign of life: answer with [`Command::Pong`](crate::Command::Pong).
    Ping {
        /// What the answer shall bear.
        id: u64,
    },
    /// Answers [`Command::Ping`](crate::Command::Ping).
    Pong {
        /// What the ping bore.
        id: u64,
    },
    /// A command was not done; the connection goes on.
    Error {
        /// Which mistake, for programs.
        code: ErrorCode,
        /// Which mistake, for people.
        text: String,
        /// The id of the command, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// The last event on a connection.
    Bye {
        /// Why it ends, for programs.
        code: EndCode,
        /// Why it ends, for people.
        text: String,
    },
}

/// How one enters a server's room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Entry {
    /// With an account: `register` once, then `login`.
    Password,
    /// Without: `enter`.
    Open,
}

/// Why a line is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The event is of a kind that this version does not know: ignore it.
    #[error("event of a kind that this version does not know")]
    Unknown,
    /// The line is no event: the peer is not a chat server, or a broken one.
    #[error("line is no event: {reason}")]
    Malformed {
        /// What the JSON reader says.
        reason: String,
    },
}

impl Event {
    /// Reads a line, without its line feed.
    ///
    /// # Errors
    /// [`EventError::Unknown`] for an event of a later version, which a client ignores;
    /// [`EventError::Malformed`] for what is no event.
    pub fn parse(line: &[u8]) -> Result<Self, EventError> {
        serde_json::from_slice(line).map_err(|error| {
            let reason = error.to_string();
            if reason.starts_with("unknown variant") && is_event_shaped(line) {
                EventError::Unknown
            } else {
                EventError::Malformed { reason }
            }
        })
    }

    /// Writes the event as one frame, line feed included.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]: a roster must be cut, see [`UserFrames`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(self)
    }

    /// The last event on a connection, with the code's own sentence.
    pub fn bye(code: EndCode) -> Self {
        Self::Bye {
            code,
            text: code.text().to_owned(),
        }
    }
}

fn is_event_shaped(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Shape {
        r#type: String,
    }
    serde_json::from_slice::<Shape>(line).is_ok_and(|shape| !shape.r#type.is_empty())
}

/// Writes users into as many `roster`, `joined` or `left` frames as they need.
///
/// ```
/// use chat_proto::{Event, UserFrames, UserName};
///
/// let mut frames = UserFrames::left(chat_proto::EndCode::Quit);
/// frames.push_name(&UserName::new("bob")?);
/// assert_eq!(frames.finish(), b"{\"type\":\"left\",\"reason\":\"quit\",\"users\":[\"bob\"]}\n");
/// # Ok::<(), chat_proto::NameError>(())
/// ```
#[derive(Debug)]
pub struct UserFrames {
    octets: Vec<u8>,
    head: String,
    // Where the frame being written begins, and whether a user is in it.
    begin: usize,
    empty: bool,
    tails: [&'static str; 2],
}

impl UserFrames {
    /// Frames of one roster; without users, one empty frame.
    pub fn roster() -> Self {
        Self::new(
            r#"{"type":"roster","users":["#.to_owned(),
            ["],\"more\":true}\n", "],\"more\":false}\n"],
        )
    }

    /// Frames of users who came.
    pub fn joined() -> Self {
        Self::new(r#"{"type":"joined","users":["#.to_owned(), ["]}\n", "]}\n"])
    }

    /// Frames of users who left for one reason.
    pub fn left(reason: EndCode) -> Self {
        let reason = serde_json::to_string(&reason).unwrap_or_default();
        let head = format!(r#"{{"type":"left","reason":{reason},"users":["#);
        Self::new(head, ["]}\n", "]}\n"])
    }

    fn new(head: String, tails: [&'static str; 2]) -> Self {
        let octets = head.clone().into_bytes();
        Self {
            octets,
            head,
            begin: 0,
            empty: true,
            tails,
        }
    }

    /// Adds a user with all that is known.
    pub fn push(&mut self, user: &User) {
        // Names, addresses and keys have no form that could fail.
        let form = serde_json::to_vec(user).unwrap_or_default();
        self.push_form(&[&form]);
    }

    /// Adds a user by name only.
    pub fn push_name(&mut self, name: &UserName) {
        // Names hold nothing that JSON would escape.
        self.push_form(&[b"\"", name.as_str().as_bytes(), b"\""]);
    }

    fn push_form(&mut self, pieces: &[&[u8]]) {
        let length = pieces
            .iter()
            .fold(0, |sum: usize, piece| sum.saturating_add(piece.len()));
        let [between, end] = self.tails;
        let written = self.octets.len().saturating_sub(self.begin);
        let room = MAX_FRAME.saturating_sub(end.len().max(between.len()));
        if !self.empty && written.saturating_add(length).saturating_add(1) > room {
            self.octets.extend_from_slice(between.as_bytes());
            self.begin = self.octets.len();
            self.octets.extend_from_slice(self.head.as_bytes());
            self.empty = true;
        }
        if !self.empty {
            self.octets.push(b',');
        }
        self.empty = false;
        for piece in pieces {
            self.octets.extend_from_slice(piece);
        }
    }

    /// All frames, one after the other, each with its line feed.
    pub fn finish(mut self) -> Vec<u8> {
        let [_, end] = self.tails;
        self.octets.extend_from_slice(end.as_bytes());
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    #[test]
    fn events_have_these_forms() {
        let key = crate::SecretKey::from_random([1; 32]).public();
        let texts = [
            r#"{"type":"hello","version":1,"server":"chat-server 0.1.0","entry":"password","iterations":600000}"#.to_owned(),
            format!(r#"{{"type":"register_key","key":"{key}"}}"#),
            r#"{"type":"registered","name":"alice"}"#.to_owned(),
            r#"{"type":"challenge","scram":"r=a,s=b,i=4096"}"#.to_owned(),
            r#"{"type":"welcome","name":"alice","ip":"10.20.30.11","scram":"v=a"}"#.to_owned(),
            r#"{"type":"welcome","name":"alice","ip":"10.20.30.11"}"#.to_owned(),
            r#"{"type":"roster","users":[{"name":"bob","ip":"::1"},"carol"],"more":false}"#.to_owned(),
            r#"{"type":"joined","users":["dave"]}"#.to_owned(),
            r#"{"type":"left","users":["dave"],"reason":"quit"}"#.to_owned(),
            r#"{"type":"message","seq":1,"from":"bob","text":"hei"}"#.to_owned(),
            r#"{"type":"said","id":7,"seq":2}"#.to_owned(),
            r#"{"type":"user","user":{"name":"bob","ip":"10.20.30.12","udp":5000}}"#.to_owned(),
            r#"{"type":"ping","id":1}"#.to_owned(),
            r#"{"type":"pong","id":1}"#.to_owned(),
            r#"{"type":"error","code":"bad_text","text":"text is empty","id":7}"#.to_owned(),
            r#"{"type":"bye","code":"taken_over","text":"..."}"#.to_owned(),
        ];
        for text in texts {
            let event = Event::parse(text.as_bytes()).unwrap();
            assert_eq!(
                String::from_utf8(event.encode().unwrap()).unwrap(),
                format!("{text}\n")
            );
        }
    }

    #[test]
    fn what_a_later_version_says_is_not_a_mistake() {
        assert_eq!(
            Event::parse(br#"{"type":"mood","x":1}"#),
            Err(EventError::Unknown)
        );
        assert!(matches!(
            Event::parse(b"HTTP/1.1 200"),
            Err(EventError::Malformed { .. })
        ));
        assert!(matches!(
            Event::parse(br#"{"type":"said"}"#),
            Err(EventError::Malformed { .. })
        ));
        let event = Event::parse(br#"{"type":"bye","code":"eclipse","text":"dark"}"#).unwrap();
        assert!(matches!(
            event,
            Event::Bye {
                code: EndCode::Unknown,
                ..
            }
        ));
    }

    #[test]
    fn the_longest_message_fits_a_frame() {
        let text = ChatText::new(&"\\".repeat(crate::MAX_TEXT)).unwrap();
        let from = name(&"x".repeat(32));
        assert!(
            Event::Message {
                seq: u64::MAX,
                from,
                text: text.clone()
            }
            .encode()
            .is_ok()
        );
        assert!(
            crate::Command::Say {
                id: Some(u64::MAX),
                text
            }
            .encode()
            .is_ok()
        );
    }

    #[test]
    fn a_long_roster_is_cut_into_frames() {
        let address = crate::Address {
            ip: "2001:db8::1".parse().unwrap(),
            udp: Some(65535),
            key: Some(crate::SecretKey::from_random([1; 32]).public()),
        };
        let users: Vec<User> = (0..1000)
            .map(|n| User {
                name: name(&format!("user{n}")),
                address: (n % 2 == 0).then_some(address),
            })
            .collect();
        let mut frames = UserFrames::roster();
        for user in &users {
            match user.address {
                Some(_) => frames.push(user),
                None => frames.push_name(&user.name),
            }
        }
        let octets = frames.finish();
        let mut read = Vec::new();
        let mut ended = false;
        for line in octets.split_inclusive(|octet| *octet == b'\n') {
            assert!(line.len() <= MAX_FRAME && !ended);
            let Ok(Event::Roster { users, more }) = Event::parse(line) else {
                panic!()
            };
            read.extend(users);
            ended = !more;
        }
        assert!(ended);
        assert_eq!(read, users);
        let empty = UserFrames::roster().finish();
        assert_eq!(
            empty,
            b"{\"type\":\"roster\",\"users\":[],\"more\":false}\n"
        );
    }
}
