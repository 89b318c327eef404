//! `chatpcap doctor`.

use chatpcap::ask::{Given, Severity};
use chatpcap::report::{self, Examined};
use chatpcap::trace::{Checkup, Trace, Watch};
use clap::{Args, ValueEnum};

use super::filter::Selection;
use super::input::{Captures, Input, Unopened};
use super::output::{self, Failure, Looks};
use super::roles::Roles;
use super::{Outcome, progress};

/// Say what is wrong with a capture, and the command that captures it right.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 the lab's questions can be answered; 1 something keeps them from being \
    answered; 2 unusable arguments, or a file that is no capture.\n\nExamples:\n  chatpcap doctor client1.pcap\n  \
    chatpcap doctor *.pcap --format json"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: schema chatpcap/doctor/1
    Json,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let given = arguments.roles.given();
    let mut watch = given.watch(0);
    watch.filter = arguments.selection.filter()?;
    watch.max_flows = arguments.captures.bounds.max_flows;
    let mut captures = Vec::new();
    let mut outcome = Outcome::Done;
    for file in &arguments.captures.files {
        let name = file.display().to_string();
        let examined = match Input::try_open(file, &arguments.captures.bounds) {
            Ok(input) => examine(input, &given, &watch),
            Err(Unopened::Capture(error)) => Examined::unusable(&name, &error),
            Err(Unopened::Terminal) => {
                output::error(&Unopened::Terminal.into_failure(file));
                outcome = Outcome::Unusable;
                continue;
            }
        };
        let is_serious = examined.examination.worst() == Some(Severity::Serious);
        if examined.trace.is_none() {
            outcome = Outcome::Unusable;
        } else if is_serious {
            outcome = outcome.max(Outcome::NotThere);
        }
        captures.push(examined);
    }
    let text = match arguments.format {
        Format::Text => report::doctor(&captures, &arguments.looks.layout()),
        Format::Json => report::doctor_json(&captures).map_err(Failure::of)?,
    };
    output::print(&text)?;
    Ok(outcome)
}

fn examine(input: Input, given: &Given, watch: &Watch) -> Examined {
    let Input {
        name,
        capture,
        octets,
    } = input;
    let mut progress = progress::Progress::new(&name, octets);
    let mut checkup = Checkup::default();
    let trace = Trace::read_and_show(
        &name,
        capture,
        watch,
        &mut |read| progress.set(read),
        &mut |seen, sightings| checkup.observe(seen.frame, seen.packet, sightings),
    );
    Examined::new(trace, &checkup, given)
}
