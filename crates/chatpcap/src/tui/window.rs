//! The packets around the cursor.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::detail::Detail;
use super::shown::Shown;
use crate::capture::{Capture, Timestamp};
use crate::field::{Dissection, Needs};
use crate::filter::Filter;
use crate::report::PacketRow;
use crate::trace::{Arrow, CHAT_PORT, Pass};

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
    pub(super) arrow: Option<Arrow>,
    pub(super) detail: Detail,
}

impl Window {
    /// Reads a capture as far as the window needs it; `None` where `watch` said that nobody waits for
    /// it any more.
    pub(super) fn read(
        capture: Capture,
        filter: Option<&Filter>,
        max_flows: usize,
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
        pass.limit_flows(max_flows);
        pass.run(
            &mut |octets| is_wanted.set(watch(octets).is_continue()),
            &mut |seen, _| {
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
                let packet = Packet::new(seen, arrow, relative);
                cost = cost.saturating_add(packet.cost());
                window.start = seen.clock.first;
                window.precision = window.precision.max(seen.frame.precision);
                window.packets.push_back(packet);
                while cost > MAX_WINDOW_OCTETS && ordinal <= around && window.packets.len() > 1 {
                    let gone = window.packets.pop_front();
                    cost = cost.saturating_sub(gone.map_or(0, |packet| packet.cost()));
                    window.first += 1;
                }
                is_full = count >= window.first.saturating_add(MAX_WINDOW)
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
    fn new(seen: &Dissection<'_>, arrow: Option<Arrow>, relative: bool) -> Self {
        Self {
            row: PacketRow::new(seen, relative),
            arrow,
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
        Some(Some(Arrow::of(seen, Some(sighting), CHAT_PORT)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::flow::MAX_FLOWS;

    /// A capture of so many frames of so many octets.
    fn capture(frames: u32, length: u32) -> Capture {
        let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0".to_vec();
        for number in 0..frames {
            for field in [number, 0, length, length] {
                file.extend(field.to_le_bytes());
            }
            file.resize(file.len() + length as usize, 0);
        }
        Capture::from_reader(Cursor::new(file)).unwrap()
    }

    fn read(frames: u32, length: u32, around: u64) -> Window {
        let request = Request {
            shown: Shown::All,
            around,
            total: None,
            relative: false,
        };
        let watch = &mut |_| ControlFlow::Continue(());
        Window::read(capture(frames, length), None, MAX_FLOWS, request, watch).unwrap()
    }

    #[test]
    fn a_window_holds_the_packets_around_the_one_asked_for() {
        for (around, first, end, total) in [
            (0, 0, 800, None),
            (1000, 600, 1400, None),
            (2999, 2599, 3000, Some(3000)),
            // The file has become shorter.
            (9000, 3000, 3000, Some(3000)),
        ] {
            let window = read(3000, 60, around);
            assert_eq!((window.first, window.end()), (first, end), "{around}");
            assert_eq!(window.total, total, "{around}");
            let number = window.get(first).map(|packet| packet.row.number);
            assert_eq!(number, (first < end).then_some(first + 1));
        }
    }

    #[test]
    fn large_frames_make_a_small_window() {
        for around in [0, 350, 599] {
            let window = read(600, 65_000, around);
            assert!(window.get(around).is_some(), "{around}");
            let cost: usize = window.packets.iter().map(Packet::cost).sum();
            assert!(cost <= MAX_WINDOW_OCTETS + 80_000, "{around}: {cost}");
            assert!(window.packets.len() > 200, "{around}");
        }
    }

    #[test]
    fn nobody_waits_for_a_window_any_more() {
        let request = Request {
            shown: Shown::Tcp(0),
            around: 0,
            total: None,
            relative: false,
        };
        let mut asked = 0;
        let found = Window::read(capture(40_000, 60), None, MAX_FLOWS, request, &mut |_| {
            asked += 1;
            ControlFlow::Break(())
        });
        assert!(found.is_none());
        assert!(asked > 0);
    }
}
