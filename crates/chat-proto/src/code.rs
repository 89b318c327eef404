//! The codes by which a program tells one refusal, or one end, from another.

use serde::{Deserialize, Serialize};

/// Why a command was not done; the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The frame is no UTF-8 or no JSON object with a `type`.
    BadFrame,
    /// The `type` is not one that this server knows.
    UnknownCommand,
    /// A field is missing, of another type, or has a value that it may not have.
    BadField,
    /// The command does not belong here: not before `hello`, not before or not after entering.
    OutOfTurn,
    /// The name is none: wrong length or characters.
    BadName,
    /// The text is empty, too long or has control characters.
    BadText,
    /// Another has this name, or one that looks like it.
    NameTaken,
    /// User and password do not fit together, or one of them does not exist.
    LoginFailed,
    /// The log-in was made for another TLS connection: somebody stands between client and server.
    WrongBinding,
    /// The server has no accounts: use `enter`.
    NoAccounts,
    /// The server has accounts: use `register` and `login`.
    LoginRequired,
    /// The sealed registration does not open or has other iterations than asked for.
    BadRegistration,
    /// Too many registrations or wrong passwords: wait a moment.
    TryLater,
    /// The server has as many accounts as it may have.
    NoMoreAccounts,
    /// Nobody of this name is in the room.
    NoSuchUser,
    /// The server failed, not the client: its disk, for instance.
    Internal,
    /// A code that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why a connection, or a user's stay in the room, ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndCode {
    /// The client asked for it.
    Quit,
    /// The connection broke or was closed without a word.
    Lost,
    /// The same user logged in from elsewhere with the right password.
    TakenOver,
    /// The client reads more slowly than the others write.
    TooSlow,
    /// Nothing was heard from the client, not even an answer to a ping.
    Idle,
    /// The client did not log in within the time for it.
    LoginTimeout,
    /// The client had too many tries at logging in, or sent too much before it.
    TooManyTries,
    /// A frame was longer than a frame may be.
    FrameTooLong,
    /// The client speaks a version of the protocol that the server does not.
    BadVersion,
    /// Too many connections come from the client's address.
    TooManyConnections,
    /// The server has as many clients as it may have.
    ServerFull,
    /// The server stops or restarts.
    Shutdown,
    /// The account was removed or its password reset.
    AccountChanged,
    /// The client speaks the lab dialect and the server is not open to it, or speaks another
    /// protocol altogether.
    WrongProtocol,
    /// The server speaks TLS on this port, and the client did not.
    TlsRequired,
    /// The client began with TLS, and the server speaks none.
    NoTls,
    /// A lab client's name is none.
    BadName,
    /// A lab client's name is taken, or looks like one that is.
    NameTaken,
    /// A code that this version does not know.
    #[serde(other)]
    Unknown,
}

impl EndCode {
    /// A sentence for people, lower case without a full stop.
    pub fn text(self) -> &'static str {
        match self {
            Self::Quit => "left",
            Self::Lost => "connection lost",
            Self::TakenOver => "you logged in from elsewhere, which ends this session",
            Self::TooSlow => "you read more slowly than the others write",
            Self::Idle => "nothing was heard from you, not even an answer to a ping",
            Self::LoginTimeout => "you did not log in in time",
            Self::TooManyTries => "too many tries at logging in",
            Self::FrameTooLong => "a line is longer than 8192 octets",
            Self::BadVersion => "this server speaks version 1 of the protocol only",
            Self::TooManyConnections => "too many connections from your address",
            Self::ServerFull => "the server is full",
            Self::Shutdown => "the server stops",
            Self::AccountChanged => "your account was removed or its password reset",
            Self::WrongProtocol => {
                "this server wants accounts and the chat's own protocol: use chat-client"
            }
            Self::TlsRequired => "this server speaks TLS: use chat-client --tls",
            Self::NoTls => "this server does not speak TLS: use chat-client without --tls",
            Self::BadName => "a name is 1 to 32 of A-Z a-z 0-9 - _ .",
            Self::NameTaken => "your name is taken, or looks like one that is",
            Self::Unknown => "no reason that this version knows",
        }
    }
}
