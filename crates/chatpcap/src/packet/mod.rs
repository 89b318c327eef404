//! The packet stage: the octets of one frame to a stack of decoded headers.
//!
//! A [`Decoder`] walks a frame from its link type inwards. `etherparse` says where each header ends
//! and what is wrong with it; the views of this stage ([`Tcp`], [`Udp`], [`Ipv4`] ...) read single
//! fields at their RFC's offsets, because evidence needs the place of a field in the frame and
//! because a header that the snap length cut must still show every field that is there.
//!
//! A packet that cannot be decoded to its end is a packet all the same: it has the layers that were
//! found, and a [`Stop`] that says which layer stopped the walk and why.
//!
//! Headers inside an ICMP error message are those of the packet that caused the error. They are
//! decoded and marked as quoted; they name a flow, and carry nothing in it.

pub mod arp;
pub mod chat;
pub mod checksum;
mod decode;
pub mod dns;
pub mod field;
pub mod icmp;
pub mod ipv4;
pub mod ipv6;
mod link;
mod network;
mod plain;
mod reassembly;
mod stop;
pub mod tcp;
mod transport;
mod tunnel;
pub mod udp;
mod walk;

use std::net::IpAddr;

use arrayvec::ArrayVec;

pub use self::arp::Arp;
pub use self::decode::Decoder;
pub use self::field::{Field, Header, Position};
pub use self::icmp::Icmp;
pub use self::ipv4::Ipv4;
pub use self::ipv6::Ipv6;
pub(crate) use self::link::ether_type;
pub(crate) use self::plain::Plain;
pub use self::stop::{Reason, Stop};
pub use self::tcp::{Flags, Tcp};
pub use self::udp::Udp;

/// Headers that a packet may have before the walk stops: more than real traffic stacks.
pub const MAX_LAYERS: usize = 16;

/// What a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Protocol {
    /// Ethernet II or IEEE 802.3.
    Ethernet,
    /// An IEEE 802.1Q or 802.1ad tag.
    Vlan,
    /// Cisco's VN-Tag.
    VnTag,
    /// A stack of MPLS labels.
    Mpls,
    /// PPP over Ethernet.
    Pppoe,
    /// Linux cooked capture, version 1.
    LinuxSll,
    /// Linux cooked capture, version 2.
    LinuxSll2,
    /// BSD loopback, null or loop.
    Loopback,
    /// PPP.
    Ppp,
    /// Cisco HDLC.
    CiscoHdlc,
    /// Linux netfilter log.
    Nflog,
    /// IP over `InfiniBand`.
    Infiniband,
    /// Radiotap before IEEE 802.11.
    Radiotap,
    /// IEEE 802.11.
    Wlan,
    /// IEEE 802.2 logical link control, with SNAP.
    Llc,
    /// ARP.
    Arp,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// An IPv6 extension header, or the authentication header of IPv4.
    Extension,
    /// ICMP for IPv4.
    Icmp,
    /// ICMP for IPv6.
    Icmpv6,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Generic routing encapsulation.
    Gre,
    /// Virtual extensible LAN.
    Vxlan,
    /// Generic network virtualisation encapsulation.
    Geneve,
    /// The user plane of the GPRS tunnelling protocol.
    Gtp,
}

impl Protocol {
    /// The name that Wireshark's filters have for the layer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "eth",
            Self::Vlan => "vlan",
            Self::VnTag => "vntag",
            Self::Mpls => "mpls",
            Self::Pppoe => "pppoes",
            Self::LinuxSll | Self::LinuxSll2 => "sll",
            Self::Loopback => "null",
            Self::Ppp => "ppp",
            Self::CiscoHdlc => "chdlc",
            Self::Nflog => "nflog",
            Self::Infiniband => "infiniband",
            Self::Radiotap => "radiotap",
            Self::Wlan => "wlan",
            Self::Llc => "llc",
            Self::Arp => "arp",
            Self::Ipv4 => "ip",
            Self::Ipv6 => "ipv6",
            Self::Extension => "ip extension header",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Gre => "gre",
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Gtp => "gtp",
        }
    }
}

/// One header of a packet: what it is and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What the header is.
    pub protocol: Protocol,
    /// Whether it belongs to a packet that an ICMP error message quotes.
    pub quoted: bool,
    /// Whether it stands in a datagram put together from fragments instead of in the frame.
    pub reassembled: bool,
    /// Octets before the header. The lengths of frames are numbers of 32 bits in every format.
    start: u32,
    /// Octets before the end of what the header begins, on the wire: the payload is included,
    /// padding is not, and the capture may hold less.
    end: u32,
}

impl Layer {
    /// A layer of the packet itself that stands in the frame.
    fn new(protocol: Protocol, start: usize, end: usize) -> Self {
        Self {
            protocol,
            quoted: false,
            reassembled: false,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }

    /// Octets on the wire of the header and what it carries; the capture may hold less.
    pub const fn length(&self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Octets before the header.
    const fn start(&self) -> usize {
        self.start as usize
    }

    /// Octets before the end of what the header begins.
    const fn end(&self) -> usize {
        self.end as usize
    }
}

/// The decoded headers of one frame.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// The captured octets of the frame.
    octets: &'a [u8],
    /// What the frame's fragment completed, IP headers left out.
    reassembled: &'a [u8],
    layers: ArrayVec<Layer, MAX_LAYERS>,
    stop: Option<Stop>,
}

/// A TCP segment or UDP datagram with the addresses of the IP header before it.
#[derive(Clone, Copy, Debug)]
pub struct Transport<'a> {
    /// The sender's address.
    pub source: IpAddr,
    /// The receiver's address.
    pub destination: IpAddr,
    /// Whether an ICMP error message quotes it.
    pub quoted: bool,
    /// Which of the packet's [`layers`](Packet::layers) it is, from 0.
    pub layer: usize,
    /// The IP header, for what it says of the payload.
    pub network: Network<'a>,
    /// The segment or datagram.
    pub payload: TransportPayload<'a>,
}

/// What an IP packet carries, where it has ports.
#[derive(Clone, Copy, Debug)]
pub enum TransportPayload<'a> {
    /// A TCP segment.
    Tcp(Tcp<'a>),
    /// A UDP datagram.
    Udp(Udp<'a>),
}

/// An IP header of either version, with the header that names the transport protocol.
#[derive(Clone, Copy, Debug)]
pub enum Network<'a> {
    /// IPv4.
    Ipv4(Ipv4<'a>),
    /// IPv6, and the last of its extension headers if there are any.
    Ipv6(Ipv6<'a>, Option<Header<'a>>),
}

impl<'a> Packet<'a> {
    /// A packet in which nothing was looked for.
    pub const fn undecoded(octets: &'a [u8]) -> Self {
        Self {
            octets,
            reassembled: &[],
            layers: ArrayVec::new_const(),
            stop: None,
        }
    }

    /// The captured octets of the whole frame.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The headers that were found, from the link inwards.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Why the walk ended before the last header, if it did.
    pub const fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Whether the same headers were found in the same octets of the frame, to the same end.
    fn has_same_headers(&self, other: &Packet<'_>) -> bool {
        self.octets == other.octets
            && self.reassembled == other.reassembled
            && self.layers == other.layers
            && self.stop == other.stop
    }

    /// Whether any layer, quoted ones included, is of this protocol: what a bare `tcp` selects in
    /// a display filter.
    pub fn has(&self, protocol: Protocol) -> bool {
        self.layers.iter().any(|layer| layer.protocol == protocol)
    }

    /// The octets of a layer's header and payload, as far as they were captured.
    pub fn header(&self, layer: &Layer) -> Header<'a> {
        let (octets, position) = if layer.reassembled {
            (self.reassembled, Position::Reassembled(layer.start()))
        } else {
            (self.octets, Position::Frame(layer.start()))
        };
        let end = layer.end().min(octets.len());
        Header::new(octets.get(layer.start()..end).unwrap_or_default(), position)
    }

    /// A layer as a TCP segment, if it is one.
    pub fn tcp(&self, layer: &Layer) -> Option<Tcp<'a>> {
        (layer.protocol == Protocol::Tcp).then(|| Tcp {
            header: self.header(layer),
            length: layer.length(),
        })
    }

    /// A layer as a UDP datagram, if it is one.
    pub fn udp(&self, layer: &Layer) -> Option<Udp<'a>> {
        (layer.protocol == Protocol::Udp).then(|| Udp {
            header: self.header(layer),
            available: layer.length(),
        })
    }

    /// Source and destination address of an IP header, if the layer is one.
    pub fn addresses(&self, layer: &Layer) -> Option<(IpAddr, IpAddr)> {
        let header = self.header(layer);
        match layer.protocol {
            Protocol::Ipv4 => Network::Ipv4(Ipv4 { header }).addresses(),
            Protocol::Ipv6 => Network::Ipv6(Ipv6 { header }, None).addresses(),
            _ => None,
        }
    }

    /// Source and destination port of a TCP segment or UDP datagram.
    pub fn ports(&self, layer: &Layer) -> Option<(u16, u16)> {
        match (self.tcp(layer), self.udp(layer)) {
            (Some(tcp), _) => tcp.source_port().zip(tcp.destination_port()),
            (_, Some(udp)) => udp.source_port().zip(udp.destination_port()),
            _ => None,
        }
    }

    /// Source and destination of every IP header of the packet, outermost first, quoted ones left out.
    pub fn ip_addresses(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        self.layers.iter().filter_map(|layer| {
            let header = self.header(layer);
            let network = match layer.protocol {
                _ if layer.quoted => return None,
                Protocol::Ipv4 => Network::Ipv4(Ipv4 { header }),
                Protocol::Ipv6 => Network::Ipv6(Ipv6 { header }, None),
                _ => return None,
            };
            network.addresses()
        })
    }

    /// Every TCP segment and UDP datagram of the packet, outermost first, quoted ones included,
    /// whose IP addresses are there.
    pub fn transports(&self) -> impl Iterator<Item = Transport<'a>> {
        let mut network = None;
        let layers = self.layers.iter().enumerate();
        layers.filter_map(move |(place, layer)| {
            let header = self.header(layer);
            match layer.protocol {
                Protocol::Ipv4 => network = Some(Network::Ipv4(Ipv4 { header })),
                Protocol::Ipv6 => network = Some(Network::Ipv6(Ipv6 { header }, None)),
                Protocol::Extension => {
                    if let Some(Network::Ipv6(_, extension)) = &mut network {
                        *extension = Some(header);
                    }
                }
                Protocol::Tcp | Protocol::Udp => {
                    let network = network?;
                    let (source, destination) = network.addresses()?;
                    let payload = if layer.protocol == Protocol::Tcp {
                        TransportPayload::Tcp(self.tcp(layer)?)
                    } else {
                        TransportPayload::Udp(self.udp(layer)?)
                    };
                    let quoted = layer.quoted;
                    return Some(Transport {
                        source,
                        destination,
                        quoted,
                        layer: place,
                        network,
                        payload,
                    });
                }
                _ => {}
            }
            None
        })
    }
}

impl<'a> Network<'a> {
    /// Source and destination address; `None` where the header is cut before them.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        Some(match self {
            Self::Ipv4(ipv4) => (ipv4.source()?.into(), ipv4.destination()?.into()),
            Self::Ipv6(ipv6, _) => (ipv6.source()?.into(), ipv6.destination()?.into()),
        })
    }

    /// The header and field that name the transport protocol.
    pub const fn protocol_field(&self) -> (Header<'a>, Field) {
        match self {
            Self::Ipv4(ipv4) => (ipv4.header, ipv4::PROTOCOL),
            Self::Ipv6(_, Some(extension)) => (*extension, ipv6::EXTENSION_NEXT_HEADER),
            Self::Ipv6(ipv6, None) => (ipv6.header, ipv6::NEXT_HEADER),
        }
    }
}
