//! What the reader of an analysis should know of the capture.

use std::fmt;

use super::{Layer, LinkCount, is_decoded};
use crate::capture::{self, Capture, Frame, LinkType, Timestamp};
use crate::flow::{Beyond, FlowTable, Sighting};
use crate::packet::{Decoder, Packet, Reason, Stop, TransportPayload, chat};

/// Link types that are named when they are not decoded: a hostile capture may have 65,536.
const MAX_LINKS: usize = 8;

/// One thing to know of a capture.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The file itself is damaged or odd.
    Capture(capture::Notice),
    /// Frames of a link type that is not decoded.
    LinkType(LinkCount),
    /// Frames of more such link types than are named.
    OtherLinkTypes {
        /// How many link types.
        types: u64,
        /// Their frames.
        packets: u64,
    },
    /// Records that hold no packet.
    NoPacket(u64),
    /// Headers that the snap length cut.
    Cut(Example),
    /// Headers with values that their RFCs rule out, or that end too early.
    Malformed(Example),
    /// Packets between more ends than are told apart: they count in no conversation of the layer.
    Beyond {
        /// The layer.
        layer: Layer,
        /// How many conversations are told apart.
        limit: usize,
        /// The packets of the others.
        rest: Beyond,
    },
    /// What a client says on the chat's port begins as TLS.
    Tls {
        /// The port.
        port: u16,
        /// The frame in which the first client begins.
        frame: u64,
    },
    /// Times that go backwards.
    Backwards {
        /// How often a frame is earlier than the one before it.
        count: u64,
        /// The first such frame.
        frame: u64,
    },
}

/// How often something was seen, and where first.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Frames.
    pub count: u64,
    /// The first of them.
    pub frame: u64,
    /// What its decoding ended with.
    pub stop: Stop,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capture(notice) => notice.fmt(f),
            Self::LinkType(LinkCount { link_type, packets }) => write!(
                f,
                "{} of link type {} ({}), which is not decoded",
                frames(*packets),
                link_type.0,
                link_type.name()
            ),
            Self::OtherLinkTypes { types, packets } => write!(
                f,
                "{} of {types} more link types that are not decoded",
                frames(*packets)
            ),
            Self::NoPacket(count) => write!(f, "{} without a packet", frames(*count)),
            Self::Cut(Example { count, frame, stop }) => {
                write!(
                    f,
                    "{} with headers cut by the snap length; frame {frame}: {stop}",
                    frames(*count)
                )
            }
            Self::Malformed(Example { count, frame, stop }) => {
                write!(
                    f,
                    "{} with malformed headers; frame {frame}: {stop}",
                    frames(*count)
                )
            }
            Self::Beyond { layer, limit, rest } => {
                let what = match layer {
                    Layer::Tcp | Layer::Udp => "flows",
                    Layer::Ethernet | Layer::Ip => "pairs of addresses",
                };
                write!(
                    f,
                    "{} {} ({} octets) of {} {what} beyond the first {limit}: these are not told apart; `--max-flows N` raises the limit",
                    rest.packets,
                    if rest.packets == 1 {
                        "packet"
                    } else {
                        "packets"
                    },
                    rest.octets,
                    layer.title()
                )
            }
            Self::Tls { port, frame } => write!(
                f,
                "TLS on TCP port {port}, first at frame {frame}: what is said in it cannot be read without its keys \
                 (SSLKEYLOGFILE, and Wireshark); its segments can"
            ),
            Self::Backwards { count, frame } => write!(
                f,
                "the time goes back {count} time{}, first at frame {frame}",
                if *count == 1 { "" } else { "s" }
            ),
        }
    }
}

/// What is to be said of flows that were not told apart.
pub(super) fn beyond(flows: &FlowTable) -> impl Iterator<Item = Notice> + use<> {
    let limit = flows.max_flows();
    let rests = [
        (Layer::Tcp, flows.beyond_tcp()),
        (Layer::Udp, flows.beyond_udp()),
    ];
    rests
        .into_iter()
        .filter_map(move |(layer, rest)| Notice::beyond(layer, limit, rest))
}

impl Notice {
    /// What is to be said of conversations that were not told apart, if there are any.
    pub(super) fn beyond(layer: Layer, limit: usize, rest: Beyond) -> Option<Self> {
        (rest.packets > 0).then_some(Self::Beyond { layer, limit, rest })
    }
}

fn frames(count: u64) -> String {
    if count == 1 {
        "1 frame".to_owned()
    } else {
        format!("{count} frames")
    }
}

/// The notices of a pass, while it goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices {
    cut: Option<Example>,
    malformed: Option<Example>,
    /// The chat's port, and the frame where TLS first began on it.
    tls: Option<(u16, u64)>,
    /// How often the time went back, and the frame where it first did.
    backwards: Option<(u64, u64)>,
}

impl Notices {
    pub(super) fn observe(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        let Some(stop) = packet.stop().filter(|_| is_decoded(packet)) else {
            return;
        };
        let kind = match stop.reason {
            Reason::Cut { .. } => &mut self.cut,
            Reason::Short { .. } | Reason::Malformed(_) | Reason::TooManyLayers => {
                &mut self.malformed
            }
            Reason::Unsupported(_) | Reason::Fragment => return,
        };
        let example = kind.get_or_insert(Example {
            count: 0,
            frame: frame.number,
            stop: *stop,
        });
        example.count = example.count.saturating_add(1);
    }

    /// Looks at a packet of the chat.
    pub(super) fn observe_chat(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>, port: u16) {
        if let TransportPayload::Tcp(tcp) = sighting.transport.payload
            && self.tls.is_none()
            && tcp.destination_port() == Some(port)
            && chat::is_tls(tcp.payload())
        {
            self.tls = Some((port, frame.number));
        }
    }

    pub(super) fn observe_time(&mut self, frame: u64, before: Option<Timestamp>, now: Timestamp) {
        if before.is_some_and(|before| now < before) {
            let (count, _) = self.backwards.get_or_insert((0, frame));
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn into_list(
        self,
        capture: &Capture,
        links: &[LinkCount],
        beyond: impl IntoIterator<Item = Notice>,
    ) -> Vec<Notice> {
        let files = capture.notices().iter().cloned().map(Notice::Capture);
        let mut links = links.iter().filter_map(|link| match link.link_type {
            LinkType::NO_PACKET => Some(Notice::NoPacket(link.packets)),
            link_type if !Decoder::supports(link_type) => Some(Notice::LinkType(*link)),
            _ => None,
        });
        let named: Vec<_> = links.by_ref().take(MAX_LINKS).collect();
        let others = links.fold((0_u64, 0_u64), |(types, frames), notice| match notice {
            Notice::LinkType(link) => (types + 1, frames.saturating_add(link.packets)),
            _ => (types, frames),
        });
        let others = Some(others).filter(|(types, _)| *types > 0);
        let others = others.map(|(types, packets)| Notice::OtherLinkTypes { types, packets });
        let tls = self.tls.map(|(port, frame)| Notice::Tls { port, frame });
        let backwards = self
            .backwards
            .map(|(count, frame)| Notice::Backwards { count, frame });
        files
            .chain(beyond)
            .chain(named)
            .chain(others)
            .chain(self.cut.map(Notice::Cut))
            .chain(self.malformed.map(Notice::Malformed))
            .chain(tls)
            .chain(backwards)
            .collect()
    }
}
