//! Why a session ends.

use std::io;
use std::time::Duration;

use chat_proto::scram::ScramError;
use chat_proto::{EndCode, FrameError, SealError};

use crate::connect::{ConnectError, words};
use crate::random::NoRandom;

/// Why a session, or the client as a whole, ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndReason {
    /// This side wanted it.
    #[error("left")]
    Quit,
    /// The server said why.
    #[error("{}", chat_proto::visible(text))]
    Bye {
        /// Why, for programs.
        code: EndCode,
        /// Why, in the server's words.
        text: String,
    },
    /// The connection was closed without a word.
    #[error("the server closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {}", words(.0))]
    Broken(#[source] io::Error),
    /// The server still takes our own older session, which broke, for alive.
    #[error("the server has not noticed yet that the older session broke")]
    StillIn,
    /// The server lets nobody in just now, or not from this address; not for ever.
    #[error("the server does not let you in now: {}", chat_proto::visible(.0))]
    NotNow(String),
    /// Nothing came for long, not even an answer to a ping.
    #[error("the server did not answer for {} s", .0.as_secs())]
    Silent(Duration),
    /// The server could not be reached again.
    #[error(transparent)]
    Unreachable(#[from] ConnectError),
    /// What came is not the chat's language.
    #[error("this is no chat server: {reason}")]
    NotAServer {
        /// What is wrong with it.
        reason: String,
        /// Whether it looks like a server of the lab dialect.
        lab: bool,
    },
    /// The server answers as one that speaks TLS and was not asked by it.
    #[error("the server speaks TLS")]
    SpeaksTls,
    /// A frame was longer than a frame may be.
    #[error("the server sent nonsense: {0}")]
    Frame(#[from] FrameError),
    /// A log-in cannot go on, above all because the server could not prove itself.
    #[error("log-in broken off: {0}")]
    Login(#[from] ScramError),
    /// The registration could not be sealed for the server's key.
    #[error("registration broken off: {0}")]
    Seal(#[from] SealError),
    /// The operating system failed.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

impl EndReason {
    /// Whether dialling again may help and does no harm.
    ///
    /// Not after a take-over, since two clients would throw each other out for ever.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Bye { code, .. } => matches!(
                code,
                EndCode::Shutdown
                    | EndCode::TooSlow
                    | EndCode::Idle
                    | EndCode::TooManyConnections
                    | EndCode::ServerFull
                    | EndCode::LoginTimeout
                    | EndCode::Lost
            ),
            Self::Closed
            | Self::Broken(_)
            | Self::StillIn
            | Self::NotNow(_)
            | Self::Silent(_)
            | Self::Unreachable(_) => true,
            Self::Quit
            | Self::NotAServer { .. }
            | Self::SpeaksTls
            | Self::Frame(_)
            | Self::Login(_)
            | Self::Seal(_)
            | Self::NoRandom(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_take_over_is_final_and_a_restart_is_not() {
        let bye = |code| EndReason::Bye {
            code,
            text: String::new(),
        };
        for code in [
            EndCode::TakenOver,
            EndCode::AccountChanged,
            EndCode::Unknown,
        ] {
            assert!(!bye(code).may_pass());
        }
        for code in [EndCode::Shutdown, EndCode::TooSlow, EndCode::Idle] {
            assert!(bye(code).may_pass());
        }
        assert!(EndReason::Closed.may_pass());
        assert!(!EndReason::Quit.may_pass());
    }
}
