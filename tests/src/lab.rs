//! Runs of the lab as `docker/capture.sh` leaves them, and what must be true of every one.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::frames::Link;
use crate::program::{chatpcap, program, project};
use crate::recording::Recording;
use crate::tshark;

/// The captures of one run.
pub const CAPTURES: [&str; 3] = ["chatserver.pcap", "client1.pcap", "client2.pcap"];

/// Exit statuses of the scripts: other networks have the lab's addresses; this machine cannot.
const TAKEN: i32 = 3;
const CANNOT: i32 = 4;

/// The questions, and the kind of frame that shows the answer to each.
const ANSWERS: [(&str, &str); 8] = [
    ("SYN_sequence_number", "SYN"),
    ("SYNACK_sequence_number", "SYNACK"),
    ("SYNACK_ACKnowledgement_number", "SYNACK"),
    ("number_of_fields_in_UDP_header", "UDP"),
    ("length_of_header_field", "UDP"),
    ("maximum_number_of_bytes_in_UDP_payload", "UDP"),
    ("largest_possible_source_port_number", "UDP"),
    ("protocol_number_for_UDP", "UDP"),
];

/// Selects what is not sent again.
const FIRST_TIME: &str = "!(tcp.analysis.retransmission || tcp.analysis.spurious_retransmission)";

/// What the clients speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chat {
    /// Both our own language, with accounts.
    Accounts,
    /// Both the dialect of the lab's programs.
    Open,
    /// One each.
    Python,
}

/// Runs a script of `docker/`, in containers or, where there are none, in network namespaces.
///
/// `None`, after a printed line, where this machine can make neither.
pub fn run(script: &str, arguments: &[&str]) -> Option<Output> {
    let programs = program("chat-server");
    assert_eq!(programs.parent(), program("chat-client").parent());
    let mut why = String::new();
    for with in ["containers", "namespaces"] {
        let output = Command::new(project().join("docker").join(script))
            .args(arguments)
            .args(["--with", with])
            .arg("--programs")
            .arg(programs.parent().unwrap())
            // Not the names that a user's own lab has.
            .env("LAB_PROJECT", "chatpcap-test")
            .env("LAB_IMAGE", "chatpcap-test")
            .env("LAB_DNS_IMAGE", "chatpcap-test-dns")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !matches!(output.status.code(), Some(TAKEN | CANNOT)) {
            assert!(output.status.success(), "{}\n{said}", output.status);
            println!("{script}: ran as {with}");
            return Some(output);
        }
        why = format!("{why}\n{with}: {said}");
    }
    println!("skipped: {script} cannot run here{why}");
    None
}

/// The captures of one run, and what an independent reader took from them.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    read: Value,
}

impl Run {
    /// A run that is in this folder.
    pub fn new(folder: &Path) -> Self {
        let read = fs::read(folder.join("answers.json")).unwrap();
        Self {
            folder: folder.to_owned(),
            read: serde_json::from_slice(&read).unwrap(),
        }
    }

    /// Checks all that this module can.
    pub fn check(&self, chat: Chat) {
        for captures in [
            &CAPTURES[..],
            &CAPTURES[..1],
            &CAPTURES[1..2],
            &CAPTURES[2..],
        ] {
            self.check_answers(captures);
        }
        self.check_typed_answers();
        if !self.check_traffic(chat) {
            println!("skipped: no tshark");
        }
    }

    /// What `analyze` answers from some of the captures is what tcpdump showed: the number, the file,
    /// the frame and its octets. What they do not show is not answered.
    fn check_answers(&self, captures: &[&str]) {
        let arguments = [&["analyze", "--format", "json"], captures].concat();
        let output = chatpcap(&self.folder, &arguments, &[]);
        assert_eq!(output.status.code(), Some(0), "{captures:?}");
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (key, kind) in ANSWERS {
            let seen_in: Vec<&str> = captures
                .iter()
                .copied()
                .filter(|capture| self.frame(capture, kind).is_some())
                .collect();
            let (answer, evidence) = (&found["answers"][key], &found["evidence"][key]);
            if seen_in.is_empty() {
                assert!(answer.is_null(), "{key} from {captures:?}: {answer}");
                continue;
            }
            assert_eq!(
                answer, &self.read["answers"][key],
                "{key} from {captures:?}"
            );
            let file = evidence["file"].as_str().unwrap();
            assert!(seen_in.contains(&file), "{key}: {evidence}");
            assert_eq!(
                evidence["frame"].as_u64(),
                self.frame(file, kind),
                "{key}: {evidence}"
            );
            assert_eq!(
                evidence["bytes"],
                self.octets(file, evidence),
                "{key}: {evidence}"
            );
        }
    }

    /// `verify` finds what tcpdump read right, and not what it did not.
    fn check_typed_answers(&self) {
        let arguments = [&["verify", "--answers", "answers.json"], &CAPTURES[..]].concat();
        let output = chatpcap(&self.folder, &arguments, &[]);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{printed}");
        assert!(printed.ends_with("8 of 8 answers are right\n"), "{printed}");
        let wrong = [&arguments[..], &["--answer", "SYN_sequence_number=1"]].concat();
        let output = chatpcap(&self.folder, &wrong, &[]);
        assert_eq!(output.status.code(), Some(1));
    }

    /// The captures show what the lab is about, by tshark. False: there is none.
    fn check_traffic(&self, chat: Chat) -> bool {
        CAPTURES.iter().all(|capture| {
            let expected = self.expected(capture, chat);
            let filters: Vec<String> = expected.iter().map(|(filter, _)| filter.clone()).collect();
            let Some(counts) = tshark::counts(&self.folder.join(capture), &filters) else {
                return false;
            };
            for ((filter, number), count) in expected.iter().zip(counts) {
                let fits = number.map_or(count > 0, |number| number == count);
                assert!(
                    fits,
                    "{capture}: {count} frames are {filter}, not {number:?}"
                );
            }
            self.check_frames(capture);
            true
        })
    }

    /// Display filters, and how many frames of a capture each selects; `None`: some.
    fn expected(&self, capture: &str, chat: Chat) -> Vec<(String, Option<u64>)> {
        let mut expected = Vec::new();
        let mut frames = |number: Option<u64>, filter: &str| {
            // A busy machine may have sent something again.
            expected.push((format!("{filter} && {FIRST_TIME}"), number));
        };
        frames(
            Some(0),
            "(tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment)",
        );
        let [past_server, back] = ["this does not pass the server", "neither does this"];
        frames(Some(0), r#"frame contains "the password of""#);
        if capture == "chatserver.pcap" {
            frames(Some(4), "tcp.port == 5000 && tcp.flags.syn == 1");
            // What is said in the room comes and goes. What goes past the server is not seen there.
            frames(Some(2), r#"tcp.payload contains "is anybody here?""#);
            frames(Some(2), r#"tcp.payload contains "yes: me""#);
            frames(Some(0), "udp.port == 5000");
            frames(Some(0), &format!("frame contains \"{past_server}\""));
            frames(Some(0), &format!("frame contains \"{back}\""));
            return expected;
        }
        frames(Some(2), "tcp.port == 5000 && tcp.flags.syn == 1");
        frames(
            None,
            r#"dns.flags.response == 0 && dns.qry.name contains "ttm4200.com" && ip.dst == 10.20.30.2"#,
        );
        frames(Some(0), "dns && ip.addr != 10.20.30.2");
        let ip = self.ip();
        let [client1, client2] = ["client1", "client2"].map(|role| self.address(role));
        for (from, to, text) in [(client1, client2, past_server), (client2, client1, back)] {
            frames(
                None,
                &format!(
                    "udp.port == 5000 && {ip}.src == {from} && {ip}.dst == {to} && udp.payload contains \"{text}\""
                ),
            );
        }
        let scram = u64::from(chat == Chat::Accounts);
        frames(
            Some(scram),
            r#"tcp.payload contains "\"type\":\"challenge\"" && tcp.payload contains "i=600000""#,
        );
        frames(
            Some(scram),
            r#"tcp.payload contains "\"type\":\"proof\"" && tcp.payload contains "c=biws""#,
        );
        // In the lab's dialect the name is all that the first segment holds.
        let (name, lab) = match capture {
            "client1.pcap" => ("61:6c:69:63:65", chat == Chat::Open),
            _ => ("62:6f:62", chat != Chat::Accounts),
        };
        let first = format!("tcp.dstport == 5000 && tcp.payload == {name}");
        frames(Some(u64::from(lab)), &first);
        frames(
            if lab { None } else { Some(0) },
            r#"tcp.payload contains "!{""#,
        );
        expected
    }

    /// tshark finds the same frames with the same numbers as tcpdump.
    fn check_frames(&self, capture: &str) {
        let ip = self.ip();
        let source = format!("{ip}.src");
        let protocol = if ip == "ip" { "ip.proto" } else { "ipv6.nxt" };
        let rows = |filter: &str, columns: &[&str]| {
            tshark::rows(&self.folder.join(capture), filter, columns).unwrap()
        };
        let (client1, server) = (self.address("client1"), self.address("server"));
        let handshake = rows(
            &format!(
                "tcp.flags.syn == 1 && {FIRST_TIME} && {ip}.addr == {client1} && {ip}.addr == {server} && tcp.port == 5000"
            ),
            &["frame.number", &source, "tcp.seq_raw", "tcp.ack_raw"],
        );
        let answer = |key: &str| &self.read["answers"][key];
        let expected: Vec<String> =
            match (self.frame(capture, "SYN"), self.frame(capture, "SYNACK")) {
                (Some(syn), Some(syn_ack)) => {
                    let isn = answer("SYN_sequence_number");
                    let [seq, ack] =
                        ["SYNACK_sequence_number", "SYNACK_ACKnowledgement_number"].map(answer);
                    vec![
                        format!("{syn}\t{client1}\t{isn}\t0"),
                        format!("{syn_ack}\t{server}\t{seq}\t{ack}"),
                    ]
                }
                _ => Vec::new(),
            };
        assert_eq!(handshake, expected, "{capture}");
        let datagram = rows(
            "udp.srcport == 5000 && udp.dstport == 5000",
            &["frame.number", protocol],
        );
        let first = self
            .frame(capture, "UDP")
            .map(|frame| format!("{frame}\t17"));
        assert_eq!(datagram.first(), first.as_ref(), "{capture}");
    }

    /// How tshark's fields of the addresses begin.
    fn ip(&self) -> &'static str {
        if self.address("server").contains(':') {
            "ipv6"
        } else {
            "ip"
        }
    }

    fn address(&self, role: &str) -> &str {
        self.read[role].as_str().unwrap()
    }

    /// The frame of a kind in which tcpdump found the answer.
    fn frame(&self, capture: &str, kind: &str) -> Option<u64> {
        self.read["frames"][capture][kind].as_u64()
    }

    /// The octets of the file that the evidence points at.
    fn octets(&self, file: &str, evidence: &Value) -> String {
        let number = |field: &str| evidence[field].as_u64().unwrap();
        // The octets are the same whatever the link.
        let recording =
            Recording::from_pcap(&fs::read(self.folder.join(file)).unwrap(), Link::Ethernet);
        let [offset, length] =
            ["offset", "length"].map(|field| usize::try_from(number(field)).unwrap());
        let mut shown = String::new();
        for octet in &recording.octets(number("frame"))[offset..offset + length] {
            write!(shown, "{octet:02x}").unwrap();
        }
        shown
    }
}
