//! Who sent a frame on its link, and to whom.

use crate::packet::{Packet, Protocol};
use crate::trace::Mac;

/// All hosts of a link.
const BROADCAST: [u8; 6] = [0xff; 6];

/// The link addresses of a frame, as far as its link has them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LinkEnds {
    /// Who sent it.
    pub(super) source: Option<Mac>,
    /// For whom it is.
    pub(super) destination: Option<Mac>,
    /// Whether all hosts of the link receive it.
    pub(super) is_broadcast: bool,
}

impl LinkEnds {
    /// Those of the link that the innermost of the first `layers` travels on: a tunnel has one of its own,
    /// or none.
    pub(super) fn of(packet: &Packet<'_>, layers: usize) -> Self {
        let mut ends = Self::default();
        let mut is_used = false;
        let layers = packet.layers().iter().take(layers);
        for layer in layers.filter(|layer| !layer.quoted) {
            let octets = packet.header(layer).octets();
            let address = |at: usize| {
                let octets = octets.get(at..).and_then(|octets| octets.first_chunk());
                octets.copied().map(Mac)
            };
            match layer.protocol {
                Protocol::Ethernet => {
                    let destination = address(0);
                    is_used = false;
                    ends = Self {
                        source: address(6),
                        destination,
                        is_broadcast: destination == Some(Mac(BROADCAST)),
                    };
                }
                // The packet's type: 1 was sent to all. An address of six octets is Ethernet's.
                Protocol::LinuxSll => {
                    if let [_, kind, _, _, 0, length, ..] = octets {
                        ends.source = (*length == 6).then(|| address(6)).flatten();
                        ends.is_broadcast = *kind == 1;
                    }
                }
                Protocol::LinuxSll2 => {
                    if let [_, _, _, _, _, _, _, _, _, _, kind, length, ..] = octets {
                        ends.source = (*length == 6).then(|| address(12)).flatten();
                        ends.is_broadcast = *kind == 1;
                    }
                }
                // Within another IP packet there is no link.
                Protocol::Ipv4 | Protocol::Ipv6 => {
                    if is_used {
                        ends = Self::default();
                    }
                    is_used = true;
                }
                _ => {}
            }
        }
        ends
    }
}
