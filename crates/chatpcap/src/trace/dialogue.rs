//! What one flow said, both directions, in order.

use std::ops::ControlFlow;

use super::{Notice, Pass};
use crate::capture::{Capture, Frame, Timestamp};
use crate::field::Needs;
use crate::filter::Filter;
use crate::flow::reassembly::{Arrival, Limits, Missing, Piece, Stream};
use crate::flow::{Direction, Endpoint, PerDirection, Sighting, Sightings};
use crate::packet::TransportPayload;

/// A flow by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowNumber {
    /// `tcp.stream`.
    Tcp(u32),
    /// `udp.stream`.
    Udp(u32),
}

impl FlowNumber {
    /// That of a segment's or datagram's flow.
    pub(in crate::trace) const fn of(sighting: &Sighting<'_>) -> Self {
        match sighting.transport.payload {
            TransportPayload::Tcp(_) => Self::Tcp(sighting.index),
            TransportPayload::Udp(_) => Self::Udp(sighting.index),
        }
    }
}

/// A piece of what was said, and who said it.
#[derive(Clone, Debug)]
pub struct Turn<'a> {
    /// Who sent the flow's first packet, and who received it.
    pub ends: (Endpoint, Endpoint),
    /// Which way the piece goes.
    pub direction: Direction,
    /// The octets, or what is to be said of them.
    pub piece: Piece<'a>,
    /// When the first frame of the capture was captured.
    pub start: Option<Timestamp>,
    /// Decimal digits of a second that the capture keeps.
    pub precision: u8,
}

/// What is left to say of a flow that was followed to the end of its capture.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Who sent the flow's first packet, and who received it; `None`: the flow is not there.
    pub ends: Option<(Endpoint, Endpoint)>,
    /// TCP and UDP flows of the capture.
    pub flows: (usize, usize),
    /// Octets that came after later ones, and belong before the first that was seen.
    pub before_start: PerDirection<u64>,
    /// What is wrong with the file, and flows that were not told apart.
    pub notices: Vec<Notice>,
}

/// Reads a capture to its end and gives what a flow says in the frames that `filter` selects to
/// `sink`, as soon as it is in order, until that breaks off. Keeps no more of the flow than waits for
/// earlier octets.
///
/// The flow is found among the first `max_flows` of its transport. `progress` is told now and then how many octets of the input have been read.
pub fn follow(
    capture: Capture,
    filter: Option<&Filter>,
    number: FlowNumber,
    max_flows: usize,
    sink: &mut dyn FnMut(Turn<'_>) -> ControlFlow<()>,
    progress: &mut dyn FnMut(u64),
) -> Followed {
    let mut dialogue = Dialogue::new(number);
    let (mut start, mut precision) = (None, 0);
    let mut pass = Pass::new(capture, filter, Needs::Flow);
    pass.limit_flows(max_flows);
    pass.run(progress, &mut |seen, _| {
        start = seen.clock.first;
        precision = precision.max(seen.frame.precision);
        let sightings = seen.sightings.into_iter().flat_map(Sightings::iter);
        for sighting in sightings.filter(|sighting| !sighting.transport.quoted) {
            dialogue.observe(seen.frame, sighting, &mut |ends, direction, piece| {
                sink(Turn {
                    ends,
                    direction,
                    piece,
                    start,
                    precision,
                })
            });
        }
        if dialogue.goes_on {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    dialogue.finish(&mut |ends, direction, piece| {
        sink(Turn {
            ends,
            direction,
            piece,
            start,
            precision,
        })
    });
    let flows = pass.flows();
    Followed {
        ends: dialogue.ends,
        flows: (flows.tcp().len(), flows.udp().len()),
        before_start: PerDirection {
            forward: dialogue.streams.forward.before_start(),
            backward: dialogue.streams.backward.before_start(),
        },
        notices: pass.notices(),
    }
}

/// Both directions of a flow while they are put in order.
struct Dialogue {
    number: FlowNumber,
    ends: Option<(Endpoint, Endpoint)>,
    streams: PerDirection<Stream>,
    /// Octets of datagrams so far.
    said: PerDirection<u64>,
    goes_on: bool,
}

type Hear<'h> = &'h mut dyn FnMut((Endpoint, Endpoint), Direction, Piece<'_>) -> ControlFlow<()>;

impl Dialogue {
    fn new(number: FlowNumber) -> Self {
        let limits = Limits::default();
        Self {
            number,
            ends: None,
            streams: PerDirection {
                forward: Stream::new(limits),
                backward: Stream::new(limits),
            },
            said: PerDirection::default(),
            goes_on: true,
        }
    }

    fn observe(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>, hear: Hear<'_>) {
        let direction = sighting.direction;
        match (sighting.transport.payload, self.number) {
            (TransportPayload::Tcp(tcp), FlowNumber::Tcp(number)) if number == sighting.index => {
                let mut goes_on = self.goes_on;
                let arrival = Arrival::new(frame, &tcp);
                let (Some(ends), Some(arrival)) = (self.meet(sighting), arrival) else {
                    return;
                };
                if let Some(ack) = tcp.acknowledges() {
                    let back = direction.reverse();
                    let stream = self.streams.get_mut(back);
                    stream.acknowledge(ack, &mut |piece| {
                        goes_on = goes_on && hear(ends, back, piece).is_continue();
                    });
                }
                self.streams
                    .get_mut(direction)
                    .push(&arrival, &mut |piece| {
                        goes_on = goes_on && hear(ends, direction, piece).is_continue();
                    });
                self.goes_on = goes_on;
            }
            (TransportPayload::Udp(udp), FlowNumber::Udp(number)) if number == sighting.index => {
                let octets = udp.payload();
                let length = udp.payload_length().unwrap_or(0).max(octets.len());
                let Some(ends) = self.meet(sighting) else {
                    return;
                };
                let offset = *self.said.get(direction);
                let captured = u64::try_from(octets.len()).unwrap_or(u64::MAX);
                let length = u64::try_from(length).unwrap_or(u64::MAX);
                *self.said.get_mut(direction) = offset.saturating_add(length);
                let said = Piece::Octets {
                    offset,
                    frame: frame.number,
                    time: frame.timestamp,
                    octets,
                };
                let cut = Piece::Gap {
                    offset: offset.saturating_add(captured),
                    length: length.saturating_sub(captured),
                    cause: Missing::CutOff,
                };
                let pieces = [Some(said), Some(cut).filter(|_| length > captured)];
                for piece in pieces.into_iter().flatten() {
                    self.goes_on = self.goes_on && hear(ends, direction, piece).is_continue();
                }
            }
            _ => {}
        }
    }

    /// Who talks: told by any packet of the flow.
    fn meet(&mut self, sighting: &Sighting<'_>) -> Option<(Endpoint, Endpoint)> {
        if self.ends.is_none() {
            let (from, to) = sighting.sender_and_receiver()?;
            self.ends = Some(match sighting.direction {
                Direction::Forward => (from, to),
                Direction::Backward => (to, from),
            });
        }
        self.ends
    }

    fn finish(&mut self, hear: Hear<'_>) {
        let Some(ends) = self.ends else {
            return;
        };
        for direction in [Direction::Forward, Direction::Backward] {
            let mut goes_on = self.goes_on;
            self.streams.get_mut(direction).finish(&mut |piece| {
                goes_on = goes_on && hear(ends, direction, piece).is_continue();
            });
            self.goes_on = goes_on;
        }
    }
}
