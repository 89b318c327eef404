//! The view in a terminal: what it shows on screens of several sizes, and what keys do to it.

use std::io::Cursor;
use std::ops::ControlFlow;

use chatpcap::capture::Capture;
use chatpcap::tui::{Key, Look, View, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tests::frames::{Link, datagram};
use tests::golden::compare;
use tests::program::{chatpcap, project};
use tests::recording::Recording;

const ASCII: Look = Look {
    ascii: true,
    coloured: false,
    relative: false,
};

/// A view with its captures and a screen; what it wishes is read at once.
struct Session {
    view: View,
    files: Vec<Vec<u8>>,
    terminal: Terminal<TestBackend>,
}

impl Session {
    fn new(files: Vec<Vec<u8>>, filter: &str, look: Look, (columns, lines): (u16, u16)) -> Self {
        let names: Vec<(String, u64)> = (1..)
            .zip(&files)
            .map(|(number, file)| (format!("client{number}.pcap"), file.len() as u64))
            .collect();
        let mut session = Self {
            view: View::new(&names, filter, look),
            files,
            terminal: Terminal::new(TestBackend::new(columns, lines)).unwrap(),
        };
        session.view.resize(columns, lines);
        session.read();
        session
    }

    /// The lab's two clients.
    fn of_the_lab(size: (u16, u16)) -> Self {
        let files = ["client1.pcap", "client2.pcap"].map(lab);
        Self::new(files.to_vec(), "", Look::default(), size)
    }

    fn read(&mut self) {
        while let Some(wish) = self.view.wish() {
            let capture = Capture::from_reader(Cursor::new(self.files[wish.file].clone())).unwrap();
            let found = wish.fulfil(capture, &mut |_| ControlFlow::Continue(()));
            self.view.take(wish.number, found.unwrap());
        }
    }

    fn keys(&mut self, keys: &[Key]) {
        for key in keys {
            assert!(self.view.key(*key).is_continue());
            self.read();
        }
    }

    /// Types text, as far as keys have characters.
    fn types(&mut self, text: &str) {
        let keys: Vec<Key> = text.chars().map(Key::Char).collect();
        self.keys(&keys);
    }

    fn screen(&mut self) -> String {
        let view = &self.view;
        self.terminal.draw(|frame| draw(view, frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        let lines = buffer.content().chunks(buffer.area.width.into());
        let lines = lines.map(|cells| {
            let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
            line.trim_end().to_owned() + "\n"
        });
        lines.collect()
    }

    /// Whether the screen has a line with all of these words.
    fn shows(&mut self, words: &[&str]) -> bool {
        let screen = self.screen();
        let mut lines = screen.lines();
        lines.any(|line| words.iter().all(|word| line.contains(word)))
    }

    fn check(&mut self, words: &[&str]) {
        assert!(self.shows(words), "{words:?} not in\n{}", self.screen());
    }
}

fn lab(name: &str) -> Vec<u8> {
    std::fs::read(project().join("captures/python-lab").join(name)).unwrap()
}

#[test]
fn screens() {
    for (columns, lines) in [(60, 20), (80, 24), (120, 40)] {
        let mut session = Session::of_the_lab((columns, lines));
        session.keys(&[Key::Down, Key::Tab, Key::Tab]);
        session.keys(&[Key::Down; 3]);
        let screen = session.screen();
        compare(&format!("tui-{columns}x{lines}.txt"), screen.as_bytes());
    }
}

#[test]
fn screens_in_ascii() {
    let mut session = Session::new(vec![lab("client1.pcap")], "", ASCII, (80, 24));
    session.keys(&[Key::Down, Key::Tab]);
    let screen = session.screen();
    assert!(screen.is_ascii());
    compare("tui-80x24-ascii.txt", screen.as_bytes());
}

#[test]
fn help_and_a_list() {
    let mut session = Session::of_the_lab((80, 24));
    session.keys(&[Key::Char('?')]);
    let screen = session.screen();
    compare("tui-help.txt", screen.as_bytes());
    session.keys(&[Key::Escape, Key::Char('v'), Key::Down]);
    session.check(&["Packets of tcp 0: 1 of 18"]);
    session.check(&[
        "12",
        "TCP",
        "10.20.30.11 > 10.20.30.3",
        "50748 → 5000 [SYN]",
    ]);
}

/// The octets that the title names and brackets hold are those of the field (tshark agrees on the
/// sequence number's place: a TCP header at 34).
#[test]
fn octets_of_a_field_are_marked() {
    let mut session = Session::of_the_lab((120, 40));
    session.keys(&[Key::Down, Key::Tab, Key::Tab]);
    session.check(&["Frame 12: tcp is octets 34 to 73"]);
    session.keys(&[Key::Down]);
    session.check(&["Frame 12: tcp.srcport is octets 34 to 35"]);
    session.check(&["tcp.srcport: 50748"]);
    session.check(&["[c6 3c]13 88"]);
    // The next packet of the flow, at the same field.
    session.keys(&[Key::BackTab, Key::Down]);
    session.check(&["Frame 13: tcp.srcport is octets 34 to 35"]);
    session.check(&["[13 88]c6 3c"]);
    session.keys(&[Key::Tab, Key::Char('p'), Key::Char('p')]);
    session.check(&["Frame 13: ip is octets 14 to 33"]);
    // The sequence number is read by a function, and stands in the header all the same.
    session.keys(&[Key::Char('n')]);
    session.keys(&[Key::Down; 8]);
    session.check(&["Frame 13: tcp.seq_raw is octets 38 to 41"]);
    session.check(&["[41 26 92 52]"]);
    // What the chat says is what the datagram carries.
    session.keys(&[Key::Tab, Key::Down, Key::Down, Key::Tab, Key::Tab, Key::End]);
    session.check(&["Frame 32: chat", "is octets 42 to 65"]);
}

#[test]
fn enter_on_a_flow_limits_to_it() {
    let mut session = Session::of_the_lab((120, 40));
    session.keys(&[Key::Down, Key::Enter]);
    session.check(&["filter: tcp.stream == 0"]);
    session.check(&["18 of 41 frames"]);
    session.check(&["Flows: 1"]);
    session.check(&["▶ tcp 0"]);
    // A second time changes nothing; `c` takes the filter away.
    session.keys(&[Key::Enter]);
    session.check(&["filter: tcp.stream == 0"]);
    session.keys(&[Key::Char('c')]);
    session.check(&["filter: none"]);
    session.check(&["Flows: 3"]);
}

#[test]
fn enter_on_a_field_begins_a_filter() {
    let mut session = Session::of_the_lab((120, 40));
    session.keys(&[Key::Down, Key::Tab, Key::Enter, Key::Down, Key::Enter]);
    session.check(&["filter: tcp.srcport == 50748"]);
    session.check(&["Enter apply"]);
    session.keys(&[Key::Enter]);
    session.check(&["10 of 41 frames"]);
}

#[test]
fn names_are_completed() {
    let mut session = Session::of_the_lab((80, 24));
    session.types("/tcp.dst");
    session.keys(&[Key::Tab]);
    session.check(&["filter: tcp.dstport"]);
    session.types(" == 5000 && ip.sr");
    session.keys(&[Key::Tab]);
    session.check(&["filter: tcp.dstport == 5000 && ip.src"]);
    // Several names: one after the other, and back.
    session.keys(&[Key::DeleteLine]);
    session.types("tcp.flags.");
    session.check(&["tcp.flags.ack"]);
    session.keys(&[Key::Tab]);
    let first = session.screen();
    session.keys(&[Key::Tab]);
    assert_ne!(session.screen(), first);
    session.keys(&[Key::BackTab]);
    assert_eq!(session.screen(), first);
    // Left, nothing has changed.
    session.keys(&[Key::Escape]);
    session.check(&["filter: none"]);
}

#[test]
fn a_wrong_filter_is_shown_and_the_old_one_stays() {
    let mut session = Session::of_the_lab((80, 24));
    session.types("/tcp.port == 5000");
    session.keys(&[Key::Enter]);
    session.check(&["18 of 41 frames"]);
    session.types("/ && tcp.flag");
    session.keys(&[Key::Enter]);
    let screen = session.screen();
    compare("tui-wrong-filter.txt", screen.as_bytes());
    session.check(&["18 of 41 frames"]);
    session.keys(&[Key::Escape]);
    session.check(&["filter: tcp.port == 5000"]);
    session.check(&["18 of 41 frames"]);
}

#[test]
fn another_capture() {
    let mut session = Session::of_the_lab((80, 24));
    session.check(&["client1.pcap", "[1 of 2]", "41 frames"]);
    session.keys(&[Key::Char(']')]);
    session.check(&["client2.pcap", "[2 of 2]"]);
    session.keys(&[Key::Char(']'), Key::Char('['), Key::Char('[')]);
    session.check(&["client1.pcap", "[1 of 2]"]);
}

#[test]
fn any_size_is_drawn() {
    let mut session = Session::of_the_lab((80, 24));
    session.keys(&[Key::Down]);
    for focus in 0..6 {
        for (columns, lines) in [
            (1, 1),
            (59, 20),
            (60, 19),
            (60, 20),
            (61, 21),
            (100, 20),
            (60, 200),
            (300, 20),
            (250, 90),
        ] {
            session.terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
            session.view.resize(columns, lines);
            let is_large = columns >= 60 && lines >= 20;
            assert_eq!(session.shows(&["? keys"]), is_large, "{columns}x{lines}");
        }
        session.keys(&[Key::Tab]);
        if focus == 2 {
            session.keys(&[Key::Char('z')]);
        }
    }
    session.terminal = Terminal::new(TestBackend::new(50, 10)).unwrap();
    session.check(&["needs 60 columns and 20 lines"]);
}

/// Text that would move the cursor, turn the writing direction or ring the bell.
#[test]
fn what_others_wrote_stays_in_its_cells() {
    let [alice, bob] = ["10.20.30.11:5000", "10.20.30.12:5000"].map(|end| end.parse().unwrap());
    let large = vec![0xff; 60_000];
    let payloads: [&[u8]; 4] = [
        b"\x1b[2J\x1b]0;owned\x07\r\n\x9b31m",
        "\u{202e}olleh\u{2066}\u{200f}\u{0085}".as_bytes(),
        "e\u{0301}\u{200d}漢字漢字\u{fe0f}".as_bytes(),
        &large,
    ];
    let mut recording = Recording::new(Link::Ethernet);
    for (number, payload) in (1..).zip(payloads) {
        recording.add(&datagram(alice, bob, number, payload));
    }
    for ascii in [false, true] {
        let look = Look {
            ascii,
            ..Look::default()
        };
        let mut session = Session::new(vec![recording.pcap()], "", look, (120, 40));
        for _ in 0..payloads.len() {
            walk(&mut session);
            session.keys(&[Key::BackTab, Key::BackTab, Key::Down, Key::Tab]);
        }
    }
}

/// Every capture of the project and of the corpus, cut ones too, in all panes.
#[test]
fn any_capture_is_drawn() {
    /// Larger ones take long in a debug build.
    const LARGEST: u64 = 30_000;
    let mut paths = tests::files(&project().join("captures"));
    match tests::shared() {
        Some(shared) => paths.extend(tests::files(&shared.join("corpus"))),
        None => println!("skipped: there is no ../shared/corpus"),
    }
    let mut drawn = 0;
    for path in paths {
        if std::fs::metadata(&path).unwrap().len() > LARGEST {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        let cut = file[..file.len() * 2 / 3].to_vec();
        for file in [file, cut] {
            if Capture::from_reader(Cursor::new(file.clone())).is_err() {
                continue;
            }
            let mut session = Session::new(vec![file], "", Look::default(), (80, 24));
            walk(&mut session);
            session.keys(&[Key::Tab, Key::Down]);
            walk(&mut session);
            session.keys(&[Key::Tab, Key::End]);
            walk(&mut session);
            drawn += 1;
        }
    }
    assert!(drawn >= 18, "only {drawn} drawn");
}

/// Goes through all panes, and checks what each screen holds.
fn walk(session: &mut Session) {
    for _ in 0..3 {
        for key in [Key::Home, Key::PageDown, Key::Tab] {
            session.keys(&[key]);
            let screen = session.screen();
            let is_plain =
                |c: char| c == '\n' || !(c.is_control() || "\u{202e}\u{2066}\u{200f}".contains(c));
            assert!(screen.chars().all(is_plain), "{screen:?}");
            assert!(screen.contains("? keys"), "{screen}");
            assert!(!screen.contains("reading"), "{screen}");
        }
    }
}

#[test]
fn what_has_no_terminal_or_cannot_be_read_again() {
    let folder = project().join("captures/python-lab");
    for (arguments, expected) in [
        (
            &["tui", "client1.pcap"][..],
            "chatpcap: standard output is no terminal\nhint: `chatpcap conversations` and `chatpcap \
             packets` print\n",
        ),
        (
            &["tui", "-"],
            "chatpcap: standard input cannot be read more than once\nhint: write it to a file first, \
             and name that\n",
        ),
        (
            &["tui", "-Y", "tcp.flag", "client1.pcap"],
            "chatpcap: filter, column 1: no field tcp.flag\n  tcp.flag\n  \
             ^~~~~~~~\nhint: did you mean tcp.flags?\n",
        ),
        (
            &["tui", "answers.json"],
            "chatpcap: answers.json: not a packet capture: first octets are 7b 0a 20 20 (\"{\\n  \
             \")\nhint: captures are what `tcpdump -w FILE` writes\n",
        ),
    ] {
        let output = chatpcap(&folder, arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            expected,
            "{arguments:?}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
