//! Where lines are printed.

use std::io::{self, Write as _};
use std::sync::mpsc::SyncSender;

/// The standard output: through the line editor while there is one.
#[derive(Debug)]
pub(super) struct Screen {
    editor: Option<SyncSender<String>>,
    closed: bool,
}

impl Screen {
    /// Prints plain lines.
    pub(super) fn new() -> Self {
        Self {
            editor: None,
            closed: false,
        }
    }

    /// From now on prints above the line being typed.
    pub(super) fn attach(&mut self, editor: SyncSender<String>) {
        self.editor = Some(editor);
    }

    /// Prints plain lines again, in the place of the line being typed.
    pub(super) fn detach(&mut self) {
        self.editor = None;
        // Pasting is the shell's again. A terminal that is gone needs nothing.
        let mut stdout = io::stdout().lock();
        let erased = stdout.write_all(b"\r\x1b[K\x1b[?2004l");
        let _erased = erased.and_then(|()| stdout.flush());
    }

    /// Whether nobody reads any more what is printed.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Prints a line.
    pub(super) fn print(&mut self, line: &str) {
        if let Some(editor) = &self.editor
            && editor.send(line.to_owned()).is_ok()
        {
            return;
        }
        let mut stdout = io::stdout().lock();
        let printed = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
        self.closed |= printed.is_err();
    }
}
