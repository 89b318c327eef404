//! One walk through one frame: where it stands and what it found.

use arrayvec::ArrayVec;

use super::reassembly::Fragment;
use super::{Layer, MAX_LAYERS, Packet, Protocol, Reason, Stop};

/// One walk through one frame: where it stands and what it found.
///
/// Its methods are spread over `link.rs`, `network.rs` and `transport.rs`.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub octets: &'a [u8],
    /// Octets before the header that is next.
    pub at: usize,
    /// Octets before the end of the packet on the wire, as the headers so far tell.
    pub end: usize,
    pub quoted: bool,
    reassembled: bool,
    layers: ArrayVec<Layer, MAX_LAYERS>,
    stop: Option<Stop>,
    pub fragment: Option<Fragment<'a>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(octets: &'a [u8], original_length: u32) -> Self {
        // A record may claim to be shorter on the wire than what it holds; what is held is there.
        let end = usize::try_from(original_length)
            .unwrap_or(usize::MAX)
            .max(octets.len());
        Self {
            octets,
            at: 0,
            end,
            quoted: false,
            reassembled: false,
            layers: ArrayVec::new_const(),
            stop: None,
            fragment: None,
        }
    }

    pub(super) fn into_packet(self, reassembled: &'a [u8]) -> Packet<'a> {
        Packet {
            octets: self.octets,
            reassembled,
            layers: self.layers,
            stop: self.stop,
        }
    }

    /// Goes on in a datagram that was put together from fragments.
    pub(super) fn continue_in(&mut self, datagram: &'a [u8]) {
        self.octets = datagram;
        self.at = 0;
        self.end = datagram.len();
        self.reassembled = true;
        self.stop = None;
    }

    /// The octets from here to the packet's end, as far as they were captured.
    pub(super) fn rest(&self) -> &'a [u8] {
        let end = self.end.min(self.octets.len());
        self.octets.get(self.at..end).unwrap_or_default()
    }

    /// The first octets from here, if that many were captured.
    pub(super) fn peek<const N: usize>(&self) -> Option<[u8; N]> {
        self.rest().first_chunk().copied()
    }

    /// Notes that a header of `protocol` begins here. `false` ends the walk: there are too many.
    pub(super) fn push(&mut self, protocol: Protocol) -> bool {
        let layer = Layer {
            quoted: self.quoted,
            reassembled: self.reassembled,
            ..Layer::new(protocol, self.at, self.end)
        };
        let fits = self.layers.try_push(layer).is_ok();
        if !fits {
            self.stop(protocol, Reason::TooManyLayers);
        }
        fits
    }

    /// Notes a header of `length` octets and passes it; a header that is not there whole is noted
    /// and ends the walk.
    pub(super) fn pass(&mut self, protocol: Protocol, length: usize) -> bool {
        if !self.push(protocol) {
            return false;
        }
        if self.rest().len() < length {
            self.stop_cut(protocol, length);
            return false;
        }
        self.at = self.at.saturating_add(length);
        true
    }

    /// The header that was noted last; the link where there is none.
    pub(super) fn last_layer(&self) -> Protocol {
        self.layers
            .last()
            .map_or(Protocol::Ethernet, |layer| layer.protocol)
    }

    /// Ends the walk at the header that begins here.
    ///
    /// What an ICMP error quotes is cut short by its sender (RFC 792: eight octets of payload), so
    /// that its end is nothing to report.
    pub(super) fn stop(&mut self, layer: Protocol, reason: Reason) {
        if self.quoted {
            return;
        }
        self.stop = Some(Stop {
            layer,
            offset: self.at,
            reason,
        });
    }

    /// Ends the walk at a header of which `needed` octets are not all there.
    pub(super) fn stop_cut(&mut self, layer: Protocol, needed: usize) {
        let had = self.rest().len();
        let on_the_wire = self.end.saturating_sub(self.at);
        let reason = if had < on_the_wire {
            Reason::Cut { needed, had }
        } else {
            Reason::Short { needed, had }
        };
        self.stop(layer, reason);
    }
}
