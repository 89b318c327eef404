//! Hosts on the same link that were looked for: which hardware address has an IP address.
//!
//! Source: RFC 826 for IPv4, RFC 4861 §4.3, §4.4, §7.2 for IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Mac;
use super::lookup::Sent;
use crate::capture::Frame;
use crate::packet::{Packet, Protocol};

/// Messages that are kept: a lab's run has a few a host.
const MAX_MESSAGES: usize = 4096;

const REQUEST: u16 = 1;
const REPLY: u16 = 2;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
/// Offsets in an ARP packet for Ethernet and IPv4.
const SENDER_MAC: usize = 8;
const SENDER: usize = 14;
const TARGET: usize = 24;
/// Offsets in a neighbour solicitation or advertisement: the target, and the first option.
const ND_TARGET: usize = 8;
const ND_OPTION: usize = 24;
/// The options with the hardware address of the sender and of the target.
const LINK_LAYER_OPTIONS: [u8; 2] = [1, 2];

/// A question who has an address, or the answer to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Where it is.
    pub sent: Sent,
    /// Who wants to know: the sender of a question, the receiver of an answer.
    pub asker: IpAddr,
    /// The address that is looked for.
    pub target: IpAddr,
    /// The hardware address that an answer gives; `None` in a question.
    pub mac: Option<Mac>,
    /// Whether it is an answer.
    pub is_reply: bool,
}

/// The messages of one capture, in its order.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// The messages.
    pub list: Vec<Neighbour>,
    /// Messages that were not kept.
    pub left_out: u64,
}

impl Neighbours {
    /// Takes the next frame of the capture.
    pub(super) fn observe(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        let layer = packet.layers().last().filter(|layer| !layer.quoted);
        let Some(layer) = layer else { return };
        let octets = packet.header(layer).octets();
        let read = match layer.protocol {
            Protocol::Arp => arp(octets),
            Protocol::Icmpv6 => {
                let ends = packet.ip_addresses().last();
                ends.and_then(|(from, to)| discovery(octets, from, to))
            }
            _ => None,
        };
        let Some((asker, target, mac, is_reply)) = read else {
            return;
        };
        if self.list.len() >= MAX_MESSAGES {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.list.push(Neighbour {
            sent: Sent {
                frame: frame.number,
                time: frame.timestamp,
            },
            asker,
            target,
            mac,
            is_reply,
        });
    }
}

type Read = (IpAddr, IpAddr, Option<Mac>, bool);

fn arp(octets: &[u8]) -> Option<Read> {
    let operation = u16::from_be_bytes(chunk(octets, 6)?);
    let sender = Ipv4Addr::from(chunk::<4>(octets, SENDER)?);
    let target = Ipv4Addr::from(chunk::<4>(octets, TARGET)?);
    let mac = Mac(chunk(octets, SENDER_MAC)?);
    match operation {
        REQUEST => Some((sender.into(), target.into(), None, false)),
        REPLY => Some((target.into(), sender.into(), Some(mac), true)),
        _ => None,
    }
}

fn discovery(octets: &[u8], from: IpAddr, to: IpAddr) -> Option<Read> {
    let target = Ipv6Addr::from(chunk::<16>(octets, ND_TARGET)?).into();
    match *octets.first()? {
        // From the unspecified address it asks whether the address is free.
        SOLICITATION if !from.is_unspecified() => Some((from, target, None, false)),
        ADVERTISEMENT if !to.is_multicast() => {
            let [kind, length] = chunk(octets, ND_OPTION)?;
            let has_mac = LINK_LAYER_OPTIONS.contains(&kind) && length == 1;
            let mac = chunk(octets, ND_OPTION.checked_add(2)?).map(Mac);
            Some((to, target, mac.filter(|_| has_mac), true))
        }
        _ => None,
    }
}

fn chunk<const N: usize>(octets: &[u8], at: usize) -> Option<[u8; N]> {
    octets.get(at..)?.first_chunk().copied()
}
