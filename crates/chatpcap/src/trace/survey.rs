//! What an essay on a capture needs to know of its frames beyond a [`Trace`](super::Trace).

use super::{Lookups, Neighbours, PacketLog, TimeSequences, Watch};
use crate::capture::Frame;
use crate::flow::Sightings;
use crate::packet::{Packet, TransportPayload};

/// Looks closer at a capture while it is read: names and neighbours, the chat's packets, and how TCP
/// flows went on. All of it is bounded.
#[derive(Clone, Debug)]
pub struct Survey {
    watch: Watch,
    /// Names that were looked up.
    pub lookups: Lookups,
    /// Hosts on the same link that were looked for.
    pub neighbours: Neighbours,
    /// The chat's packets.
    pub packets: PacketLog,
    /// TCP flows over time. What was sent again is told only where TCP is analysed.
    pub sequences: TimeSequences,
}

impl Survey {
    /// A survey that has seen nothing.
    pub fn new(watch: &Watch) -> Self {
        Self {
            watch: watch.clone(),
            lookups: Lookups::default(),
            neighbours: Neighbours::default(),
            packets: PacketLog::default(),
            sequences: TimeSequences::default(),
        }
    }

    /// Takes the next frame of the capture, with its packet's flows.
    pub fn observe(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, sightings: &Sightings<'_>) {
        let Some(sighting) = sightings.innermost() else {
            self.neighbours.observe(frame, packet);
            return;
        };
        let is_chat = self.watch.is_chat(sighting);
        if is_chat {
            self.packets.add(frame, packet, sighting);
        }
        self.lookups.observe(frame, packet, sightings);
        if matches!(sighting.transport.payload, TransportPayload::Tcp(_)) {
            self.sequences.add(frame, sighting, is_chat);
        }
    }
}
