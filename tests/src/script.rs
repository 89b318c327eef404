//! Words of flow graphs, as drawings get them.

use chatpcap::report::{
    ArrowText, CaptureText, Entry, FlowText, MarkText, NodeText, Note, Script, Severity, Style,
};

/// Texts that mean something in one of the forms, or are hard to set.
pub const HOSTILE: [&str; 27] = [
    "<script>alert(1)</script>",
    "]]> --> <!-- & &amp; &#x41; \"' />",
    "line one\nline two\r\n@enduml\n!include /etc/passwd",
    "@enduml",
    "!include /etc/passwd",
    "!pragma x %date() %newline() %n $x ' /' '/ /'x'/",
    "end",
    "end note",
    "; # #59; #35; : :: , -x ->> %% %%{init: {}}%% $$x^2$$",
    "wrap: x nowrap: y",
    "loop alt opt par and else participant",
    "**b** //i// __u__ --s-- ~~w~~ \"\"m\"\" ~ ~~ ~*",
    "== a == ... ||45|| [[http://x y]] <b>b</b> <img:x> <&key> <$x> <color:red>r</color> <U+0041>",
    "\\n \\t \\\\ \\l \\r",
    "| a | b | `code` ``` ```` ~~~ [x](y) ![x](y) <br> *i* _u_ # h",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{5e2}\u{5d5}\u{5dc}\u{5dd} (RTL)",
    "\u{202e}turned\u{202c} \u{200f}",
    "\u{1f600} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f1f3}\u{1f1f4} e\u{301}",
    "日本語のとても長い文章は空白がないので語の間で折り返すことができない日本語のとても長い文章",
    "averyveryveryveryveryveryveryveryveryveryveryverylongwordthatnolinehasroomforandthatgoesonandonandon",
    "\u{0}\u{1b}[31mred\u{7f}\u{85}\u{fffe}\u{ffff}\u{feff}",
    "- item\n+ item\n1. item\n> quote",
    "{{ x }} {% x %} ${x} %s",
    "ﬂ° ¶ß ﬂ°°59¶ß",
    "activate n0 deactivate n0 as n0 over n0: x",
    "   blanks   within   ",
    "",
];

/// An arrow without anything to mind.
pub fn arrow(from: usize, to: usize, label: &str, detail: &str) -> ArrowText {
    ArrowText {
        style: Style::Tcp,
        from,
        to,
        frames: vec![Some("1".to_owned())],
        time: "0.000000".to_owned(),
        label: label.to_owned(),
        flow: None,
        detail: detail.to_owned(),
        said: Vec::new(),
        marks: Vec::new(),
        is_lost: false,
        is_fold: false,
        delay: None,
    }
}

/// A host.
pub fn node(names: &[&str], address: &str) -> NodeText {
    NodeText {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        address: address.to_owned(),
    }
}

/// A run of the lab in three captures, with one of everything that a graph may show.
pub fn lab() -> Script {
    let mark = |severity, text: &str| MarkText {
        text: text.to_owned(),
        severity,
    };
    let (plain, warning, error) = (Severity::Plain, Severity::Warning, Severity::Error);
    let mut rows = Rows::default();
    rows.add([1, 0, 0], Style::Arp, 0, 0, "ARP", "is 10.20.30.11 free?");
    let only = mark(plain, "only seen by client1.pcap");
    rows.last().marks.push(only.clone());
    rows.add([2, 0, 0], Style::Dns, 0, 1, "DNS query", "id 0x2b1c len 34");
    rows.last().said = vec!["A www.ttm4200.com?".to_owned()];
    rows.add(
        [3, 0, 0],
        Style::Dns,
        1,
        0,
        "DNS answer",
        "id 0x2b1c len 50",
    );
    rows.last().said = vec!["www.ttm4200.com is 10.20.30.3".to_owned()];
    rows.add(
        [4, 0, 1],
        Style::Tcp,
        0,
        2,
        "SYN",
        "seq 1488523286 win 64240",
    );
    rows.last().delay = Some("0.000021 s".to_owned());
    rows.add(
        [5, 0, 2],
        Style::Tcp,
        2,
        0,
        "RST, ACK",
        "seq 0 ack 1488523287",
    );
    rows.last().marks = vec![mark(error, "refused")];
    rows.add(
        [6, 0, 0],
        Style::Tcp,
        0,
        2,
        "SYN",
        "seq 3751373193 win 64240",
    );
    rows.last().is_lost = true;
    rows.last().marks = vec![mark(error, "lost: chatserver.pcap lacks it")];
    rows.add(
        [7, 0, 3],
        Style::Tcp,
        0,
        2,
        "SYN",
        "seq 3751373193 win 64240",
    );
    rows.last().marks = vec![mark(warning, "retransmission of 6")];
    rows.add(
        [8, 0, 4],
        Style::Tcp,
        2,
        0,
        "SYN, ACK",
        "seq 1392820744 ack 3751373194",
    );
    rows.add(
        [9, 0, 5],
        Style::Tcp,
        0,
        2,
        "ACK",
        "seq 3751373194 ack 1392820745",
    );
    rows.add(
        [10, 0, 6],
        Style::Tcp,
        0,
        2,
        "PSH, ACK",
        "seq 3751373194 ack 1392820745 len 58",
    );
    rows.last().said = vec!["hello, version 1".to_owned(), "log in as alice".to_owned()];
    rows.entries.push(Entry::Note(Note {
        frames: vec![Some("11".to_owned()), None, None],
        time: "1.250000".to_owned(),
        text: "LLDP, 60 octets: no sender and receiver to draw".to_owned(),
    }));
    rows.add(
        [12, 0, 7],
        Style::Tcp,
        2,
        0,
        "18 segments",
        "26,064 octets, seq 1392820745 to 1392846809",
    );
    rows.last().frames = vec![Some("12-29".to_owned()), None, Some("7-24".to_owned())];
    rows.last().is_fold = true;
    rows.entries
        .push(Entry::Gap("3,600 s without packets".to_owned()));
    rows.add([30, 9, 0], Style::Udp, 0, 3, "UDP", "5000 > 5000 len 214");
    rows.last().said = vec![
        "private to bob: have you seen what the teacher wrote about the sequence diagram? It has to \
         show every packet, and the captures of all three hosts"
            .to_owned(),
    ];
    rows.add([31, 10, 0], Style::Udp, 3, 0, "UDP", "5000 > 5000 len 96");
    rows.last().said = vec!["acknowledged".to_owned()];
    rows.last().marks = vec![mark(plain, "captured twice")];
    rows.add([32, 11, 0], Style::Icmp, 3, 0, "ICMP", "port unreachable");
    rows.last().marks = vec![mark(error, "refused 31"), only];
    rows.add(
        [33, 0, 25],
        Style::Tcp,
        0,
        2,
        "FIN, ACK",
        "seq 3751373252 ack 1392846809",
    );
    rows.add([0, 12, 0], Style::Arp, 3, 3, "ARP", "announces 10.20.30.12");
    Script {
        captures: [
            ("a", "client1.pcap", None),
            ("b", "client2.pcap", Some("clock +0.000103 s against a")),
            ("c", "chatserver.pcap", Some("clock -0.000012 s against a")),
        ]
        .map(|(letter, name, clock)| CaptureText {
            letter: letter.to_owned(),
            name: name.to_owned(),
            clock: clock.map(str::to_owned),
        })
        .to_vec(),
        nodes: vec![
            node(&["client1", "alice"], "10.20.30.11"),
            node(&["dnsserver"], "10.20.30.2"),
            node(&["server", "www.ttm4200.com"], "10.20.30.3"),
            node(&["client2", "bob"], "10.20.30.12"),
        ],
        flows: ["tcp 0", "tcp 1", "udp 1"]
            .iter()
            .zip([
                "10.20.30.11:56024 to 10.20.30.3:5000",
                "10.20.30.11:56026 to 10.20.30.3:5000",
                "10.20.30.11:5000 to 10.20.30.12:5000",
            ])
            .map(|(tag, ends)| FlowText {
                tag: (*tag).to_owned(),
                ends: ends.to_owned(),
            })
            .collect(),
        clock: "seconds",
        entries: rows.entries,
        remarks: vec![
            "3 runs are folded: `--full` draws their 40 packets".to_owned(),
            "hidden: 12 packets of 2 hosts".to_owned(),
        ],
    }
}

/// Every hostile text in every place, between three hosts.
pub fn hostile() -> Script {
    let text = |index: usize| HOSTILE.iter().cycle().nth(index).unwrap().to_string();
    let mut script = Script {
        clock: "delta",
        ..Script::default()
    };
    for index in 0..3 {
        script.nodes.push(NodeText {
            names: vec![text(index * 2), text(index * 2 + 1)],
            address: format!("10.0.0.{index}"),
        });
    }
    script.captures.push(CaptureText {
        letter: "a".to_owned(),
        name: HOSTILE.join(" "),
        clock: Some(text(2)),
    });
    script.captures.push(CaptureText {
        letter: "b".to_owned(),
        name: "\u{1f600}".to_owned(),
        clock: None,
    });
    for (index, hostile) in HOSTILE.iter().enumerate() {
        script.flows.push(FlowText {
            tag: text(index),
            ends: text(index + 1),
        });
        let mut row = arrow(index % 3, index / 3 % 3, hostile, &text(index + 3));
        row.frames = vec![Some(text(index + 4).chars().take(12).collect()), None];
        // Times and frame numbers are ours; these are short.
        row.time = text(index + 5).chars().take(12).collect();
        row.flow = Some(text(index));
        row.said = vec![text(index + 6), text(index + 7)];
        row.marks = vec![MarkText {
            text: text(index + 8),
            severity: Severity::Warning,
        }];
        row.delay = Some(text(index + 9));
        script.entries.push(Entry::Arrow(row));
        script.entries.push(Entry::Gap((*hostile).to_owned()));
        script.entries.push(Entry::Note(Note {
            frames: vec![None, Some(text(index))],
            time: text(index + 1).chars().take(12).collect(),
            text: (*hostile).to_owned(),
        }));
        script.remarks.push((*hostile).to_owned());
    }
    script
}

/// So many hosts, each of which writes to the next, the last to the first.
pub fn ring(hosts: usize, address: impl Fn(usize) -> String) -> Script {
    let rows = (0..hosts).map(|from| {
        let mut row = arrow(
            from,
            (from + 1) % hosts,
            "PSH, ACK",
            "seq 3751373193 ack 1 len 58",
        );
        row.frames = vec![Some((from + 1).to_string())];
        Entry::Arrow(row)
    });
    Script {
        captures: vec![CaptureText {
            letter: "a".to_owned(),
            name: "ring.pcap".to_owned(),
            clock: None,
        }],
        nodes: (0..hosts).map(|host| node(&[], &address(host))).collect(),
        clock: "seconds",
        entries: rows.collect(),
        ..Script::default()
    }
}

/// Without blanks and without what arrows and lines are drawn with.
pub fn bare(text: &str) -> String {
    let drawn = |c: char| c.is_whitespace() || matches!(c, '\u{2500}'..='\u{257f}' | '◀' | '▶');
    text.chars().filter(|&c| !drawn(c)).collect()
}

/// Every text of a script.
pub fn texts(script: &Script) -> Vec<String> {
    let mut texts = script.remarks.clone();
    let nodes = script.nodes.iter();
    texts.extend(nodes.flat_map(|node| node.names.iter().cloned().chain([node.address.clone()])));
    for flow in &script.flows {
        texts.extend([flow.tag.clone(), flow.ends.clone()]);
    }
    for capture in script.captures.iter().filter(|_| script.captures.len() > 1) {
        texts.push(capture.name.clone());
        texts.extend(capture.clock.clone());
    }
    for entry in &script.entries {
        match entry {
            Entry::Gap(text) => texts.push(text.clone()),
            Entry::Note(note) => {
                texts.extend([note.text.clone(), note.time.clone()]);
                texts.extend(note.frames.iter().flatten().cloned());
            }
            Entry::Arrow(arrow) => {
                texts.extend([&arrow.label, &arrow.detail, &arrow.time].map(Clone::clone));
                texts.extend(arrow.frames.iter().flatten().cloned());
                texts.extend(arrow.said.iter().cloned());
                texts.extend(arrow.marks.iter().map(|mark| mark.text.clone()));
                texts.extend(arrow.flow.iter().chain(&arrow.delay).cloned());
            }
        }
    }
    texts
}

/// The lab's run as if thirty hosts had captured it.
pub fn many_captures() -> Script {
    let mut script = lab();
    script.captures = script.captures.iter().cycle().take(30).cloned().collect();
    for entry in &mut script.entries {
        let frames = match entry {
            Entry::Arrow(arrow) => &mut arrow.frames,
            Entry::Note(note) => &mut note.frames,
            Entry::Gap(_) => continue,
        };
        *frames = frames.iter().cycle().take(30).cloned().collect();
    }
    script
}

#[derive(Default)]
struct Rows {
    entries: Vec<Entry>,
}

impl Rows {
    /// Adds an arrow with its number in each capture, 0 for none.
    fn add(
        &mut self,
        frames: [u32; 3],
        style: Style,
        from: usize,
        to: usize,
        label: &str,
        detail: &str,
    ) {
        let mut row = arrow(from, to, label, detail);
        row.style = style;
        row.frames = frames
            .map(|frame| (frame > 0).then(|| frame.to_string()))
            .to_vec();
        row.time = format!("0.{:06}", self.entries.len() * 12_345);
        let clients = [from.min(to), from.max(to)];
        row.flow = match (style, clients) {
            (Style::Tcp, _) => Some(if frames[0] < 6 { "tcp 0" } else { "tcp 1" }),
            (Style::Udp, _) => Some("udp 1"),
            _ => None,
        }
        .map(str::to_owned);
        self.entries.push(Entry::Arrow(row));
    }

    fn last(&mut self) -> &mut ArrowText {
        match self.entries.last_mut() {
            Some(Entry::Arrow(arrow)) => arrow,
            _ => panic!("no arrow yet"),
        }
    }
}
