//! Damaged captures and hostile texts, told, examined and followed: always an answer, never a panic.

use std::io::Cursor;

use chatpcap::ask::{Analysis, Essay, Examination, Given, Story};
use chatpcap::capture::Capture;
use chatpcap::flow::MAX_FLOWS;
use chatpcap::graph::{self, Graph, Names, Sketch};
use chatpcap::report::{
    EssayReport, Examined, FollowForm, Layout, SvgOptions, Words, doctor, graph_json, graph_svg,
    graph_text, short_names,
};
use chatpcap::trace::FlowNumber;
use tests::frames::{Link, datagram};
use tests::observed::{Observed, followed};
use tests::program::project;
use tests::random::Random;
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};
use tests::story::story_texts;

/// Octets from one damage to the next: a prime, so that every field is met.
const STRIDE: usize = if cfg!(debug_assertions) { 13 } else { 1 };

#[test]
fn every_damaged_capture_is_answered() {
    for name in ["chatserver.pcap", "client1.pcap"] {
        let file = std::fs::read(project().join("captures/python-lab").join(name)).unwrap();
        for at in (0..file.len()).step_by(STRIDE) {
            answer(&file[..at]);
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = file.clone();
                damaged[at] ^= flip;
                answer(&damaged);
            }
        }
    }
}

/// Texts of both dialects, cut, repeated and altered at random.
#[test]
fn every_text_is_answered() {
    let lines: [&[u8]; 12] = [
        b"{\"type\":\"hello\",\"version\":1}\n",
        b"{\"type\":\"welcome\",\"name\":\"alice\",\"ip\":\"10.20.30.11\"}\n",
        b"{\"type\":\"message\",\"seq\":1,\"from\":\"bob\",\"text\":\"\\u001b[2J\"}\n",
        b"{\"type\":\"left\",\"users\":[\"bob\"],\"reason\":\"quit\"}\n",
        b"{\"type\":\"say\",\"id\":1,\"text\":\"hi\"}\n",
        b"{\"type\":\"bye\",\"code\":\"taken_over\",\"text\":\"\xe2\x80\xae\"}\n",
        b"{\"type\":\"roster\",\"users\":[\"bob\",\"alice\"],\"more\":true}\n",
        b"!{\"alice\": \"10.20.30.11\", \"bob\": \"10.20.30.12\"}",
        b"!{\"alice\": ",
        b"bob: hi bob: hi !{} alice: ",
        b"\x00\x1b]0;title\x07\xff\xfe",
        b"alice",
    ];
    let mut random = Random::new(7);
    for _ in 0..if cfg!(debug_assertions) { 150 } else { 5000 } {
        let mut recording = Recording::new(Link::Ethernet);
        let mut connections =
            [CLIENT1, CLIENT2].map(|client| Connection::new(client, 1, SERVER, 2));
        for connection in &mut connections {
            connection.open(&mut recording);
        }
        for _ in 0..40 {
            let mut text = random.one_of(&lines).repeat(1 + random.below(3));
            text.truncate(1 + random.below(text.len()));
            let at = random.below(text.len());
            text[at] ^= u8::try_from(random.below(4)).unwrap();
            let connection = &mut connections[random.below(2)];
            let packet = match random.below(4) {
                0 => datagram(on_port(CLIENT1, 5000), on_port(CLIENT2, 5000), 7, &text),
                1 => connection.client_says(&text),
                _ => connection.server_says(&text),
            };
            // Some are lost, some come twice.
            for _ in 0..random.below(6).min(2) {
                recording.add(&packet);
            }
        }
        answer(&recording.pcap());
    }
}

/// A flood of numbers that never fit together, and of clients.
#[test]
fn a_flood_is_answered_within_bounds() {
    let mut recording = Recording::new(Link::Ethernet);
    for port in 0..300 {
        let mut connection = Connection::new(on_port(CLIENT1, 20_000 + port), 1, SERVER, 2);
        connection.open(&mut recording);
        recording.add(&connection.client_says(format!("user{port}").as_bytes()));
        recording.add(&connection.server_says(b"bob: the same "));
        connection.client_says(b"lost");
        recording.add(&connection.client_says(b"waits for ever"));
    }
    answer(&recording.pcap());
}

fn answer(file: &[u8]) {
    let given = Given::default();
    let layout = Layout::new(Some(60));
    let open = || Capture::from_reader(Cursor::new(file.to_vec()));
    let capture = match open() {
        Ok(capture) => capture,
        Err(error) => {
            let examination = Examination::unusable("x.pcap", &error);
            assert!(examination.worst().is_some());
            return;
        }
    };
    let mut watch = given.watch(0);
    watch.verdicts = true;
    let sketch = Sketch::new(graph::Choice::default(), given.port());
    let Observed {
        trace,
        speech,
        survey,
        checkup,
        mut sketch,
    } = Observed::new("x.pcap", capture, &watch, sketch);
    let (speeches, traces) = ([speech], [trace]);
    let story = Story::new(&speeches);
    let notices = Story::notices(&traces, &speeches);
    let [text, markdown, ..] = story_texts(&traces, &speeches, &given, &layout);
    let mut texts = vec![text, markdown];
    let surveys = [survey];
    let analysis = Analysis::new(Vec::from(traces), &given);
    let essay = Essay::new(&analysis, &story, &surveys);
    let report = EssayReport {
        analysis: &analysis,
        story: &story,
        surveys: &surveys,
        essay: &essay,
        names: &[],
        notices: &notices,
    };
    let copy = sketch.of_frames(|_| true);
    texts.push(report.html(vec![copy]).unwrap());
    texts.push(drawn(sketch, &analysis, &layout));
    let trace = analysis.traces.into_iter().next().unwrap();
    let examined = Examined::new(trace, &checkup, &given);
    texts.push(doctor(&[examined], &layout));
    for (form, number) in [
        (FollowForm::Text, FlowNumber::Tcp(0)),
        (FollowForm::Hex, FlowNumber::Udp(0)),
        (FollowForm::Json, FlowNumber::Tcp(1)),
    ] {
        let text = followed(open().unwrap(), number, form, &layout, MAX_FLOWS);
        if form == FollowForm::Json {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        } else {
            texts.push(text);
        }
    }
    for text in texts {
        let is_unsafe =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!text.contains(is_unsafe), "{}", text.escape_debug());
    }
}

/// The flow graph as text; its other forms are made too.
fn drawn(sketch: Sketch, analysis: &Analysis, layout: &Layout) -> String {
    let options = graph::Options {
        unfold: false,
        flow: None,
        rows: 1000,
    };
    let graph = Graph::new(vec![sketch], analysis, Names::default(), options);
    serde_json::from_str::<serde_json::Value>(&graph_json(&graph).unwrap()).unwrap();
    let words = Words::new(
        &short_names(analysis),
        &graph.flows,
        &graph.nodes,
        graph.start,
        graph.precision,
    );
    let script = words.script(&graph, "");
    let svg = graph_svg(&script, SvgOptions { standalone: true }).unwrap();
    roxmltree::Document::parse(&svg).unwrap();
    graph_text(&script, layout)
}
