//! What happens: keys, signals, and what was read.

use std::sync::mpsc::Sender;
use std::{io, thread};

use chatpcap::tui::{Found, Key};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::output::Failure;

/// What happened.
pub(super) enum News {
    Key(Key),
    Resized,
    /// So many octets were read for a wish.
    Progress(u64, u64),
    Found(u64, Box<Found>),
    /// A wish cannot be fulfilled, and why.
    Failed(u64, String),
    /// The program or its terminal is broken.
    Broken(String),
    /// The user or the system wants the program to end.
    End,
}

/// Tells of keys, sizes and signals, from threads of their own.
pub(super) fn listen(sender: &Sender<News>) -> Result<(), Failure> {
    let failure = |error: io::Error| Failure::new(format!("signals: {error}"));
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT]).map_err(failure)?;
    let to_end = sender.clone();
    thread::spawn(move || {
        for _ in signals.forever() {
            if to_end.send(News::End).is_err() {
                return;
            }
        }
    });
    let sender = sender.clone();
    thread::spawn(move || {
        loop {
            let news = match event::read() {
                Ok(Event::Key(key)) => match news_of(key) {
                    Some(news) => news,
                    None => continue,
                },
                Ok(Event::Resize(..)) => News::Resized,
                Ok(_) => continue,
                Err(error) => News::Broken(format!("terminal: {error}")),
            };
            let is_last = matches!(news, News::Broken(_));
            if sender.send(news).is_err() || is_last {
                return;
            }
        }
    });
    Ok(())
}

fn news_of(event: KeyEvent) -> Option<News> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let is_control = event.modifiers.contains(KeyModifiers::CONTROL);
    let key = match event.code {
        KeyCode::Char('c') if is_control => return Some(News::End),
        KeyCode::Char('u') if is_control => Key::DeleteLine,
        KeyCode::Char(_) if is_control => return None,
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        _ => return None,
    };
    Some(News::Key(key))
}
