//! Which frames a flow graph draws, and what became of the others.

use std::net::IpAddr;

use crate::field::Dissection;
use crate::packet::Flags;
use crate::trace::{Address, Arrow, FlowNumber, Message};

/// Which of the selected frames are drawn.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only this flow.
    pub flow: Option<FlowNumber>,
    /// What is hidden.
    pub hidden: Vec<Hidden>,
}

/// Something that is not drawn, but counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// What a host sends or receives.
    Host(IpAddr),
    /// ARP.
    Arp,
    /// ICMP of both versions.
    Icmp,
    /// DNS, multicast DNS too.
    Dns,
    /// TCP.
    Tcp,
    /// UDP that is no DNS.
    Udp,
    /// TCP segments that only acknowledge.
    Acks,
    /// Multicast and broadcast.
    Group,
}

/// What became of the frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that the filter selected.
    pub selected: u64,
    /// Frames of other flows than the chosen one.
    pub others: u64,
    /// Frames that are hidden.
    pub hidden: u64,
    /// Frames that find no place any more.
    pub left_out: u64,
}

impl Choice {
    /// A frame as it is drawn; the chat is on this port.
    pub fn arrow(&self, seen: &Dissection<'_>, port: u16) -> Arrow {
        match self.flow {
            Some(flow) => Arrow::in_flow(seen, flow, port),
            None => Arrow::new(seen, port),
        }
    }

    /// Whether a frame is drawn; counts it.
    pub fn draws(&self, arrow: &Arrow, tally: &mut Tally) -> bool {
        tally.selected = tally.selected.saturating_add(1);
        if self.flow.is_some() && arrow.flow != self.flow {
            tally.others = tally.others.saturating_add(1);
            return false;
        }
        if self.hidden.iter().any(|hidden| hidden.has(arrow)) {
            tally.hidden = tally.hidden.saturating_add(1);
            return false;
        }
        true
    }
}

impl Hidden {
    /// What has a name on the command line.
    pub const NAMED: [(&'static str, Self); 7] = [
        ("arp", Self::Arp),
        ("icmp", Self::Icmp),
        ("dns", Self::Dns),
        ("tcp", Self::Tcp),
        ("udp", Self::Udp),
        ("acks", Self::Acks),
        ("multicast", Self::Group),
    ];

    fn has(self, arrow: &Arrow) -> bool {
        let is_end = |address: Address| {
            arrow
                .ends
                .is_some_and(|(from, to)| [from.address, to.address].contains(&address))
        };
        match (self, &arrow.message) {
            (Self::Host(address), _) => is_end(Address::Ip(address)),
            (Self::Group, _) => is_end(Address::Group),
            (Self::Arp, Message::Other { protocol, .. }) => protocol == "ARP",
            (Self::Icmp, Message::Other { protocol, .. }) => protocol.starts_with("ICMP"),
            (Self::Dns, Message::Dns { .. })
            | (Self::Tcp, Message::Tcp { .. })
            | (Self::Udp, Message::Udp { .. }) => true,
            (Self::Acks, Message::Tcp { flags, payload, .. }) => {
                let only_ack = flags.is_some_and(|flags| flags.0 & !0xc0 == Flags::ACK);
                only_ack && *payload == Some(0)
            }
            _ => false,
        }
    }
}

impl Tally {
    pub(super) const fn add(&mut self, other: &Self) {
        self.selected = self.selected.saturating_add(other.selected);
        self.others = self.others.saturating_add(other.others);
        self.hidden = self.hidden.saturating_add(other.hidden);
        self.left_out = self.left_out.saturating_add(other.left_out);
    }
}
