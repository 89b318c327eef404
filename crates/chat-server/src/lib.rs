//! The chat's server: accounts, sessions, room, outboxes.
//!
//! The language that it speaks is [`chat_proto`]'s. [`run`] takes the listener, the configuration and the
//! shutdown as arguments, so that a test is the program.
//!
//! # How it holds together
//!
//! All runs on one thread; the accounts' file has two more.
//!
//! * **Sessions**: one task a connection. It reads, cuts frames, obeys what concerns only its client,
//!   asks the room for the rest, and writes what the client's outbox could not be rid of at once.
//! * **The room**: one task that owns the members, gives messages their order and tells who comes and
//!   goes. It works in rounds: all that sessions asked since the last round is said with one write
//!   to each member. It waits for nobody.
//! * **Outboxes**: one a client, bounded in frames and octets. A push writes to the socket at once if
//!   nothing waits; otherwise it waits in the outbox. A full outbox means a reader too slow: it is told
//!   and dropped, and nobody else notices.
//! * **Accounts**: a thread reads the SQLite file and one writes it, so that a full disk or another program that
//!   holds it keeps nobody from logging in; registrations that come together are written together.
//!   The second notices what `chat-server accounts` changes in the same file.
//! * **Gate**: counts connections and new accounts by address, and decides when a password may be tried
//!   (`guesses.rs` has the rates), in memory that does not grow.
//!
//! Invariants: the room never awaits a client; a frame is encoded once, whoever many receive it; a
//! client's mistake ends that client only; nothing secret reaches the log; an idle client owns no
//! buffer.

mod accounts;
mod buckets;
mod config;
mod connection;
mod farewell;
mod gate;
mod guesses;
mod outbox;
mod reserved;
mod room;
mod running;
mod server;
mod session;
mod throttle;
mod tls;

pub use accounts::{Account, AccountError, AccountTable, Summary};
pub use config::{Config, Limits};
pub use running::Running;
pub use server::{ServerError, run};
pub use tls::{Tls, TlsError};
