//! The line editor: what arrives is printed above the line being typed.

use std::path::PathBuf;
use std::sync::mpsc as printing;
use std::thread;

use chat_client::Handle;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Context, Editor, Event, EventContext,
    EventHandler, ExternalPrinter, Helper, KeyEvent, Movement, RepeatCount,
};
use tokio::sync::mpsc;

use super::input::Input;
use super::line::{COMMANDS, Line};

/// Lines that wait to be printed; then nothing more is read from the network.
const WAITING: usize = 256;

/// Names that Tab offers at once.
const OFFERED: usize = 100;

/// Starts the line editor in a thread of its own, and the printer in another.
///
/// Gives where to send lines to be printed; `None` if the terminal can do neither.
pub(super) fn start(
    handle: Handle,
    prompt: String,
    history: Option<PathBuf>,
    inputs: mpsc::Sender<Input>,
) -> Option<printing::SyncSender<String>> {
    let config = rustyline::Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(false)
        .history_ignore_space(true)
        .build();
    let mut editor: Editor<Names, FileHistory> = Editor::with_config(config).ok()?;
    editor.set_helper(Some(Names { handle }));
    editor.bind_sequence(
        KeyEvent::ctrl('C'),
        EventHandler::Conditional(Box::new(ClearOrLeave)),
    );
    let mut printer = editor.create_external_printer().ok()?;
    let (lines, to_print) = printing::sync_channel::<String>(WAITING);
    thread::spawn(move || {
        for line in to_print {
            // The printer garbles what has no line end. If it fails, the terminal is gone.
            if printer.print(format!("{line}\n")).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || edit(editor, &prompt, history.as_ref(), &inputs));
    Some(lines)
}

fn edit(
    mut editor: Editor<Names, FileHistory>,
    prompt: &str,
    history: Option<&PathBuf>,
    inputs: &mpsc::Sender<Input>,
) {
    if let Some(path) = history {
        // There is none the first time.
        let _loaded = editor.load_history(path);
    }
    loop {
        let input = match editor.readline(prompt) {
            Ok(line) => {
                // The worst that can happen is that a line cannot be fetched again.
                let _added = editor.add_history_entry(line.as_str());
                if let Some(path) = history {
                    let _saved = editor.append_history(path);
                }
                if Line::parse(&line) == Line::Quit {
                    Input::End
                } else {
                    Input::Line(line)
                }
            }
            Err(ReadlineError::Signal(_)) => continue,
            Err(_) => Input::End,
        };
        let end = input == Input::End;
        if inputs.blocking_send(input).is_err() || end {
            return;
        }
    }
}

/// Ctrl-C empties the line; on an empty line it leaves.
struct ClearOrLeave;

impl ConditionalEventHandler for ClearOrLeave {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let empty = context.line().is_empty();
        (!empty).then_some(Cmd::Kill(Movement::WholeBuffer))
    }
}

/// Completes commands and the names of who is in the room.
struct Names {
    handle: Handle,
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..pos).unwrap_or_default();
        let start = before
            .rfind([' ', '@'])
            .map_or(0, |place| place.saturating_add(1));
        let word = before.get(start..).unwrap_or_default();
        let private = before.starts_with('@') && start == 1;
        if word.is_empty() && !private {
            return Ok((pos, Vec::new()));
        }
        if start == 0 && word.starts_with('#') {
            let fits = COMMANDS.iter().filter(|command| command.starts_with(word));
            let pairs = fits.map(|command| pair(command, (*command).to_owned()));
            return Ok((0, pairs.collect()));
        }
        let end = if private { ": " } else { "" };
        let pairs = self.handle.with_roster(|roster| {
            let fits = roster.members().filter(|member| {
                let head = member.name.get(..word.len()).unwrap_or_default();
                head.eq_ignore_ascii_case(word) && !roster.is_own(member)
            });
            // A lab server's names may hold what a terminal obeys: those are not offered.
            let plain = fits.filter(|member| chat_proto::visible(&member.name) == member.name);
            let pairs = plain.map(|member| pair(&member.name, format!("{}{end}", member.name)));
            pairs.take(OFFERED).collect()
        });
        Ok((start, pairs))
    }
}

impl Helper for Names {}
impl Hinter for Names {
    type Hint = String;
}
impl Highlighter for Names {}
impl Validator for Names {}

fn pair(display: &str, replacement: String) -> Pair {
    Pair {
        display: display.to_owned(),
        replacement,
    }
}
