//! The columns of the tables of conversations.

use crate::flow::{Close, Direction, Findings, History, RoundTrips, TcpFlow, Trouble, Volume};
use crate::trace::{Conversation, End, Layer};

/// A column of a table of conversations.
#[derive(Debug)]
pub struct Column {
    /// Its name in JSON, CSV and on the command line: `packets_a_to_b`.
    pub name: &'static str,
    /// Its name in a table.
    pub(super) title: &'static str,
    /// Which layers have it.
    layers: &'static [Layer],
    what: What,
}

/// Where a column takes its values from.
#[derive(Debug)]
enum What {
    Flow,
    Sender(Direction),
    Volume(Side, fn(&Volume) -> u64),
    Start,
    Duration,
    Rate(Direction),
    State,
    History,
    InitialRtt,
    RoundTrip(Direction, fn(&RoundTrips) -> Option<i64>),
    Samples(Direction),
    Trouble(Side, fn(&Trouble) -> u32),
    SegmentSize(Direction),
}

/// Of which direction a column tells: A is who sent the first packet.
#[derive(Clone, Copy, Debug)]
enum Side {
    Both,
    One(Direction),
}

/// One value. The derived order is that of the variants' contents: a column has one variant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Count(u64),
    Nanoseconds(i64),
    /// Nanoseconds from the capture's first frame.
    Start(i64),
    End(End),
    Text(String),
}

const AB: Direction = Direction::Forward;
const BA: Direction = Direction::Backward;
const BOTH: Side = Side::Both;
const A_TO_B: Side = Side::One(AB);
const B_TO_A: Side = Side::One(BA);
const ALL: &[Layer] = &[Layer::Ethernet, Layer::Ip, Layer::Tcp, Layer::Udp];
const TRANSPORT: &[Layer] = &[Layer::Tcp, Layer::Udp];
const TCP: &[Layer] = &[Layer::Tcp];

/// Every column, in the order in which they stand.
pub const COLUMNS: &[Column] = &[
    column("flow", "flow", TRANSPORT, What::Flow),
    column("a", "A", ALL, What::Sender(AB)),
    column("b", "B", ALL, What::Sender(BA)),
    column("packets", "packets", ALL, What::Volume(BOTH, packets)),
    column("octets", "octets", ALL, What::Volume(BOTH, octets)),
    column(
        "packets_a_to_b",
        "packets A>B",
        ALL,
        What::Volume(A_TO_B, packets),
    ),
    column(
        "octets_a_to_b",
        "octets A>B",
        ALL,
        What::Volume(A_TO_B, octets),
    ),
    column(
        "payload_a_to_b",
        "payload A>B",
        TRANSPORT,
        What::Volume(A_TO_B, payload),
    ),
    column(
        "packets_b_to_a",
        "packets B>A",
        ALL,
        What::Volume(B_TO_A, packets),
    ),
    column(
        "octets_b_to_a",
        "octets B>A",
        ALL,
        What::Volume(B_TO_A, octets),
    ),
    column(
        "payload_b_to_a",
        "payload B>A",
        TRANSPORT,
        What::Volume(B_TO_A, payload),
    ),
    column("start_seconds", "start s", ALL, What::Start),
    column("duration_seconds", "lasts s", ALL, What::Duration),
    column("bits_per_second_a_to_b", "bit/s A>B", ALL, What::Rate(AB)),
    column("bits_per_second_b_to_a", "bit/s B>A", ALL, What::Rate(BA)),
    column("state", "state", TCP, What::State),
    column("history", "history", TCP, What::History),
    column("initial_rtt_seconds", "first RTT s", TCP, What::InitialRtt),
    column("rtt_samples_a_to_b", "RTTs A>B", TCP, What::Samples(AB)),
    column(
        "rtt_min_seconds_a_to_b",
        "RTT min A>B",
        TCP,
        What::RoundTrip(AB, RoundTrips::min),
    ),
    column(
        "rtt_median_seconds_a_to_b",
        "RTT A>B",
        TCP,
        What::RoundTrip(AB, RoundTrips::median),
    ),
    column(
        "rtt_max_seconds_a_to_b",
        "RTT max A>B",
        TCP,
        What::RoundTrip(AB, RoundTrips::max),
    ),
    column("rtt_samples_b_to_a", "RTTs B>A", TCP, What::Samples(BA)),
    column(
        "rtt_min_seconds_b_to_a",
        "RTT min B>A",
        TCP,
        What::RoundTrip(BA, RoundTrips::min),
    ),
    column(
        "rtt_median_seconds_b_to_a",
        "RTT B>A",
        TCP,
        What::RoundTrip(BA, RoundTrips::median),
    ),
    column(
        "rtt_max_seconds_b_to_a",
        "RTT max B>A",
        TCP,
        What::RoundTrip(BA, RoundTrips::max),
    ),
    trouble("retransmissions", "resent", BOTH, |all| all.retransmissions),
    trouble("retransmissions_a_to_b", "resent A>B", A_TO_B, |all| {
        all.retransmissions
    }),
    trouble("retransmissions_b_to_a", "resent B>A", B_TO_A, |all| {
        all.retransmissions
    }),
    trouble("fast_retransmissions", "fast", BOTH, |all| {
        all.fast_retransmissions
    }),
    trouble("spurious_retransmissions", "spurious", BOTH, |all| {
        all.spurious_retransmissions
    }),
    trouble("out_of_order", "disorder", BOTH, |all| all.out_of_order),
    trouble("duplicate_acks", "dup ACKs", BOTH, |all| all.duplicate_acks),
    trouble("lost_segments", "lost", BOTH, |all| all.lost_segments),
    trouble("ack_lost_segments", "unseen", BOTH, |all| {
        all.ack_lost_segments
    }),
    trouble("zero_windows", "zero win", BOTH, |all| all.zero_windows),
    trouble("windows_full", "win full", BOTH, |all| all.windows_full),
    trouble("window_updates", "win update", BOTH, |all| {
        all.window_updates
    }),
    trouble("keep_alives", "keep-alive", BOTH, |all| all.keep_alives),
    trouble("captured_twice", "twice", BOTH, |all| all.captured_twice),
    trouble("max_bytes_in_flight_a_to_b", "flight A>B", A_TO_B, |all| {
        all.max_bytes_in_flight
    }),
    trouble("max_bytes_in_flight_b_to_a", "flight B>A", B_TO_A, |all| {
        all.max_bytes_in_flight
    }),
    column(
        "maximum_segment_size_a",
        "MSS A",
        TCP,
        What::SegmentSize(AB),
    ),
    column(
        "maximum_segment_size_b",
        "MSS B",
        TCP,
        What::SegmentSize(BA),
    ),
];

/// The columns of a table for people, the first to stay where there is little room.
pub(super) const IN_TABLES: &[&str] = &[
    "a",
    "b",
    "octets",
    "packets",
    "flow",
    "duration_seconds",
    "state",
    "retransmissions",
    "initial_rtt_seconds",
    "history",
    "out_of_order",
    "duplicate_acks",
    "zero_windows",
    "start_seconds",
    "packets_a_to_b",
    "octets_a_to_b",
    "packets_b_to_a",
    "octets_b_to_a",
];

const fn column(
    name: &'static str,
    title: &'static str,
    layers: &'static [Layer],
    what: What,
) -> Column {
    Column {
        name,
        title,
        layers,
        what,
    }
}

const fn trouble(
    name: &'static str,
    title: &'static str,
    side: Side,
    read: fn(&Trouble) -> u32,
) -> Column {
    column(name, title, TCP, What::Trouble(side, read))
}

const fn packets(volume: &Volume) -> u64 {
    volume.packets
}

const fn octets(volume: &Volume) -> u64 {
    volume.octets
}

const fn payload(volume: &Volume) -> u64 {
    volume.payload
}

impl Column {
    /// The column of this name; `-` may stand for `_`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = name.replace('-', "_");
        COLUMNS.iter().find(|column| column.name == name)
    }

    /// Whether tables of a layer have it.
    pub fn is_of(&self, layer: Layer) -> bool {
        self.layers.contains(&layer)
    }

    /// Whether its values are numbers: these are sorted with the largest first.
    pub const fn is_number(&self) -> bool {
        !matches!(
            self.what,
            What::Sender(_) | What::State | What::History | What::Flow
        )
    }

    /// Whether its values are words, to stand on the left.
    pub(super) const fn is_text(&self) -> bool {
        matches!(self.what, What::Sender(_) | What::State | What::History)
    }

    /// Whether a table leaves it out where it has nothing to tell.
    pub(super) const fn is_rare(&self) -> bool {
        matches!(self.what, What::Trouble(..))
    }

    /// Whether its values are found out by TCP's analysis.
    pub(super) const fn needs_findings(&self) -> bool {
        matches!(
            self.what,
            What::History
                | What::InitialRtt
                | What::RoundTrip(..)
                | What::Samples(_)
                | What::Trouble(..)
                | What::SegmentSize(_)
        )
    }

    /// Whether a sum of its values says something.
    pub(super) const fn has_total(&self) -> bool {
        matches!(self.what, What::Volume(..) | What::Trouble(..))
            && !matches!(self.name.as_bytes(), [b'm', b'a', b'x', ..])
    }

    /// Its value for a conversation, in a capture that begins at `first`.
    pub(super) fn read(
        &self,
        conversation: &Conversation<'_>,
        first: Option<crate::capture::Timestamp>,
    ) -> Option<Cell> {
        let count = |count: u64| Some(Cell::Count(count));
        let volume = conversation.volume();
        let (from, to) = conversation.times();
        match &self.what {
            What::Flow => count(conversation.flow()?.into()),
            What::Sender(direction) => Some(Cell::End(conversation.sender(*direction))),
            What::Volume(Side::One(direction), read) => count(read(volume.get(*direction))),
            What::Volume(Side::Both, read) => {
                count(read(&volume.forward).saturating_add(read(&volume.backward)))
            }
            What::Start => Some(Cell::Start(from?.since(first?))),
            What::Duration => Some(Cell::Nanoseconds(to?.since(from?))),
            What::Rate(direction) => {
                let nanoseconds = u128::try_from(to?.since(from?)).ok()?;
                let bits = u128::from(volume.get(*direction).octets) * 8;
                let rate = (bits * 1_000_000_000).checked_div(nanoseconds)?;
                count(u64::try_from(rate).unwrap_or(u64::MAX))
            }
            What::State => {
                let (flow, _) = tcp(conversation)?;
                Some(Cell::Text(Close::of(flow).code().to_owned()))
            }
            What::History => {
                let (flow, findings) = tcp(conversation)?;
                let initiator = flow.handshake().syn_direction.unwrap_or(Direction::Forward);
                let history: &History = &findings?.history;
                Some(Cell::Text(history.word(initiator)))
            }
            What::InitialRtt => Some(Cell::Nanoseconds(tcp(conversation)?.1?.initial_rtt?)),
            What::RoundTrip(direction, read) => {
                let findings = tcp(conversation)?.1?;
                read(findings.round_trips.get(*direction)).map(Cell::Nanoseconds)
            }
            What::Samples(direction) => {
                count(tcp(conversation)?.1?.round_trips.get(*direction).count())
            }
            What::Trouble(side, read) => {
                let trouble = &tcp(conversation)?.1?.trouble;
                count(match side {
                    Side::Both => read(&trouble.forward.plus(trouble.backward)).into(),
                    Side::One(direction) => read(trouble.get(*direction)).into(),
                })
            }
            What::SegmentSize(direction) => {
                let offer = tcp(conversation)?.1?.offer.get(*direction);
                count(offer.maximum_segment_size?.into())
            }
        }
    }
}

const fn tcp<'a>(conversation: &Conversation<'a>) -> Option<(&'a TcpFlow, Option<&'a Findings>)> {
    match conversation {
        Conversation::Tcp(flow, findings) => Some((flow, *findings)),
        _ => None,
    }
}
