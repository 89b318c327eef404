//! How the program ends when it does not end well.

use std::process::ExitCode;

use chat_proto::visible;

/// One line for standard error, perhaps one with a hint, and the exit status.
#[derive(Debug)]
pub(super) struct Failure {
    status: Status,
    text: String,
    hint: Option<&'static str>,
}

/// The exit statuses other than 0; the help lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// The session ended otherwise than by the user.
    Ended = 1,
    /// Arguments, name or password are unusable.
    Unusable = 2,
    /// The server cannot be reached.
    Unreachable = 3,
    /// The server refused to let the user in.
    Refused = 4,
}

impl Failure {
    pub(super) fn new(status: Status, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            hint: None,
        }
    }

    pub(super) fn with_hint(self, hint: impl Into<Option<&'static str>>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// What went wrong.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Says it on standard error.
    pub(super) fn report(&self) -> ExitCode {
        if !self.text.is_empty() {
            eprintln!("chat-client: {}", visible(&self.text));
        }
        if let Some(hint) = self.hint {
            eprintln!("hint: {hint}");
        }
        ExitCode::from(self.status as u8)
    }
}
