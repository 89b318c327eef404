//! Who sends or receives a packet, as the packet tells.

use std::fmt;
use std::net::IpAddr;

use super::link::LinkEnds;
use crate::flow::{Endpoint, Sighting};
use crate::packet::{Packet, Protocol};
use crate::trace::Mac;

/// Who sends or receives a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The host.
    pub address: Address,
    /// The port, where the packet has one.
    pub port: Option<u16>,
    /// The host's address on the link where the frame was captured, if it is the host's own and not a
    /// router's: only ARP and neighbours on the link tell.
    pub neighbour: Option<Mac>,
}

/// A host, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// A host by its IP address.
    Ip(IpAddr),
    /// A host of which only the address on its link is known.
    Link(Mac),
    /// Several hosts: multicast or broadcast.
    Group,
}

impl Place {
    /// Sender and receiver of a packet.
    pub(super) fn ends(
        packet: &Packet<'_>,
        sighting: Option<&Sighting<'_>>,
        link: &LinkEnds,
    ) -> Option<(Self, Self)> {
        if let Some((from, to)) = sighting.and_then(Sighting::sender_and_receiver) {
            return Some((
                Self::sender(from.address, Some(from.port), link),
                Self::receiver(to.address, Some(to.port), link),
            ));
        }
        let layers = packet.layers().iter().rev();
        let mut inwards = layers.clone().filter(|layer| !layer.quoted);
        // What is on a link within a tunnel has not the addresses of the tunnel's ends.
        let nearest = inwards.find(|layer| {
            let protocol = layer.protocol;
            matches!(
                protocol,
                Protocol::Ethernet | Protocol::Ipv4 | Protocol::Ipv6
            )
        });
        let is_on_link = nearest.is_none_or(|layer| layer.protocol == Protocol::Ethernet);
        let addresses = packet.ip_addresses().last().filter(|_| !is_on_link);
        if let Some((from, to)) = addresses {
            return Some((
                Self::sender(from, None, link),
                Self::receiver(to, None, link),
            ));
        }
        let mut layers = layers;
        let arp = layers.find(|layer| layer.protocol == Protocol::Arp);
        arp.and_then(|arp| Self::of_arp(packet.header(arp).octets(), link))
            .or_else(|| Self::on_link(link))
    }

    /// The endpoint, where the place is a host's and has a port.
    pub fn endpoint(&self) -> Option<Endpoint> {
        match self.address {
            Address::Ip(address) => Some(Endpoint::new(address, self.port?)),
            Address::Link(_) | Address::Group => None,
        }
    }

    fn sender(address: IpAddr, port: Option<u16>, link: &LinkEnds) -> Self {
        // Who has no address yet, as who asks for one, is known by the one on its link.
        if let (true, Some(mac)) = (address.is_unspecified(), link.source) {
            return Self::link(mac);
        }
        // No router passes on what a link-local address sends (RFC 4291 §2.5.6).
        let is_on_link = match address {
            IpAddr::V6(address) => address.is_unicast_link_local(),
            IpAddr::V4(_) => false,
        };
        Self {
            address: Address::Ip(address),
            port,
            neighbour: link.source.filter(|_| is_on_link),
        }
    }

    fn receiver(address: IpAddr, port: Option<u16>, link: &LinkEnds) -> Self {
        let is_broadcast = match address {
            IpAddr::V4(address) => address.is_broadcast() || link.is_broadcast,
            IpAddr::V6(_) => false,
        };
        let is_group = is_broadcast || address.is_multicast();
        Self {
            address: if is_group {
                Address::Group
            } else {
                Address::Ip(address)
            },
            port,
            neighbour: None,
        }
    }

    const fn link(mac: Mac) -> Self {
        Self {
            address: Address::Link(mac),
            port: None,
            neighbour: Some(mac),
        }
    }

    const fn group() -> Self {
        Self {
            address: Address::Group,
            port: None,
            neighbour: None,
        }
    }

    /// ARP names hosts by their IP addresses, and says which are whose.
    fn of_arp(octets: &[u8], link: &LinkEnds) -> Option<(Self, Self)> {
        let [_, _, _, _, 6, 4, _, operation, rest @ ..] = octets else {
            return None;
        };
        let (hardware, rest) = rest.split_first_chunk::<6>()?;
        let (sender, rest) = rest.split_first_chunk::<4>()?;
        let target = rest.get(6..)?.first_chunk::<4>()?;
        let host = |octets: &[u8; 4], mac: Option<Mac>| {
            let address = IpAddr::from(*octets);
            match mac {
                Some(mac) if address.is_unspecified() => Self::link(mac),
                _ => Self {
                    address: Address::Ip(address),
                    port: None,
                    neighbour: mac,
                },
            }
        };
        let is_to_one = link.destination.is_some_and(|to| !is_group(to))
            || (link.destination.is_none() && !link.is_broadcast && *operation == 2);
        let to = if is_to_one {
            host(target, None)
        } else {
            Self::group()
        };
        Some((host(sender, Some(Mac(*hardware))), to))
    }

    fn on_link(link: &LinkEnds) -> Option<(Self, Self)> {
        let (from, to) = link.source.zip(link.destination)?;
        let to = if is_group(to) {
            Self::group()
        } else {
            Self::link(to)
        };
        Some((Self::link(from), to))
    }
}

/// The first bit on the wire is the group's.
const fn is_group(Mac([first, ..]): Mac) -> bool {
    first & 1 == 1
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Link(mac) => mac.fmt(f),
            Self::Group => f.write_str("multicast, broadcast"),
        }
    }
}

impl fmt::Display for Place {
    /// The address, with the port where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.endpoint(), self.port) {
            (Some(endpoint), _) => endpoint.fmt(f),
            (None, Some(port)) => write!(f, "{} port {port}", self.address),
            (None, None) => self.address.fmt(f),
        }
    }
}
