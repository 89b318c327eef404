//! The chat's story: who came, who said what to whom, and who left, told once over all captures.

mod clients;
mod private;
mod room;
mod sightings;
mod teller;

use crate::capture::Timestamp;
use crate::flow::Endpoint;
use crate::packet::chat::{ChatUser, Dialect};
use crate::trace::{Notice, Speech, Trace};

use super::Roles;

use self::teller::Teller;

/// Clients that one event lists at most: a new event begins then, so that finding out who was told
/// already takes bounded time.
const MAX_TOLD: usize = 4096;

/// What happened, in order.
#[derive(Debug)]
pub struct Story {
    /// The events.
    pub entries: Vec<Entry>,
    /// Names that connections had: client, server, name.
    pub names: Vec<(Endpoint, Endpoint, String)>,
    /// Messages of the protocol that are no event: greetings, keys, signs of life.
    pub others: u64,
}

/// One event.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it was captured first.
    pub time: Option<Timestamp>,
    /// Which captures hold it.
    pub seen: Vec<Sight>,
    /// In which language it was told.
    pub dialect: Dialect,
    /// What happened.
    pub what: What,
    /// Whether the octets leave open where a message begins or ends.
    pub guessed: bool,
}

/// A message in one capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The capture, counted from 0 in the order given.
    pub trace: usize,
    /// The frame that completes the message.
    pub frame: u64,
    /// When that was captured.
    pub time: Option<Timestamp>,
}

/// One client who was told of something.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its end of the connection.
    pub client: Endpoint,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// Which captures hold it.
    pub seen: Vec<Sight>,
}

/// How a client entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It proved that it knows the password.
    Password,
    /// The server has no accounts.
    Open,
    /// It said a name, as the lab's programs do.
    Name,
    /// The capture does not show how.
    Unknown,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// An account was opened.
    Registered {
        /// Its name.
        name: String,
        /// From where.
        client: Endpoint,
    },
    /// A client is in the room.
    Entered {
        /// Its name.
        name: String,
        /// Where it is.
        client: Endpoint,
        /// How it entered.
        way: Way,
    },
    /// A client was not let in, or asked for something that it did not get.
    Refused {
        /// Who it says it is.
        name: Option<String>,
        /// Where it is.
        client: Endpoint,
        /// The code.
        code: String,
        /// The words for people.
        text: String,
        /// Whether it is in the room.
        inside: bool,
    },
    /// The server says who is in the room.
    Roster {
        /// All users.
        users: Vec<ChatUser>,
        /// Of the lab dialect: who is new, against the roster before.
        came: Vec<String>,
        /// And who is gone.
        went: Vec<String>,
        /// To whom.
        told: Vec<Told>,
    },
    /// The server says who came.
    Came {
        /// The users.
        users: Vec<ChatUser>,
        /// To whom.
        told: Vec<Told>,
    },
    /// The server says who left.
    Went {
        /// Their names.
        users: Vec<ChatUser>,
        /// Why.
        code: Option<String>,
        /// To whom.
        told: Vec<Told>,
    },
    /// Somebody says something to the room.
    Room {
        /// Who.
        from: Option<String>,
        /// From where; `None` where only the copies were captured.
        client: Option<Endpoint>,
        /// What.
        text: String,
        /// Its number in the room.
        seq: Option<u64>,
        /// The number that the client gave it.
        id: Option<u64>,
        /// In how many segments a lab client sent it, as far as the server's copies tell: what it
        /// sent at once it may have meant as several messages.
        segments: usize,
        /// The server's receipt.
        receipt: Vec<Sight>,
        /// The server's copies.
        told: Vec<Told>,
    },
    /// A client says something to another alone.
    Private(Private),
    /// The server ends a connection.
    Ended {
        /// Whose.
        name: Option<String>,
        /// Where it is.
        client: Endpoint,
        /// Why, for programs.
        code: String,
        /// Why, for people.
        text: String,
    },
    /// A line that is none of the protocol, or not there whole.
    Unclear {
        /// Who sends it.
        from: Endpoint,
        /// To whom.
        to: Endpoint,
        /// What is there.
        text: String,
        /// Whether only a part of it is there.
        is_part: bool,
    },
}

/// A private message.
#[derive(Clone, Debug)]
pub struct Private {
    /// Who sends it: as the datagram says, or in the lab dialect who has the address.
    pub from: Option<String>,
    /// For whom it is, told likewise.
    pub to: Option<String>,
    /// From where.
    pub sender: Endpoint,
    /// To where.
    pub receiver: Endpoint,
    /// What.
    pub text: String,
    /// The sender's number for it.
    pub id: Option<u64>,
    /// When it was sent again.
    pub repeats: Vec<Vec<Sight>>,
    /// The acknowledgements.
    pub acks: Vec<Vec<Sight>>,
    /// Whether a roster had the receiver's name at this address before.
    pub in_roster: bool,
}

impl Private {
    /// Why the datagram went from client to client, or that one end is the server's.
    pub fn proof(&self, roles: &Roles) -> String {
        let Some(server) = roles.server.map(|role| role.who) else {
            return "no server is in the captures".to_owned();
        };
        let is_servers = |end: Endpoint| end.address == server.address;
        match (is_servers(self.sender), is_servers(self.receiver)) {
            (false, false) => format!(
                "from client to client: neither end is the server {}",
                server.address
            ),
            (true, true) if self.sender.port != self.receiver.port => format!(
                "server and clients share one host: the ports tell, {} to {}",
                self.sender.port, self.receiver.port
            ),
            _ => format!("one end has the address of the server {}", server.address),
        }
    }
}

impl What {
    /// The event's kind for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "registered",
            Self::Entered { .. } => "entered",
            Self::Refused { .. } => "refused",
            Self::Roster { .. } => "roster",
            Self::Came { .. } => "joined",
            Self::Went { .. } => "left",
            Self::Room { .. } => "room",
            Self::Private(_) => "private",
            Self::Ended { .. } => "ended",
            Self::Unclear { .. } => "unclear",
        }
    }

    /// Who was told of it.
    pub fn told(&self) -> &[Told] {
        match self {
            Self::Roster { told, .. }
            | Self::Came { told, .. }
            | Self::Went { told, .. }
            | Self::Room { told, .. } => told,
            _ => &[],
        }
    }

    fn told_mut(&mut self) -> Option<&mut Vec<Told>> {
        match self {
            Self::Roster { told, .. }
            | Self::Came { told, .. }
            | Self::Went { told, .. }
            | Self::Room { told, .. } => Some(told),
            _ => None,
        }
    }
}

impl Story {
    /// Tells the story of captures of the same traffic; `speeches` has one a trace.
    pub fn new(speeches: &[Speech]) -> Self {
        let mut teller = Teller::default();
        for heard in sightings::merged(speeches) {
            teller.hear(&heard);
        }
        teller.finish()
    }

    /// Nanoseconds from one message to another, taken in a capture that holds both if there is one.
    pub fn delay(from: &[Sight], to: &[Sight]) -> Option<i64> {
        let both = from.iter().find_map(|from| {
            let to = to.iter().find(|to| to.trace == from.trace)?;
            Some((from, to))
        });
        let (from, to) = both.or_else(|| from.first().zip(to.first()))?;
        Some(to.time?.since(from.time?))
    }

    /// Whether anything was said.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.others == 0
    }

    /// What the reader should know: what the captures lack, and what was not kept.
    pub fn notices(traces: &[Trace], speeches: &[Speech]) -> Vec<String> {
        let mut notices = Vec::new();
        for (trace, speech) in traces.iter().zip(speeches) {
            let name = &trace.name;
            let tls = |notice: &&Notice| matches!(notice, Notice::Tls { .. });
            let tls = trace.notices.iter().filter(tls);
            notices.extend(tls.map(|notice| format!("{name}: {notice}")));
            if speech.missing > 0 {
                notices.push(format!(
                    "{name}: {} octets of the chat's connections are missing",
                    speech.missing
                ));
            }
            if speech.left_out > 0 {
                notices.push(format!(
                    "{name}: {} messages more than are kept",
                    speech.left_out
                ));
            }
            if speech.unread > 0 {
                notices.push(format!(
                    "{name}: {} segments of connections that were given up, more than are read at once",
                    speech.unread
                ));
            }
        }
        notices
    }
}
