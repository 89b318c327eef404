//! Connection-oriented against connectionless: two tables, and words.

use super::words::{Cite, Fact, Words};
use crate::ask::{Cost, Effort, Essay, Part, Piece, Share};
use crate::flow::Close;
use crate::packet::chat::Dialect;
use crate::report::number::{counted, grouped};
use crate::trace::Octets;

/// A row of the comparison.
pub(super) struct Contrast {
    pub point: &'static str,
    pub tcp: Fact,
    pub udp: Fact,
}

/// What one message cost.
pub(super) struct CostTable {
    pub title: String,
    pub rows: Vec<CostRow>,
    /// What is to be said below.
    pub notes: Vec<String>,
    pub cite: Cite,
}

/// Packets and octets of one part of a message.
pub(super) struct CostRow {
    pub part: &'static str,
    pub frames: String,
    pub packets: String,
    /// Link, IP, TCP or UDP, payload, all.
    pub octets: [String; 5],
    pub is_sum: bool,
}

pub(super) fn contrasts(words: Words<'_>, essay: &Essay) -> Vec<Contrast> {
    let (Some(effort), Some(private)) = (&essay.effort, &essay.private) else {
        return Vec::new();
    };
    let tcp = |text: String, share: Option<&Share>| {
        let share = share.filter(|share| share.packets > 0);
        let cite = share.map(|share| words.cite(&effort.citation(share)));
        Fact::new(text, cite.into_iter().collect())
    };
    let udp = |text: String, part: Option<Part>| {
        let piece = part.and_then(|part| piece(private, part));
        let cite = piece.map(|piece| words.cite(&piece.citation(private.trace)));
        Fact::new(text, cite.into_iter().collect())
    };
    let datagram = piece(private, Part::Said);
    let handshake = effort.handshake.map_or_else(String::new, |it| {
        format!(", {}", words.interval(effort.trace, it))
    });
    vec![
        Contrast {
            point: "before the first message",
            tcp: tcp(
                format!(
                    "a handshake: {}{handshake}",
                    packets_and_octets(&effort.opening)
                ),
                Some(&effort.opening),
            ),
            udp: udp(
                "nothing: the first packet is the message".to_owned(),
                Some(Part::Said),
            ),
        },
        Contrast {
            point: "whom it is for",
            tcp: tcp(
                "settled by connect(): both ends remember the connection, and send() names nobody".to_owned(),
                None,
            ),
            udp: udp(
                "said with each datagram: sendto() names address and port, and one socket serves all peers"
                    .to_owned(),
                None,
            ),
        },
        Contrast {
            point: "acknowledged",
            tcp: tcp(
                format!(
                    "by TCP itself: {} that only acknowledge; segments with data do so on the way",
                    packets_and_octets(&effort.acknowledging)
                ),
                Some(&effort.acknowledging),
            ),
            udp: acknowledged(private, &udp),
        },
        Contrast {
            point: "lost, or out of order",
            tcp: tcp(sent_again(words, effort), None),
            udp: repeated(private, &udp),
        },
        Contrast {
            point: "where a message ends",
            tcp: tcp(bounds(private.dialect).to_owned(), None),
            udp: udp("with the datagram: one send, one receive".to_owned(), None),
        },
        Contrast {
            point: "header",
            tcp: tcp(header(&effort.data), None),
            udp: udp(
                format!(
                    "{} octets",
                    datagram.map_or(8, |piece| a_packet(piece.octets.transport, piece.packets()))
                ),
                None,
            ),
        },
        Contrast {
            point: "the end",
            tcp: tcp(ending(effort), Some(&effort.closing)),
            udp: udp("nothing is sent: no end knows when the other closes its socket".to_owned(), None),
        },
    ]
}

fn acknowledged(private: &Cost, udp: &dyn Fn(String, Option<Part>) -> Fact) -> Fact {
    match (piece(private, Part::Acknowledgement), private.dialect) {
        (Some(piece), _) => udp(
            format!(
                "not by UDP: the chat's program answers with a datagram of its own, {} octets",
                grouped(piece.octets.total())
            ),
            Some(Part::Acknowledgement),
        ),
        (None, Dialect::Lab) => udp(
            "by nobody: the sender does not learn whether it arrived".to_owned(),
            None,
        ),
        (None, Dialect::Native) => udp(
            "not by UDP; no acknowledgement of the chat's program is in the captures".to_owned(),
            None,
        ),
    }
}

fn repeated(private: &Cost, udp: &dyn Fn(String, Option<Part>) -> Fact) -> Fact {
    match (piece(private, Part::Repeats), private.dialect) {
        (Some(piece), _) => udp(
            format!(
                "UDP does nothing: the chat's program sent it again, {} times",
                piece.packets()
            ),
            Some(Part::Repeats),
        ),
        (None, Dialect::Native) => udp(
            "UDP does nothing: the chat's program would send it again if no acknowledgement came"
                .to_owned(),
            None,
        ),
        (None, Dialect::Lab) => udp(
            "UDP does nothing, and neither does the program".to_owned(),
            None,
        ),
    }
}

fn sent_again(words: Words<'_>, effort: &Effort) -> String {
    let trace = words.analysis.traces.get(effort.trace);
    let findings = trace.and_then(|trace| trace.flows.findings(effort.flow));
    let again = findings.map_or(0, |findings| {
        let trouble = &findings.trouble;
        trouble.forward.plus(trouble.backward).retransmissions
    });
    let here = match again {
        0 => "here it had nothing to send again".to_owned(),
        again => format!("here {} sent again", counted(again.into(), "segment")),
    };
    format!("TCP sends it again and hands the octets over in order; {here}")
}

const fn bounds(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Native => {
            "nowhere: TCP carries a stream of octets. The chat ends each message with a line feed"
        }
        Dialect::Lab => {
            "nowhere: TCP carries a stream of octets. The lab's programs mark no end, so that two messages \
             may arrive as one"
        }
    }
}

fn header(data: &Share) -> String {
    let header = a_packet(data.octets.transport, data.packets);
    match header.saturating_sub(20) {
        0 => "20 octets".to_owned(),
        options => format!("{header} octets: 20, and {options} of options"),
    }
}

fn ending(effort: &Effort) -> String {
    match effort.close {
        Close::Normal => format!(
            "each side says FIN, and the other acknowledges it: {}",
            packets_and_octets(&effort.closing)
        ),
        Close::Open | Close::Middle => {
            "would be said by FIN in both directions: the captures end before it".to_owned()
        }
        other => format!("{other}: {}", packets_and_octets(&effort.closing)),
    }
}

fn packets_and_octets(share: &Share) -> String {
    format!(
        "{}, {}",
        counted(share.packets, "segment"),
        counted(share.octets.total(), "octet")
    )
}

fn a_packet(octets: u64, packets: u64) -> u64 {
    octets.checked_div(packets).unwrap_or(0)
}

/// The tables of what a message to the room and a private one cost.
pub(super) fn costs(words: Words<'_>, essay: &Essay) -> Vec<CostTable> {
    let room = essay.room.as_ref().map(|cost| (cost, "to the room"));
    let private = essay.private.as_ref().map(|cost| (cost, "private"));
    let both = room.into_iter().chain(private);
    both.map(|(cost, kind)| table(words, cost, kind)).collect()
}

fn table(words: Words<'_>, cost: &Cost, kind: &str) -> CostTable {
    let from = cost.from.as_deref().unwrap_or("somebody");
    let text: String = cost.text.chars().take(MAX_TEXT).collect();
    let more = if text.len() < cost.text.len() {
        "…"
    } else {
        ""
    };
    let title = format!(
        "{from}, {kind}: “{text}{more}” ({} of text)",
        counted(cost.text_octets(), "octet")
    );
    let mut rows: Vec<CostRow> = cost.pieces.iter().map(|it| row(cost, it)).collect();
    rows.push(sum("all", cost.packets(), cost.octets()));
    let mut notes = Vec::new();
    let times = cost.times();
    notes.push(format!(
        "Of the {} octets, {} are the text, which is on the wire {}; {} are added.",
        grouped(cost.octets().total()),
        grouped(cost.text_octets().saturating_mul(times)),
        match times {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            times => format!("{times} times"),
        },
        grouped(cost.overhead()),
    ));
    if cost.dialect == Dialect::Native {
        notes.push(
            "The payload is a JSON object: beside the text it has a type, numbers and, in a datagram, who \
             sends it and what proves that."
                .to_owned(),
        );
    }
    if kind != "private" && piece(cost, Part::Copies).is_none() {
        notes.push(
            "No copy of it that the server sends to others is found in this capture.".to_owned(),
        );
    }
    if cost.is_shared {
        notes.push("Some of these packets carry parts of other messages too.".to_owned());
    }
    CostTable {
        title: crate::report::layout::safe(&title),
        rows,
        notes,
        cite: words.cite(&cost.citation()),
    }
}

/// Characters of a message's text that are shown.
const MAX_TEXT: usize = 200;

fn row(cost: &Cost, piece: &Piece) -> CostRow {
    let is_private = cost
        .pieces
        .iter()
        .all(|it| it.part != Part::Receipt && it.part != Part::Copies)
        && cost
            .pieces
            .iter()
            .all(|it| it.part != Part::TcpAcknowledgements);
    let part = match piece.part {
        Part::Said if is_private => "the datagram, from client to client",
        Part::Said => "said, to the server",
        Part::Repeats => "the datagram once more",
        Part::Receipt => "the server's receipt",
        Part::Copies => "copied, to the others",
        Part::Acknowledgement => "the chat's acknowledgement",
        Part::TcpAcknowledgements => "TCP's acknowledgements",
    };
    CostRow {
        frames: piece.citation(cost.trace).list(),
        is_sum: false,
        ..sum(part, piece.packets(), piece.octets)
    }
}

fn sum(part: &'static str, packets: u64, octets: Octets) -> CostRow {
    CostRow {
        part,
        frames: String::new(),
        packets: grouped(packets),
        octets: [
            octets.link,
            octets.network,
            octets.transport,
            octets.payload,
            octets.total(),
        ]
        .map(grouped),
        is_sum: true,
    }
}

fn piece(cost: &Cost, part: Part) -> Option<&Piece> {
    cost.pieces.iter().find(|piece| piece.part == part)
}

/// What the tables come to.
pub(super) fn facts(words: Words<'_>, essay: &Essay) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let (Some(room), Some(private)) = (&essay.room, &essay.private) {
        let octets = room.text_octets();
        let copies = piece(room, Part::Copies).map_or(0, Piece::packets);
        let listeners = match copies {
            0 => "without the copies".to_owned(),
            1 => "with the copy for one listener".to_owned(),
            copies => format!("with {copies} copies"),
        };
        facts.push(Fact::new(
            format!(
                "For the same text of {}: a message to the room takes {} and {} on the wire ({listeners}), a \
                 private one {} and {}.",
                counted(octets, "octet"),
                counted(room.packets(), "packet"),
                counted(room.octets().total(), "octet"),
                counted(private.packets(), "packet"),
                counted(private.with_text_of(octets), "octet"),
            ),
            vec![words.cite(&room.citation()), words.cite(&private.citation())],
        ));
    }
    if let Some(effort) = &essay.effort {
        let (opening, closing) = (&effort.opening, &effort.closing);
        let octets = opening.octets.plus(closing.octets).total();
        let packets = opening.packets.saturating_add(closing.packets);
        let frames = opening.frames.iter().chain(&closing.frames).copied();
        let part = if effort.is_part {
            " The connection has more segments than are counted here."
        } else {
            ""
        };
        facts.push(Fact::new(
            format!(
                "{} takes {} and {} more, once for all messages that go over it; UDP has nothing of the \
                 kind.{part}",
                if closing.packets > 0 {
                    "Opening and closing the connection"
                } else {
                    "Opening the connection (its end is not in the capture)"
                },
                counted(packets, "packet"),
                counted(octets, "octet"),
            ),
            vec![words.cite(&crate::ask::Citation::new(effort.trace, frames))],
        ));
    }
    match (&essay.effort, &essay.room, &essay.private) {
        (None, None, None) => facts.push(Fact::plain(
            "The captures hold no connection to the chat server and no private message to compare.",
        )),
        (_, None, _) => facts.push(Fact::plain(
            "No message to the room is in the captures.",
        )),
        (_, _, None) => facts.push(Fact::plain(
            "No private message is in the captures: it goes from client to client, so that only the captures \
             of these two have it.",
        )),
        _ => {}
    }
    facts
}
