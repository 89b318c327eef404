//! The ask stage: the lab's questions, answered from traces, with evidence.
//!
//! An [`Analysis`] takes one or several traces of the same traffic, finds out who is who
//! ([`Roles`]), and answers each question from the capture that shows it. What was passed over on
//! the way to an answer is named in its notes; what is not in the captures is not answered.

mod analysis;
mod connection;
mod datagram;
mod doctor;
mod essay;
mod evidence;
mod question;
mod roles;
mod story;

pub use self::analysis::Analysis;
pub use self::connection::Connection;
pub use self::datagram::Datagram;
pub use self::doctor::{Advice, Examination, Finding, Severity};
pub use self::essay::{
    AddressUse, Chosen, Citation, Cost, Crowd, Effort, End, Ends, Essay, Exchange, ExchangeKind,
    FoundLookup, FoundNeighbour, Member, Part, Piece, Resolution, Share,
};
pub use self::evidence::Evidence;
pub use self::question::{Answer, KEYS, Question};
pub use self::roles::{Given, How, Role, Roles};
pub use self::story::{Entry, Private, Sight, Story, Told, Way, What};
