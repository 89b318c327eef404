//! Numbers that are taken for those of the handshake.

use super::diagnosis::{Diagnosis, Shown};
use super::slip::Slip;
use crate::ask::{Analysis, Connection, Evidence, Question};
use crate::flow::{Mark, TcpFlow};
use crate::packet::tcp;
use crate::trace::{Arrow, FlowNumber, Message, Numbers};

/// The number is another one of the same handshake, or a relative one of it.
pub(super) fn own(analysis: &Analysis, question: Question, value: i128) -> Option<Diagnosis> {
    let connection = Connection::find(&analysis.roles, &analysis.traces)?;
    let handshake = &connection.flow.handshake();
    let [syn, syn_ack, ack] = [handshake.syn, handshake.syn_ack, handshake.ack];
    let numbers = [
        (syn.map(|mark| (mark, mark.seq)), Number::Syn),
        (
            syn_ack.map(|mark| (mark, mark.ack)),
            Number::SynAckAcknowledgment,
        ),
        (syn_ack.map(|mark| (mark, mark.seq)), Number::SynAck),
        (ack.map(|mark| (mark, mark.seq)), Number::Final),
        (
            ack.map(|mark| (mark, mark.ack)),
            Number::FinalAcknowledgment,
        ),
    ];
    let found = numbers.into_iter().find_map(|(number, which)| {
        let (mark, _) = number.filter(|(_, number)| i128::from(*number) == value)?;
        Some((mark, which))
    });
    if let Some((mark, which)) = found {
        let shown = Shown {
            trace: connection.trace,
            frame: mark.frame,
        };
        let text = format!(
            "{value} is the {} in {}",
            which.name(),
            shown.name(analysis)
        );
        return Some(Diagnosis::new(which.slip(question), text).shown_by(shown));
    }
    let relative = match question {
        Question::SynAckAcknowledgment => 1,
        _ => 0,
    };
    (0..=1).contains(&value).then(|| {
        let text = if value == relative {
            format!("Wireshark shows {value} for this segment, counted from the ISN, instead of the number that is sent")
        } else {
            format!("{value} is counted from the ISN, and is not the number that is sent")
        };
        Diagnosis::new(Slip::RelativeNumber, text)
    })
}

/// The number is one of another connection's handshake.
pub(super) fn others(analysis: &Analysis, question: Question, value: i128) -> Option<Diagnosis> {
    let same = |flow: &TcpFlow| {
        number_of(flow, question).filter(|(_, number)| i128::from(*number) == value)
    };
    let any = |flow: &TcpFlow| {
        let questions = [
            Question::Syn,
            Question::SynAck,
            Question::SynAckAcknowledgment,
        ];
        questions
            .into_iter()
            .filter_map(|question| number_of(flow, question))
            .find(|(_, number)| i128::from(*number) == value)
    };
    let find = |fits: &dyn Fn(&TcpFlow) -> Option<(Mark, u32)>| {
        let traces = analysis.traces.iter().enumerate();
        let mut flows = traces
            .flat_map(|(index, trace)| trace.flows.tcp().iter().map(move |flow| (index, flow)));
        flows.find_map(|(trace, flow)| Some((trace, flow, fits(flow)?.0)))
    };
    let (trace, flow, mark) = find(&same).or_else(|| find(&any))?;
    let roles = &analysis.roles;
    let from = flow.initiator()?;
    let is_client2 = roles
        .client2
        .is_some_and(|client| client.who == from.address);
    let (slip, what) = if flow.is_refused() {
        (Slip::RefusedAttempt, ", an attempt that was refused")
    } else if !flow.handshake().is_answered() && flow.handshake().syn.is_some() {
        (Slip::UnansweredAttempt, ", an attempt without an answer")
    } else if is_client2 && roles.is_to_server(flow) {
        (Slip::OtherClient, ", which is client2's connection")
    } else {
        (Slip::OtherConnection, "")
    };
    let shown = Shown {
        trace,
        frame: mark.frame,
    };
    let text = format!(
        "{value} belongs to another connection, from {from} to {}{what}: {}",
        flow.responder()?,
        shown.name(analysis)
    );
    Some(Diagnosis::new(slip, text).shown_by(shown))
}

/// The number stands elsewhere: in another field of the frame, in a later segment, or before the frame.
pub(super) fn elsewhere(analysis: &Analysis, value: i128, right: &Evidence) -> Option<Diagnosis> {
    let shown = Shown {
        trace: right.trace,
        frame: right.frame,
    };
    let name = shown.name(analysis);
    if i128::from(right.frame) == value {
        let text = format!("{value} is the number of the frame itself, {name}");
        return Some(Diagnosis::new(Slip::FrameNumber, text).shown_by(shown));
    }
    if let Some(field) = field(analysis, value, right) {
        let text = format!("{value} is the {field} in {name}");
        return Some(Diagnosis::new(Slip::OtherField, text).shown_by(shown));
    }
    later(analysis, value)
}

/// The name of the field of the TCP header that has this value.
fn field(analysis: &Analysis, value: i128, right: &Evidence) -> Option<String> {
    let octets = analysis
        .traces
        .get(right.trace)?
        .exhibits
        .octets(right.frame)?;
    let header = octets.get(right.header?..)?;
    let fixed = tcp::FIELDS.iter().find(|field| {
        let end = field.offset.saturating_add(field.length);
        let octets = header.get(field.offset..end).unwrap_or_default();
        let number = octets
            .iter()
            .fold(0_i128, |number, octet| number << 8 | i128::from(*octet));
        // Single octets hold bits, and their values stand everywhere.
        field.length > 1 && number == value
    });
    if let Some(field) = fixed {
        return Some(field.name.replace('_', " "));
    }
    // Smaller numbers stand among the options by chance.
    let wide = u32::try_from(value)
        .ok()
        .filter(|wide| *wide > u32::from(u16::MAX))?;
    let options = header.get(tcp::MIN_HEADER..)?;
    let is_there = options.windows(4).any(|four| four == wide.to_be_bytes());
    is_there.then(|| "value of an option (time stamps)".to_owned())
}

/// The number is one of a segment behind the handshake, absolute or relative.
fn later(analysis: &Analysis, value: i128) -> Option<Diagnosis> {
    let connection = Connection::find(&analysis.roles, &analysis.traces)?;
    let trace = analysis.traces.get(connection.trace)?;
    let isn = &connection.flow.isn();
    let is_number = |number: Option<u32>, isn: Option<u32>| {
        let relative = number
            .zip(isn)
            .map(|(number, isn)| number.wrapping_sub(isn));
        if number.map(i128::from) == Some(value) {
            Some(Slip::LaterSegment)
        } else if relative.map(i128::from) == Some(value) {
            Some(Slip::RelativeNumber)
        } else {
            None
        }
    };
    let numbers = |arrow: &Arrow| {
        let Message::Tcp { numbers, .. } = &arrow.message else {
            return None;
        };
        let Numbers { seq, ack } = *numbers;
        let direction = arrow.direction;
        let of_seq = is_number(seq, *isn.get(direction)).map(|slip| (slip, "sequence number"));
        of_seq.or_else(|| {
            let slip = is_number(ack, *isn.get(direction.reverse()))?;
            Some((slip, "acknowledgment number"))
        })
    };
    let mut arrows = trace.arrows.list().iter();
    let (frame, (slip, what)) = arrows.find_map(|arrow| {
        let is_of_flow = arrow.flow == Some(FlowNumber::Tcp(connection.flow.flow.index));
        Some((arrow.frame, is_of_flow.then(|| numbers(arrow)).flatten()?))
    })?;
    let shown = Shown {
        trace: connection.trace,
        frame,
    };
    let relative = if slip == Slip::RelativeNumber {
        "relative "
    } else {
        ""
    };
    let text = format!(
        "{value} is the {relative}{what} of {}",
        shown.name(analysis)
    );
    Some(Diagnosis::new(slip, text).shown_by(shown))
}

/// The numbers of a handshake.
#[derive(Clone, Copy)]
enum Number {
    Syn,
    SynAck,
    SynAckAcknowledgment,
    Final,
    FinalAcknowledgment,
}

impl Number {
    const fn name(self) -> &'static str {
        match self {
            Self::Syn => "sequence number of the SYN",
            Self::SynAck => "sequence number of the SYN-ACK",
            Self::SynAckAcknowledgment => "acknowledgment number of the SYN-ACK",
            Self::Final => "sequence number of the handshake's last segment",
            Self::FinalAcknowledgment => "acknowledgment number of the handshake's last segment",
        }
    }

    /// What who answers `question` with this number has done.
    const fn slip(self, question: Question) -> Slip {
        match (question, self) {
            (Question::SynAckAcknowledgment, Self::Syn) => Slip::NotIncremented,
            (Question::SynAckAcknowledgment, Self::SynAck) => Slip::SequenceForAcknowledgment,
            (_, Self::Syn | Self::SynAck) => Slip::OtherSide,
            (_, Self::SynAckAcknowledgment) => Slip::AcknowledgmentForSequence,
            (_, Self::Final | Self::FinalAcknowledgment) => Slip::FinalAck,
        }
    }
}

/// The number of a flow's handshake that a question asks for, and its segment.
fn number_of(flow: &TcpFlow, question: Question) -> Option<(Mark, u32)> {
    let handshake = &flow.handshake();
    match question {
        Question::Syn => handshake.syn.map(|syn| (syn, syn.seq)),
        Question::SynAck => handshake.syn_ack.map(|syn_ack| (syn_ack, syn_ack.seq)),
        _ => match (handshake.syn_ack, handshake.syn) {
            (Some(syn_ack), _) => Some((syn_ack, syn_ack.ack)),
            // What a RST acknowledges.
            (None, syn) => syn.map(|syn| (syn, syn.seq.wrapping_add(1))),
        },
    }
}
