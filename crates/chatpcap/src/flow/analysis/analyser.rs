//! The analysis of all flows.

use super::Analysis;
use super::connection::{Connection, Tested};
use super::recent::Recent;
use super::unacked::Shared;
use crate::capture::Timestamp;
use crate::flow::{Copies, Direction, PerDirection, Segment, WindowScale};
use crate::packet::{Flags, Network, Tcp, Transport};

/// The analysis of all TCP flows of a capture.
#[derive(Debug, Default)]
pub(in crate::flow) struct Analyser {
    /// By the flow's number.
    connections: Vec<Connection>,
    recent: Recent,
    shared: Shared,
    copies: Copies,
}

/// A segment and what is known of it without analysis.
#[derive(Debug)]
pub(in crate::flow) struct Seen<'a> {
    /// Its flow's number.
    pub index: u32,
    pub direction: Direction,
    pub transport: &'a Transport<'a>,
    pub tcp: &'a Tcp<'a>,
    /// How its flow scales windows.
    pub window_scale: PerDirection<WindowScale>,
    /// Whether its SYN has another number than its sender began with between these endpoints.
    pub is_reuse: bool,
    pub time: Option<Timestamp>,
}

impl Analyser {
    pub(in crate::flow) fn new(copies: Copies) -> Self {
        Self {
            copies,
            ..Self::default()
        }
    }

    /// Reads what the analysis of a connection's next segment needs.
    pub(in crate::flow) fn touch(&self, position: usize) -> u64 {
        let connection = self.connections.get(position);
        connection.map_or(0, Connection::touch)
    }

    /// Reads what that points to, apart from it: the one has to be there before the other.
    pub(in crate::flow) fn touch_further(&self, position: usize) -> u64 {
        let connection = self.connections.get(position);
        connection.map_or(0, Connection::touch_unacked)
    }

    /// Adds to a segment what the segments before it tell of it.
    pub(in crate::flow) fn analyse(&mut self, segment: &mut Segment, seen: &Seen<'_>) {
        let Ok(place) = usize::try_from(seen.index) else {
            return;
        };
        if place >= self.connections.len() {
            self.connections
                .resize_with(place.saturating_add(1), Connection::default);
        }
        let Some(connection) = self.connections.get_mut(place) else {
            return;
        };
        let time = seen.time.unwrap_or(Timestamp::new(0, 0));
        let (relative, delta) = connection.pass_time(time);
        segment.time_relative = Some(relative);
        segment.time_delta = Some(delta);
        let observed = &segment.observed;
        let length = observed
            .payload
            .and_then(|payload| u32::try_from(payload).ok());
        let Some(length) = length.filter(|_| !seen.transport.quoted) else {
            return;
        };
        let flags = observed.flags;
        let is_syn = flags.has(Flags::SYN);
        let same = self.recent.is_copy(seen, is_syn, time);
        let has_more = length > 0 || is_syn || flags.has(Flags::FIN);
        let number = identification(seen.transport);
        let captured_twice = same && connection.is_copied(seen.direction, has_more, number);
        if captured_twice && self.copies == Copies::PassOver {
            segment.analysis = Some(Analysis {
                captured_twice,
                ..Analysis::default()
            });
            return;
        }
        if !captured_twice {
            connection.note_number(seen.direction, number);
        }
        let tested = Tested {
            frame: observed.mark.frame,
            time: relative,
            direction: seen.direction,
            flags,
            seq: observed.mark.seq,
            ack: observed.mark.ack,
            window: observed.window,
            length,
            is_reuse: seen.is_reuse,
        };
        let shared = &mut self.shared;
        segment.analysis = Some(Analysis {
            captured_twice,
            ..connection.analyse(&tested, seen.tcp, seen.window_scale, shared)
        });
    }
}

/// The number that the sender gave to the packet; `None` over IPv6, or where it is 0, which stands
/// for none (RFC 6864 §4.1).
fn identification(transport: &Transport<'_>) -> Option<u16> {
    match transport.network {
        Network::Ipv4(ipv4) => ipv4.identification().filter(|number| *number != 0),
        Network::Ipv6(..) => None,
    }
}
