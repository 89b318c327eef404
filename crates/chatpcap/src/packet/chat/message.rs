//! One message of the chat, whatever its language.

use std::net::IpAddr;

/// One thing said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMessage {
    /// In which language.
    pub dialect: Dialect,
    /// What kind of message it is.
    pub kind: ChatKind,
    /// Who says it, as the message itself tells: nobody vouches for it.
    pub from: Option<String>,
    /// For whom it is.
    pub to: Option<String>,
    /// The text for people.
    pub text: Option<String>,
    /// The number that its sender gave it.
    pub id: Option<u64>,
    /// A room message's number in the room's order.
    pub seq: Option<u64>,
    /// The code of an error or of an end.
    pub code: Option<String>,
    /// Whom a roster, a coming or a going names.
    pub users: Vec<ChatUser>,
    /// Whether the octets leave open where it begins or ends, or what it is.
    pub guessed: bool,
}

/// A user as the server tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatUser {
    /// The name.
    pub name: String,
    /// The IP address, where it is told.
    pub address: Option<IpAddr>,
    /// The UDP port for private messages, where it is told.
    pub udp_port: Option<u16>,
}

/// The language of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// One JSON object a line or datagram.
    Native,
    /// What the lab's own programs speak: bare text.
    Lab,
}

/// Who sends on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The one that connected.
    Client,
    /// The one that was connected to.
    Server,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatKind {
    /// Either side begins.
    Hello,
    /// A client asks to open an account.
    Register,
    /// The server's key for that.
    RegisterKey,
    /// The sealed account.
    Registration,
    /// The account is open.
    Registered,
    /// A client begins to log in.
    Login,
    /// What it must answer.
    Challenge,
    /// Its answer.
    Proof,
    /// A client enters without an account.
    Enter,
    /// The client is in the room.
    Welcome,
    /// Who is in the room.
    Roster,
    /// Who came.
    Joined,
    /// Who left.
    Left,
    /// A client says something to the room.
    Say,
    /// The receipt for it.
    Said,
    /// The server passes on what another said.
    Message,
    /// A client asks for a user's address.
    Lookup,
    /// The answer.
    User,
    /// A sign of life is asked for.
    Ping,
    /// And given.
    Pong,
    /// A client leaves.
    Quit,
    /// The server's last word.
    Bye,
    /// A command was not done.
    Error,
    /// A private message from client to client.
    Private,
    /// Its acknowledgement.
    Ack,
    /// The name that a lab client begins with.
    Name,
    /// A kind that this version does not know.
    Unknown,
    /// A line that is none of the protocol.
    Unreadable,
    /// A line of which only a part is there.
    Part,
}

impl ChatKind {
    /// The kind's name: the `type` of the protocol where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Register => "register",
            Self::RegisterKey => "register_key",
            Self::Registration => "registration",
            Self::Registered => "registered",
            Self::Login => "login",
            Self::Challenge => "challenge",
            Self::Proof => "proof",
            Self::Enter => "enter",
            Self::Welcome => "welcome",
            Self::Roster => "roster",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Say => "say",
            Self::Said => "said",
            Self::Message => "message",
            Self::Lookup => "lookup",
            Self::User => "user",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Quit => "quit",
            Self::Bye => "bye",
            Self::Error => "error",
            Self::Private => "private",
            Self::Ack => "ack",
            Self::Name => "name",
            Self::Unknown => "unknown",
            Self::Unreadable => "unreadable",
            Self::Part => "part",
        }
    }
}

impl Dialect {
    /// The dialect's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Lab => "lab",
        }
    }
}

impl ChatMessage {
    pub(super) const fn new(dialect: Dialect, kind: ChatKind) -> Self {
        Self {
            dialect,
            kind,
            from: None,
            to: None,
            text: None,
            id: None,
            seq: None,
            code: None,
            users: Vec::new(),
            guessed: false,
        }
    }

    pub(super) fn lab(
        kind: ChatKind,
        from: Option<String>,
        text: Option<String>,
        guessed: bool,
    ) -> Self {
        Self {
            from,
            text,
            guessed,
            ..Self::new(Dialect::Lab, kind)
        }
    }
}
