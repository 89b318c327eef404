//! Checksums: right, left to the network card, or neither.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::capture::Frame;
use crate::grade::Remark;
use crate::packet::checksum::{self, Checksum};
use crate::packet::{Network, Transport, TransportPayload};

/// Senders that are kept: the lab has five.
const MAX_SENDERS: usize = 256;
/// Frames that a remark names.
const NAMED: usize = 3;
/// Segments with payload that a host sends before their checksums say anything.
const FEW: u64 = 3;

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
        let Network::Ipv4(ipv4) = transport.network else {
            return;
        };
        if checksum::ipv4(&ipv4) == Checksum::Bad {
            self.headers.add(frame.number);
        }
        let Some(source) = ipv4.source() else {
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
        match checksum::transport(transport) {
            Checksum::Bad => sender.neither.add(frame.number),
            // Resets and some acknowledgments have right ones whatever the network card does.
            Checksum::Good if has_payload => sender.right.add(frame.number),
            Checksum::Offloaded if has_payload => sender.open.add(frame.number),
            _ => {}
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
