//! Whether the numbers of TCP connections fit their neighbours.

use std::collections::BTreeMap;

use crate::capture::Frame;
use crate::flow::{Direction, PerDirection, Sighting};
use crate::grade::Remark;
use crate::packet::checksum;
use crate::packet::{Flags, Network, Tcp, Transport, TransportPayload};

/// Connections that are looked at: the first of the capture.
const MAX_CONNECTIONS: usize = 1024;
/// The least payload of a full segment: identifications go on by one for each that the network card
/// cuts a large one into.
const SMALL_SEGMENT: usize = 536;
/// Identifications that go on by one before a jump says anything.
const STEADY: u32 = 5;
/// Jumps beyond this are another counter, not packets that are missing.
const MAX_JUMP: u16 = 1000;

/// The sum over what holds a checksum that fits.
const FITS: u16 = 0xffff;
/// Octets that a SYN may carry: a datagram's.
const MAX_SYN_DATA: u32 = 1 << 16;
/// Segments with payload before it says anything that none is without.
const MANY: u64 = 8;

/// The connections of a capture.
#[derive(Debug, Default)]
pub(super) struct Connections {
    flows: BTreeMap<u32, Connection>,
    /// Segments with payload, and without.
    with_payload: u64,
    without_payload: u64,
}

#[derive(Debug, Default)]
struct Connection {
    /// The frame of its first segment.
    first: u64,
    /// Whether that is none of a handshake.
    opens_late: bool,
    syn: Option<Step>,
    syn_ack: Option<Step>,
    /// Which way the acknowledgment goes.
    answer: Option<Direction>,
    /// Whether the initiator acknowledged the SYN-ACK, rightly or not.
    answered: bool,
    /// Frames whose numbers do not fit, and what they are.
    misfit: Option<([u64; 2], String)>,
    sides: PerDirection<Side>,
}

/// A segment of a handshake.
#[derive(Clone, Copy, Debug)]
struct Step {
    frame: u64,
    seq: u32,
    ack: u32,
    /// The sum over the segment and its pseudo-header, if all of it was captured.
    sum: Option<u16>,
}

/// What one side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Side {
    /// The next sequence number, once one was seen.
    next: Option<u32>,
    /// Octets that were passed over: the first number, the number behind, the frame before which.
    gap: Option<(u32, u32, u64)>,
    /// The last identification, its frame, and how many identifications its packet used.
    identification: Option<(u16, u64, u16)>,
    /// Identifications that went on as they should.
    steady: u32,
    /// The first jump: the frames on both sides, and how many identifications are missing.
    jump: Option<([u64; 2], u16)>,
    jumps: u32,
}

impl Connections {
    pub(super) fn observe(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        let TransportPayload::Tcp(tcp) = sighting.transport.payload else {
            return;
        };
        let (Some(flags), Some(seq), Some(ack), Some(length)) = (
            tcp.flags(),
            tcp.sequence_number(),
            tcp.acknowledgment_number(),
            tcp.payload_length(),
        ) else {
            return;
        };
        let is_known = self.flows.contains_key(&sighting.index);
        if self.flows.len() >= MAX_CONNECTIONS && !is_known {
            return;
        }
        let connection = self
            .flows
            .entry(sighting.index)
            .or_insert_with(|| Connection {
                first: frame.number,
                opens_late: !flags.has(Flags::SYN) && !flags.has(Flags::RST),
                ..Connection::default()
            });
        let step = Step {
            frame: frame.number,
            seq,
            ack,
            sum: if connection.answered {
                None
            } else {
                sum_of(&sighting.transport, &tcp)
            },
        };
        connection.handshake(sighting.direction, flags, step);
        let counts = &mut self.without_payload;
        *if length > 0 {
            &mut self.with_payload
        } else {
            counts
        } += 1;
        let side = connection.sides.get_mut(sighting.direction);
        if let Network::Ipv4(ipv4) = sighting.transport.network
            && let Some(identification) = ipv4.identification().filter(|id| *id != 0)
        {
            side.identification(frame.number, identification, length);
        }
        if !flags.has(Flags::RST) {
            let counted =
                length + usize::from(flags.has(Flags::SYN)) + usize::from(flags.has(Flags::FIN));
            side.sequence(
                frame.number,
                seq,
                u32::try_from(counted).unwrap_or(u32::MAX),
            );
        }
    }

    pub(super) fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for connection in self.flows.values() {
            if let Some((frames, text)) = &connection.misfit {
                remarks.push(Remark::new("handshake", text.clone()).at(frames));
            }
        }
        let whole = self.flows.values();
        if let Some(first) = whole
            .filter(|connection| connection.opens_late)
            .min_by_key(|c| c.first)
        {
            let text =
                "begins within a connection, whose handshake is missing: was the capture cut?";
            remarks.push(Remark::new("no-handshake", text).at(&[first.first]));
        }
        if self.with_payload >= MANY && self.without_payload == 0 {
            let text =
                "holds no TCP segment without payload, as every connection has: was it filtered?";
            remarks.push(Remark::new("no-acknowledgments", text));
        }
        let sides = || {
            let connections = self.flows.values();
            connections
                .flat_map(|connection| [&connection.sides.forward, &connection.sides.backward])
        };
        let gaps: Vec<(u64, u32)> = sides()
            .filter_map(|side| side.gap)
            .map(|(start, end, frame)| (frame, end.wrapping_sub(start)))
            .collect();
        if let Some((frame, octets)) = gaps.iter().min() {
            let text = format!(
                "{} connections lack octets, the first {octets} before this frame: were frames left out?",
                gaps.len()
            );
            remarks.push(Remark::new("missing-octets", text).at(&[*frame]));
        }
        let jumps: Vec<([u64; 2], u16)> = sides()
            .filter(|side| side.steady >= STEADY && side.steady / 4 >= side.jumps)
            .filter_map(|side| side.jump)
            .collect();
        if let Some((frames, missing)) = jumps.iter().min() {
            let text = format!(
                "IP identifications that go on one by one jump by {missing} more between these frames: were \
                 packets left out?"
            );
            remarks.push(Remark::new("missing-packets", text).at(frames));
        }
        remarks
    }
}

impl Connection {
    /// Whether each step of the handshake acknowledges the one before.
    fn handshake(&mut self, direction: Direction, flags: Flags, step: Step) {
        if flags.has(Flags::RST) {
            return;
        }
        if flags.is_syn() {
            self.syn = Some(step);
        } else if flags.is_syn_ack() {
            self.fits("SYN", self.syn, step);
            self.syn_ack = Some(step);
            self.answer = Some(direction.reverse());
        } else if self.answer == Some(direction) && !self.answered {
            self.answered = true;
            self.fits("SYN-ACK", self.syn_ack, step);
        }
    }

    fn fits(&mut self, what: &str, before: Option<Step>, step: Step) {
        let Some(before) = before else {
            return;
        };
        let expected = before.seq.wrapping_add(1);
        // Data in a SYN is acknowledged with it.
        if step.ack.wrapping_sub(expected) < MAX_SYN_DATA {
            return;
        }
        let acknowledged = step.ack.wrapping_sub(1);
        let fits = |of: Step, number: u32, other: u32| {
            let fits = of.sum.is_some_and(|sum| would_fit(sum, number, other));
            fits.then(|| format!("; the checksum of frame {} fits {other}", of.frame))
        };
        let hint = fits(before, before.seq, acknowledged)
            .or_else(|| fits(step, step.ack, expected))
            .unwrap_or_default();
        let text = format!(
            "the {what} has sequence number {}, and {} is acknowledged: was one of the two changed?{hint}",
            before.seq, step.ack,
        );
        self.misfit
            .get_or_insert(([before.frame, step.frame], text));
    }
}

/// The sum over an IPv4 packet's segment and its pseudo-header, if all of it was captured.
fn sum_of(transport: &Transport<'_>, tcp: &Tcp<'_>) -> Option<u16> {
    let Network::Ipv4(ipv4) = transport.network else {
        return None;
    };
    let length = tcp.header_length()?.checked_add(tcp.payload_length()?)?;
    let segment = tcp.header.octets().get(..length)?;
    let length = u16::try_from(length).ok()?.to_be_bytes();
    let mut octets = Vec::with_capacity(segment.len().saturating_add(12));
    octets.extend(ipv4.source()?.octets());
    octets.extend(ipv4.destination()?.octets());
    octets.extend([0, ipv4.protocol()?]);
    octets.extend(length);
    octets.extend(segment);
    Some(checksum::sum(&octets))
}

/// Whether a checksum that does not fit would, with another number in the place of one.
///
/// # Source
/// RFC 1624 §3
fn would_fit(sum: u16, number: u32, other: u32) -> bool {
    let mut octets = sum.to_be_bytes().to_vec();
    octets.extend((!number).to_be_bytes());
    octets.extend(other.to_be_bytes());
    sum != FITS && checksum::sum(&octets) == FITS
}

impl Side {
    fn identification(&mut self, frame: u64, identification: u16, length: usize) {
        let used = u16::try_from(length.div_ceil(SMALL_SEGMENT).max(1)).unwrap_or(u16::MAX);
        let last = self.identification.replace((identification, frame, used));
        let Some((last, last_frame, last_used)) = last else {
            return;
        };
        // 0, where the counter begins anew, is not looked at.
        let passes_0 = u16::from(identification < last);
        let step = identification.wrapping_sub(last).wrapping_sub(passes_0);
        if identification == last {
            return;
        }
        if step <= last_used {
            self.steady = self.steady.saturating_add(1);
        } else {
            self.jumps = self.jumps.saturating_add(1);
            if step <= MAX_JUMP {
                self.jump
                    .get_or_insert(([last_frame, frame], step - last_used));
            }
        }
    }

    fn sequence(&mut self, frame: u64, seq: u32, counted: u32) {
        let end = seq.wrapping_add(counted);
        let Some(next) = self.next else {
            self.next = Some(end);
            return;
        };
        let is_after = |a: u32, b: u32| a != b && a.wrapping_sub(b) < 1 << 31;
        if is_after(seq, next) && self.gap.is_none() {
            self.gap = Some((next, seq, frame));
        } else if let Some((start, gap_end, _)) = self.gap
            && !is_after(start, seq)
            && is_after(gap_end, seq)
        {
            // What was missing comes late.
            self.gap = None;
        }
        if is_after(end, next) {
            self.next = Some(end);
        }
    }
}
