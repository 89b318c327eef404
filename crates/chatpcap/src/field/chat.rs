//! Fields of what the chat says. Each segment is judged alone: of a message that begins in one
//! segment and ends in another each has a part.

use super::{Field, Kind, Needs, Scope, View};
use crate::flow::Sighting;
use crate::packet::chat::{self, ChatMessage, Dialect, Speaker};
use crate::packet::{Layer, Packet, Protocol};

const SCOPE: Scope = Scope::Chat;

/// `chat.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::message(
        "chat",
        "the chat, native or as the lab's programs speak it",
        SCOPE,
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.dialect",
        "native or lab",
        SCOPE,
        Kind::Text,
        |view, out| {
            for message in said(view) {
                out.text(Some(message.dialect.name()));
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.kind",
        "what kind of message it is",
        SCOPE,
        Kind::Text,
        |view, out| {
            for message in said(view) {
                out.text(Some(message.kind.name()));
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.from",
        "who says it",
        SCOPE,
        Kind::Text,
        |view, out| {
            for message in said(view) {
                out.text(message.from);
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.to",
        "for whom it is",
        SCOPE,
        Kind::Text,
        |view, out| {
            for message in said(view) {
                out.text(message.to);
            }
        },
    )
    .needing(Needs::Flow),
    Field::with("chat.text", "the text", SCOPE, Kind::Text, |view, out| {
        for message in said(view) {
            out.text(message.text);
        }
    })
    .needing(Needs::Flow),
    Field::with(
        "chat.id",
        "number that its sender gave it",
        SCOPE,
        Kind::Unsigned(64),
        |view, out| {
            for message in said(view) {
                out.unsigned(message.id);
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.seq",
        "number in the order of the room",
        SCOPE,
        Kind::Unsigned(64),
        |view, out| {
            for message in said(view) {
                out.unsigned(message.seq);
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.code",
        "code of an error or of an end",
        SCOPE,
        Kind::Text,
        |view, out| {
            for message in said(view) {
                out.text(message.code);
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.user",
        "users that it names",
        SCOPE,
        Kind::Text,
        |view, out| {
            for user in said(view).into_iter().flat_map(|message| message.users) {
                out.text(Some(user.name));
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "chat.guessed",
        "where it begins or ends is a guess",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            for message in said(view) {
                out.boolean(Some(message.guessed));
            }
        },
    )
    .needing(Needs::Flow),
];

/// Gives the payload of each segment and datagram of the packet in which the chat says something.
pub(super) fn payloads<'a>(
    packet: &'a Packet<'a>,
    whole: &View<'a>,
    give: &mut dyn FnMut(&View<'a>),
) {
    for (index, layer) in packet.layers().iter().enumerate() {
        if layer.quoted || !matches!(layer.protocol, Protocol::Tcp | Protocol::Udp) {
            continue;
        }
        let header = packet.header(layer);
        let header = match (packet.tcp(layer), packet.udp(layer)) {
            (Some(tcp), _) => header.skip(tcp.header_length().unwrap_or(0), tcp.payload().len()),
            (_, Some(udp)) => header.skip(crate::packet::udp::HEADER, udp.payload().len()),
            _ => continue,
        };
        let view = View {
            layer: Some(layer),
            header,
            sighting: whole.sighting_of(index),
            ..*whole
        };
        if !said(&view).is_empty() {
            give(&view);
        }
    }
}

/// What is said in the payload of a view.
fn said(view: &View<'_>) -> Vec<ChatMessage> {
    let layer = view.layer;
    layer.map_or_else(Vec::new, |layer| {
        messages(view.packet, layer, view.sighting, chat::PORT)
    })
}

/// What the chat says in a segment or datagram, each judged alone. On `port`, the chat's, both languages
/// are understood; on others only the native one, which cannot be mistaken.
pub(crate) fn messages(
    packet: &Packet<'_>,
    layer: &Layer,
    sighting: Option<&Sighting<'_>>,
    port: u16,
) -> Vec<ChatMessage> {
    let octets = match (packet.tcp(layer), packet.udp(layer)) {
        (Some(tcp), _) => tcp.payload(),
        (_, Some(udp)) => udp.payload(),
        _ => &[],
    };
    let Some((source, destination)) = packet.ports(layer).filter(|_| !octets.is_empty()) else {
        return Vec::new();
    };
    let is_on_port = source == port || destination == port;
    if !is_on_port && !octets.starts_with(b"{\"type\":") {
        return Vec::new();
    }
    let mut messages = if layer.protocol == Protocol::Udp {
        chat::datagram(octets).into_iter().collect()
    } else {
        let speaker = if source == port {
            Speaker::Server
        } else {
            Speaker::Client
        };
        let segment = sighting.and_then(|sighting| sighting.segment.as_ref());
        let begins = segment.is_some_and(|segment| segment.seq == 1);
        chat::segment(octets, speaker, begins)
    };
    if !is_on_port {
        messages.retain(|message| message.dialect == Dialect::Native);
    }
    messages
}
