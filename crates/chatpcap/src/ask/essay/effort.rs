//! What a connection takes beside the octets that it carries: opening, acknowledging, closing.

use super::Citation;
use crate::ask::Connection;
use crate::flow::Close;
use crate::packet::Flags;
use crate::trace::{FlowNumber, LoggedPacket, Octets, Survey};

/// The segments of one connection by what they are for.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Which of the traces shows it.
    pub trace: usize,
    /// `tcp.stream`.
    pub flow: u32,
    /// The three-way handshake.
    pub opening: Share,
    /// Segments with data; each acknowledges too.
    pub data: Share,
    /// Segments that only acknowledge.
    pub acknowledging: Share,
    /// Segments with FIN or RST, and what acknowledges the last FIN.
    pub closing: Share,
    /// How it ended.
    pub close: Close,
    /// Nanoseconds of the handshake, until data could be sent.
    pub handshake: Option<i64>,
    /// Segments that were not looked at: the connection has more than are kept.
    pub is_part: bool,
}

/// Some of the segments.
#[derive(Clone, Debug, Default)]
pub struct Share {
    /// How many.
    pub packets: u64,
    /// Their octets.
    pub octets: Octets,
    /// Their frames, the first of many.
    pub frames: Vec<u64>,
}

/// Frames that a share lists.
const MAX_FRAMES: usize = 64;

impl Effort {
    pub(super) fn new(connection: Connection<'_>, surveys: &[Survey]) -> Option<Self> {
        let survey = surveys.get(connection.trace)?;
        let flow = connection.flow;
        let number = FlowNumber::Tcp(flow.flow.index);
        let mut effort = Self {
            trace: connection.trace,
            flow: flow.flow.index,
            opening: Share::default(),
            data: Share::default(),
            acknowledging: Share::default(),
            closing: Share::default(),
            close: Close::of(flow),
            handshake: flow.handshake().initial_rtt,
            is_part: survey.packets.left_out > 0,
        };
        let last_of_handshake = flow.handshake().ack.map(|ack| ack.frame);
        let mut has_fin = [false; 2];
        for packet in survey.packets.list.iter().filter(|it| it.flow == number) {
            let side = usize::from(packet.direction == crate::flow::Direction::Forward);
            let ends = packet.flags.has(Flags::FIN) || packet.flags.has(Flags::RST);
            if let Some(has_fin) = has_fin.get_mut(side) {
                *has_fin |= packet.flags.has(Flags::FIN);
            }
            let is_over = has_fin == [true, true] && packet.is_bare_ack();
            let is_opening = packet.flags.has(Flags::SYN)
                || (Some(packet.frame) == last_of_handshake && packet.is_bare_ack());
            let share = if is_opening {
                &mut effort.opening
            } else if ends || is_over {
                &mut effort.closing
            } else if packet.octets.payload > 0 {
                &mut effort.data
            } else {
                &mut effort.acknowledging
            };
            share.add(packet);
        }
        (effort.opening.packets > 0).then_some(effort)
    }

    /// Where the segments of a share are.
    pub fn citation(&self, share: &Share) -> Citation {
        Citation::new(self.trace, share.frames.iter().copied())
    }
}

impl Share {
    fn add(&mut self, packet: &LoggedPacket) {
        self.packets = self.packets.saturating_add(1);
        self.octets = self.octets.plus(packet.octets);
        if self.frames.len() < MAX_FRAMES {
            self.frames.push(packet.frame);
        }
    }
}
