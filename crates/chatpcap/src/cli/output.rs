//! What the program writes, and how it looks.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use chatpcap::report::{Layout, Paint};
use clap::{Args, ValueEnum};

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// Everything, for programs
    Json,
    /// For a spreadsheet, a row each
    Csv,
    /// For a report
    Markdown,
}

/// The looks of text.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Looks {
    /// When to colour; `auto` also honours `NO_COLOR` and `CLICOLOR`
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    color: When,

    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,

    /// Columns to use, 60 to 160 [default: the terminal's, else 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(60..=160))]
    width: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    /// Also into a pipe
    Always,
    /// Nowhere
    Never,
}

impl When {
    /// Whether standard output is coloured.
    pub(super) fn is_coloured(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        }
    }
}

impl Looks {
    /// The layout that these looks ask for.
    pub(super) fn layout(self) -> Layout {
        let stdout = io::stdout();
        let terminal = || {
            let size = stdout
                .is_terminal()
                .then(terminal_size::terminal_size)
                .flatten();
            size.map(|(width, _)| usize::from(width.0))
        };
        let mut layout = Layout::new(self.width.map(usize::from).or_else(terminal));
        layout.ascii = self.ascii;
        if self.color.is_coloured() {
            layout.paint = Paint::coloured();
        }
        layout
    }
}

/// Why something could not be used, and what the user can do about it.
#[derive(Debug)]
pub(super) struct Failure {
    text: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(super) const fn new(text: String) -> Self {
        Self { text, hint: None }
    }

    /// An error in its own words.
    pub(super) fn of(error: impl Display) -> Self {
        Self::new(error.to_string())
    }

    /// An error in its own words, with what it is about and what led to it.
    pub(super) fn about(what: &str, error: &(dyn Error + 'static)) -> Self {
        let mut text = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::new(text.trim_end().to_owned())
    }

    /// Why, in words.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The same failure, with what the user can do.
    pub(super) fn with_hint(self, hint: String) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

/// Tells of a failure on standard error.
pub(super) fn error(failure: &Failure) {
    let mut text = format!("chatpcap: {}\n", failure.text);
    if let Some(hint) = &failure.hint {
        text = format!("{text}hint: {hint}\n");
    }
    // Where standard error is gone there is nobody to tell.
    drop(io::stderr().write_all(text.as_bytes()));
}

/// Prints a report.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    finish(written.and_then(|()| stdout.flush()), "standard output")
}

/// What became of what was written. A reader who has read enough is no failure.
pub(super) fn finish(written: io::Result<()>, what: &str) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("{what}: {error}")))
        }
        _ => Ok(()),
    }
}
