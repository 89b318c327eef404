#![doc = include_str!("../PROTOCOL.md")]
#![deny(clippy::arithmetic_side_effects)]

mod bytes;
mod code;
mod command;
mod datagram;
mod event;
mod frame;
mod key;
pub mod lab;
mod name;
mod opening;
mod replay;
pub mod scram;
mod seal;
mod text;
mod user;

pub use code::{EndCode, ErrorCode};
pub use command::{Command, CommandError, Contact, MAX_SOFTWARE, VERSION};
pub use datagram::{
    Body, Datagram, DatagramError, MAX_DATAGRAM, PairKey, REPEAT_AFTER, SignedDatagram,
};
pub use event::{Entry, Event, EventError, UserFrames};
pub use frame::{FrameDecoder, FrameError, MAX_FRAME};
pub use key::{KeyError, PublicKey, SecretKey};
pub use name::{MAX_NAME, NameError, UserName};
pub use opening::Opening;
pub use replay::{Freshness, ReplayWindow};
pub use seal::{SealError, SealedRegistration};
pub use text::{ChatText, MAX_TEXT, TextError, visible};
pub use user::{Address, User};
