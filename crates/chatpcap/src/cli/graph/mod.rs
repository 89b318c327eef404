//! `chatpcap graph`.

mod options;
mod pen;

use std::io::{self, BufWriter};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chatpcap::ask::{Analysis, Given};
use chatpcap::filter::Filter;
use chatpcap::graph::{
    Choice, Composer, Doubles, Graph, Hidden, MAX_KEPT, Nodes, Options, Row, Sketch, Tally,
};
use chatpcap::report::{
    self, Layout, Script, SvgOptions, Times, Widths, Words, graph_html, graph_json, graph_markdown,
    graph_mermaid, graph_plantuml, graph_svg, graph_text, safe,
};
use chatpcap::trace::{FlowNumber, Pass, Trace, Watch};
use clap::{Args, ValueEnum};

use self::options::{flow, hidden};
use self::pen::Pen;
use super::Outcome;
use super::file;
use super::filter::Selection;
use super::host_names::HostNames;
use super::input::{self, Captures, Input};
use super::limit::Limit;
use super::output::{self, Failure, Looks};
use super::progress::Progress;
use super::roles::Roles;

/// Draw a flow graph: hosts, and each packet as an arrow between them.
///
/// Several files are several views of the same traffic: a packet that several of them hold is drawn
/// once, with its frame number in each. From standard input each packet is drawn as it comes.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 1 the flow that was asked for is not there; 2 unusable arguments or \
    input.\n\nExamples:\n  chatpcap graph client1.pcap\n  \
    chatpcap graph chatserver.pcap client1.pcap client2.pcap -o lab.svg\n  \
    chatpcap graph --hide arp --hide acks --time delta client1.pcap\n  \
    tcpdump -U -i any -w - | chatpcap graph -"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    captures: Captures,

    #[command(flatten)]
    roles: Roles,

    #[command(flatten)]
    selection: Selection,

    /// Draw only this flow: tcp:3, udp:0; of several files, numbered as their graph numbers it
    #[arg(long, value_name = "TRANSPORT:INDEX", value_parser = flow)]
    flow: Option<FlowNumber>,

    /// Do not draw arp, icmp, dns, tcp, udp, acks (segments that only acknowledge), multicast, or a host by
    /// its IP address; again for more
    #[arg(long, value_name = "WHAT", value_parser = hidden)]
    hide: Vec<Hidden>,

    /// Draw every packet of runs of like packets
    #[arg(long)]
    full: bool,

    #[command(flatten)]
    names: HostNames,

    /// What times are counted from
    #[arg(long, value_enum, default_value_t = Time::Start, value_name = "WHAT")]
    time: Time,

    /// Show sequence numbers from each side's ISN
    #[arg(long)]
    relative: bool,

    /// Draw at most so many rows, or `all` [default: 250000 of a text in a file, all of
    /// one on standard output, else 1000]
    #[arg(long, value_name = "N")]
    arrows: Option<Limit>,

    /// Write to a file, whose name tells the form: .svg .mmd .puml .md .html .json .txt; `-` is standard
    /// output
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,

    /// What to print [default: text, or what the name of the output tells]
    #[arg(long, value_enum)]
    format: Option<Format>,

    #[command(flatten)]
    looks: Looks,
}

/// The form of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// A picture
    Svg,
    /// A page
    Html,
    /// A diagram in Mermaid's language
    Mermaid,
    /// A diagram in `PlantUML`'s language
    Plantuml,
    /// For a report
    Markdown,
    /// For programs: schema chatpcap/graph/1
    Json,
}

/// What times are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Time {
    /// The first packet
    Start,
    /// The packet before
    Delta,
    /// Nothing: the time of day, UTC
    Utc,
}

/// Rows of a picture, unless more are asked for: more than anybody looks at.
const ROWS_OF_A_PICTURE: usize = 1000;

/// Columns of a segment's ports and numbers, as they come by standard input:
/// `56026 > 5000  seq 3751373193 ack 1392820745 len 1448`.
const DETAIL: usize = 53;

/// How to see what finds no place.
const MORE: &str = "`--arrows all` draws them, `-Y` and `--flow` choose";

/// Packets whose words tell how wide the columns of a text are.
const MEASURED: usize = 5000;

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let given = arguments.roles.given();
    let mut watch = given.watch(0);
    watch.filter = arguments.selection.filter()?;
    watch.max_flows = arguments.captures.bounds.max_flows;
    let request = Request {
        arguments,
        format: arguments.form()?,
        given,
        watch,
        choice: Choice {
            // Of several files the graph numbers flows anew.
            flow: arguments
                .flow
                .filter(|_| arguments.captures.files.len() == 1),
            hidden: arguments.hide.clone(),
        },
        layout: arguments.looks.layout(),
    };
    let is_text_to_read = request.format == Format::Text && arguments.target().is_none();
    match arguments.captures.files.as_slice() {
        [file] if is_text_to_read && comes_once(file) => request.live(file),
        [file] if is_text_to_read && arguments.arrows.is_none() => request.stream(file),
        _ => request.whole(&arguments.captures),
    }
}

/// What a graph is made of, as the user asked for it.
struct Request<'a> {
    arguments: &'a Arguments,
    format: Format,
    given: Given,
    watch: Watch,
    choice: Choice,
    layout: Layout,
}

impl Arguments {
    /// The file to write, unless that is standard output.
    fn target(&self) -> Option<&Path> {
        let output = self.output.as_deref();
        output.filter(|output| output.as_os_str() != "-")
    }

    fn form(&self) -> Result<Format, Failure> {
        let Some(output) = self.target() else {
            return Ok(self.format.unwrap_or(Format::Text));
        };
        let extension = output.extension().and_then(|extension| extension.to_str());
        let told = match extension {
            Some("svg") => Some(Format::Svg),
            Some("html" | "htm") => Some(Format::Html),
            Some("mmd" | "mermaid") => Some(Format::Mermaid),
            Some("puml" | "plantuml") => Some(Format::Plantuml),
            Some("md" | "markdown") => Some(Format::Markdown),
            Some("json") => Some(Format::Json),
            Some("txt") => Some(Format::Text),
            _ => None,
        };
        self.format.or(told).ok_or_else(|| {
            let name = file::shown(output);
            Failure::new(format!("{name}: the name does not tell the form")).with_hint(
                "end it in .svg .mmd .puml .md .html .json or .txt, or say `--format`".to_owned(),
            )
        })
    }

    const fn times(&self) -> Times {
        match self.time {
            Time::Start => Times::Start,
            Time::Delta => Times::Previous,
            Time::Utc => Times::Day,
        }
    }
}

impl Request<'_> {
    /// The whole graph at once, from any number of files.
    fn whole(&self, captures: &Captures) -> Result<Outcome, Failure> {
        let files = &captures.files;
        let watch = Watch {
            verdicts: true,
            ..self.watch.clone()
        };
        let (mut traces, mut sketches) = (Vec::new(), Vec::new());
        let outcome = input::each(captures, |input, progress| {
            let mut sketch = Sketch::new(self.choice.clone(), self.watch.port);
            if files.len() == 1 {
                sketch = sketch.alone(self.options());
            }
            let (name, capture) = (&input.name, input.capture);
            let trace = Trace::read_and_show(name, capture, &watch, progress, &mut |seen, _| {
                sketch.see(seen);
            });
            traces.push(trace);
            sketches.push(sketch);
        });
        if traces.is_empty() {
            return Ok(Outcome::Unusable);
        }
        tell_notices(&traces);
        let analysis = Analysis::new(traces, &self.given);
        let graph = self.graph(sketches, &analysis);
        let text = self.text(&graph, &analysis)?;
        match self.arguments.target() {
            None => output::print(&text)?,
            Some(path) => {
                file::check(path, files)?;
                file::write(path, text.as_bytes())?;
            }
        }
        Ok(self.checked(outcome, graph.entries.is_empty()))
    }

    fn options(&self) -> Options {
        let default = match self.format {
            Format::Text => MAX_KEPT,
            _ => ROWS_OF_A_PICTURE,
        };
        Options {
            unfold: self.arguments.full,
            flow: self.arguments.flow,
            rows: self.arguments.arrows.map_or(default, |arrows| arrows.0),
        }
    }

    fn graph(&self, sketches: Vec<Sketch>, analysis: &Analysis) -> Graph {
        Graph::new(
            sketches,
            analysis,
            self.arguments.names.names(),
            self.options(),
        )
    }

    fn words(&self, graph: &Graph, analysis: &Analysis) -> Words {
        Words::new(
            &report::short_names(analysis),
            &graph.flows,
            &graph.nodes,
            graph.start,
            graph.precision,
        )
        .with(self.arguments.times(), self.arguments.relative)
    }

    fn text(&self, graph: &Graph, analysis: &Analysis) -> Result<String, Failure> {
        let script = self.words(graph, analysis).script(graph, MORE);
        Ok(match self.format {
            Format::Text => graph_text(&script, &self.layout),
            Format::Json => graph_json(graph).map_err(Failure::of)?,
            Format::Svg => {
                graph_svg(&script, SvgOptions { standalone: true }).map_err(Failure::of)?
            }
            Format::Html => graph_html(&script).map_err(Failure::of)?,
            Format::Mermaid => graph_mermaid(&script),
            Format::Plantuml => graph_plantuml(&script),
            Format::Markdown => graph_markdown(&script, &self.layout),
        })
    }

    /// A text of one file, which is read twice: to know the hosts, and to draw. The packets are not kept.
    fn stream(&self, file: &Path) -> Result<Outcome, Failure> {
        let input = self.open(file)?;
        let mut sketch = Sketch::new(self.choice.clone(), self.watch.port).keeping(MEASURED);
        let watch = Watch {
            verdicts: true,
            ..self.watch.clone()
        };
        let mut progress = Progress::new(&input.name, input.octets);
        let trace = Trace::read_and_show(
            &input.name,
            input.capture,
            &watch,
            &mut |octets| progress.set(octets),
            &mut |seen, _| sketch.see(seen),
        );
        drop(progress);
        let is_all = sketch.tally().left_out == 0;
        let hosts = sketch.nodes().clone();
        let flows = sketch.flows().clone();
        let traces = vec![trace];
        tell_notices(&traces);
        let analysis = Analysis::new(traces, &self.given);
        let mut graph = self.graph(vec![sketch], &analysis);
        if is_all {
            let text = self.text(&graph, &analysis)?;
            output::print(&text)?;
            return Ok(self.checked(Outcome::Done, graph.entries.is_empty()));
        }
        graph.nodes = Nodes::new(self.arguments.names.names());
        graph.nodes.take(hosts);
        graph.nodes.settle(&analysis.roles);
        graph.flows = flows;
        let words = self.words(&graph, &analysis);
        let mut script = words.script(&graph, "");
        let words = self.words(&graph, &analysis);
        let has_folds = script.entries.iter().any(is_fold);
        let mut widths = Widths::of(&script);
        script.entries.clear();
        if let (Some(width), Some(trace)) = (widths.frames.first_mut(), analysis.traces.first()) {
            let last = trace.packets.saturating_add(trace.unselected);
            // Of a run the first and the last frame are told.
            let digits = last.to_string().len();
            let widest = if has_folds { 2 * digits + 1 } else { digits };
            *width = (*width).max(widest);
        }
        let stdout = BufWriter::new(io::stdout().lock());
        let pen = Pen {
            stdout,
            flush: false,
            layout: self.layout,
            nodes: graph.nodes,
            words,
            script,
            widths,
            limit: usize::MAX,
            left_out: 0,
            ladder: None,
        };
        self.pass(self.open(file)?, pen, false)
    }

    /// A text of packets as they come.
    fn live(&self, file: &Path) -> Result<Outcome, Failure> {
        let input = self.open(file)?;
        let nodes = Nodes::new(self.arguments.names.names());
        let words = Words::new(
            &[safe(&input.name)],
            &chatpcap::graph::Flows::many(),
            &nodes,
            None,
            6,
        )
        .with(self.arguments.times(), self.arguments.relative);
        let script = Script {
            clock: words.clock(),
            ..Script::default()
        };
        let pen = Pen {
            stdout: BufWriter::new(io::stdout().lock()),
            flush: true,
            layout: self.layout,
            nodes,
            words,
            script,
            widths: Widths {
                detail: DETAIL,
                said: DETAIL,
                ..Widths::new(1)
            },
            limit: self.arguments.arrows.map_or(usize::MAX, |arrows| arrows.0),
            left_out: 0,
            ladder: None,
        };
        self.pass(input, pen, true)
    }

    fn open(&self, file: &Path) -> Result<Input, Failure> {
        Input::open(file, &self.arguments.captures.bounds)
    }

    /// Draws the packets of one capture one by one.
    fn pass(&self, input: Input, mut pen: Pen<'_>, is_live: bool) -> Result<Outcome, Failure> {
        let name = match input.name.as_str() {
            "-" => "standard input".to_owned(),
            name => safe(name),
        };
        let filter: Option<&Filter> = self.watch.filter.as_deref();
        let mut tally = Tally::default();
        let mut doubles = Doubles::new(is_live);
        let mut composer = Composer::new(self.arguments.full || is_live);
        let mut drawn = Ok(());
        let mut pass = Pass::drawing(input.capture, filter, None);
        pass.limit_flows(self.watch.max_flows);
        pass.run(&mut |_| (), &mut |seen, _| {
            let arrow = self.choice.arrow(seen, self.watch.port);
            pen.words.begin(seen.clock.first, seen.frame.precision);
            pen.nodes.learn(&arrow);
            if self.choice.draws(&arrow, &mut tally)
                && let Some(arrow) = doubles.push(arrow)
            {
                drawn = pen.rows(&mut composer, Row::new(arrow, 0, 1));
            }
            if drawn.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        while let (Ok(()), Some(arrow)) = (&drawn, doubles.finish()) {
            drawn = pen.rows(&mut composer, Row::new(arrow, 0, 1));
        }
        if is_live {
            for notice in pass.notices() {
                output::error(&Failure::new(format!("{name}: {notice}")));
            }
        }
        let is_empty = tally.selected == tally.others.saturating_add(tally.hidden);
        let ended = drawn.and_then(|()| pen.end(&mut composer, &tally));
        output::finish(ended, "standard output")?;
        Ok(self.checked(Outcome::Done, is_empty))
    }

    /// A flow that was asked for and is not there is told.
    fn checked(&self, outcome: Outcome, is_empty: bool) -> Outcome {
        let Some(flow) = self.arguments.flow.filter(|_| is_empty) else {
            return outcome;
        };
        let name = match flow {
            FlowNumber::Tcp(index) => format!("tcp:{index}"),
            FlowNumber::Udp(index) => format!("udp:{index}"),
        };
        output::error(
            &Failure::new(format!("no packet of flow {name}"))
                .with_hint("`chatpcap conversations` lists the flows".to_owned()),
        );
        outcome.max(Outcome::NotThere)
    }
}

/// Whether a capture can be read only once: it comes by standard input or a pipe.
fn comes_once(file: &Path) -> bool {
    file.as_os_str() == "-" || file.metadata().is_ok_and(|file| !file.is_file())
}

/// What is wrong with the captures, on standard error.
fn tell_notices(traces: &[Trace]) {
    for trace in traces {
        for notice in &trace.notices {
            output::error(&Failure::new(format!("{}: {notice}", safe(&trace.name))));
        }
    }
}

const fn is_fold(entry: &report::Entry) -> bool {
    matches!(entry, report::Entry::Arrow(arrow) if arrow.is_fold)
}
