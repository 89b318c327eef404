//! `chatpcap verify`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chatpcap::ask::Analysis;
use chatpcap::report::{self, Check, safe};
use chatpcap::trace::Trace;
use chatpcap::verify::{MAX_SHEET_OCTETS, PairError, Sheet, Verification};
use clap::{Args, ValueEnum};

use super::Outcome;
use super::filter::Selection;
use super::input::{self, Captures, called};
use super::output::{self, Failure, Looks};
use super::roles::Roles;

/// Packets of the chat that are kept to find a typed number among: the first ones are asked for.
const ARROWS: usize = 200;

/// Check typed answers against captures: right, or wrong and what was probably done instead.
///
/// Answers come from a file, which must answer every question: the lab's notebook (the last number
/// that a cell assigns to a key counts), a JSON object of keys and numbers, or Python source; or from
/// the command line, which asks for nothing more than it answers.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 every answer is right; 1 one is wrong, missing or not shown by the \
    captures; 2 unusable arguments or input.\n\nExamples:\n  chatpcap verify chatserver.pcap \
    client1.pcap --answers lab3.ipynb\n  chatpcap verify client1.pcap --answer \
    protocol_number_for_UDP=17\n  chatpcap verify *.pcap --answers answers.json --hint"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

    /// Answers: a notebook (.ipynb), JSON or Python (.py); `-` is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "answer")]
    answers: Option<PathBuf>,

    /// One answer, in place of the file's
    #[arg(long, value_name = "KEY=VALUE")]
    answer: Vec<String>,

    /// Say what to look for, and neither what was typed nor what is right
    #[arg(long)]
    hint: bool,

    #[command(flatten)]
    roles: Roles,

    #[command(flatten)]
    selection: Selection,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    looks: Looks,
}

/// The form of the verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: schema chatpcap/verify/1
    Json,
    /// For test runners: a test case an answer, in XML
    Junit,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let sheet = sheet(arguments)?;
    let given = arguments.roles.given();
    let mut watch = given.watch(ARROWS);
    watch.filter = arguments.selection.filter()?;
    watch.max_flows = arguments.captures.bounds.max_flows;
    let mut traces = Vec::new();
    let read = input::each(&arguments.captures, |input, progress| {
        traces.push(Trace::read(&input.name, input.capture, &watch, progress));
    });
    // An answer that the missing capture would show must not be called wrong.
    if read != Outcome::Done {
        return Ok(read);
    }
    let analysis = Analysis::new(traces, &given);
    let verification = Verification::new(&analysis, &sheet);
    let check = Check {
        analysis: &analysis,
        sheet: &sheet,
        verification: &verification,
        hint: arguments.hint,
    };
    let text = match arguments.format {
        Format::Text => report::check_text(&check, &arguments.looks.layout()),
        Format::Json => report::check_json(&check).map_err(Failure::of)?,
        Format::Junit => report::check_junit(&check).map_err(Failure::of)?,
    };
    let outcome = if verification.is_right() {
        Outcome::Done
    } else {
        Outcome::NotThere
    };
    output::print(&text)?;
    Ok(outcome)
}

/// What was typed: the file, and what the command line says beside it.
fn sheet(arguments: &Arguments) -> Result<Sheet, Failure> {
    let mut sheet = match &arguments.answers {
        Some(path) => read(path)?,
        None => Sheet::default(),
    };
    for pair in &arguments.answer {
        sheet.add_pair(pair).map_err(|error| {
            let failure = Failure::new(format!("--answer: {}", safe(&error.to_string())));
            match error {
                PairError::Unknown { near: None, .. } => {
                    failure.with_hint(format!("the keys are {}", chatpcap::ask::KEYS.join(", ")))
                }
                _ => failure,
            }
        })?;
    }
    Ok(sheet)
}

fn read(path: &Path) -> Result<Sheet, Failure> {
    let name = called(path);
    let mut octets = Vec::new();
    let source: io::Result<Box<dyn Read>> = if path.as_os_str() == "-" {
        Ok(Box::new(io::stdin()))
    } else {
        File::open(path).map(|file| Box::new(file) as Box<dyn Read>)
    };
    source
        .and_then(|source| source.take(MAX_SHEET_OCTETS + 1).read_to_end(&mut octets))
        .map_err(|error| Failure::new(format!("{name}: cannot read answers: {error}")))?;
    Sheet::read(&path.to_string_lossy(), &octets).map_err(|error| Failure::about(&name, &error))
}
