//! `chatpcap report`.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use chatpcap::ask::{Analysis, Essay, Story};
use chatpcap::field::Dissection;
use chatpcap::flow::Sightings;
use chatpcap::graph::{Choice, Sketch};
use chatpcap::report::EssayReport;
use chatpcap::trace::{Listener, Survey, Trace};
use clap::Args;

use super::Outcome;
use super::file;
use super::filter::Selection;
use super::host_names::HostNames;
use super::input::{self, Captures};
use super::output::{self, Failure};
use super::roles::Roles;

/// Make a page for the hand-in: the answers on their octets, the essay's points with the frames that
/// show them, and pictures.
///
/// The page is one HTML file that needs no network and no script; a browser prints it to PDF. Several
/// captures are several views of the same traffic.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 done; 2 unusable arguments or input.\n\n\
    Examples:\n  chatpcap report chatserver.pcap client1.pcap client2.pcap -o report.html\n  \
    tcpdump -i any -c 500 -w - | chatpcap report - -o report.html")]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

    /// Where to write the page; `-` is standard output, which is where it goes without this option unless
    /// that is a terminal
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    roles: Roles,

    #[command(flatten)]
    names: HostNames,

    #[command(flatten)]
    selection: Selection,
}

/// Packets of one capture that its flow graphs may draw: the first. The page shows fewer.
const MAX_SKETCHED: usize = 10_000;

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let is_stdout = |path: &Path| path.as_os_str() == "-";
    let target = match &arguments.output {
        Some(path) if !is_stdout(path) => {
            file::check(path, &arguments.captures.files)?;
            Some(path)
        }
        None if io::stdout().is_terminal() => {
            return Err(Failure::new(
                "standard output is a terminal, not a place for a page".to_owned(),
            )
            .with_hint("-o report.html writes a file".to_owned()));
        }
        _ => None,
    };
    let given = arguments.roles.given();
    let mut watch = given.watch(0);
    watch.verdicts = true;
    watch.filter = arguments.selection.filter()?;
    watch.max_flows = arguments.captures.bounds.max_flows;
    let (mut traces, mut speeches) = (Vec::new(), Vec::new());
    let (mut surveys, mut sketches) = (Vec::new(), Vec::new());
    let outcome = input::each(&arguments.captures, |input, progress| {
        let mut listener = Listener::new(&watch);
        let mut survey = Survey::new(&watch);
        let mut sketch = Sketch::new(Choice::default(), watch.port).keeping(MAX_SKETCHED);
        let mut look = |seen: &Dissection<'_>, sightings: &Sightings<'_>| {
            listener.observe(seen.frame, sightings);
            survey.observe(seen.frame, seen.packet, sightings);
            if sketch.is_full() {
                sketch.pass_over();
            } else {
                sketch.see(seen);
            }
        };
        let (name, capture) = (&input.name, input.capture);
        traces.push(Trace::read_and_show(
            name, capture, &watch, progress, &mut look,
        ));
        speeches.push(listener.finish());
        surveys.push(survey);
        sketches.push(sketch);
    });
    if traces.is_empty() {
        return Ok(Outcome::Unusable);
    }
    let notices = Story::notices(&traces, &speeches);
    let story = Story::new(&speeches);
    let analysis = Analysis::new(traces, &given);
    let essay = Essay::new(&analysis, &story, &surveys);
    let report = EssayReport {
        analysis: &analysis,
        story: &story,
        surveys: &surveys,
        essay: &essay,
        names: &arguments.names.list(),
        notices: &notices,
    };
    let page = report.html(sketches).map_err(Failure::of)?;
    match target {
        Some(target) => file::write(target, page.as_bytes())?,
        None => output::print(&page)?,
    }
    Ok(outcome)
}
