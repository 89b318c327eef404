//! What chatpcap finds in recordings, compared with what was recorded.

use std::io::Cursor;

use chatpcap::ask::{Analysis, Answer, Evidence, Given, Question};
use chatpcap::capture::Capture;
use chatpcap::trace::Trace;

use crate::recording::Recording;
use crate::scenario::Handshake;

/// The UDP questions with their answers and how many octets show each.
pub const UDP_ANSWERS: [(Question, u64, usize); 5] = [
    (Question::UdpFields, 4, 8),
    (Question::UdpFieldLength, 2, 2),
    (Question::UdpPayload, 65_527, 2),
    (Question::LargestPort, 65_535, 2),
    (Question::UdpProtocol, 17, 1),
];

/// The TCP questions.
pub const TCP_QUESTIONS: [Question; 3] = [
    Question::Syn,
    Question::SynAck,
    Question::SynAckAcknowledgment,
];

/// An analysis, and the recordings that it was made from.
#[derive(Debug)]
pub struct Found<'a> {
    /// What chatpcap says.
    pub analysis: Analysis,
    recordings: Vec<&'a Recording>,
}

impl<'a> Found<'a> {
    /// What is found in one recording without a word on the roles.
    pub fn of(recording: &'a Recording) -> Self {
        Self::given(&Given::default(), &[("capture.pcap", recording)])
    }

    /// What is found in several recordings.
    pub fn given(given: &Given, recordings: &[(&str, &'a Recording)]) -> Self {
        let traces = recordings
            .iter()
            .map(|(name, recording)| read(name, recording.pcap(), given))
            .collect();
        Self {
            analysis: Analysis::new(traces, given),
            recordings: recordings.iter().map(|(_, recording)| *recording).collect(),
        }
    }

    /// What is found in a file that was written from a recording in some format.
    pub fn in_file(file: Vec<u8>, recording: &'a Recording) -> Self {
        let given = Given::default();
        Self {
            analysis: Analysis::new(vec![read("capture", file, &given)], &given),
            recordings: vec![recording],
        }
    }

    /// The answer to a question, or why there is none.
    pub fn answer(&self, question: Question) -> &Result<Evidence, String> {
        let is_it = |answer: &&Answer| answer.question == question;
        &self.analysis.answers.iter().find(is_it).unwrap().result
    }

    /// The three TCP answers come from this handshake of this recording, and each is shown by the
    /// octets of the built frame that hold it.
    #[track_caller]
    pub fn expect_tcp(&self, recording: usize, handshake: Handshake, syn: u32, syn_ack: u32) {
        self.expect_number(Question::Syn, recording, handshake.syn, syn);
        self.expect_syn_ack(recording, handshake.syn_ack, syn_ack, syn.wrapping_add(1));
    }

    /// The two answers that a SYN-ACK gives.
    #[track_caller]
    pub fn expect_syn_ack(&self, recording: usize, frame: u64, seq: u32, ack: u32) {
        self.expect_number(Question::SynAck, recording, frame, seq);
        self.expect_number(Question::SynAckAcknowledgment, recording, frame, ack);
    }

    /// The answer is this number, and it is shown where the frame holds it.
    #[track_caller]
    pub fn expect_number(&self, question: Question, recording: usize, frame: u64, value: u32) {
        let evidence = self.evidence(question, recording, frame);
        assert_eq!(evidence.value, u64::from(value), "{question:?} {self}");
        assert_eq!(evidence.bytes, value.to_be_bytes(), "{question:?} {self}");
        let places = positions(self.recordings[recording].octets(frame), &evidence.bytes);
        assert_eq!(
            places,
            [evidence.offset().expect("a place in the frame")],
            "{question:?}: {:02x?} in frame {frame} {self}",
            evidence.bytes
        );
    }

    /// The UDP answers are shown on this frame, whose datagram goes from port 5000 to port 5000.
    #[track_caller]
    pub fn expect_udp(&self, recording: usize, frame: u64) {
        let octets = self.recordings[recording].octets(frame);
        let header = positions(octets, &[0x13, 0x88, 0x13, 0x88])[0];
        for (question, value, length) in UDP_ANSWERS {
            let evidence = self.evidence(question, recording, frame);
            let offset = evidence.offset().expect("a place in the frame");
            assert_eq!(evidence.value, value, "{question:?} {self}");
            assert_eq!(evidence.length, length, "{question:?} {self}");
            assert_eq!(
                evidence.bytes,
                octets[offset..offset + length],
                "{question:?} {self}"
            );
            match question {
                // IPv4's protocol stands 11 octets before what follows the header, IPv6's 34.
                Question::UdpProtocol => {
                    assert_eq!(evidence.bytes, [17], "{self}");
                    assert!(
                        [11, 34].contains(&(header - offset)),
                        "octet {offset} {self}"
                    );
                }
                Question::UdpPayload => assert_eq!(offset, header + 4, "{self}"),
                _ => assert_eq!(offset, header, "{question:?} {self}"),
            }
        }
    }

    /// The question is not answered, and the reason says so in these words.
    #[track_caller]
    pub fn expect_reason(&self, question: Question, words: &[&str]) {
        let reason = match self.answer(question) {
            Ok(evidence) => panic!("{question:?} is answered: {evidence:?} {self}"),
            Err(reason) => reason,
        };
        for word in words {
            assert!(reason.contains(word), "no {word:?} in {reason:?}");
        }
    }

    /// One of the notes has all these words.
    #[track_caller]
    pub fn expect_note(&self, words: &[&str]) {
        let fits = |note: &&String| words.iter().all(|word| note.contains(word));
        assert!(
            self.analysis.notes.iter().any(|note| fits(&note)),
            "no {words:?} {self}"
        );
    }

    /// There is nothing to note.
    #[track_caller]
    pub fn expect_no_notes(&self) {
        assert!(self.analysis.notes.is_empty(), "{self}");
    }

    #[track_caller]
    fn evidence(&self, question: Question, recording: usize, frame: u64) -> &Evidence {
        let evidence = match self.answer(question) {
            Ok(evidence) => evidence,
            Err(reason) => panic!("{question:?} is not answered: {reason} {self}"),
        };
        assert_eq!(
            (evidence.trace, evidence.frame),
            (recording, frame),
            "{question:?} {self}"
        );
        assert_eq!(evidence.filter(), format!("frame.number == {frame}"));
        assert!(!evidence.why.is_empty());
        evidence
    }
}

impl std::fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "\nanswers:")?;
        for Answer { question, result } in &self.analysis.answers {
            match result {
                Ok(evidence) => writeln!(
                    f,
                    "  {}: {} in frame {} of {} at {:?}: {:02x?}: {}",
                    question.key(),
                    evidence.value,
                    evidence.frame,
                    evidence.trace,
                    evidence.offset(),
                    evidence.bytes,
                    evidence.why
                )?,
                Err(reason) => writeln!(f, "  {}: {reason}", question.key())?,
            }
        }
        writeln!(
            f,
            "notes: {:#?}\nroles: {:?}",
            self.analysis.notes, self.analysis.roles
        )
    }
}

/// One pass over a capture file in memory.
pub fn read(name: &str, file: Vec<u8>, given: &Given) -> Trace {
    let capture = Capture::from_reader(Cursor::new(file)).expect("a capture");
    Trace::read(name, capture, &given.watch(200), &mut |_| ())
}

/// Where in `octets` the octets of `part` stand.
fn positions(octets: &[u8], part: &[u8]) -> Vec<usize> {
    let windows = octets.windows(part.len()).enumerate();
    windows
        .filter(|(_, window)| *window == part)
        .map(|(at, _)| at)
        .collect()
}
