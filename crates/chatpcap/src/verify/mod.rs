//! The verify stage: typed answers against what the captures show.
//!
//! A [`Sheet`] is what was typed, in JSON, in the lab's notebook, in Python or on a command line. A
//! [`Verification`] compares it with an [`Analysis`](crate::ask::Analysis): each answer is right,
//! or wrong with a [`Diagnosis`] of what was probably done instead.

mod datagram;
mod diagnosis;
mod handshake;
mod integer;
mod look_for;
mod notebook;
mod number;
mod python;
mod sheet;
mod slip;
mod verdict;

pub use self::diagnosis::{Diagnosis, Shown};
pub use self::integer::Value;
pub use self::look_for::LookFor;
pub use self::sheet::{MAX_SHEET_OCTETS, PairError, Sheet, SheetError, Typed};
pub use self::slip::Slip;
pub use self::verdict::{Outcome, Verdict, Verification};
