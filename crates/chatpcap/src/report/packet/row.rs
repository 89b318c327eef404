//! One packet in one line: the columns of Wireshark's packet list.

use std::net::IpAddr;

use crate::capture::Timestamp;
use crate::field::{Dissection, ethernet, info};
use crate::packet::{Packet, Protocol};

/// One packet of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketRow {
    /// The frame's number.
    pub number: u64,
    /// When it was captured.
    pub timestamp: Option<Timestamp>,
    /// Nanoseconds since the first frame of the capture.
    pub relative: Option<i64>,
    /// Who sent it: an IP address, else an Ethernet address, else nothing.
    pub source: String,
    /// For whom it is.
    pub destination: String,
    /// The innermost protocol that was decoded, as Wireshark names it.
    pub protocol: String,
    /// Octets on the wire.
    pub length: u32,
    /// What the packet says.
    pub info: String,
}

impl PacketRow {
    /// The row of a frame; sequence numbers are absolute unless `relative` asks otherwise.
    pub fn new(seen: &Dissection<'_>, relative: bool) -> Self {
        let (source, destination) = addresses(seen.packet);
        let (protocol, info) = info(seen, relative);
        Self {
            number: seen.frame.number,
            timestamp: seen.frame.timestamp,
            relative: seen
                .frame
                .timestamp
                .zip(seen.clock.first)
                .map(|(time, first)| time.since(first)),
            source,
            destination,
            protocol,
            length: seen.frame.original_length,
            info,
        }
    }
}

/// Sender and receiver of the innermost packet that is not quoted.
fn addresses(packet: &Packet<'_>) -> (String, String) {
    let mut found = (String::new(), String::new());
    for layer in packet.layers().iter().filter(|layer| !layer.quoted) {
        let octets = packet.header(layer).octets();
        let pair = match layer.protocol {
            Protocol::Ethernet => ethernet(octets, 6).zip(ethernet(octets, 0)),
            Protocol::Ipv4 | Protocol::Ipv6 => {
                let addresses = packet.addresses(layer);
                addresses.map(|(source, destination)| (text(source), text(destination)))
            }
            _ => None,
        };
        found = pair.unwrap_or(found);
    }
    found
}

fn text(address: IpAddr) -> String {
    address.to_string()
}
