//! Decoding frame after frame, with the fragments that wait for others.

use super::reassembly::Reassembler;
use super::walk::Walk;
use super::{Packet, Plain, link};
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
        if frame.link_type == LinkType::ETHERNET
            && let Some(plain) = Plain::find(frame.octets, frame.original_length)
        {
            let packet = plain.packet(frame.octets, frame.original_length);
            // Every test of a debug build is a test of this too.
            debug_assert!(
                self.walk(frame).has_same_headers(&packet),
                "a plain packet is decoded otherwise: {plain:?}"
            );
            return packet;
        }
        self.walk(frame)
    }

    /// The general way, for packets of any kind.
    fn walk<'a>(&'a mut self, frame: &Frame<'a>) -> Packet<'a> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Octets of a frame that is plain, or nearly so.
    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let ether_type = prop_oneof![Just(0x0800_u16), Just(0x86dd), Just(0x88a8), any::<u16>()];
        let protocol = prop_oneof![Just(6_u8), Just(17), any::<u8>()];
        let port = prop_oneof![Just(5000_u16), Just(4789), Just(2152), any::<u16>()];
        let length = prop_oneof![0..120_u16, any::<u16>()];
        (
            (any::<[u8; 12]>(), any::<bool>(), ether_type, protocol),
            (
                prop_oneof![Just(0x45_u8), Just(0x60), any::<u8>()],
                length,
                any::<bool>(),
            ),
            (
                port.clone(),
                port,
                prop_oneof![Just(0x50_u8), Just(0x80), any::<u8>()],
            ),
            (
                proptest::collection::vec(any::<u8>(), 60..120),
                0..200_usize,
            ),
        )
            .prop_map(
                |(
                    (addresses, has_tag, ether_type, protocol),
                    (version, length, is_whole),
                    (source, destination, words),
                    (rest, cut),
                )| {
                    let mut octets = addresses.to_vec();
                    if has_tag {
                        octets.extend([0x81, 0, 0, 7]);
                    }
                    octets.extend(ether_type.to_be_bytes());
                    let start = octets.len();
                    octets.extend(rest);
                    let mut put = |at: usize, field: &[u8]| {
                        let at = start + at;
                        octets[at..at + field.len()].copy_from_slice(field);
                    };
                    put(0, &[version]);
                    let is_ipv6 = ether_type == 0x86dd;
                    put(if is_ipv6 { 4 } else { 2 }, &length.to_be_bytes());
                    put(if is_ipv6 { 6 } else { 9 }, &[protocol]);
                    if is_whole && !is_ipv6 {
                        put(6, &[0x40, 0]);
                    }
                    let header = if is_ipv6 { 40 } else { 20 };
                    put(header, &source.to_be_bytes());
                    put(header + 2, &destination.to_be_bytes());
                    put(header + 12, &[words]);
                    octets.truncate(cut);
                    octets
                },
            )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn the_short_way_leads_where_the_general_one_does(
            octets in octets(),
            original_length in prop_oneof![0..200_u32, any::<u32>()],
        ) {
            let frame = Frame {
                number: 1,
                timestamp: None,
                precision: 6,
                interface: 0,
                link_type: LinkType::ETHERNET,
                octets: &octets,
                original_length,
            };
            if let Some(plain) = Plain::find(&octets, original_length) {
                let packet = plain.packet(&octets, original_length);
                let mut decoder = Decoder::new();
                let walked = decoder.walk(&frame);
                prop_assert_eq!(walked.layers(), packet.layers());
                prop_assert_eq!(walked.stop(), packet.stop());
            }
        }
    }

    #[test]
    fn a_plain_packet_goes_the_short_way() {
        let mut octets = vec![0; 60];
        octets[12] = 8;
        octets[14..18].copy_from_slice(&[0x45, 0, 0, 40]);
        octets[23] = 6;
        octets[46] = 0x50;
        assert!(Plain::find(&octets, 60).is_some());
        octets[20] = 0x20;
        assert!(Plain::find(&octets, 60).is_none(), "a fragment");
    }
}
