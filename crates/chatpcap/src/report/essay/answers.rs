//! The answers of Milestone 4, each on its octets.

use super::words::Words;
use crate::ask::{Answer, Evidence};
use crate::packet::udp;
use crate::report::answers::{header, missing, octets, shows_its_value};
use crate::report::hex_dump::{Rows, Run};
use crate::report::layout::safe;
use crate::report::number::hex;
use crate::report::udp_header::cell;

/// One answer, or the reason why there is none.
pub(super) struct AnswerView {
    pub key: &'static str,
    pub gloss: &'static str,
    pub value: String,
    pub file: String,
    pub frame: String,
    pub octets: String,
    pub why: String,
    pub filter: String,
    pub dump: Vec<Vec<Run>>,
    /// `0xdf996988 = 3751373192`, where the marked octets are the answer.
    pub shown: String,
}

/// The answers that the captures show.
pub(super) fn answered(words: Words<'_>) -> Vec<AnswerView> {
    let answers = words.analysis.answers.iter().filter_map(|answer| {
        let evidence = answer.result.as_ref().ok()?;
        Some(view(words, answer, evidence))
    });
    answers.collect()
}

/// Why the others are not answered: keys and reason.
pub(super) fn unanswered(words: Words<'_>) -> Vec<(String, String)> {
    let missing = missing(words.analysis).into_iter();
    missing
        .map(|(keys, reason)| (keys.join(", "), safe(reason)))
        .collect()
}

/// The UDP header that the answers are shown on, field by field.
pub(super) struct HeaderView {
    /// `frame 48 of client1.pcap: 10.20.30.11:5000 to 10.20.30.12:5000`.
    pub title: String,
    /// Name, octets of the frame, octets as digits and value.
    pub fields: Vec<[String; 3]>,
    /// How the length comes about.
    pub sum: String,
}

pub(super) fn udp_header(words: Words<'_>) -> Option<HeaderView> {
    let datagram = words.analysis.datagram()?;
    let trace = words.analysis.traces.get(datagram.trace)?;
    let octets = datagram.header(trace);
    let start = datagram.header_offset();
    let fields = udp::FIELDS.map(|field| {
        let cell = cell(field, octets);
        let place = start.map_or_else(
            || "reassembled".to_owned(),
            |start| {
                let first = start.saturating_add(field.offset);
                let last = first.saturating_add(field.length).saturating_sub(1);
                format!("{first}-{last}")
            },
        );
        [cell.name, place, cell.value]
    });
    let flow = &datagram.flow.flow;
    let direction = datagram.first.direction;
    let length = usize::from(datagram.first.length);
    Some(HeaderView {
        title: format!(
            "The UDP header of frame {} of {}: {} to {}",
            datagram.first.frame,
            words.file(datagram.trace),
            flow.sender(direction),
            flow.receiver(direction),
        ),
        fields: fields.to_vec(),
        sum: format!(
            "Length {length} = {} octets of header + {} octets of payload.",
            udp::HEADER,
            length.saturating_sub(udp::HEADER),
        ),
    })
}

/// A sentence as it stands on a page: with a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    let text: String = first.into_iter().chain(characters).collect();
    safe(&format!("{text}."))
}

fn view(words: Words<'_>, answer: &Answer, evidence: &Evidence) -> AnswerView {
    let question = answer.question;
    let dump = match (
        header(words.analysis, question, evidence),
        evidence.offset(),
    ) {
        (Some((start, octets)), Some(offset)) => {
            let marked = offset..offset.saturating_add(evidence.length);
            Rows::new(octets, start, &marked).collect()
        }
        _ => Vec::new(),
    };
    let shown = if shows_its_value(question) {
        format!("0x{} = {}", hex(&evidence.bytes), evidence.value)
    } else {
        String::new()
    };
    AnswerView {
        key: question.key(),
        gloss: question.gloss(),
        value: evidence.value.to_string(),
        file: words.file(evidence.trace),
        frame: evidence.frame.to_string(),
        octets: octets(evidence),
        why: sentence(&evidence.why),
        filter: evidence.filter(),
        dump,
        shown,
    }
}
