//! A flow graph in words: everything that a drawing writes, and nothing of where it stands.
//!
//! Texts from outside are safe for a terminal already; each form escapes for its own language.

pub use crate::trace::Severity;

/// The words of a flow graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The captures, in the order given.
    pub captures: Vec<CaptureText>,
    /// The hosts, a column each, from left to right.
    pub nodes: Vec<NodeText>,
    /// Flows by number, where the hosts of a row do not tell its flow.
    pub flows: Vec<FlowText>,
    /// What the times are: `seconds` since the first packet, `delta` since the one before, or `UTC`.
    pub clock: &'static str,
    /// What happened, from top to bottom.
    pub entries: Vec<Entry>,
    /// What to say below: frames that were folded, hidden or left out, and how to see them.
    pub remarks: Vec<String>,
}

/// A capture that the graph was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureText {
    /// What its column of frame numbers is called: `a`, `b` ...
    pub letter: String,
    /// The file, without its folder where that tells it apart.
    pub name: String,
    /// How its clock stands against the first capture's, where that is known.
    pub clock: Option<String>,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeText {
    /// What it is called: its role, its name in DNS, its users in the chat; the best first.
    pub names: Vec<String>,
    /// Its address, with the port where ports have columns of their own.
    pub address: String,
}

/// A flow of the legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowText {
    /// `tcp 0`, as rows tell it.
    pub tag: String,
    /// `10.20.30.11:56026 to 10.20.30.3:5000`.
    pub ends: String,
}

/// One thing from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A packet, or a run of like packets.
    Arrow(ArrowText),
    /// A frame that has no sender and receiver to draw.
    Note(Note),
    /// Nothing for a long time: `3,600 s without packets`.
    Gap(String),
}

/// A frame without an arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its number in each capture.
    pub frames: Vec<Option<String>>,
    /// When it was captured.
    pub time: String,
    /// What it is.
    pub text: String,
}

/// A packet between two hosts, or a run of like packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrowText {
    /// What kind of packet it is: chooses line and colour.
    pub style: Style,
    /// The column of the sender.
    pub from: usize,
    /// The column of the receiver; the sender's own where it talks to itself.
    pub to: usize,
    /// The frame's number in each capture, or the first and last of a run: `10`, `10-27`.
    pub frames: Vec<Option<String>>,
    /// When it was seen first.
    pub time: String,
    /// What it is, short: `SYN, ACK`, `DNS query`, `18 segments`.
    pub label: String,
    /// Its flow where the hosts do not tell it: the tag of the legend, or ports.
    pub flow: Option<String>,
    /// Numbers: `seq 3751373193 ack 1392820745 len 58`.
    pub detail: String,
    /// What it says, a message each: `say: hello`, `A www.ttm4200.com`.
    pub said: Vec<String>,
    /// What is to be minded.
    pub marks: Vec<MarkText>,
    /// It did not arrive: a capture at its receiver lacks it.
    pub is_lost: bool,
    /// It stands for a run of packets.
    pub is_fold: bool,
    /// How long it took from end to end, where both saw it: `21 us`.
    pub delay: Option<String>,
}

/// What kind of packet an arrow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// A TCP segment.
    Tcp,
    /// A UDP datagram.
    Udp,
    /// A DNS message.
    Dns,
    /// ICMP of either version.
    Icmp,
    /// ARP.
    Arp,
    /// Anything else.
    Other,
}

/// What is to be minded of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkText {
    /// In words: `retransmission of 12`, `refused`, `captured twice`.
    pub text: String,
    /// How much it matters.
    pub severity: Severity,
}
