//! Several captures of the same traffic, put together: each packet once.

use std::collections::{BTreeSet, HashMap};

use super::clock::Clock;
use super::row::{Presence, Row, Sight};
use super::sketch::Sketch;
use crate::capture::Timestamp;
use crate::flow::PerDirection;
use crate::trace::{Address, Arrow, FlowNumber, Message};

/// Nanoseconds that a packet may be on its way: what is further apart is another packet alike.
const LONGEST_WAY: i64 = 2_000_000_000;
/// Octets of a datagram that hardly another one has by chance, where IP does not number it.
const DISTINCT: usize = 16;

/// The packets of all captures, by the time when they were first seen.
pub(super) struct Merged {
    pub(super) rows: Vec<Row>,
    /// How each capture's clock stands against the first's; `None` for the first itself.
    pub(super) clocks: Vec<Option<Clock>>,
}

type End = (Address, Option<u16>);

/// A row, by its time.
type Place = (Option<Timestamp>, usize);

/// A flow as the capture of this number counts it.
type OwnFlow = (usize, FlowNumber);

/// What the sightings of one packet share.
type Key = (End, End, u64);

/// Puts captures together, in the order in which packets tell most of their clocks.
pub(super) fn merge(sketches: Vec<Sketch>) -> Merged {
    let captures = sketches.len();
    let mut waiting: Vec<(usize, Vec<Arrow>)> = sketches
        .into_iter()
        .map(Sketch::into_arrows)
        .enumerate()
        .collect();
    let mut all = waiting.iter().flat_map(|(_, arrows)| arrows);
    let mut merger = Merger {
        are_cut: all.any(|arrow| arrow.is_cut),
        rows: Vec::new(),
        places: HashMap::new(),
        same: HashMap::new(),
        clocks: vec![None; captures],
    };
    if !waiting.is_empty() {
        let (first, arrows) = waiting.remove(0);
        merger.add(first, arrows, captures, None);
    }
    while !waiting.is_empty() {
        let clocks = waiting.iter().map(|(_, arrows)| merger.clock(arrows));
        // The first of those that are best.
        let best = clocks
            .enumerate()
            .rev()
            .max_by_key(|(_, clock)| clock.weight());
        let Some((place, clock)) = best else {
            break;
        };
        let (capture, arrows) = waiting.remove(place);
        merger.add(capture, arrows, captures, Some(clock));
    }
    let Merger {
        mut rows,
        clocks,
        same,
        ..
    } = merger;
    // One capture keeps its own order, whatever its clock says.
    if captures > 1 {
        judge(&mut rows, &clocks);
        rows.sort_by_key(|row| row.time);
        number(&mut rows, &same);
    }
    Merged { rows, clocks }
}

struct Merger {
    /// Whether a capture cuts frames: then only their heads can be compared.
    are_cut: bool,
    rows: Vec<Row>,
    /// Rows by what their sightings share. Only looked up, never listed: its order does not matter.
    places: HashMap<Key, Vec<usize>>,
    /// Of what a capture counts as a flow, what that is in a capture which was there before.
    same: HashMap<OwnFlow, OwnFlow>,
    clocks: Vec<Option<Clock>>,
}

impl Merger {
    /// How the clock of another capture stands, as packets tell that it shares with one of those that
    /// are merged.
    fn clock(&self, arrows: &[Arrow]) -> Clock {
        let mut counts: HashMap<Key, u32> = HashMap::new();
        for key in arrows.iter().filter_map(|arrow| self.key(arrow)) {
            let count = counts.entry(key).or_insert(0);
            *count = count.saturating_add(1);
        }
        // How much later it has the packets of either direction between two hosts, by the capture that
        // they are compared with and by the hosts.
        let mut later: HashMap<(usize, Address, Address), PerDirection<Vec<i64>>> = HashMap::new();
        for arrow in arrows.iter().filter(|arrow| is_distinct(arrow)) {
            let Some(key) = self.key(arrow).filter(|key| counts.get(key) == Some(&1)) else {
                continue;
            };
            let Some([row]) = self.places.get(&key).map(Vec::as_slice) else {
                continue;
            };
            let ((from, _), (to, _), _) = key;
            if [from, to].contains(&Address::Group) || from == to {
                continue;
            }
            let sights = self.rows.get(*row).into_iter().flat_map(|row| &row.sights);
            for (capture, sight) in sights.enumerate() {
                let time = sight.and_then(|sight| self.on_first_clock(capture, sight.time));
                let Some((time, other)) = arrow.time.zip(time) else {
                    continue;
                };
                let (low, high) = (from.min(to), from.max(to));
                let both = later.entry((capture, low, high)).or_default();
                let one = if from == low {
                    &mut both.forward
                } else {
                    &mut both.backward
                };
                one.push(time.since(other));
            }
        }
        let mut pairs: Vec<_> = later.into_iter().collect();
        pairs.sort_unstable_by_key(|(pair, _)| *pair);
        let clocks = pairs.iter_mut().map(|(_, later)| Clock::estimate(later));
        clocks
            .rev()
            .max_by_key(Clock::weight)
            .unwrap_or(Clock::UNKNOWN)
    }

    fn add(&mut self, capture: usize, arrows: Vec<Arrow>, captures: usize, clock: Option<Clock>) {
        if let Some(place) = self.clocks.get_mut(capture) {
            *place = clock;
        }
        // Those rows that this capture does not hold yet, where there are several alike.
        let mut alike: HashMap<Key, BTreeSet<Place>> = HashMap::new();
        for arrow in arrows {
            let time = self.on_first_clock(capture, arrow.time);
            let known = self.key(&arrow).and_then(|key| {
                let free = match self.places.get(&key)?.as_slice() {
                    [only] => &mut self.free(&[*only], capture),
                    rows => alike.entry(key).or_insert_with(|| self.free(rows, capture)),
                };
                take_nearest(free, time)
            });
            if let Some(row) = known.and_then(|row| self.rows.get_mut(row)) {
                if let Some(sight) = row.sights.get_mut(capture) {
                    *sight = Some(Sight {
                        frame: arrow.frame,
                        last_frame: arrow.frame,
                        time: arrow.time,
                    });
                }
                row.time = match (row.time, time) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
                row.arrow.copies = row.arrow.copies.saturating_add(arrow.copies);
                if let (Some(own), Some(flow)) = (arrow.flow, row.arrow.flow) {
                    let flow = (row.described_by, flow);
                    self.same.entry((capture, own)).or_insert(flow);
                }
                continue;
            }
            if let Some(key) = self.key(&arrow) {
                self.places.entry(key).or_default().push(self.rows.len());
            }
            let mut row = Row::new(arrow, capture, captures);
            row.time = time;
            self.rows.push(row);
        }
    }

    fn key(&self, arrow: &Arrow) -> Option<Key> {
        let (from, to) = ends(arrow)?;
        let identity = if self.are_cut {
            arrow.identity_of_head
        } else {
            arrow.identity
        };
        Some((from, to, identity))
    }

    /// Those of the rows that a capture does not hold.
    fn free(&self, rows: &[usize], capture: usize) -> BTreeSet<Place> {
        let free = rows.iter().filter_map(|place| {
            let row = self.rows.get(*place)?;
            let is_free = row.sights.get(capture)?.is_none();
            is_free.then_some((row.time, *place))
        });
        free.collect()
    }

    fn on_first_clock(&self, capture: usize, time: Option<Timestamp>) -> Option<Timestamp> {
        on_first_clock(&self.clocks, capture, time)
    }
}

/// Takes the row that is nearest in time out of those that are free, unless it is too far away.
fn take_nearest(free: &mut BTreeSet<Place>, time: Option<Timestamp>) -> Option<usize> {
    let later = free.range((time, 0)..).next();
    // Of those with one time the first.
    let earlier = free.range(..(time, 0)).next_back();
    let earlier = earlier.and_then(|(time, _)| free.range((*time, 0)..).next());
    let apart = |place: &&Place| {
        let times = place.0.zip(time);
        times.map_or(0, |(one, other)| one.since(other).saturating_abs())
    };
    let nearest = earlier.into_iter().chain(later).min_by_key(apart)?;
    let nearest = Some(*nearest).filter(|place| apart(&place) < LONGEST_WAY)?;
    free.remove(&nearest);
    Some(nearest.1)
}

/// Whether no other packet is like this one, so that captures which hold it were taken at one time:
/// hosts ask for each other's link address in the same octets every day.
fn is_distinct(arrow: &Arrow) -> bool {
    match &arrow.message {
        Message::Tcp { .. } | Message::Dns { .. } => true,
        Message::Udp { payload } => payload.is_some_and(|payload| payload >= DISTINCT),
        Message::Other { protocol, info } => {
            protocol.starts_with("ICMP") && info.starts_with("Echo")
        }
    }
}

fn on_first_clock(
    clocks: &[Option<Clock>],
    capture: usize,
    time: Option<Timestamp>,
) -> Option<Timestamp> {
    let offset = clocks
        .get(capture)
        .copied()
        .flatten()
        .map_or(0, |clock| clock.offset);
    time.map(|time| time.plus(offset.saturating_neg()))
}

fn ends(arrow: &Arrow) -> Option<(End, End)> {
    let (from, to) = arrow.ends?;
    Some(((from.address, from.port), (to.address, to.port)))
}

/// Finds out which captures lack packets that they should hold, and how long packets took.
fn judge(rows: &mut [Row], clocks: &[Option<Clock>]) {
    let is_known = |capture: usize| {
        let clock = clocks.get(capture);
        clock.is_some_and(|clock| clock.is_none_or(|clock| clock.is_known()))
    };
    // From when to when each capture sees each flow, and who sees packets from one host to another
    // first: more than 0 where the first of two captures does.
    let mut spans: HashMap<(End, End, usize), (Timestamp, Timestamp)> = HashMap::new();
    let mut leads: HashMap<(Address, Address, usize, usize), i64> = HashMap::new();
    for row in rows.iter_mut() {
        let Some((from, to)) = ends(&row.arrow) else {
            continue;
        };
        let times: Vec<(usize, Timestamp)> = (0..)
            .zip(&row.sights)
            .filter_map(|(capture, sight)| {
                let time = on_first_clock(clocks, capture, (*sight)?.time)?;
                Some((capture, time))
            })
            .collect();
        for (capture, time) in &times {
            let span = spans
                .entry((from.min(to), from.max(to), *capture))
                .or_insert((*time, *time));
            *span = (span.0.min(*time), span.1.max(*time));
            for (other, later) in times.iter().filter(|(other, _)| other != capture) {
                let lead = leads.entry((from.0, to.0, *capture, *other)).or_insert(0);
                *lead = lead.saturating_add(later.since(*time).signum());
            }
        }
        let known: Vec<Timestamp> = times
            .iter()
            .filter(|(capture, _)| is_known(*capture))
            .map(|(_, time)| *time)
            .collect();
        let ends = known.iter().min().zip(known.iter().max());
        let is_of_flow = row.arrow.flow.is_some() && to.0 != Address::Group;
        row.delay = ends
            .filter(|_| known.len() > 1 && is_of_flow)
            .map(|(first, last)| last.since(*first));
    }
    for row in rows {
        let Some((from, to)) = ends(&row.arrow).filter(|_| row.arrow.flow.is_some()) else {
            continue;
        };
        let Some(time) = row.time else { continue };
        let holder = row.sights.iter().position(Option::is_some).unwrap_or(0);
        let lacking = (0..).zip(&row.sights).filter(|(capture, sight)| {
            let span = spans.get(&(from.min(to), from.max(to), *capture));
            sight.is_none() && span.is_some_and(|(first, last)| *first <= time && time <= *last)
        });
        for (capture, _) in lacking {
            let lead = leads.get(&(from.0, to.0, holder, capture));
            if lead.is_some_and(|lead| *lead > 0) {
                row.presence = Presence::Lost(capture);
                break;
            }
            row.presence = Presence::Missed(capture);
        }
    }
}

/// Numbers flows anew, as they appear in all captures: each capture counts for itself. `same` leads from
/// a capture's flow to the one that it is in a capture which was there before.
fn number(rows: &mut [Row], same: &HashMap<OwnFlow, OwnFlow>) {
    // Only looked up, never listed: their order does not matter.
    let mut numbers: HashMap<OwnFlow, u32> = HashMap::new();
    // The latest flow of a transport between two ends, and which captures hold something of it.
    let mut latest: HashMap<(End, End, bool), (u32, BTreeSet<usize>)> = HashMap::new();
    let mut next = [0_u32; 2];
    for row in rows {
        let (Some((from, to)), Some(flow)) = (ends(&row.arrow), row.arrow.flow) else {
            continue;
        };
        let mut own = (row.described_by, flow);
        while let Some(other) = same.get(&own) {
            own = *other;
        }
        let holders = (0..).zip(&row.sights);
        let holders: BTreeSet<usize> = holders
            .filter_map(|(capture, sight)| sight.map(|_| capture))
            .collect();
        let [tcp, udp] = &mut next;
        let (is_tcp, next) = match flow {
            FlowNumber::Tcp(_) => (true, tcp),
            FlowNumber::Udp(_) => (false, udp),
        };
        let ends = (from.min(to), from.max(to), is_tcp);
        let number = *numbers
            .entry(own)
            .or_insert_with(|| match latest.get(&ends) {
                // Of one flow each capture may hold another direction.
                Some((number, others)) if others.is_disjoint(&holders) => *number,
                _ => {
                    let number = *next;
                    *next = next.saturating_add(1);
                    latest.insert(ends, (number, BTreeSet::new()));
                    number
                }
            });
        if let Some((latest, others)) = latest.get_mut(&ends)
            && *latest == number
        {
            others.extend(holders);
        }
        row.arrow.flow = Some(if is_tcp {
            FlowNumber::Tcp(number)
        } else {
            FlowNumber::Udp(number)
        });
    }
}
