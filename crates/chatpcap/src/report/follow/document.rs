//! A dialogue as JSON: `chatpcap/follow/1`, written piece by piece.

use serde::Serialize;

use super::super::number::hex;
use super::Tally;
use crate::flow::reassembly::{Missing, Piece};
use crate::flow::{Direction, Endpoint, PerDirection};
use crate::trace::{FlowNumber, Turn};

#[derive(Serialize)]
struct PieceEntry<'a> {
    kind: &'static str,
    from: String,
    offset: u64,
    length: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_frame: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
}

#[derive(Serialize)]
struct EndEntry {
    endpoint: String,
    role: Option<&'static str>,
}

#[derive(Serialize)]
struct TallyEntry {
    octets: u64,
    missing: u64,
}

pub(super) fn open() -> String {
    "{\n  \"schema\": \"chatpcap/follow/1\",\n  \"dialogues\": [".to_owned()
}

pub(super) fn close() -> String {
    "\n  ]\n}\n".to_owned()
}

/// The start of a dialogue, up to its pieces.
pub(super) fn head(
    name: &str,
    number: FlowNumber,
    ends: [Endpoint; 2],
    roles: [Option<&'static str>; 2],
    is_first: bool,
) -> String {
    let comma = if is_first { "" } else { "," };
    let (transport, index) = match number {
        FlowNumber::Tcp(index) => ("tcp", index),
        FlowNumber::Udp(index) => ("udp", index),
    };
    let [first, second] = [0, 1].map(|index| {
        let end = ends
            .get(index)
            .map_or_else(String::new, Endpoint::to_string);
        let role = roles.get(index).copied().flatten();
        json(&EndEntry {
            endpoint: end,
            role,
        })
    });
    format!(
        "{comma}\n    {{\n      \"file\": {},\n      \"transport\": \"{transport}\",\n      \"flow\": {index},\n      \
         \"first\": {first},\n      \"second\": {second},\n      \"pieces\": [",
        json(name)
    )
}

pub(super) fn piece(turn: &Turn<'_>, is_first: bool) -> String {
    let (first, second) = turn.ends;
    let from = match turn.direction {
        Direction::Forward => first,
        Direction::Backward => second,
    };
    let new = |kind, offset, length| PieceEntry {
        kind,
        from: from.to_string(),
        offset,
        length,
        frame: None,
        time: None,
        text: None,
        bytes: None,
        cause: None,
        kept_frame: None,
        kept: None,
    };
    let length = |octets: &[u8]| super::super::number::count(octets.len());
    let entry = match &turn.piece {
        Piece::Octets {
            offset,
            frame,
            time,
            octets,
        } => PieceEntry {
            frame: Some(*frame),
            time: time.map(|time| time.to_utc(turn.precision)),
            text: std::str::from_utf8(octets).ok(),
            bytes: Some(hex(octets)),
            ..new("octets", *offset, length(octets))
        },
        Piece::Gap {
            offset,
            length,
            cause,
        } => PieceEntry {
            cause: Some(match cause {
                Missing::Acknowledged => "acknowledged",
                Missing::CutOff => "cut_off",
                Missing::GivenUp => "given_up",
                Missing::NeverSeen => "never_seen",
            }),
            ..new("gap", *offset, *length)
        },
        Piece::Differs {
            offset,
            kept_frame,
            kept,
            frame,
            octets,
        } => PieceEntry {
            frame: Some(*frame),
            bytes: Some(hex(octets)),
            kept_frame: Some(*kept_frame),
            kept: Some(hex(kept)),
            ..new("differs", *offset, length(octets))
        },
        Piece::Late {
            offset,
            frame,
            octets,
        } => PieceEntry {
            frame: Some(*frame),
            bytes: Some(hex(octets)),
            ..new("late", *offset, length(octets))
        },
    };
    let comma = if is_first { "" } else { "," };
    format!("{comma}\n        {}", json(&entry))
}

/// The end of a dialogue.
pub(super) fn end(said: &PerDirection<Tally>, notices: &[String]) -> String {
    let tally = |Tally { octets, missing }| json(&TallyEntry { octets, missing });
    format!(
        "\n      ],\n      \"from_first\": {},\n      \"from_second\": {},\n      \"notices\": {}\n    }}",
        tally(said.forward),
        tally(said.backward),
        json(notices)
    )
}

/// These types have no value that JSON lacks.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
