//! The flow graph of every capture of the corpus: each frame is drawn, folded or counted, and no arrow
//! points at a host that tshark does not name.
//!
//! Needs `../shared/corpus` beside the project; without it the test says so and passes.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use chatpcap::ask::{Analysis, Given};
use chatpcap::capture::Capture;
use chatpcap::graph::{Choice, Entry, Graph, Names, Options, Sketch};
use chatpcap::report::{
    Layout, Script, SvgOptions, Words, graph_json, graph_mermaid, graph_plantuml, graph_svg,
    graph_text, short_names,
};
use chatpcap::trace::{Address, Message, Trace, Watch};
use roxmltree::Document;
use tests::{corpus, mermaid};

/// Frames of which the figures hold the fields.
const FRAMES_WITH_FIELDS: u64 = 1500;

#[test]
fn every_frame_is_drawn_and_every_arrow_is_right() {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    let (mut frames, mut arrows) = (0, 0);
    let diagrams = tempfile::tempdir().unwrap();
    for (capture, _) in &corpus {
        for unfold in [true, false] {
            let Some((graph, analysis, undrawn)) = drawn(&capture.path, unfold) else {
                continue;
            };
            let rows = graph.entries.iter().filter_map(|entry| match entry {
                Entry::Row(row) => Some(row),
                Entry::Gap(_) => None,
            });
            let told: u64 = rows.clone().map(|row| row.frames()).sum();
            let selected: u64 = analysis.traces.iter().map(|trace| trace.packets).sum();
            assert_eq!(
                told + undrawn,
                selected,
                "{}, unfold {unfold}",
                capture.name
            );
            frames += selected;
            if unfold {
                let ends = tshark_ends(&capture.name);
                for row in rows {
                    arrows += check(row, &ends, &capture.name);
                }
            }
            let words = Words::new(
                &short_names(&analysis),
                &graph.flows,
                &graph.nodes,
                graph.start,
                graph.precision,
            );
            let script = words.script(&graph, "");
            if !unfold {
                check_forms(&script, &capture.name);
                let name = format!("{}.puml", capture.name.replace('/', "_"));
                fs::write(diagrams.path().join(name), graph_plantuml(&script)).unwrap();
            }
            for width in [60, 100] {
                let text = graph_text(&script, &Layout::new(Some(width)));
                assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            }
            serde_json::from_str::<serde_json::Value>(&graph_json(&graph).unwrap()).unwrap();
        }
    }
    check_plantuml(diagrams.path());
    println!("{frames} frames, {arrows} arrows compared with tshark's addresses");
    assert!(arrows > 20_000, "only {arrows} arrows were compared");
}

/// The graph of a capture, and how many frames carry no packet: records of pcapng that only describe.
/// Each form is what its readers take: XML, Mermaid's grammar.
fn check_forms(script: &Script, name: &str) {
    let svg = graph_svg(script, SvgOptions { standalone: true }).unwrap();
    Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
    mermaid::texts(&graph_mermaid(script)).unwrap_or_else(|line| panic!("{name}: {line}"));
}

/// All diagrams of a folder, by the program that draws them.
fn check_plantuml(folder: &Path) {
    let files = tests::files(folder);
    let checked = Command::new("plantuml")
        .args(["-charset", "UTF-8", "-checkonly"])
        .args(&files)
        .output();
    match checked {
        Ok(checked) => assert!(
            checked.status.success() && !files.is_empty(),
            "{}",
            String::from_utf8_lossy(&checked.stderr)
        ),
        Err(_) => println!("skipped: plantuml is not installed"),
    }
}

fn drawn(path: &Path, unfold: bool) -> Option<(Graph, Analysis, u64)> {
    let given = Given::default();
    let watch = Watch {
        verdicts: true,
        ..given.watch(0)
    };
    let mut sketch = Sketch::new(Choice::default(), watch.port);
    let capture = Capture::open(path).ok()?;
    let mut seen = 0;
    let trace = Trace::read_and_show("capture", capture, &watch, &mut |_| (), &mut |frame, _| {
        seen += 1;
        sketch.see(frame);
    });
    let unseen = trace.packets - seen;
    let analysis = Analysis::new(vec![trace], &given);
    let options = Options {
        unfold,
        flow: None,
        rows: usize::MAX,
    };
    let graph = Graph::new(vec![sketch], &analysis, Names::default(), options);
    let undrawn = unseen + graph.tally.left_out;
    Some((graph, analysis, undrawn))
}

/// Senders and receivers of frames as tshark names them: all IP headers of a frame.
fn tshark_ends(name: &str) -> HashMap<u64, [Vec<IpAddr>; 2]> {
    let corpus = tests::shared().unwrap().join("corpus/fields");
    let text = fs::read_to_string(corpus.join(format!("{name}.tsv"))).unwrap_or_default();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (Some(number), Some(source), Some(destination), Some(source6), Some(destination6)) = (
        column("frame.number"),
        column("ip.src"),
        column("ip.dst"),
        column("ipv6.src"),
        column("ipv6.dst"),
    ) else {
        return HashMap::new();
    };
    lines
        .filter_map(|line| {
            let values: Vec<&str> = line.split('\t').collect();
            let addresses = |columns: [usize; 2]| {
                let values = columns.iter().filter_map(|column| values.get(*column));
                values
                    .flat_map(|value| value.split(','))
                    .filter_map(|value| value.parse().ok())
                    .collect()
            };
            let ends = [
                addresses([source, source6]),
                addresses([destination, destination6]),
            ];
            Some((values.get(number)?.parse().ok()?, ends))
        })
        .collect()
}

/// Compares the ends of an arrow with those that tshark names; says how many were compared.
fn check(row: &chatpcap::graph::Row, ends: &HashMap<u64, [Vec<IpAddr>; 2]>, name: &str) -> usize {
    let arrow = &row.arrow;
    if arrow.frame > FRAMES_WITH_FIELDS {
        return 0;
    }
    let (Some((from, to)), Some([sources, destinations])) = (arrow.ends, ends.get(&arrow.frame))
    else {
        return 0;
    };
    // ARP names hosts without an IP header, also within a tunnel that has one.
    if matches!(&arrow.message, Message::Other { protocol, .. } if protocol == "ARP") {
        return 0;
    }
    let mut compared = 0;
    for (place, theirs) in [(from, sources), (to, destinations)] {
        let Address::Ip(address) = place.address else {
            continue;
        };
        if theirs.is_empty() {
            continue;
        }
        compared += 1;
        assert!(
            theirs.contains(&address),
            "{name}, frame {}: {address} is none of {theirs:?}",
            arrow.frame
        );
    }
    compared
}
