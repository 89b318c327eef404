//! What a client hears: the stream of events that [`connect`](crate::connect()) gives.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chat_proto::{ChatText, EndCode, Entry, ErrorCode, UserName};
use tokio::sync::mpsc;

use crate::end::EndReason;

/// One thing that happened.
///
/// Texts are as they were said: show them with [`chat_proto::visible`], which the `Display` of
/// [`ChatText`] does.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A connection to the server stands.
    Connected {
        /// The server's address.
        address: SocketAddr,
        /// The name that the server's certificate has, by which it was checked; `None`: there is no
        /// TLS, and who is on the way can read and change what is said.
        certificate: Option<String>,
    },
    /// Name and password are wanted: answer with [`Handle::sign_in`](crate::Handle::sign_in).
    SignInWanted {
        /// How one enters this server's room.
        entry: Entry,
        /// Why the last try was refused; `None` at the first.
        refused: Option<Refusal>,
    },
    /// The account is on the server's disk; the log-in follows by itself.
    Registered {
        /// Its name.
        name: UserName,
    },
    /// One is in the room.
    Entered {
        /// One's name, as the account spells it.
        name: UserName,
        /// The UDP port for private messages; `None`: none can be taken.
        udp: Option<u16>,
    },
    /// The roster is known, or was replaced: see [`Handle::members`](crate::Handle::members).
    Roster {
        /// How many are in the room, oneself included.
        users: usize,
    },
    /// Others came.
    Joined {
        /// Their names.
        names: Vec<String>,
    },
    /// Others left.
    Left {
        /// Their names.
        names: Vec<String>,
        /// Why; `None` in the lab dialect, which does not tell.
        reason: Option<EndCode>,
    },
    /// Somebody else said something to the room.
    Message {
        /// The message's number in the room: they only grow.
        seq: u64,
        /// Who said it.
        from: UserName,
        /// What was said.
        text: ChatText,
    },
    /// Somebody said something to the room of a lab server, which vouches for nobody.
    LabMessage {
        /// Who said it, if that could be told; any text.
        from: Option<String>,
        /// What was said; any text.
        text: String,
    },
    /// What one said stands in the room's order.
    Said {
        /// The number that [`Handle::say`](crate::Handle::say) gave.
        id: u64,
        /// The message's number in the room.
        seq: u64,
    },
    /// What one said is not, or not for certain, in the room.
    NotSaid {
        /// The number that [`Handle::say`](crate::Handle::say) gave.
        id: u64,
        /// What one said.
        text: ChatText,
        /// Why.
        reason: NotSaid,
    },
    /// A private message whose sender is certain.
    Private {
        /// Who sent it.
        from: UserName,
        /// The message.
        text: ChatText,
    },
    /// Bare text by UDP, as the lab's programs send it. Anybody can have sent it.
    Unverified {
        /// Where it came from, if the sender did not lie about that, too.
        ip: IpAddr,
        /// The users without a key who are at that address.
        names: Vec<String>,
        /// The text, with what cannot be said made visible.
        text: ChatText,
    },
    /// A private message arrived.
    Delivered {
        /// The number that [`Handle::tell`](crate::Handle::tell) gave.
        id: u64,
        /// At whom.
        to: String,
    },
    /// A private message was sent as bare text to a lab client, which acknowledges nothing.
    SentUnverified {
        /// The number that [`Handle::tell`](crate::Handle::tell) gave.
        id: u64,
        /// To whom.
        to: String,
    },
    /// A private message did not arrive, or nothing is known about it.
    NotDelivered {
        /// The number that [`Handle::tell`](crate::Handle::tell) gave.
        id: u64,
        /// For whom it was; as typed if nobody of that name is known.
        to: String,
        /// The message.
        text: ChatText,
        /// Why.
        reason: NotDelivered,
    },
    /// Datagrams claimed to be from somebody who did not send them. They were not shown.
    Forged {
        /// Where the last of them came from, if that is true.
        ip: IpAddr,
        /// Whom it claimed to be from.
        claims: UserName,
        /// How many there were since this was last told.
        count: u32,
    },
    /// Bare texts came faster than they are shown. These were not.
    Unshown {
        /// Where the last of them came from, if that is true.
        ip: IpAddr,
        /// How many there were since this was last told.
        count: u32,
    },
    /// A lab server's roster gave known users other addresses: it was not believed.
    DoubtfulRoster {
        /// Those users.
        moved: Vec<String>,
    },
    /// The server refused something that has no number.
    Refused(Refusal),
    /// No UDP socket could be opened: private messages neither go nor come.
    NoUdp {
        /// Why.
        error: io::Error,
    },
    /// The connection ended; it will be dialled again by itself.
    Disconnected {
        /// Why it ended, or why the last try failed.
        reason: EndReason,
        /// The number of the try that comes, from 1.
        attempt: u32,
        /// How long until then.
        wait: Duration,
    },
    /// The last event: the client is through.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// What a server refused and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Why, for programs.
    pub code: ErrorCode,
    /// Why, in the server's words: any text.
    pub text: String,
}

/// Why something said is not in the room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSaid {
    /// There is no connection, or one is not in the room yet.
    #[error("not in the room")]
    Offline,
    /// The connection ended before the receipt came: the room may have it or not.
    #[error("the connection ended before the server confirmed it")]
    Unconfirmed,
    /// The server refused it.
    #[error("{}", chat_proto::visible(.0))]
    Refused(String),
    /// The lab's programs would tear it.
    #[error("too long for the lab dialect: at most 1000 octets, had {0}")]
    TooLong(usize),
}

/// Why a private message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotDelivered {
    /// Nobody of that name is in the room.
    #[error("nobody of that name is in the room")]
    NoSuchUser,
    /// One need not write to oneself.
    #[error("that is you")]
    Yourself,
    /// The user takes no private messages.
    #[error("takes no private messages")]
    TakesNone,
    /// The user left before an acknowledgement came.
    #[error("left")]
    Left,
    /// No acknowledgement came, however often it was sent.
    #[error("no answer")]
    NoAnswer,
    /// It does not fit into one datagram.
    #[error("too long for one datagram")]
    TooLong,
    /// The user is in the other of the two internets.
    #[error("not reachable from here: one of you uses IPv4, the other IPv6")]
    OtherFamily,
    /// The user's address in the roster is that of no single host.
    #[error("has an address that is no host's")]
    NoHost,
    /// The user's key in the roster is of no use.
    #[error("has a key that is of no use")]
    BadKey,
    /// One has no UDP socket, or was not in the room yet.
    #[error("private messages do not work here yet")]
    NotReady,
}

/// The stream of events; it ends after [`Event::Ended`].
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Event>,
}

impl Events {
    pub(crate) fn new(receiver: mpsc::Receiver<Event>) -> Self {
        Self { receiver }
    }

    /// The next event, waited for; `None` after the last. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}
