//! Who talked to whom, on each layer.

mod pair;

use std::fmt;
use std::net::IpAddr;
use std::ops::ControlFlow;

use super::notice::{Notices, beyond};
use super::pass::{Examiner, FRAMES_A_PROGRESS};
use super::{LinkCount, Notice};
use crate::capture::{Capture, Format, Frame, Timestamp};
use crate::field::Needs;
use crate::filter::Filter;
use crate::flow::{
    Copies, Direction, Endpoint, Findings, FlowTable, PerDirection, Sightings, TcpFlow, UdpFlow,
    Volume,
};
use crate::packet::{Packet, Protocol};

use self::pair::Pairs;
pub use self::pair::{Mac, Pair};

/// A layer whose conversations are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Between two Ethernet addresses.
    Ethernet,
    /// Between two IP addresses, IPv4 or IPv6.
    Ip,
    /// TCP flows.
    Tcp,
    /// UDP flows.
    Udp,
}

impl Layer {
    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "eth",
            Self::Ip => "ip",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ethernet => "Ethernet",
            Self::Ip => "IP",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// One end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// An Ethernet address.
    Ethernet(Mac),
    /// An IP address.
    Ip(IpAddr),
    /// An IP address and a port.
    Transport(Endpoint),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ethernet(address) => address.fmt(f),
            Self::Ip(address) => address.fmt(f),
            Self::Transport(endpoint) => endpoint.fmt(f),
        }
    }
}

/// One conversation of any layer.
#[derive(Clone, Copy, Debug)]
pub enum Conversation<'a> {
    /// Between two Ethernet addresses.
    Ethernet(&'a Pair<Mac>),
    /// Between two IP addresses.
    Ip(&'a Pair<IpAddr>),
    /// A TCP flow, and what it went through.
    Tcp(&'a TcpFlow, Option<&'a Findings>),
    /// A UDP flow.
    Udp(&'a UdpFlow),
}

/// The conversations of a capture, counted while it is read.
///
/// An ICMP error that quotes a packet adds nothing to the packet's conversation. A frame with several
/// IP headers counts on each.
#[derive(Debug)]
pub struct Conversations<'f> {
    layers: Vec<Layer>,
    /// Whether a layer is counted here from the headers of each packet.
    reads_headers: bool,
    examiner: Examiner<'f>,
    ethernet: Pairs<Mac>,
    ip: Pairs<IpAddr>,
    notices: Notices,
    links: Vec<LinkCount>,
    /// Frames that were selected, and the sum of their original lengths.
    pub packets: u64,
    /// The sum of their original lengths.
    pub octets: u64,
    /// When the first of them was captured that has a time.
    pub first: Option<Timestamp>,
    /// When the last of them was.
    pub last: Option<Timestamp>,
    /// The most decimal digits of a second that any interface keeps.
    pub precision: u8,
}

impl<'f> Conversations<'f> {
    /// Counts the conversations of these layers, in a capture of this format, over the frames that
    /// `filter` selects.
    pub fn new(format: Format, layers: &[Layer], filter: Option<&'f Filter>) -> Self {
        Self::with(format, layers, filter, Needs::Analysis)
    }

    /// The same without what TCP went through, for who does not ask for it: no flow has [`Findings`].
    pub fn without_findings(format: Format, layers: &[Layer], filter: Option<&'f Filter>) -> Self {
        Self::with(format, layers, filter, Needs::Flow)
    }

    fn with(
        format: Format,
        layers: &[Layer],
        filter: Option<&'f Filter>,
        needs_of_tcp: Needs,
    ) -> Self {
        let needs = if layers.contains(&Layer::Tcp) {
            needs_of_tcp
        } else if layers.contains(&Layer::Udp) {
            Needs::Flow
        } else {
            Needs::Packet
        };
        Self {
            layers: layers.to_vec(),
            reads_headers: layers
                .iter()
                .any(|layer| matches!(layer, Layer::Ethernet | Layer::Ip)),
            examiner: Examiner::counting(format, filter, needs, Copies::PassOver),
            ethernet: Pairs::default(),
            ip: Pairs::default(),
            notices: Notices::default(),
            links: Vec::new(),
            packets: 0,
            octets: 0,
            first: None,
            last: None,
            precision: 0,
        }
    }

    /// Tells at most so many conversations of each layer apart, [`MAX_FLOWS`](crate::flow::MAX_FLOWS) where
    /// nobody says.
    pub fn limit(&mut self, conversations: usize) {
        self.examiner.limit_flows(conversations);
        self.ethernet.limit(conversations);
        self.ip.limit(conversations);
    }

    /// Reads a capture to its end.
    ///
    /// `progress` is told now and then how many octets of the input have been read. Returns what the
    /// reader should know of the capture.
    pub fn read(&mut self, capture: &mut Capture, progress: &mut dyn FnMut(u64)) {
        let mut read = capture.octets_read();
        loop {
            self.examiner.look_ahead(capture);
            let Some(frame) = capture.next_frame() else {
                break;
            };
            self.add(&frame);
            if self.frames().is_multiple_of(FRAMES_A_PROGRESS) {
                let now = capture.octets_read();
                if now != read {
                    read = now;
                    progress(now);
                }
            }
        }
    }

    /// Counts one frame, the next of the capture.
    pub fn add(&mut self, frame: &Frame<'_>) {
        let is_selected = if !self.reads_headers && self.examiner.examine_plain(frame) {
            count_link(&mut self.links, frame);
            true
        } else {
            self.examine(frame)
        };
        if !is_selected {
            return;
        }
        self.packets = self.packets.saturating_add(1);
        self.octets = self.octets.saturating_add(frame.original_length.into());
        self.precision = self.precision.max(frame.precision);
        if let Some(time) = frame.timestamp {
            self.notices.observe_time(frame.number, self.last, time);
            self.first.get_or_insert(time);
            self.last = Some(time);
        }
    }

    /// Examines one frame, and counts it on each layer; whether it was selected.
    fn examine(&mut self, frame: &Frame<'_>) -> bool {
        let Self {
            layers,
            examiner,
            ethernet,
            ip,
            notices,
            links,
            ..
        } = self;
        let mut is_selected = false;
        let _ = examiner.examine(frame, &mut |seen, flows| {
            is_selected = true;
            notices.observe(frame, seen.packet);
            count_link(links, frame);
            if layers.contains(&Layer::Ethernet) {
                add_ethernet(ethernet, frame, seen.packet);
            }
            if layers.contains(&Layer::Ip) {
                add_ip(ip, frame, seen.packet);
            }
            for sighting in seen.sightings.into_iter().flat_map(Sightings::iter) {
                flows.record(frame, sighting);
            }
            ControlFlow::Continue(())
        });
        is_selected
    }

    /// The layers that are counted, in the order of the user's wish.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Frames that were read, selected or not.
    pub const fn frames(&self) -> u64 {
        self.examiner.frames()
    }

    /// What the reader should know of the capture, which was read to its end.
    pub fn notices(&self, capture: &Capture) -> Vec<Notice> {
        let pairs = [
            (Layer::Ethernet, self.ethernet.beyond()),
            (Layer::Ip, self.ip.beyond()),
        ];
        let flows = self.examiner.flows();
        let limit = flows.max_flows();
        let pairs = pairs
            .into_iter()
            .filter_map(|(layer, rest)| Notice::beyond(layer, limit, rest));
        let all = pairs.chain(beyond(flows));
        self.notices.clone().into_list(capture, &self.links, all)
    }

    /// How many conversations of a layer can be asked for by number, shown or not.
    pub fn len(&self, layer: Layer) -> usize {
        let flows: &FlowTable = self.examiner.flows();
        match layer {
            Layer::Ethernet => self.ethernet.list().len(),
            Layer::Ip => self.ip.list().len(),
            Layer::Tcp => flows.tcp().len(),
            Layer::Udp => flows.udp().len(),
        }
    }

    /// A conversation of a layer by its number; `None` where no selected frame shows it.
    pub fn get(&self, layer: Layer, index: usize) -> Option<Conversation<'_>> {
        let flows = self.examiner.flows();
        Some(match layer {
            Layer::Ethernet => Conversation::Ethernet(self.ethernet.list().get(index)?),
            Layer::Ip => Conversation::Ip(self.ip.list().get(index)?),
            Layer::Tcp => {
                let flow = flows.tcp().get(index)?;
                Conversation::Tcp(flow, flows.findings(flow.flow.index))
            }
            Layer::Udp => Conversation::Udp(flows.udp().get(index)?),
        })
        .filter(|conversation| conversation.packets() > 0)
    }
}

impl Conversation<'_> {
    /// How much went each way.
    pub const fn volume(&self) -> &PerDirection<Volume> {
        match self {
            Self::Ethernet(pair) => &pair.volume,
            Self::Ip(pair) => &pair.volume,
            Self::Tcp(flow, _) => &flow.flow.volume,
            Self::Udp(flow) => &flow.flow.volume,
        }
    }

    /// Packets of both directions.
    pub const fn packets(&self) -> u64 {
        let volume = self.volume();
        volume
            .forward
            .packets
            .saturating_add(volume.backward.packets)
    }

    /// When its first and its last packet were captured.
    pub const fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match self {
            Self::Ethernet(pair) => (pair.first, pair.last),
            Self::Ip(pair) => (pair.first, pair.last),
            Self::Tcp(flow, _) => (flow.flow.first, flow.flow.last),
            Self::Udp(flow) => (flow.flow.first, flow.flow.last),
        }
    }

    /// `tcp.stream` or `udp.stream`; `None` on other layers.
    pub const fn flow(&self) -> Option<u32> {
        match self {
            Self::Ethernet(_) | Self::Ip(_) => None,
            Self::Tcp(flow, _) => Some(flow.flow.index),
            Self::Udp(flow) => Some(flow.flow.index),
        }
    }

    /// Who sent the packets of a direction.
    pub const fn sender(&self, direction: Direction) -> End {
        match self {
            Self::Ethernet(pair) => End::Ethernet(pair.sender(direction)),
            Self::Ip(pair) => End::Ip(pair.sender(direction)),
            Self::Tcp(flow, _) => End::Transport(flow.flow.sender(direction)),
            Self::Udp(flow) => End::Transport(flow.flow.sender(direction)),
        }
    }
}

fn add_ethernet(pairs: &mut Pairs<Mac>, frame: &Frame<'_>, packet: &Packet<'_>) {
    for layer in packet.layers() {
        if layer.protocol != Protocol::Ethernet || layer.quoted {
            continue;
        }
        let octets = packet.header(layer).octets();
        let Some((to, rest)) = octets.split_first_chunk() else {
            continue;
        };
        let Some(from) = rest.first_chunk() else {
            continue;
        };
        pairs.count(Mac(*from), Mac(*to), frame);
    }
}

fn add_ip(pairs: &mut Pairs<IpAddr>, frame: &Frame<'_>, packet: &Packet<'_>) {
    for (from, to) in packet.ip_addresses() {
        pairs.count(from, to, frame);
    }
}

fn count_link(links: &mut Vec<LinkCount>, frame: &Frame<'_>) {
    let same = |link: &LinkCount| link.link_type == frame.link_type;
    if let Some(place) = links.iter().position(same) {
        if let Some(link) = links.get_mut(place) {
            link.packets = link.packets.saturating_add(1);
        }
    } else if links.len() < MAX_LINKS {
        // A hostile capture has 65,536; the others are read like these, and not counted.
        links.push(LinkCount {
            link_type: frame.link_type,
            packets: 1,
        });
    }
}

/// Link types that are told apart; real captures have one or two.
const MAX_LINKS: usize = 64;
