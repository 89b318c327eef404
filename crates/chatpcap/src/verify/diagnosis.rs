//! What was probably done where an answer is wrong.

use super::integer::Value;
use super::sheet::Typed;
use super::slip::Slip;
use super::{datagram, handshake, number};
use crate::ask::{Analysis, Answer, Evidence, Question};

/// Why an answer is wrong, as far as the captures tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What was probably done.
    pub slip: Slip,
    /// What the typed number is, in a sentence that may give the right one away.
    pub text: String,
    /// The frame that shows the typed number, and which of the traces it is in.
    pub shown: Option<Shown>,
}

/// A frame of one of the traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which trace.
    pub trace: usize,
    /// The frame's number in it.
    pub frame: u64,
}

impl Shown {
    /// A display filter that selects the frame.
    pub fn filter(self) -> String {
        format!("frame.number == {}", self.frame)
    }

    /// `frame 12`, or where there are several captures `frame 12 of client1.pcap`.
    pub(super) fn name(self, analysis: &Analysis) -> String {
        match analysis.traces.get(self.trace) {
            Some(trace) if analysis.traces.len() > 1 => {
                format!("frame {} of {}", self.frame, trace.name)
            }
            _ => format!("frame {}", self.frame),
        }
    }
}

impl Diagnosis {
    pub(super) const fn new(slip: Slip, text: String) -> Self {
        Self {
            slip,
            text,
            shown: None,
        }
    }

    pub(super) fn shown_by(self, shown: Shown) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// Finds out why what was typed is not the answer.
    pub(super) fn find(
        analysis: &Analysis,
        question: Question,
        typed: &Typed,
        right: &Evidence,
    ) -> Self {
        let value = match typed.value {
            Value::Integer(value) => value,
            Value::Blank => return Self::new(Slip::NotInteger, "nothing was typed".to_owned()),
            Value::NotInteger(why) => return Self::not_integer(typed, why, right.value),
        };
        let bits = bits(question);
        let of = |(slip, text)| Self::new(slip, text);
        let found = if is_tcp(question) {
            handshake::own(analysis, question, value)
                .or_else(|| number::form(value, right.value, bits).map(of))
                .or_else(|| handshake::others(analysis, question, value))
                .or_else(|| number::near(value, right.value, bits).map(of))
                .or_else(|| handshake::elsewhere(analysis, value, right))
        } else {
            datagram::usual(question, value)
                .or_else(|| datagram::of_this_packet(analysis, question, value))
                .or_else(|| number::form(value, right.value, bits).map(of))
                .or_else(|| other_answer(analysis, question, value))
                .or_else(|| number::near(value, right.value, bits).map(of))
        };
        found.unwrap_or_else(|| {
            let text = format!("{value} is none of the numbers that are often taken for it");
            Self::new(Slip::Unknown, text)
        })
    }

    fn not_integer(typed: &Typed, why: &str, right: u64) -> Self {
        let text = format!("`{}` is {why}", typed.text);
        if u64::from_str_radix(&typed.text, 16) == Ok(right) {
            return Self::new(Slip::HexadecimalAsDecimal, text);
        }
        Self::new(Slip::NotInteger, text)
    }
}

/// Whether the question is about the handshake.
pub(super) const fn is_tcp(question: Question) -> bool {
    matches!(
        question,
        Question::Syn | Question::SynAck | Question::SynAckAcknowledgment
    )
}

/// The width of the field that the answer is about or stands in.
const fn bits(question: Question) -> u32 {
    match question {
        Question::UdpProtocol => 8,
        _ if is_tcp(question) => 32,
        _ => 16,
    }
}

fn other_answer(analysis: &Analysis, question: Question, value: i128) -> Option<Diagnosis> {
    let is_it = |answer: &&Answer| {
        answer.question != question && answer.value().map(i128::from) == Some(value)
    };
    let other = analysis.answers.iter().find(is_it)?;
    let text = format!("{value} is the answer to `{}`", other.question.key());
    Some(Diagnosis::new(Slip::OtherAnswer, text))
}
