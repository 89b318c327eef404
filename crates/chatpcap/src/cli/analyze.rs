//! `chatpcap analyze`.

use chatpcap::ask::Analysis;
use chatpcap::report;
use chatpcap::trace::Trace;
use clap::Args;

use super::Outcome;
use super::filter::Selection;
use super::input::{self, Captures};
use super::limit::Limit;
use super::output::{self, Failure, Format, Looks};
use super::roles::Roles;

/// Show what captures are, the lab's answers with their evidence, the handshakes and the flow graph.
///
/// Several files are several views of the same traffic: each question is answered from the one
/// that shows it, and a packet that several files hold is drawn once.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 1 an answer is missing under --require; 2 unusable \
    arguments or input.\n\nExamples:\n  chatpcap analyze client1.pcap\n  chatpcap analyze --explain \
    chatserver.pcap client1.pcap client2.pcap\n  tcpdump -i any -w - | chatpcap analyze -"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

    #[command(flatten)]
    roles: Roles,

    #[command(flatten)]
    selection: Selection,

    /// Show for each answer the header's octets, the answer's own marked, and a sentence why
    #[arg(long)]
    explain: bool,

    /// Show sequence numbers of handshakes and flow graph from each side's ISN; answers stay absolute
    #[arg(long)]
    relative: bool,

    /// Draw at most so many packets in the flow graph, or `all`
    #[arg(long, value_name = "N", default_value = "200")]
    arrows: Limit,

    /// Exit with status 1 unless every question is answered
    #[arg(long)]
    require: bool,

    /// What to print; json follows schema chatpcap/analyze/1, csv has only the answers
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    looks: Looks,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let given = arguments.roles.given();
    let mut watch = given.watch(arguments.arrows.0);
    watch.filter = arguments.selection.filter()?;
    watch.max_flows = arguments.captures.bounds.max_flows;
    let mut traces = Vec::new();
    let mut outcome = input::each(&arguments.captures, |input, progress| {
        traces.push(Trace::read(&input.name, input.capture, &watch, progress));
    });
    if traces.is_empty() {
        return Ok(Outcome::Unusable);
    }
    let analysis = Analysis::new(traces, &given);
    if arguments.require && !analysis.is_complete() {
        outcome = outcome.max(Outcome::NotThere);
    }
    let mut layout = arguments.looks.layout();
    layout.relative = arguments.relative;
    layout.explain = arguments.explain;
    let text = match arguments.format {
        Format::Text => report::text(&analysis, &layout),
        Format::Markdown => report::markdown(&analysis, &layout),
        Format::Json => report::json(&analysis).map_err(Failure::of)?,
        Format::Csv => report::csv(&analysis).map_err(Failure::of)?,
    };
    output::print(&text)?;
    Ok(outcome)
}
