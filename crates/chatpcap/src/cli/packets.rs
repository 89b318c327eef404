//! `chatpcap packets`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chatpcap::capture::{CaptureWriter, WriteError};
use chatpcap::field::{self, Dissection, Field, Needs};
use chatpcap::filter::Filter;
use chatpcap::report::{FieldForm, FieldList, Occurrence, PacketForm, PacketList, PacketRow, safe};
use chatpcap::trace::Pass;
use clap::{Args, ValueEnum};

use super::bounds::Bounds;
use super::file;
use super::filter::Selection;
use super::input::{Captures, Input};
use super::output::{self, Failure, Looks};
use super::{Outcome, progress};

/// List packets, a line each, or print, count or write those that a display filter selects.
///
/// The columns are those of Wireshark's packet list; sequence numbers are absolute.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, also where no packet is selected; 2 unusable arguments or input.\n\n\
    Examples:\n  chatpcap packets client1.pcap\n  \
    chatpcap packets -Y 'tcp.flags.syn == 1' -T fields -e tcp.seq_raw -e tcp.ack_raw client1.pcap\n  \
    chatpcap packets -Y 'dns || tcp.port == 5000' -w chat.pcapng client1.pcap\n  \
    tcpdump -U -i any -w - | chatpcap packets -Y udp.port==5000 -"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

    #[command(flatten)]
    selection: Selection,

    /// What to print [default: text; with -e: fields]
    #[arg(short = 'T', long = "format", value_enum, value_name = "FORMAT")]
    format: Option<Format>,

    /// A field to print, in this order; again for more
    #[arg(short = 'e', long = "field", value_name = "FIELD")]
    fields: Vec<String>,

    /// How fields are printed: header=y|n, separator=/t|/s|CHARACTER, aggregator=,|/s|CHARACTER,
    /// quote=d|s|n, occurrence=f|l|a; again for more, or with commas between
    #[arg(short = 'E', long = "fields-option", value_name = "KEY=VALUE")]
    options: Vec<String>,

    /// Write the selected frames to a capture, octet for octet: pcapng where FILE ends so, else pcap;
    /// `-` is standard output
    #[arg(short = 'w', long = "write", value_name = "FILE", conflicts_with_all = ["format", "fields", "count"])]
    write: Option<PathBuf>,

    /// Stop after so many selected packets
    #[arg(short = 'c', long = "limit", value_name = "N")]
    limit: Option<u64>,

    /// Print only how many packets are selected
    #[arg(long, conflicts_with_all = ["format", "fields"])]
    count: bool,

    /// Show sequence numbers from each side's ISN, as Wireshark does
    #[arg(long)]
    relative: bool,

    #[command(flatten)]
    looks: Looks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each
    Text,
    /// Columns of the fields that -e names
    Fields,
    /// For programs: schema chatpcap/packets/1
    Json,
    /// For a spreadsheet
    Csv,
    /// For a report
    Markdown,
}

/// What becomes of the selected packets.
enum Sink {
    Count,
    List(PacketList, bool),
    Fields(FieldList),
    FieldsAsJson(FieldList, bool),
    Capture(Option<CaptureWriter<Box<dyn Write>>>),
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let filter = arguments.selection.filter()?;
    let mut sink = sink(arguments)?;
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut outcome = Outcome::Done;
    let mut left = arguments.limit.unwrap_or(u64::MAX);
    let mut printed = stdout.write_all(sink.begin().as_bytes());
    let bounds = &arguments.captures.bounds;
    for path in &arguments.captures.files {
        if printed.is_err() || left == 0 {
            break;
        }
        let Some(input) = Input::open_or_tell(path, bounds, &mut outcome) else {
            continue;
        };
        let name = input.name.clone();
        let count = read(
            input,
            filter.as_deref(),
            bounds,
            &mut sink,
            &mut stdout,
            left,
        )?;
        left = left.saturating_sub(count.selected);
        printed = count.printed;
        if let (Sink::Count, true) = (&sink, printed.is_ok()) {
            printed = match arguments.captures.files.len() {
                1 => writeln!(stdout, "{}", count.selected),
                _ => writeln!(stdout, "{}: {}", safe(&name), count.selected),
            };
        }
    }
    let end = sink.end()?;
    printed = printed
        .and_then(|()| stdout.write_all(end.as_bytes()))
        .and_then(|()| stdout.flush());
    output::finish(printed, "standard output")?;
    Ok(outcome)
}

/// What one capture came to.
struct Count {
    selected: u64,
    printed: io::Result<()>,
}

fn read(
    input: Input,
    filter: Option<&Filter>,
    bounds: &Bounds,
    sink: &mut Sink,
    stdout: &mut BufWriter<StdoutLock<'_>>,
    limit: u64,
) -> Result<Count, Failure> {
    let Input {
        name,
        capture,
        octets,
    } = input;
    let is_live = name == "-";
    let mut progress = progress::Progress::new(&name, octets);
    let mut count = Count {
        selected: 0,
        printed: Ok(()),
    };
    let mut failed = None;
    let mut pass = Pass::new(capture, filter, sink.needs());
    pass.limit_flows(bounds.max_flows);
    pass.run(&mut |octets| progress.set(octets), &mut |seen, _| {
        count.selected += 1;
        match sink.packet(&name, seen) {
            Ok(text) => {
                count.printed = stdout.write_all(text.as_bytes());
                // Who reads along sees each packet as it comes.
                if is_live && count.printed.is_ok() {
                    count.printed = stdout.flush();
                }
            }
            Err(error) => failed = Some(error),
        }
        if count.printed.is_err() || failed.is_some() || count.selected >= limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    for notice in pass.notices() {
        output::error(&Failure::new(format!("{}: {notice}", safe(&name))));
    }
    match failed {
        Some(error) => Err(write_failure(&error)),
        None => Ok(count),
    }
}

impl Sink {
    fn needs(&self) -> Needs {
        match self {
            Self::Count | Self::Capture(_) => Needs::Frame,
            Self::List(..) => Needs::Analysis,
            Self::Fields(list) | Self::FieldsAsJson(list, _) => list.needs(),
        }
    }

    fn begin(&self) -> String {
        match self {
            Self::List(list, _) => list.begin(),
            Self::Fields(list) => list.header(),
            Self::FieldsAsJson(..) => {
                "{\n  \"schema\": \"chatpcap/packets/1\",\n  \"packets\": [".to_owned()
            }
            Self::Count | Self::Capture(_) => String::new(),
        }
    }

    fn packet(&mut self, name: &str, seen: &Dissection<'_>) -> Result<String, WriteError> {
        Ok(match self {
            Self::Count => String::new(),
            Self::List(list, relative) => {
                list.row(name, &PacketRow::new(seen, *relative), seen.frame.precision)
            }
            Self::Fields(list) => list.row(seen),
            Self::FieldsAsJson(list, is_first) => {
                let comma = if std::mem::replace(is_first, false) {
                    ""
                } else {
                    ","
                };
                let fields = list.json(seen);
                let number = seen.frame.number;
                let row = serde_json::json!({ "file": name, "number": number, "fields": fields });
                format!("{comma}\n    {row}")
            }
            Self::Capture(writer) => {
                if let Some(writer) = writer {
                    writer.write(seen.frame)?;
                }
                String::new()
            }
        })
    }

    fn end(&mut self) -> Result<String, Failure> {
        Ok(match self {
            Self::List(list, _) => list.end(),
            Self::FieldsAsJson(_, true) => "]\n}\n".to_owned(),
            Self::FieldsAsJson(_, false) => "\n  ]\n}\n".to_owned(),
            Self::Capture(writer) => {
                if let Some(writer) = writer.take() {
                    writer.finish().or_else(|error| match &error {
                        WriteError::Write { source } if source.kind() == ErrorKind::BrokenPipe => {
                            Ok(())
                        }
                        _ => Err(write_failure(&error)),
                    })?;
                }
                String::new()
            }
            Self::Count | Self::Fields(_) => String::new(),
        })
    }
}

fn sink(arguments: &Arguments) -> Result<Sink, Failure> {
    if let Some(path) = &arguments.write {
        return capture(path, &arguments.captures.files).map(|writer| Sink::Capture(Some(writer)));
    }
    if arguments.count {
        return Ok(Sink::Count);
    }
    let fields = arguments
        .fields
        .iter()
        .map(|name| named(name))
        .collect::<Result<Vec<_>, _>>()?;
    let form = field_form(&arguments.options)?;
    let format = match (arguments.format, fields.is_empty()) {
        (Some(format), _) => format,
        (None, true) => Format::Text,
        (None, false) => Format::Fields,
    };
    let form_of = match (format, fields.is_empty()) {
        (Format::Fields, true) => {
            let failure = Failure::new("-T fields needs a field to print".to_owned());
            return Err(failure
                .with_hint("-e frame.number -e ip.src; `chatpcap fields` lists them".to_owned()));
        }
        (Format::Fields, false) => return Ok(Sink::Fields(FieldList::new(fields, form))),
        (Format::Json, false) => return Ok(Sink::FieldsAsJson(FieldList::new(fields, form), true)),
        (_, false) => {
            return Err(Failure::new(
                "-e goes with -T fields and -T json".to_owned(),
            ));
        }
        (Format::Text, true) => PacketForm::Text,
        (Format::Json, true) => PacketForm::Json,
        (Format::Csv, true) => PacketForm::Csv,
        (Format::Markdown, true) => PacketForm::Markdown,
    };
    let list = PacketList::new(form_of, arguments.looks.layout());
    Ok(Sink::List(list, arguments.relative))
}

fn named(name: &str) -> Result<&'static Field, Failure> {
    field::find(name).ok_or_else(|| {
        let failure = Failure::new(format!("no field {}", safe(name)));
        match field::nearest(name) {
            Some(name) => failure.with_hint(format!("did you mean {name}?")),
            None => failure.with_hint("`chatpcap fields` lists them".to_owned()),
        }
    })
}

/// Reads tshark's `-E` options.
fn field_form(options: &[String]) -> Result<FieldForm, Failure> {
    let mut form = FieldForm::default();
    // A comma stands between options, and may be a value: `separator=,`.
    let options = options.iter().flat_map(|option| {
        let mut parts: Vec<String> = Vec::new();
        for part in option.split(',') {
            match parts.last_mut() {
                Some(last) if !part.contains('=') => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => parts.push(part.to_owned()),
            }
        }
        parts
    });
    for option in options {
        let wrong = || {
            let failure = Failure::new(format!("-E does not know {}", safe(&option)));
            failure.with_hint(
                "header=y, separator=/t, aggregator=/s, quote=d, occurrence=f".to_owned(),
            )
        };
        let (key, value) = option.split_once('=').ok_or_else(wrong)?;
        match (key, value) {
            ("header", "y") => form.header = true,
            ("header", "n") => form.header = false,
            ("separator", text) => form.separator = between(text).ok_or_else(wrong)?,
            ("aggregator", text) => form.aggregator = between(text).ok_or_else(wrong)?,
            ("quote", "d") => form.quote = Some('"'),
            ("quote", "s") => form.quote = Some('\''),
            ("quote", "n") => form.quote = None,
            ("occurrence", "f") => form.occurrence = Occurrence::First,
            ("occurrence", "l") => form.occurrence = Occurrence::Last,
            ("occurrence", "a") => form.occurrence = Occurrence::All,
            _ => return Err(wrong()),
        }
    }
    Ok(form)
}

/// What stands between columns or values: `/t` a tab, `/s` a blank, else one character.
fn between(text: &str) -> Option<String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("/t", ..) => Some("\t".to_owned()),
        ("/s", ..) => Some(" ".to_owned()),
        (_, Some(one), None) => Some(one.to_string()),
        _ => None,
    }
}

fn capture(path: &Path, inputs: &[PathBuf]) -> Result<CaptureWriter<Box<dyn Write>>, Failure> {
    let writer: Box<dyn Write> = if path.as_os_str() == "-" {
        Box::new(BufWriter::new(io::stdout()))
    } else {
        file::check(path, inputs)?;
        let file = File::create(path).map_err(|error| file::cannot_write(path, &error))?;
        Box::new(BufWriter::new(file))
    };
    let is_pcapng = path.extension() == Some(OsStr::new("pcapng"));
    if is_pcapng {
        CaptureWriter::pcapng(writer).map_err(|error| write_failure(&error))
    } else {
        Ok(CaptureWriter::pcap(writer))
    }
}

fn write_failure(error: &WriteError) -> Failure {
    let text = match error {
        WriteError::Write { source } => format!("{error}: {source}"),
        _ => error.to_string(),
    };
    let failure = Failure::new(text);
    match error {
        WriteError::LinkType { .. } | WriteError::Time { .. } => {
            failure.with_hint("pcapng can: -w FILE.pcapng".to_owned())
        }
        _ => failure,
    }
}
