//! Checksums: right, left to the network card, or neither.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::super::Remark;
use crate::capture::Frame;
use crate::packet::{Network, Transport, TransportPayload, ipv4, tcp};

/// Senders that are kept: the lab has five.
const MAX_SENDERS: usize = 256;
/// Frames that a remark names.
const NAMED: usize = 3;
/// Segments with payload that a host sends before their checksums say anything.
const FEW: u64 = 3;
/// Octets of an IPv4 header without options.
const IPV4_HEADER: usize = 20;
/// Sums of 16 bits that fit their checksum.
const FITS: u16 = 0xffff;

/// The checksums of a capture, by sender.
#[derive(Debug, Default)]
pub(super) struct Checksums {
    /// Frames whose IPv4 header does not fit its checksum.
    headers: Frames,
    senders: BTreeMap<Ipv4Addr, Sender>,
}

/// The checksums of TCP and UDP of one sender.
#[derive(Debug, Default)]
struct Sender {
    /// Segments with payload whose checksum is right.
    right: Frames,
    /// Segments with payload whose checksum is left to the network card.
    open: Frames,
    /// Packets whose checksum is neither.
    neither: Frames,
}

/// How many frames, and the first of them.
#[derive(Debug, Default)]
struct Frames {
    count: u64,
    first: Vec<u64>,
}

/// The sums over one segment or datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    /// Over all of it, its checksum and the pseudo-header.
    all: u16,
    /// Whether its checksum is the sum of the pseudo-header, with or without its length.
    is_open: bool,
}

impl Sums {
    /// The sums over what IPv4 carries, if all of it was captured in one frame and has a checksum.
    pub(super) fn of(transport: &Transport<'_>) -> Option<Self> {
        let Network::Ipv4(ipv4) = transport.network else {
            return None;
        };
        let (header, length, protocol, checksum) = match transport.payload {
            TransportPayload::Tcp(tcp) => {
                let length = tcp.header_length()?.checked_add(tcp.payload_length()?)?;
                (tcp.header, length, 6, tcp.header.u16(tcp::CHECKSUM)?)
            }
            // 0 says that there is none.
            TransportPayload::Udp(udp) => {
                let checksum = udp.checksum().filter(|checksum| *checksum != 0)?;
                (udp.header, udp.length()?.into(), 17, checksum)
            }
        };
        header.start()?;
        let octets = header.octets().get(..length)?;
        let pseudo = sum(&ipv4.source()?.octets()) + sum(&ipv4.destination()?.octets()) + protocol;
        let with_length = pseudo + length as u64;
        Some(Self {
            all: fold(with_length + sum(octets)),
            is_open: [with_length, pseudo].map(fold).contains(&checksum),
        })
    }

    /// Whether the checksum is right.
    pub(super) const fn is_right(self) -> bool {
        self.all == FITS
    }

    /// Whether it would be right with another number in place of one of 32 bits.
    pub(super) fn would_be_right(self, number: u32, other: u32) -> bool {
        let without = u64::from(self.all) + sum(&(!number).to_be_bytes());
        !self.is_right() && fold(without + sum(&other.to_be_bytes())) == FITS
    }
}

impl Frames {
    fn add(&mut self, frame: u64) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < NAMED {
            self.first.push(frame);
        }
    }
}

impl Checksums {
    pub(super) fn observe(&mut self, frame: &Frame<'_>, transport: &Transport<'_>) {
        let Network::Ipv4(header) = transport.network else {
            return;
        };
        let octets = header.header.octets();
        let length = octets
            .first()
            .map_or(0, |octet| usize::from(octet & 0xf) * 4);
        let is_whole = length >= IPV4_HEADER && header.header.start().is_some();
        // 0 is left by the network cards that fill it in.
        if let Some(header_octets) = octets.get(..length).filter(|_| is_whole)
            && header.header.u16(ipv4::CHECKSUM) != Some(0)
            && fold(sum(header_octets)) != FITS
        {
            self.headers.add(frame.number);
        }
        let (Some(source), Some(sums)) = (header.source(), Sums::of(transport)) else {
            return;
        };
        if self.senders.len() >= MAX_SENDERS && !self.senders.contains_key(&source) {
            return;
        }
        let sender = self.senders.entry(source).or_default();
        let has_payload = match transport.payload {
            TransportPayload::Tcp(tcp) => tcp.payload_length() > Some(0),
            TransportPayload::Udp(_) => false,
        };
        if !sums.is_right() && !sums.is_open {
            sender.neither.add(frame.number);
        } else if has_payload {
            // Resets and some acknowledgments have right ones whatever the network card does.
            let frames = if sums.is_right() {
                &mut sender.right
            } else {
                &mut sender.open
            };
            frames.add(frame.number);
        }
    }

    pub(super) fn remarks(&self, host: Option<IpAddr>) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let headers = &self.headers;
        if headers.count > 0 {
            let text = format!(
                "{} IP headers do not fit their checksum, which the sender always makes: were addresses or \
                 identifications changed after the capture?",
                headers.count
            );
            remarks.push(Remark::new("ip-checksum", text).at(&headers.first));
        }
        for (address, sender) in &self.senders {
            let (right, open, neither) = (&sender.right, &sender.open, &sender.neither);
            if neither.count > 0 {
                let text = format!(
                    "{} packets from {address} have a checksum that is neither right nor left to the network \
                     card: were octets changed after the capture?",
                    neither.count
                );
                remarks.push(Remark::new("checksum", text).at(&neither.first));
            }
            if right.count > 0 && open.count > 0 {
                let text = format!(
                    "{address} leaves {} checksums to the network card and makes {} itself: a host does the one \
                     or the other",
                    open.count, right.count
                );
                let frames: Vec<u64> = open.first.iter().chain(&right.first).copied().collect();
                remarks.push(Remark::new("mixed-checksums", text).at(&frames));
            } else if right.count >= FEW && host == Some(IpAddr::V4(*address)) {
                let text = format!(
                    "every checksum that {address} sends is right, although this is its own capture: containers \
                     leave them to the network card. Was the capture taken elsewhere, rewritten or generated?"
                );
                remarks.push(Remark::new("right-at-sender", text).at(&right.first));
            }
        }
        remarks
    }
}

/// The sum of words of 16 bits, an odd octet padded (RFC 1071).
fn sum(octets: &[u8]) -> u64 {
    let (words, odd) = octets.as_chunks();
    let words: u64 = words
        .iter()
        .map(|word| u64::from(u16::from_be_bytes(*word)))
        .sum();
    words + odd.first().map_or(0, |octet| u64::from(*octet) << 8)
}

/// A sum in ones' complement arithmetic.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}
