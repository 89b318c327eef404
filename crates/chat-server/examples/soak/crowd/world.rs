//! What all clients share.

use std::cell::{Cell, RefCell, RefMut};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;

use super::ledger::Ledger;

/// What the crowd does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Lives.
    Live,
    /// Stays where it is and does nothing, so that all must be told the same.
    Still,
    /// Leaves in order and ends.
    Leave,
}

/// What all clients share.
pub(super) struct World {
    pub(super) server: SocketAddr,
    pub(super) phase: watch::Receiver<Phase>,
    /// The mean time between two things that a client does.
    pub(super) pace: Duration,
    /// The server's limit for logging in and for silence.
    pub(super) patience: Duration,
    /// The time over which the first come.
    pub(super) ramp: Duration,
    ledger: RefCell<Ledger>,
    busy: Cell<usize>,
}

impl World {
    pub(super) fn new(
        server: SocketAddr,
        phase: watch::Receiver<Phase>,
        [pace, patience, ramp]: [Duration; 3],
        ledger: Ledger,
    ) -> Self {
        Self {
            server,
            phase,
            pace,
            patience,
            ramp,
            ledger: RefCell::new(ledger),
            busy: Cell::new(0),
        }
    }

    pub(super) fn ledger(&self) -> RefMut<'_, Ledger> {
        self.ledger.borrow_mut()
    }

    pub(super) fn is(&self, phase: Phase) -> bool {
        *self.phase.borrow() == phase
    }

    /// Counts a client that is coming or going, until the answer is dropped.
    pub(super) fn busy(&self) -> Busy<'_> {
        self.busy.set(self.busy.get() + 1);
        Busy(&self.busy)
    }

    /// Whether anybody is coming or going.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.get() > 0
    }
}

/// One who is coming or going.
pub(super) struct Busy<'a>(&'a Cell<usize>);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
