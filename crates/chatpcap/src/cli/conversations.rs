//! `chatpcap conversations`.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use chatpcap::filter::Filter;
use chatpcap::report::{
    COLUMNS, Choice, Column, ConversationRows, Layout, RowForm, conversations_markdown,
    conversations_text,
};
use chatpcap::trace::{Conversations, Layer};
use clap::{Args, ValueEnum};

use super::filter::Selection;
use super::input::{Captures, Input};
use super::limit::Limit;
use super::output::{self, Failure, Format, Looks};
use super::{Outcome, progress};

/// Conversations of a table, unless the user asks for more.
const DEFAULT_TOP: usize = 50;
/// How often `--watch` draws, unless nothing was captured.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(500);
/// Clears the screen and the lines above it, and goes to its first place (ECMA-48).
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// Show who talked to whom: packets, octets, times, and what TCP went through.
///
/// A is who sent the first packet. TCP's verdicts are Wireshark's, except that a packet that was
/// captured twice is no retransmission.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 2 unusable arguments or input.\n\nStates are Zeek's: SF closed \
    by both, S0 no answer, S1 still open, S2 and S3 half open, REJ refused, RSTO and RSTR reset by \
    who opened and who answered, OTH began before the capture. A history has S for SYN, H for \
    SYN-ACK, A for ACK, D for data, F for FIN, R for RST, T for resent, W for a closed window, G for \
    a gap, upper case by who opened.\n\nExamples:\n  chatpcap conversations --type tcp --sort \
    retransmissions server.pcap\n  chatpcap conversations --type ip,udp --top 10 server.pcap\n  \
    chatpcap conversations --format csv server.pcap > flows.csv\n  tcpdump -U -w - | chatpcap \
    conversations --watch -"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

    /// Layers, with commas between them
    #[arg(
        long = "type",
        value_enum,
        value_name = "eth|ip|tcp|udp",
        value_delimiter = ',',
        hide_possible_values = true,
        default_value = "tcp,udp"
    )]
    types: Vec<Type>,

    #[command(flatten)]
    selection: Selection,

    /// Sort by this column: numbers from the largest down
    #[arg(long, value_name = "COLUMN", default_value = "octets", value_parser = column)]
    sort: &'static Column,

    /// The other way round
    #[arg(long)]
    reverse: bool,

    /// Show at most so many of each layer, or `all` [default: 50; json and csv: all]
    #[arg(long, value_name = "N")]
    top: Option<Limit>,

    /// Columns of tables, with commas between them [default: what fits]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', value_parser = column)]
    columns: Vec<&'static Column>,

    /// Draw again whenever something new was captured
    #[arg(long)]
    watch: bool,

    /// What to print; json follows schema chatpcap/conversations/1
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    looks: Looks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Type {
    Eth,
    Ip,
    Tcp,
    Udp,
}

fn column(name: &str) -> Result<&'static Column, String> {
    Column::named(name).ok_or_else(|| {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        format!("no such column; there are {}", names.join(", "))
    })
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let filter = arguments.selection.filter()?;
    let mut layers: Vec<Layer> = Vec::new();
    for layer in &arguments.types {
        let layer = match layer {
            Type::Eth => Layer::Ethernet,
            Type::Ip => Layer::Ip,
            Type::Tcp => Layer::Tcp,
            Type::Udp => Layer::Udp,
        };
        if !layers.contains(&layer) {
            layers.push(layer);
        }
    }
    let is_table = matches!(arguments.format, Format::Text | Format::Markdown);
    let all = if is_table { DEFAULT_TOP } else { usize::MAX };
    let choice = Choice {
        sort: arguments.sort,
        reverse: arguments.reverse,
        top: arguments.top.map_or(all, |top| top.0),
        columns: arguments.columns.clone(),
    };
    let view = View {
        layout: arguments.looks.layout(),
        layers,
        filter,
        choice,
    };
    if arguments.watch {
        return view.watch(arguments);
    }
    view.print(arguments)
}

/// What is shown, and how.
struct View {
    layout: Layout,
    layers: Vec<Layer>,
    filter: Option<Arc<Filter>>,
    choice: Choice,
}

impl View {
    fn print(&self, arguments: &Arguments) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::Done;
        let mut out = BufWriter::new(io::stdout().lock());
        let form = match arguments.format {
            Format::Json => Some(RowForm::Json),
            Format::Csv => Some(RowForm::Csv),
            Format::Text | Format::Markdown => None,
        };
        let mut rows = form.map(ConversationRows::new);
        let mut separator = "";
        let mut written = Ok(());
        let bounds = &arguments.captures.bounds;
        for file in &arguments.captures.files {
            let Some(mut input) = Input::open_or_tell(file, bounds, &mut outcome) else {
                continue;
            };
            let mut progress = progress::Progress::new(&input.name, input.octets);
            let filter = self.filter.as_deref();
            let format = input.capture.format();
            let mut found = if rows.is_some() || self.choice.needs_findings() {
                Conversations::new(format, &self.layers, filter)
            } else {
                Conversations::without_findings(format, &self.layers, filter)
            };
            found.limit(bounds.max_flows);
            found.read(&mut input.capture, &mut |octets| progress.set(octets));
            drop(progress);
            let notices = found.notices(&input.capture);
            let name = &input.name;
            written = written.and_then(|()| match (&mut rows, arguments.format) {
                (Some(rows), _) => {
                    rows.capture(name, &found, &notices, &self.choice, &mut |text| {
                        out.write_all(text.as_bytes())
                    })
                }
                (None, Format::Markdown) => {
                    let text = conversations_markdown(name, &found, &notices, &self.choice);
                    write!(out, "{separator}{text}")
                }
                (None, _) => {
                    let layout = &self.layout;
                    let text = conversations_text(name, &found, &notices, &self.choice, layout);
                    write!(out, "{separator}{text}")
                }
            });
            separator = "\n";
        }
        let end = rows.map_or("", |rows| rows.end());
        let written = written
            .and_then(|()| out.write_all(end.as_bytes()))
            .and_then(|()| out.flush());
        output::finish(written, "standard output")?;
        Ok(outcome)
    }

    /// Reads one live capture, and draws while it waits for more.
    fn watch(&self, arguments: &Arguments) -> Result<Outcome, Failure> {
        let [file] = arguments.captures.files.as_slice() else {
            return Err(Failure::new("--watch shows one capture".to_owned()));
        };
        if arguments.format != Format::Text {
            return Err(Failure::new("--watch draws text only".to_owned()));
        }
        let mut input = Input::open(file, &arguments.captures.bounds)?;
        let name = input.name.clone();
        let format = input.capture.format();
        let clears = io::stdout().is_terminal();
        let mut found = Conversations::new(format, &self.layers, self.filter.as_deref());
        found.limit(arguments.captures.bounds.max_flows);
        let state = Mutex::new(Live {
            found,
            drawn: 0,
            is_over: false,
        });
        let news = Condvar::new();
        let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
        let written = thread::scope(|scope| {
            let painter = scope.spawn(|| {
                loop {
                    let live = lock();
                    let (mut live, _) = news
                        .wait_timeout(live, BETWEEN_DRAWINGS)
                        .unwrap_or_else(PoisonError::into_inner);
                    if live.is_over {
                        return Ok(());
                    }
                    if live.found.frames() == live.drawn {
                        continue;
                    }
                    live.drawn = live.found.frames();
                    let text =
                        conversations_text(&name, &live.found, &[], &self.choice, &self.layout);
                    drop(live);
                    draw(&text, clears)?;
                }
            });
            while let Some(frame) = input.capture.next_frame() {
                if painter.is_finished() {
                    break;
                }
                lock().found.add(&frame);
            }
            lock().is_over = true;
            news.notify_all();
            painter
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the drawing stopped")))
        });
        let live = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let notices = live.found.notices(&input.capture);
        let text = conversations_text(&name, &live.found, &notices, &self.choice, &self.layout);
        let written = written.and_then(|()| draw(&text, clears));
        output::finish(written, "standard output")?;
        Ok(Outcome::Done)
    }
}

/// What reader and painter share.
struct Live<'f> {
    found: Conversations<'f>,
    /// Frames that were read when it was drawn last.
    drawn: u64,
    is_over: bool,
}

fn draw(text: &str, clears: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if clears {
        out.write_all(CLEAR.as_bytes())?;
    }
    out.write_all(text.as_bytes())?;
    if !clears {
        out.write_all(b"\n")?;
    }
    out.flush()
}
