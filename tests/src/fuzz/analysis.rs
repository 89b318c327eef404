//! The whole analysis of a capture, with every form of every report.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use chatpcap::ask::{Analysis, Essay, Examination, Given, Story};
use chatpcap::capture::Capture;
use chatpcap::field;
use chatpcap::flow::MAX_FLOWS;
use chatpcap::graph::{self, Graph, Hidden, Names, Sketch};
use chatpcap::report::{
    self, COLUMNS, Choice, ConversationRows, EssayReport, Examined, FieldForm, FieldList,
    FollowForm, Layout, PacketForm, PacketList, PacketRow, RowForm, SvgOptions, Times, Words,
    conversations_markdown, conversations_text, doctor, doctor_json, graph_html, graph_json,
    graph_markdown, graph_mermaid, graph_plantuml, graph_svg, graph_text, short_names,
};
use chatpcap::trace::{Conversations, FlowNumber, Layer, Pass};
use jsonschema::Validator;

use super::assert::{assert_csv, assert_json, assert_markdown, assert_safe};
use super::markup::{assert_page, assert_picture};
use super::scene::{self, MARK};
use super::tape::Tape;
use crate::observed::{Observed, followed};
use crate::schema::schema;
use crate::story::story_texts;
use crate::{mermaid, whole_frames};

/// What the user calls the capture: names of files are text from outside too.
const NAME: &str = "<script>\"'&\u{1b}[31m|`*_\u{202e}.pcap";

/// The schemas of the JSON forms.
static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| Schemas {
    analyze: schema("analyze-1"),
    graph: schema("graph-1"),
    conversations: schema("conversations-1"),
    doctor: schema("doctor-1"),
    follow: schema("follow-1"),
    packets: schema("packets-1"),
});

struct Schemas {
    analyze: Validator,
    graph: Validator,
    conversations: Validator,
    doctor: Validator,
    follow: Validator,
    packets: Validator,
}

/// Analyses the capture that a tape describes: after three octets of choices, a file as it is where the
/// third one says so, else a scene.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let looks = Looks::new(tape.octet(), tape.octet());
    let file = if tape.below(4) == 0 {
        tape.rest().to_vec()
    } else {
        scene::capture(&mut tape)
    };
    if let Err(error) = Capture::from_reader(Cursor::new(file.clone())) {
        let examination = Examination::unusable(NAME, &error);
        assert!(examination.worst().is_some());
        let examined = Examined::unusable(NAME, &error);
        assert_safe(&doctor(&[examined], &looks.layout));
        return;
    }
    looks.analysis(&file);
    looks.conversations(&file);
    looks.packets(&file);
    for form in [FollowForm::Text, FollowForm::Hex, FollowForm::Json] {
        looks.follow(&file, form);
    }
}

/// What the user chose.
struct Looks {
    layout: Layout,
    bits: u8,
    column: usize,
}

impl Looks {
    fn new(bits: u8, more: u8) -> Self {
        let mut layout = Layout::new(Some(60 + usize::from(bits & 3) * 30));
        layout.ascii = bits & 4 != 0;
        layout.relative = bits & 8 != 0;
        layout.explain = bits & 16 != 0;
        Self {
            layout,
            bits,
            column: usize::from(more) % COLUMNS.len(),
        }
    }

    fn open(file: &[u8]) -> Capture {
        Capture::from_reader(Cursor::new(file.to_vec())).unwrap()
    }

    /// Answers, the chat's story, the examination, the graph and the page for the hand-in.
    fn analysis(&self, file: &[u8]) {
        let given = Given::default();
        let mut watch = given.watch(if self.bits & 32 == 0 { 200 } else { 3 });
        watch.verdicts = true;
        let choice = graph::Choice {
            hidden: if self.bits & 64 == 0 {
                Vec::new()
            } else {
                vec![Hidden::Acks]
            },
            ..graph::Choice::default()
        };
        let sketch = Sketch::new(choice, given.port());
        let Observed {
            trace,
            speech,
            survey,
            checkup,
            mut sketch,
        } = Observed::new(NAME, Self::open(file), &watch, sketch);
        let (speeches, traces) = ([speech], [trace]);
        let story = Story::new(&speeches);
        let notices = Story::notices(&traces, &speeches);
        let [text, markdown, csv, _] = story_texts(&traces, &speeches, &given, &self.layout);
        assert_safe(&text);
        assert_markdown(&markdown);
        assert_csv(&csv);
        let surveys = [survey];
        let analysis = Analysis::new(Vec::from(traces), &given);
        self.answers(&analysis);
        let essay = Essay::new(&analysis, &story, &surveys);
        let report = EssayReport {
            analysis: &analysis,
            story: &story,
            surveys: &surveys,
            essay: &essay,
            names: &[],
            notices: &notices,
        };
        let page = report.html(vec![sketch.of_frames(|_| true)]).unwrap();
        assert_safe(&page);
        assert_page(&page);
        self.graph(sketch, &analysis);
        let trace = analysis.traces.into_iter().next().unwrap();
        let examined = [Examined::new(trace, &checkup, &given)];
        assert_safe(&doctor(&examined, &self.layout));
        assert_json(&doctor_json(&examined).unwrap(), &SCHEMAS.doctor);
    }

    fn answers(&self, analysis: &Analysis) {
        for answer in &analysis.answers {
            match &answer.result {
                Ok(evidence) => assert_eq!(evidence.bytes.len(), evidence.length),
                Err(reason) => assert!(!reason.is_empty()),
            }
        }
        assert_safe(&report::text(analysis, &self.layout));
        assert_markdown(&report::markdown(analysis, &self.layout));
        assert_json(&report::json(analysis).unwrap(), &SCHEMAS.analyze);
        assert_csv(&report::csv(analysis).unwrap());
    }

    /// Every form of the flow graph.
    fn graph(&self, sketch: Sketch, analysis: &Analysis) {
        let options = graph::Options {
            unfold: self.bits & 128 != 0,
            flow: None,
            rows: 100,
        };
        let names = [("10.20.30.11".parse().unwrap(), format!("{MARK}\u{7}"))];
        let graph = Graph::new(vec![sketch], analysis, Names::given(names), options);
        assert_json(&graph_json(&graph).unwrap(), &SCHEMAS.graph);
        let times = [Times::Start, Times::Previous, Times::Day][usize::from(self.bits & 3) % 3];
        let words = Words::new(
            &short_names(analysis),
            &graph.flows,
            &graph.nodes,
            graph.start,
            graph.precision,
        );
        let script = words.with(times, self.layout.relative).script(&graph, "");
        assert_safe(&graph_text(&script, &self.layout));
        let svg = graph_svg(&script, SvgOptions { standalone: true }).unwrap();
        assert_safe(&svg);
        assert_picture(&svg);
        let page = graph_html(&script).unwrap();
        assert_safe(&page);
        assert_page(&page);
        let diagram = graph_mermaid(&script);
        assert_safe(&diagram);
        if let Err(line) = mermaid::texts(&diagram) {
            // Without a host there is nothing to draw.
            assert!(script.nodes.is_empty(), "{line}");
        }
        assert_safe(&graph_plantuml(&script));
        assert_markdown(&graph_markdown(&script, &self.layout));
    }

    fn conversations(&self, file: &[u8]) {
        let mut capture = Self::open(file);
        let layers = [Layer::Ethernet, Layer::Ip, Layer::Tcp, Layer::Udp];
        let mut found = Conversations::new(capture.format(), &layers, None);
        found.read(&mut capture, &mut |_| ());
        let notices = found.notices(&capture);
        let choice = Choice {
            sort: &COLUMNS[self.column],
            reverse: self.bits & 1 != 0,
            top: 20,
            columns: Vec::new(),
        };
        assert_safe(&conversations_text(
            NAME,
            &found,
            &notices,
            &choice,
            &self.layout,
        ));
        assert_markdown(&conversations_markdown(NAME, &found, &notices, &choice));
        for form in [RowForm::Json, RowForm::Csv] {
            let mut text = String::new();
            let mut rows = ConversationRows::new(form);
            let written: Result<(), ()> =
                rows.capture(NAME, &found, &notices, &choice, &mut |row| {
                    text.push_str(row);
                    Ok(())
                });
            assert!(written.is_ok());
            text.push_str(rows.end());
            match form {
                RowForm::Json => assert_json(&text, &SCHEMAS.conversations),
                RowForm::Csv => assert_csv(&text),
            }
        }
    }

    /// A line a packet, and every field of it.
    fn packets(&self, file: &[u8]) {
        for form in [
            PacketForm::Text,
            PacketForm::Json,
            PacketForm::Csv,
            PacketForm::Markdown,
        ] {
            let mut list = PacketList::new(form, self.layout);
            let fields = FieldList::new(field::all().collect(), FieldForm::default());
            let mut text = list.begin();
            let mut pass = Pass::new(Self::open(file), None, field::Needs::Analysis);
            pass.run(&mut |_| (), &mut |seen, flows| {
                let row = PacketRow::new(seen, self.layout.relative);
                text.push_str(&list.row(NAME, &row, seen.frame.precision));
                if form == PacketForm::Text {
                    let line = fields.row(seen);
                    let is_unsafe = |c: char| c.is_control() && c != '\n' && c != '\t';
                    assert!(!line.contains(is_unsafe), "{line:?}");
                    assert!(fields.json(seen).is_object());
                }
                for sighting in seen
                    .sightings
                    .into_iter()
                    .flat_map(chatpcap::flow::Sightings::iter)
                {
                    flows.record(seen.frame, sighting);
                }
                ControlFlow::Continue(())
            });
            text.push_str(&list.end());
            match form {
                PacketForm::Text => assert_safe(&text),
                PacketForm::Json => assert_json(&text, &SCHEMAS.packets),
                PacketForm::Csv => assert_csv(&text),
                PacketForm::Markdown => assert_markdown(&text),
            }
        }
    }

    fn follow(&self, file: &[u8], form: FollowForm) {
        let index = u32::from(self.bits & 1);
        let most = if self.bits & 2 == 0 { MAX_FLOWS } else { 2 };
        for number in [FlowNumber::Tcp(index), FlowNumber::Udp(index)] {
            let text = followed(Self::open(file), number, form, &self.layout, most);
            match form {
                FollowForm::Json => assert_json(&text, &SCHEMAS.follow),
                _ => assert_safe(&text),
            }
        }
    }
}

/// Scenes that show what the chat does, and whole frames of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    // The octets of choices; link, recording and format; the ISNs.
    let head = |bits: u8| [&[bits, bits, 1, 0, 7, 2][..], &[0, 0, 0, 1, 0, 0, 0, 2]].concat();
    // Said by the client or the server of a connection, with the mark, quoted for JSON.
    let says = |who: u8, line: u8, text: &[u8]| {
        let length = u8::try_from(text.len()).unwrap();
        [&[who, line, 3, length][..], text].concat()
    };
    let mut seeds = Vec::new();
    let mut all = [head(0), vec![0, 0x10, 0x20]].concat();
    for line in 0..26 {
        let scene = [
            head(line),
            vec![0, 0x10],
            says(1, line, b"alice"),
            says(3, line, b"bob"),
            says(0x13, line, b"x"),
            // A private message of one to the other, in fragments, and an error about it.
            [&[5, 1, 1, 0, 0, 1, line, 3, 2][..], b"hi"].concat(),
            vec![10, 0, 7, 3, 9],
            // A question, its answer, sent again, half a second, both ends.
            [&[8, 0, 0, 7, 1, 3][..], b"www", &[2], b"de", &[0]].concat(),
            [&[8, 1, 0, 7, 0, 3][..], b"www", &[0, 4, 10, 20, 30, 3]].concat(),
            vec![13, 11, 0, 50, 7, 0, 7, 1],
            vec![
                15, 2, 0, 0, 0, 0, 1, 10, 20, 30, 11, 0, 0, 0, 0, 0, 0, 10, 20, 30, 3,
            ],
        ]
        .concat();
        seeds.push(scene);
        all.extend(says(1 + (line & 2), line, b"carol"));
    }
    seeds.push(all);
    for file in super::capture::seeds() {
        seeds.push([&[0, 0, 0][..], &file].concat());
    }
    let frames = whole_frames::whole_frames()
        .into_iter()
        .filter(|(link, _)| *link == 1);
    for chunk in frames.map(|(_, frame)| frame).collect::<Vec<_>>().chunks(8) {
        let mut scene = head(0);
        for frame in chunk {
            scene.push(14);
            scene.push(u8::try_from(frame.len()).unwrap_or(255));
            scene.extend(&frame[..frame.len().min(255)]);
        }
        seeds.push(scene);
    }
    seeds
}
