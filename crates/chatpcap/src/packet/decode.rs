//! Decoding frame after frame, with the fragments that wait for others.

use super::reassembly::Reassembler;
use super::walk::Walk;
use super::{Packet, link};
use crate::capture::{Frame, LinkType};

/// Decodes the frames of one capture, in order.
///
/// Keeps the fragments of IP datagrams that are not complete yet, in bounded memory.
#[derive(Debug, Default)]
pub struct Decoder {
    reassembler: Reassembler,
}

impl Decoder {
    /// A decoder that has seen no fragment.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one frame.
    ///
    /// A fragment that completes a datagram gives that datagram's headers too; the other
    /// fragments end with their IP header.
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Packet<'a> {
        let mut walk = Walk::new(frame.octets, frame.original_length);
        walk.link(frame.link_type);
        let Some(fragment) = walk.fragment.take() else {
            return walk.into_packet(&[]);
        };
        match self.reassembler.add(&fragment) {
            Some(datagram) => {
                walk.continue_in(datagram);
                walk.ip_payload(fragment.protocol);
                let octets = frame.octets;
                Packet {
                    octets,
                    ..walk.into_packet(datagram)
                }
            }
            None => walk.into_packet(&[]),
        }
    }

    /// Whether frames of this link type are decoded at all.
    pub fn supports(link_type: LinkType) -> bool {
        link::supports(link_type)
    }
}
