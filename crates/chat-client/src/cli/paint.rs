//! Colours, where they are wanted.

use std::env;
use std::io::IsTerminal as _;

use super::options::Color;

/// Paints words, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    /// Decides by the option, the environment and the standard output.
    pub(super) fn new(color: Color) -> Self {
        let asked = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let on = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::io::stdout().is_terminal() && !asked("NO_COLOR") && !dumb,
        };
        Self { on }
    }

    #[cfg(test)]
    pub(super) fn off() -> Self {
        Self { on: false }
    }

    /// A sender's name.
    pub(super) fn name(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What marks a private message.
    pub(super) fn private(self, text: &str) -> String {
        self.wrap("1;35", text)
    }

    /// What is not certain, or went wrong.
    pub(super) fn warning(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// What happens beside the talk.
    pub(super) fn notice(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
