//! `chatpcap follow`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chatpcap::filter::Filter;
use chatpcap::flow::Direction;
use chatpcap::flow::reassembly::Piece;
use chatpcap::report::{FollowForm, FollowReport, safe};
use chatpcap::trace::{FlowNumber, Followed, Layer, Notice, Turn, follow};
use clap::{Args, ValueEnum};

use super::bounds::Bounds;
use super::filter::Selection;
use super::input::{Captures, Input};
use super::output::{self, Failure, Looks};
use super::roles::Roles;
use super::{Outcome, progress};

/// Print what one flow said, both directions, in the order of its sequence numbers.
///
/// What is missing, and what two segments say differently of the same octets, is told where it
/// stands.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 1 the flow is not there; 2 unusable arguments or input.\n\n\
    Examples:\n  chatpcap follow tcp 0 client1.pcap\n  chatpcap follow udp 1 client1.pcap --format hex\n  \
    chatpcap follow tcp 0 -o dialogue client1.pcap   # dialogue.first, dialogue.second"
)]
pub(super) struct Arguments {
    /// The transport
    #[arg(value_name = "tcp|udp", hide_possible_values = true)]
    transport: Transport,

    /// The flow's number, as `tcp.stream` or `udp.stream` counts
    #[arg(value_name = "N")]
    flow: u32,

    #[command(flatten)]
    captures: Captures,

    /// What to print [default: text; with -o: raw]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Write the octets of each side to a file: PREFIX.first is who sent the first packet, and
    /// PREFIX.second the other
    #[arg(short, long, value_name = "PREFIX")]
    output: Option<OsString>,

    #[command(flatten)]
    roles: Roles,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    looks: Looks,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Transport {
    Tcp,
    Udp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text, safe for a terminal
    Text,
    /// A dump as Wireshark has it
    Hex,
    /// The octets as they are, gaps left out
    Raw,
    /// Everything, for programs: schema chatpcap/follow/1
    Json,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let number = match arguments.transport {
        Transport::Tcp => FlowNumber::Tcp(arguments.flow),
        Transport::Udp => FlowNumber::Udp(arguments.flow),
    };
    let raw = || match arguments.format {
        None | Some(Format::Raw) => Ok(()),
        Some(_) => Err(Failure::new(
            "-o writes the octets as they are: leave --format out".to_owned(),
        )),
    };
    let filter = arguments.selection.filter()?;
    let layout = arguments.looks.layout();
    let form = match (&arguments.output, arguments.format.unwrap_or(Format::Text)) {
        (Some(prefix), _) => {
            raw()?;
            return write_files(arguments, filter.as_deref(), number, prefix);
        }
        (None, Format::Raw) => None,
        (None, Format::Text) => Some(FollowForm::Text),
        (None, Format::Hex) => Some(FollowForm::Hex),
        (None, Format::Json) => Some(FollowForm::Json),
    };
    if form.is_none() && io::stdout().is_terminal() {
        let failure = Failure::new("raw octets could mess up the terminal".to_owned());
        return Err(failure.with_hint("`-o PREFIX` writes them to files".to_owned()));
    }
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut report =
        form.map(|form| FollowReport::new(form, number, arguments.roles.given(), &layout));
    let mut failed = None;
    let mut outcome = Outcome::Done;
    let bounds = &arguments.captures.bounds;
    for file in &arguments.captures.files {
        let Some(input) = Input::open_or_tell(file, bounds, &mut outcome) else {
            continue;
        };
        let name = input.name.clone();
        let is_live = name == "-";
        if let Some(report) = &mut report {
            report.begin(&name);
        }
        let followed = read(input, filter.as_deref(), number, bounds, &mut |turn| {
            let mut written = match (&mut report, &turn.piece) {
                (Some(report), _) => stdout.write_all(report.turn(&turn).as_bytes()),
                (None, Piece::Octets { octets, .. }) => stdout.write_all(octets),
                (None, _) => Ok(()),
            };
            // Who reads along sees each piece as it comes.
            if is_live && written.is_ok() {
                written = stdout.flush();
            }
            keep(written, &mut failed)
        });
        if let Some(report) = &mut report {
            // Only the reader's going away breaks off, and nobody reads what is written then.
            let end = report.end(&followed);
            let _ = keep(stdout.write_all(end.as_bytes()), &mut failed);
        }
        note_missing(&name, number, &followed, &mut outcome);
    }
    let close = report.map_or_else(String::new, |report| report.close());
    let _ = keep(
        stdout
            .write_all(close.as_bytes())
            .and_then(|()| stdout.flush()),
        &mut failed,
    );
    output::finish(failed.map_or(Ok(()), Err), "standard output")?;
    Ok(outcome)
}

/// Writes each side to its file; says on standard output which is whose.
fn write_files(
    arguments: &Arguments,
    filter: Option<&Filter>,
    number: FlowNumber,
    prefix: &OsString,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Done;
    let [file] = arguments.captures.files.as_slice() else {
        return Err(Failure::new(
            "-o writes one dialogue: name one capture".to_owned(),
        ));
    };
    let bounds = &arguments.captures.bounds;
    let input = Input::open(file, bounds)?;
    let name = input.name.clone();
    let paths = ["first", "second"].map(|side| {
        let mut path = prefix.clone();
        path.push(".");
        path.push(side);
        PathBuf::from(path)
    });
    let mut sides: Option<[(BufWriter<File>, u64); 2]> = None;
    let mut failed = None;
    let mut missing: u64 = 0;
    let followed = read(input, filter, number, bounds, &mut |turn| {
        let written = match turn.piece {
            Piece::Octets { octets, .. } => {
                sides_of(&mut sides, &paths).and_then(|[first, second]| {
                    let (file, count) = match turn.direction {
                        Direction::Forward => first,
                        Direction::Backward => second,
                    };
                    *count = count.saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
                    file.write_all(octets)
                })
            }
            Piece::Gap { length, .. } => {
                missing = missing.saturating_add(length);
                Ok(())
            }
            Piece::Differs { .. } | Piece::Late { .. } => Ok(()),
        };
        keep(written, &mut failed)
    });
    note_missing(&name, number, &followed, &mut outcome);
    let Some((first, second)) = followed.ends else {
        return Ok(outcome);
    };
    let written = sides_of(&mut sides, &paths).and_then(|[first, second]| {
        first.0.flush()?;
        second.0.flush()
    });
    let _ = keep(written, &mut failed);
    if let Some(error) = failed {
        output::finish(Err(error), &safe(&prefix.to_string_lossy()))?;
        return Ok(outcome);
    }
    let mut text = String::new();
    for (((_, count), path), end) in sides.iter().flatten().zip(&paths).zip([first, second]) {
        text = format!(
            "{text}{}: {count} octets of {end}\n",
            safe(&path.to_string_lossy())
        );
    }
    if missing > 0 {
        text = format!("{text}left out: {missing} octets that the capture does not hold\n");
    }
    output::print(&text)?;
    Ok(outcome)
}

/// The two files, made when there is something to write.
fn sides_of<'a>(
    sides: &'a mut Option<[(BufWriter<File>, u64); 2]>,
    paths: &[PathBuf; 2],
) -> io::Result<&'a mut [(BufWriter<File>, u64); 2]> {
    let [first, second] = paths;
    let create = |path: &Path| Ok::<_, io::Error>((BufWriter::new(File::create(path)?), 0));
    Ok(match sides {
        Some(sides) => sides,
        None => sides.insert([create(first)?, create(second)?]),
    })
}

fn read(
    input: Input,
    filter: Option<&Filter>,
    number: FlowNumber,
    bounds: &Bounds,
    sink: &mut dyn FnMut(Turn<'_>) -> ControlFlow<()>,
) -> Followed {
    let mut progress = progress::Progress::new(&input.name, input.octets);
    let (capture, max_flows) = (input.capture, bounds.max_flows);
    follow(capture, filter, number, max_flows, sink, &mut |octets| {
        progress.set(octets);
    })
}

/// Keeps why something could not be written, and breaks off then.
fn keep(written: io::Result<()>, failed: &mut Option<io::Error>) -> ControlFlow<()> {
    match written {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            *failed = Some(error);
            ControlFlow::Break(())
        }
    }
}

fn note_missing(name: &str, number: FlowNumber, followed: &Followed, outcome: &mut Outcome) {
    if followed.ends.is_some() {
        return;
    }
    let (what, index, there) = match number {
        FlowNumber::Tcp(index) => ("TCP", index, followed.flows.0),
        FlowNumber::Udp(index) => ("UDP", index, followed.flows.1),
    };
    let there = match there {
        0 => format!("there is no {what} flow"),
        1 => format!("the only {what} flow is 0"),
        count => format!("{what} flows are 0 to {}", count - 1),
    };
    let beyond = followed.notices.iter().find(|notice| {
        matches!(
            (notice, number),
            (
                Notice::Beyond {
                    layer: Layer::Tcp,
                    ..
                },
                FlowNumber::Tcp(_)
            ) | (
                Notice::Beyond {
                    layer: Layer::Udp,
                    ..
                },
                FlowNumber::Udp(_)
            )
        )
    });
    let name = safe(name);
    let there = beyond.map_or_else(|| there.clone(), |beyond| format!("{there}; {beyond}"));
    let failure = Failure::new(format!(
        "{name}: no {}.stream {index}: {there}",
        what.to_lowercase()
    ));
    output::error(&failure.with_hint(format!("`chatpcap conversations {name}` lists the flows")));
    *outcome = (*outcome).max(Outcome::NotThere);
}
