//! What is kept for each user with whom private messages are exchanged.

use std::net::SocketAddr;

use chat_proto::{PairKey, PublicKey, ReplayWindow};

/// A shared key, what was sent under it and what was seen under it.
#[derive(Debug)]
pub(super) struct Channel {
    /// The other's key, from the roster.
    pub(super) peer: PublicKey,
    pub(super) pair: PairKey,
    /// Where the other is, by the roster.
    pub(super) place: Option<SocketAddr>,
    /// The messages that arrived.
    pub(super) window: ReplayWindow,
    last: u64,
}

impl Channel {
    pub(super) fn new(peer: PublicKey, pair: PairKey, place: Option<SocketAddr>) -> Self {
        Self {
            peer,
            pair,
            place,
            window: ReplayWindow::new(),
            last: 0,
        }
    }

    /// The number of the next message that is sent.
    pub(super) fn number(&mut self) -> u64 {
        self.last = self.last.saturating_add(1);
        self.last
    }

    /// Whether another message would push one that is not acknowledged out of the other's window.
    pub(super) fn is_far_from(&self, oldest: u64) -> bool {
        self.last.saturating_sub(oldest) >= 60
    }
}
