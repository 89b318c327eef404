//! What a pass looks for: the chat's packets, as far as addresses and ports tell them.

use std::net::IpAddr;
use std::sync::Arc;

use crate::filter::Filter;
use crate::flow::{Endpoint, MAX_FLOWS, Sighting};
use crate::packet::TransportPayload;

pub use crate::packet::chat::PORT as CHAT_PORT;

/// Ports below this belong to services (RFC 6335 §6): DNS asked from the chat's port is no chat.
const FIRST_USER_PORT: u16 = 1024;

/// What to look for in a pass.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The TCP port of the chat; UDP has its datagrams there or on the lab's port.
    pub port: u16,
    /// The chat server's address, where it is known: TCP to other hosts is no chat.
    pub server: Option<IpAddr>,
    /// Two clients whose datagrams are chat on any port, where they are known.
    pub clients: Option<[IpAddr; 2]>,
    /// How many packets of the chat to keep for the flow graph; the others are counted.
    pub arrows: usize,
    /// Whether TCP is analysed to the end, for who is shown the frames; else as far as packets are kept.
    pub verdicts: bool,
    /// Flows of each transport that are told apart.
    pub max_flows: usize,
    /// Which frames count at all; every one where there is none.
    pub filter: Option<Arc<Filter>>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            port: CHAT_PORT,
            server: None,
            clients: None,
            arrows: 200,
            verdicts: false,
            max_flows: MAX_FLOWS,
            filter: None,
        }
    }
}

impl Watch {
    /// Whether a packet belongs to the chat, as far as its addresses and ports tell.
    pub(super) fn is_chat(&self, sighting: &Sighting<'_>) -> bool {
        let transport = &sighting.transport;
        let hosts = [transport.source, transport.destination];
        match transport.payload {
            TransportPayload::Tcp(tcp) => {
                let has_port =
                    [tcp.source_port(), tcp.destination_port()].contains(&Some(self.port));
                has_port && self.server.is_none_or(|server| hosts.contains(&server))
            }
            TransportPayload::Udp(udp) => {
                let ports = udp.source_port().zip(udp.destination_port());
                let likeness = ports.and_then(|(from, to)| {
                    let ends = [
                        Endpoint::new(transport.source, from),
                        Endpoint::new(transport.destination, to),
                    ];
                    Likeness::of(ends, self.port)
                });
                likeness.is_some()
                    || self
                        .clients
                        .is_some_and(|[a, b]| hosts == [a, b] || hosts == [b, a])
            }
        }
    }
}

/// How much datagrams look like the chat's private messages by their addresses and ports; the least
/// value is the most alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// From the chat's port to the chat's port, as the lab's programs send them.
    BothPorts,
    /// One end has the chat's port.
    OnePort,
}

impl Likeness {
    /// Datagrams between these ends, where the chat's server is on `port`: they have that port or
    /// the lab's. `None` where they are no chat: on other ports, with a service, or to more than one
    /// host.
    pub fn of(ends: [Endpoint; 2], port: u16) -> Option<Self> {
        let is_one_host = |end: &Endpoint| match end.address {
            IpAddr::V4(address) => !address.is_multicast() && !address.is_broadcast(),
            IpAddr::V6(address) => !address.is_multicast(),
        };
        if !ends.iter().all(is_one_host) {
            return None;
        }
        let ports = ends.map(|end| end.port);
        let is_chat = ports.map(|other| other == port || other == CHAT_PORT);
        match is_chat {
            [true, true] => Some(Self::BothPorts),
            [false, false] => None,
            _ => ports
                .iter()
                .all(|port| *port >= FIRST_USER_PORT)
                .then_some(Self::OnePort),
        }
    }
}
