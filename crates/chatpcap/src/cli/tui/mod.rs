//! `chatpcap tui`.

mod news;
mod reader;
mod screen;

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use chatpcap::report::safe;
use chatpcap::tui::{Look, View};
use clap::Args;

use self::news::News;
use self::reader::Readers;
use self::screen::Screen;
use super::Outcome;
use super::bounds::Bounds;
use super::filter::Selection;
use super::input::Input;
use super::output::{Failure, When};

/// Look around in captures: flows, the flow graph of each, packets with their fields and octets.
///
/// The captures are read again and again, so that no packet is kept but those around the cursor.
#[derive(Debug, Args)]
#[command(
    after_help = "Keys: ? lists them, q quits.\n\nExit status: 0 done; 2 unusable arguments or input, \
    or no terminal.\n\nExamples:\n  chatpcap tui client1.pcap\n  chatpcap tui -Y 'tcp.port == 5000' \
    chatserver.pcap client1.pcap"
)]
pub(super) struct Arguments {
    /// Captures (pcap, pcapng or snoop; plain, gzip, zstd or lz4)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    bounds: Bounds,

    #[command(flatten)]
    selection: Selection,

    /// Show sequence numbers from each side's ISN, as Wireshark does
    #[arg(long)]
    relative: bool,

    /// When to colour; `auto` also honours `NO_COLOR` and `CLICOLOR`
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    color: When,

    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    arguments.selection.filter()?;
    let files = arguments
        .files
        .iter()
        .map(|path| usable(path, &arguments.bounds));
    let files: Vec<(String, u64)> = files.collect::<Result<_, _>>()?;
    if !io::stdout().is_terminal() {
        let failure = Failure::new("standard output is no terminal".to_owned());
        let hint = "`chatpcap conversations` and `chatpcap packets` print";
        return Err(failure.with_hint(hint.to_owned()));
    }
    let look = Look {
        ascii: arguments.ascii,
        coloured: arguments.color.is_coloured(),
        relative: arguments.relative,
    };
    let mut view = View::new(&files, arguments.selection.text(), look);
    let (sender, news) = channel();
    let readers = Readers::new(&arguments.files, arguments.bounds, &sender);
    let mut screen = Screen::open(look)?;
    news::listen(&sender)?;
    drop(sender);
    turn(&mut view, &mut screen, &readers, &news)?;
    Ok(Outcome::Done)
}

/// Draws, waits for news, and so on until the user is done.
fn turn(
    view: &mut View,
    screen: &mut Screen,
    readers: &Readers,
    news: &Receiver<News>,
) -> Result<(), Failure> {
    loop {
        while let Some(wish) = view.wish() {
            readers.read(wish);
        }
        screen.draw(view)?;
        let Ok(first) = news.recv() else {
            return Ok(());
        };
        // All that came meanwhile, before it is drawn: who holds a key down does not wait for screens.
        for news in std::iter::once(first).chain(news.try_iter()) {
            match news {
                News::Key(key) => {
                    if view.key(key).is_break() {
                        return Ok(());
                    }
                }
                // Drawing asks for the size.
                News::Resized => {}
                News::Progress(number, octets) => view.progress(number, octets),
                News::Found(number, found) => view.take(number, *found),
                News::Failed(number, text) => view.fail(number, &text),
                News::Broken(text) => return Err(Failure::new(text)),
                News::End => return Ok(()),
            }
        }
    }
}

/// The name and length of a file that can be read again and again, and is a capture.
fn usable(path: &Path, bounds: &Bounds) -> Result<(String, u64), Failure> {
    let name = path.display().to_string();
    let again = |what: &str| {
        let failure = Failure::new(format!("{what} cannot be read more than once"));
        failure.with_hint("write it to a file first, and name that".to_owned())
    };
    if path.as_os_str() == "-" {
        return Err(again("standard input"));
    }
    // A pipe is asked for its kind, not opened: opening waits for who writes.
    if let Ok(metadata) = fs::metadata(path)
        && !metadata.is_file()
        && !metadata.is_dir()
    {
        return Err(again(&safe(&name)));
    }
    let input = Input::open(path, bounds)?;
    Ok((name, input.octets.unwrap_or(0)))
}
