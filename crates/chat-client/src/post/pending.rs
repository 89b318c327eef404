//! A private message that waits for its acknowledgement.

use std::net::SocketAddr;

use chat_proto::{PublicKey, REPEAT_AFTER};
use tokio::time::Instant;

use super::Letter;

/// A message on its way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) letter: Letter,
    /// The name in the roster, by which it is looked up again.
    pub(super) name: String,
    /// Under which key of the other it is signed, in which of our sessions, with which number.
    pub(super) peer: PublicKey,
    pub(super) session: u64,
    pub(super) number: u64,
    pub(super) address: SocketAddr,
    pub(super) octets: Vec<u8>,
    /// When it is sent again, or given up.
    pub(super) due: Instant,
    tries: usize,
}

impl Pending {
    pub(super) fn new(letter: Letter, name: String, signed: Signed, now: Instant) -> Self {
        let Signed {
            peer,
            session,
            number,
            address,
            octets,
        } = signed;
        let first = REPEAT_AFTER.first().copied().unwrap_or_default();
        Self {
            letter,
            name,
            peer,
            session,
            number,
            address,
            octets,
            due: now + first,
            tries: 1,
        }
    }

    /// Notes that it is sent once more; false if that was often enough.
    pub(super) fn again(&mut self, now: Instant) -> bool {
        let Some(wait) = REPEAT_AFTER.get(self.tries) else {
            return false;
        };
        self.tries = self.tries.saturating_add(1);
        self.due = now + *wait;
        true
    }

    /// Takes another signature: the other, or oneself, has a new session.
    pub(super) fn resign(&mut self, signed: Signed) {
        self.peer = signed.peer;
        self.session = signed.session;
        self.number = signed.number;
        self.address = signed.address;
        self.octets = signed.octets;
    }
}

/// A message as it is sent.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) peer: PublicKey,
    pub(super) session: u64,
    pub(super) number: u64,
    pub(super) address: SocketAddr,
    pub(super) octets: Vec<u8>,
}
