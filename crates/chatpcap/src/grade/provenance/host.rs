//! Who is in a capture: addresses, where they stand on the link, whom they ask.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::{Lab, View};
use crate::capture::Frame;
use crate::grade::Remark;
use crate::packet::{Arp, Ipv4, Packet, Protocol, Transport, TransportPayload, arp};
use crate::trace::CHAT_PORT;

/// Addresses, and pairs of them, that are kept: the lab has five.
const MAX_HOSTS: usize = 256;
/// MAC addresses that are kept of one IP address.
const MAX_MACS: usize = 4;
/// The port of DNS.
const DNS: u16 = 53;
/// Octets of a DNS message before its first question.
const DNS_HEADER: usize = 12;

type Mac = [u8; 6];

/// Who is in a capture.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// The MAC addresses of each sender, with the first frame of each.
    macs: BTreeMap<Ipv4Addr, Vec<(Mac, u64)>>,
    /// How many packets went between two addresses, one host each, and the first frame.
    pairs: BTreeMap<[Ipv4Addr; 2], (u64, u64)>,
    /// Who was asked for which name, and in which frame first.
    questions: BTreeMap<(IpAddr, Vec<u8>), u64>,
}

impl Hosts {
    pub(super) fn observe(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        let Some(link) = packet.layers().first() else {
            return;
        };
        let octets = packet.header(link).octets();
        let mac = match link.protocol {
            Protocol::Ethernet => mac(octets, 6),
            Protocol::LinuxSll => mac(octets, 6).filter(|_| octets.get(4..6) == Some(&[0, 6])),
            Protocol::LinuxSll2 => mac(octets, 12).filter(|_| octets.get(11) == Some(&6)),
            _ => None,
        };
        let sender = packet
            .layers()
            .iter()
            .find_map(|layer| match layer.protocol {
                Protocol::Ipv4 if !layer.quoted => {
                    let ipv4 = Ipv4 {
                        header: packet.header(layer),
                    };
                    self.count(frame.number, ipv4.source()?, ipv4.destination()?);
                    ipv4.source()
                }
                Protocol::Arp => {
                    let arp = Arp {
                        header: packet.header(layer),
                    };
                    arp.header
                        .u32(arp::SENDER_PROTOCOL_ADDRESS)
                        .map(Ipv4Addr::from_bits)
                }
                _ => None,
            });
        let (Some(mac), Some(sender)) = (mac, sender.filter(|sender| !sender.is_unspecified()))
        else {
            return;
        };
        if self.macs.len() >= MAX_HOSTS && !self.macs.contains_key(&sender) {
            return;
        }
        let macs = self.macs.entry(sender).or_default();
        if macs.len() < MAX_MACS && macs.iter().all(|(known, _)| *known != mac) {
            macs.push((mac, frame.number));
        }
    }

    fn count(&mut self, frame: u64, from: Ipv4Addr, to: Ipv4Addr) {
        let is_one_host = |host: Ipv4Addr| !host.is_multicast() && host.octets()[3] != 255;
        let pair = [from.min(to), from.max(to)];
        let is_known = self.pairs.len() < MAX_HOSTS || self.pairs.contains_key(&pair);
        if is_known && is_one_host(to) && !from.is_unspecified() {
            self.pairs.entry(pair).or_insert((0, frame)).0 += 1;
        }
    }

    pub(super) fn observe_dns(&mut self, frame: &Frame<'_>, transport: &Transport<'_>) {
        if let TransportPayload::Udp(udp) = transport.payload
            && udp.destination_port() == Some(DNS)
            && self.questions.len() < MAX_HOSTS
            && let Some(name) = question(udp.payload())
        {
            let asked = (transport.destination, name);
            self.questions.entry(asked).or_insert(frame.number);
        }
    }

    pub(super) fn remarks(&self, lab: &Lab, view: &View<'_>) -> Vec<Remark> {
        let mut remarks = self.mac_remarks(lab);
        remarks.extend(chat_elsewhere(lab, view));
        if let Some(IpAddr::V4(host)) = view.host {
            remarks.extend(self.vantage(host));
        }
        if view.host.is_some_and(|host| lab.clients.contains(&host)) {
            remarks.extend(self.dns_remark(lab, view));
        }
        remarks
    }

    /// MAC addresses against IP addresses. Docker before version 28 makes the one from the other.
    fn mac_remarks(&self, lab: &Lab) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let follows = |ip: &Ipv4Addr, mac: &Mac| dockers(*mac) == Some(*ip);
        let senders = self.macs.iter();
        let in_lab = senders.filter(|(ip, _)| lab.has(IpAddr::V4(**ip)));
        let any_follows = in_lab
            .clone()
            .any(|(ip, macs)| macs.iter().any(|(mac, _)| follows(ip, mac)));
        for (ip, macs) in &self.macs {
            for (mac, frame) in macs {
                // Not the bridge's own, whose address is 02:42 and chance.
                if let Some(other) = dockers(*mac)
                    && other != *ip
                    && lab.has(IpAddr::V4(other))
                {
                    let text = format!(
                        "{ip} sends from {}, which Docker gives to {other}: were addresses rewritten?",
                        shown(*mac)
                    );
                    remarks.push(Remark::new("mac-of-other", text).at(&[*frame]));
                }
            }
            if let [(first, frame), (second, other_frame), ..] = &**macs {
                let text = format!(
                    "{ip} sends from {} and from {}: one host has one, unless it was restarted",
                    shown(*first),
                    shown(*second)
                );
                remarks.push(Remark::new("two-macs", text).at(&[*frame, *other_frame]));
            }
        }
        for (ip, macs) in in_lab.filter(|_| any_follows) {
            if let [(mac, frame)] = &**macs
                && !follows(ip, mac)
                && dockers(*mac).is_none_or(|other| !lab.has(IpAddr::V4(other)))
            {
                let text = format!(
                    "{ip} sends from {}, which is not what Docker makes of the address; other hosts' are",
                    shown(*mac)
                );
                remarks.push(Remark::new("mac-scheme", text).at(&[*frame]));
            }
        }
        remarks
    }

    /// Whether the capture was taken on this host: all that one host sends to another is its own.
    fn vantage(&self, host: Ipv4Addr) -> Option<Remark> {
        let (own, others): (Vec<_>, Vec<_>) = self
            .pairs
            .iter()
            .partition(|(pair, _)| pair.contains(&host));
        if own.is_empty() && !self.pairs.is_empty() {
            let text = format!("holds no packet of {host}, the host that it should be from");
            return Some(Remark::new("other-host", text));
        }
        let ([a, b], (_, frame)) = others.iter().min_by_key(|(_, (_, frame))| *frame)?;
        let count: u64 = others.iter().map(|(_, (count, _))| count).sum();
        let text = format!(
            "holds {count} packets between other hosts than {host}, the first between {a} and {b}: was it \
             captured elsewhere, or put together from several?"
        );
        Some(Remark::new("others-traffic", text).at(&[*frame]))
    }

    /// Whether a client that connects has asked for the server's name, and whom.
    fn dns_remark(&self, lab: &Lab, view: &View<'_>) -> Option<Remark> {
        let host = view.host?;
        let flows = view.inspection.trace.flows.tcp().iter();
        let mut connects =
            flows.filter(|flow| flow.handshake().syn.is_some() && flow.flow.source.address == host);
        let syn = connects.next()?.handshake().syn?;
        let of_name = |(asked, frame): (&(IpAddr, Vec<u8>), &u64)| {
            asked
                .1
                .eq_ignore_ascii_case(lab.name.as_bytes())
                .then_some((asked.0, *frame))
        };
        let asked: Vec<(IpAddr, u64)> = self.questions.iter().filter_map(of_name).collect();
        if asked.iter().any(|(server, _)| *server == lab.dns) {
            return None;
        }
        if let Some((server, frame)) = asked.first() {
            let text = format!("asks {server} for {}, not the lab's {}", lab.name, lab.dns);
            return Some(Remark::new("dns-elsewhere", text).at(&[*frame]));
        }
        let text = format!(
            "{host} connects without having asked {} for {}: was the capture cut or filtered?",
            lab.dns, lab.name
        );
        Some(Remark::new("dns-missing", text).at(&[syn.frame]))
    }
}

/// The chat between other addresses than the lab's.
fn chat_elsewhere(lab: &Lab, view: &View<'_>) -> Option<Remark> {
    let trace = &view.inspection.trace;
    let mut chats = trace
        .flows
        .tcp()
        .iter()
        .map(|flow| &flow.flow)
        .filter(|flow| flow.destination.port == CHAT_PORT);
    let is_labs = |address: &IpAddr| *address == lab.server;
    let first = chats.next()?;
    let mut all = std::iter::once(first).chain(chats);
    if all.any(|flow| is_labs(&flow.destination.address)) {
        return None;
    }
    let text = format!(
        "the chat runs between {} and {}, and the lab's server is {}",
        first.source, first.destination, lab.server
    );
    Some(Remark::new("addresses", text).at(&[first.first_frame()?]))
}

fn mac(octets: &[u8], at: usize) -> Option<Mac> {
    octets.get(at..)?.first_chunk().copied()
}

/// The IP address from which Docker before version 28 makes this MAC address.
fn dockers(mac: Mac) -> Option<Ipv4Addr> {
    match mac {
        [0x02, 0x42, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

fn shown(mac: Mac) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

/// The name that a DNS message asks for, with dots.
///
/// # Source
/// RFC 1035 §4.1.2
fn question(message: &[u8]) -> Option<Vec<u8>> {
    let mut rest = message.get(DNS_HEADER..)?;
    let mut name = Vec::new();
    loop {
        let (length, after) = rest.split_first()?;
        if *length == 0 {
            return Some(name);
        }
        let (label, after) = after.split_at_checked(usize::from(*length))?;
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend(label);
        if name.len() > 255 {
            return None;
        }
        rest = after;
    }
}
