//! The terminal, which is put back as it was however the program ends.

use std::{io, thread};

use chatpcap::tui::{Look, View, draw};
use crossterm::style::force_color_output;
use ratatui::DefaultTerminal;

use crate::cli::output::Failure;

/// The terminal in the state that the view needs; dropped, it is as it was. A panic restores it before
/// it tells of itself.
pub(super) struct Screen(DefaultTerminal);

impl Screen {
    pub(super) fn open(look: Look) -> Result<Self, Failure> {
        force_color_output(look.coloured);
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self(terminal)),
            Err(error) => {
                // It may have been changed half.
                ratatui::restore();
                Err(failure(&error))
            }
        }
    }

    pub(super) fn draw(&mut self, view: &mut View) -> Result<(), Failure> {
        let drawn = self.0.draw(|frame| {
            let area = frame.area();
            view.resize(area.width, area.height);
            draw(view, frame);
        });
        drawn.map(|_| ()).map_err(|error| failure(&error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A panic has restored it, and says where: a second time would write over that.
        if !thread::panicking() {
            ratatui::restore();
        }
    }
}

fn failure(error: &io::Error) -> Failure {
    Failure::new(format!("terminal: {error}"))
}
