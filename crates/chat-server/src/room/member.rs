//! One who is in the room.

use std::sync::Arc;

use chat_proto::{EndCode, User};

use crate::farewell;
use crate::outbox::Outbox;

/// A connection's number: each has its own, in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SessionId(pub(crate) u64);

/// Which language a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// It has not said anything yet.
    Silent,
    /// Frames of JSON.
    Native,
    /// Bare text.
    Lab,
    /// HTTP, by mistake.
    Http,
}

/// One who wants to come in.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) id: SessionId,
    pub(crate) user: User,
    pub(crate) dialect: Dialect,
    /// Which making of the account the password was right for; `None` without accounts.
    pub(crate) account: Option<i64>,
    pub(crate) outbox: Arc<Outbox>,
}

/// One who is in the room.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: SessionId,
    pub(super) user: User,
    pub(super) dialect: Dialect,
    pub(super) account: Option<i64>,
    pub(super) outbox: Arc<Outbox>,
    /// Whether the others were told, and the member was told of them.
    pub(super) announced: bool,
    /// Whether the others know the user from the session that this one replaced.
    pub(super) inherited: bool,
    /// Whether the member said something in this round.
    pub(super) spoke: bool,
}

impl Member {
    pub(super) fn new(newcomer: Newcomer, inherited: bool) -> Self {
        let Newcomer {
            id,
            user,
            dialect,
            account,
            outbox,
        } = newcomer;
        Self {
            id,
            user,
            dialect,
            account,
            outbox,
            announced: false,
            inherited,
            spoke: false,
        }
    }

    pub(super) fn is_lab(&self) -> bool {
        self.dialect == Dialect::Lab
    }

    /// Whether the others believe that the user is in the room.
    pub(super) fn is_known(&self) -> bool {
        self.announced || self.inherited
    }

    /// Tells the member why it must go.
    pub(super) fn end(&self, code: EndCode) {
        self.outbox
            .end(code, farewell::last_word(self.dialect, code));
    }
}
