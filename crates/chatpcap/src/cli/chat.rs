//! `chatpcap chat`.

use chatpcap::ask::{Roles as Who, Story};
use chatpcap::report::StoryReport;
use chatpcap::trace::{Listener, Trace};
use clap::Args;

use super::Outcome;
use super::filter::Selection;
use super::input::{self, Captures};
use super::output::{self, Failure, Format, Looks};
use super::roles::Roles;

/// Tell what happened in the chat: who logged in, who said what to whom, and who left.
///
/// A room message is one line with the copies that the server sent of it; a private message is shown
/// with the ends that it went between. Several captures are several views of the same traffic: a
/// message that several hold is told once.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 done; 2 unusable arguments or input.\n\n\
    Examples:\n  chatpcap chat chatserver.pcap client1.pcap client2.pcap\n  tcpdump -i any -w - | chatpcap chat -")]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

    #[command(flatten)]
    roles: Roles,

    #[command(flatten)]
    selection: Selection,

    /// What to print; json follows schema chatpcap/chat/1, csv has a row an event
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    looks: Looks,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let given = arguments.roles.given();
    let mut watch = given.watch(0);
    watch.filter = arguments.selection.filter()?;
    watch.max_flows = arguments.captures.bounds.max_flows;
    let (mut traces, mut speeches) = (Vec::new(), Vec::new());
    let outcome = input::each(&arguments.captures, |input, progress| {
        let mut listener = Listener::new(&watch);
        let (name, capture) = (&input.name, input.capture);
        traces.push(Trace::read_and_show(
            name,
            capture,
            &watch,
            progress,
            &mut |seen, sightings| listener.observe(seen.frame, sightings),
        ));
        speeches.push(listener.finish());
    });
    if traces.is_empty() {
        return Ok(Outcome::Unusable);
    }
    let roles = Who::find(&given, &traces);
    let story = Story::new(&speeches);
    let of_files = traces.iter().flat_map(|trace| {
        let notices = trace.notices.iter();
        notices.map(|notice| format!("{}: {notice}", trace.name))
    });
    let mut notices: Vec<String> = of_files.collect();
    notices.extend(Story::notices(&traces, &speeches));
    let report = StoryReport {
        story: &story,
        traces: &traces,
        roles: &roles,
        notices: &notices,
    };
    let layout = arguments.looks.layout();
    let text = match arguments.format {
        Format::Text => report.text(&layout),
        Format::Markdown => report.markdown(&layout),
        Format::Json => report.json().map_err(Failure::of)?,
        Format::Csv => report.csv().map_err(Failure::of)?,
    };
    output::print(&text)?;
    Ok(outcome)
}
