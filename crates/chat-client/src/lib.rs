//! The chat's client: connects to a server, stays connected, and exchanges private messages.
//!
//! [`connect()`] gives a [`Handle`] to speak with and [`Events`] to listen to. Nothing in this library
//! prints, asks or exits: the program beside it does, and tests do without.
//!
//! ```no_run
//! use chat_client::{ChatText, Config, Event, SignIn, UserName};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new("127.0.0.1:5000".parse()?);
//! config.sign_in = Some(SignIn::Enter { name: UserName::new("alice")? });
//! let (handle, mut events) = chat_client::connect(config).await?;
//! while let Some(event) = events.next().await {
//!     if let Event::Entered { .. } = event {
//!         handle.say(ChatText::new("hello")?).await?;
//!         handle.quit().await?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How it holds together
//!
//! * **The link**: one task that owns the TCP connection, one session after the other. When a session
//!   ends for a reason that may pass, it waits a little longer each time and dials again.
//! * **The post**: one task that owns the UDP socket. It repeats private messages until they are
//!   acknowledged, verifies and acknowledges those that arrive, and works on a bounded number of
//!   datagrams a second.
//! * **The roster**: shared by both and by the handle; only the link changes it.
//!
//! Invariants: an event stream that nobody reads stops the reading of the socket, never the growing
//! of a queue; a datagram that fails its check is answered by nothing; secrets come from the
//! operating system, and only the jitter of the back-off is injected.

mod backoff;
mod config;
mod connect;
mod end;
mod event;
mod handle;
mod lab;
mod link;
mod pipe;
mod post;
mod random;
mod roster;
mod server_name;
mod session;
#[cfg(test)]
mod timing;
mod tls;

pub use backoff::Backoff;
pub use chat_proto::{ChatText, EndCode, Entry, ErrorCode, TextError, UserName};
pub use config::{Config, Dialect, SignIn};
pub use connect::{ConnectError, connect};
pub use end::EndReason;
pub use event::{Event, Events, NotDelivered, NotSaid, Refusal};
pub use handle::{Gone, Handle};
pub use random::{NoRandom, jitter};
pub use roster::{Member, Roster};
pub use server_name::{ServerName, ServerNameError};
pub use tls::{HandshakeError, Tls, TlsError};
