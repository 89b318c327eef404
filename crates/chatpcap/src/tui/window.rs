//! The packets around the cursor.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::detail::Detail;
use super::shown::Shown;
use crate::capture::{Capture, Timestamp};
use crate::field::{Dissection, Needs};
use crate::filter::Filter;
use crate::flow::FlowTable;
use crate::report::{PacketRow, Row};
use crate::trace::{Arrow, Message, Pass};

/// Packets that are kept at most: some screens up and down.
pub const MAX_WINDOW: u64 = 800;
/// Octets that they take at most, their frames included.
pub const MAX_WINDOW_OCTETS: usize = 16 << 20;

/// Which packets are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Whose.
    pub(super) shown: Shown,
    /// The one in the middle, counted from 0 among those of `shown`.
    pub(super) around: u64,
    /// How many of `shown` there are, where it is known: the reading ends with the last.
    pub(super) total: Option<u64>,
    /// Whether sequence numbers begin at each side's ISN.
    pub(super) relative: bool,
}

/// The packets around the cursor: some before it, some behind it.
#[derive(Debug)]
pub struct Window {
    /// What was asked for.
    pub(super) request: Request,
    /// The first that is kept.
    pub(super) first: u64,
    pub(super) packets: VecDeque<Packet>,
    /// How many there are in all, where the file was read to its end.
    pub(super) total: Option<u64>,
    /// When the capture begins.
    pub(super) start: Option<Timestamp>,
    /// The most decimal digits of a second that they have.
    pub(super) precision: u8,
}

/// One packet of the window.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) row: PacketRow,
    /// The same for the flow graph; of the packets of all flows there is none.
    pub(super) rung: Option<Row>,
    pub(super) detail: Detail,
}

impl Window {
    /// Reads a capture as far as the window needs it; `None` where `watch` said that nobody waits for
    /// it any more.
    pub(super) fn read(
        capture: Capture,
        filter: Option<&Filter>,
        request: Request,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Option<Self> {
        let Request {
            shown,
            around,
            total,
            relative,
        } = request;
        let mut window = Self {
            request,
            first: around.saturating_sub(MAX_WINDOW / 2),
            packets: VecDeque::new(),
            total: None,
            start: None,
            precision: 0,
        };
        let is_wanted = Cell::new(true);
        let mut is_full = false;
        let mut count: u64 = 0;
        let mut cost: usize = 0;
        let mut pass = Pass::new(capture, filter, Needs::Analysis);
        pass.run(
            &mut |octets| is_wanted.set(watch(octets).is_continue()),
            &mut |seen, flows| {
                if !is_wanted.get() || is_full {
                    return ControlFlow::Break(());
                }
                let Some(arrow) = shown.arrow(seen) else {
                    return ControlFlow::Continue(());
                };
                let ordinal = count;
                count += 1;
                if ordinal < window.first {
                    return ControlFlow::Continue(());
                }
                let packet = Packet::new(seen, arrow.map(|arrow| rung(arrow, flows)), relative);
                cost = cost.saturating_add(packet.cost());
                window.start = seen.clock.first;
                window.precision = window.precision.max(seen.frame.precision);
                window.packets.push_back(packet);
                while cost > MAX_WINDOW_OCTETS && ordinal <= around && window.packets.len() > 1 {
                    let gone = window.packets.pop_front();
                    cost = cost.saturating_sub(gone.map_or(0, |packet| packet.cost()));
                    window.first += 1;
                }
                is_full = ordinal >= window.first.saturating_add(MAX_WINDOW)
                    || (cost > MAX_WINDOW_OCTETS && ordinal > around);
                if Some(count) == total {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            },
        );
        if !is_wanted.get() {
            return None;
        }
        window.total = (!is_full).then_some(count);
        window.first = window.first.min(count);
        Some(window)
    }

    /// How many packets stand before the window's end.
    pub(super) fn end(&self) -> u64 {
        let length = u64::try_from(self.packets.len()).unwrap_or(u64::MAX);
        self.first.saturating_add(length)
    }

    /// A packet by its place among those of `shown`.
    pub(super) fn get(&self, place: u64) -> Option<&Packet> {
        let place = usize::try_from(place.checked_sub(self.first)?).ok()?;
        self.packets.get(place)
    }
}

impl Packet {
    fn new(seen: &Dissection<'_>, rung: Option<Row>, relative: bool) -> Self {
        Self {
            row: PacketRow::new(seen, relative),
            rung,
            detail: Detail::new(seen),
        }
    }

    fn cost(&self) -> usize {
        size_of::<Self>() + self.row.info.len() + self.detail.cost()
    }
}

impl Shown {
    /// Whether a packet is one of these: nothing where it is not, else its arrow where there is one.
    #[expect(
        clippy::option_option,
        reason = "a packet that is not shown, or that is shown in a list only"
    )]
    fn arrow(self, seen: &Dissection<'_>) -> Option<Option<Arrow>> {
        let (is_tcp, index) = match self {
            Self::All => return Some(None),
            Self::Tcp(index) => (true, index),
            Self::Udp(index) => (false, index),
        };
        let mut sightings = seen.sightings?.iter();
        let sighting = sightings.find(|sighting| {
            sighting.segment.is_some() == is_tcp
                && sighting.index == index
                && !sighting.transport.quoted
        })?;
        Some(Some(Arrow::new(seen.frame, sighting)?))
    }
}

/// A packet of a flow as the flow graph draws it: the end that sent the flow's first packet stands on
/// the left.
fn rung(arrow: Arrow, flows: &FlowTable) -> Row {
    let (from, to) = match arrow.direction {
        crate::flow::Direction::Forward => (0, 1),
        crate::flow::Direction::Backward => (1, 0),
    };
    let isn = match arrow.message {
        Message::Tcp { .. } => {
            let flow = flows.tcp_flow(arrow.flow);
            [arrow.direction, arrow.direction.reverse()].map(|direction| *flow?.isn.get(direction))
        }
        Message::Udp { .. } => [None, None],
    };
    Row {
        frames: vec![Some(arrow.frame)],
        from,
        to,
        arrow,
        isn,
    }
}
