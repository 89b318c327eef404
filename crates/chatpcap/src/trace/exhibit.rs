//! Octets of the frames that answers may rest on, so that evidence can show them.

use std::collections::{BTreeMap, HashSet};

use crate::capture::Frame;
use crate::flow::Sighting;
use crate::packet::{Flags, Packet, TransportPayload};

/// Frames that are kept at most. The first connections of a capture are what is asked for; where
/// thousands of others came before them, their numbers are still told, and only the dump is not.
pub const MAX_EXHIBITS: usize = 8192;
/// Octets that are kept of one frame: link, IP and transport header with room for options and tags.
pub const MAX_EXHIBIT_OCTETS: usize = 192;

/// The first octets of frames that open TCP connections or UDP flows of the chat.
#[derive(Debug, Default)]
pub struct Exhibits {
    frames: BTreeMap<u64, Box<[u8]>>,
    udp_flows: HashSet<u32>,
}

impl Exhibits {
    /// The first [`MAX_EXHIBIT_OCTETS`] captured octets of a frame, if it was kept.
    pub fn octets(&self, frame: u64) -> Option<&[u8]> {
        self.frames.get(&frame).map(AsRef::as_ref)
    }

    /// Keeps a frame of the chat if it opens a connection or a UDP flow.
    pub(super) fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, sighting: &Sighting<'_>) {
        if self.frames.len() >= MAX_EXHIBITS {
            return;
        }
        let opens = match sighting.transport.payload {
            TransportPayload::Tcp(tcp) => tcp.flags().is_some_and(|flags| flags.has(Flags::SYN)),
            TransportPayload::Udp(_) => self.udp_flows.insert(sighting.index),
        };
        if opens {
            let octets = packet.octets();
            let length = octets.len().min(MAX_EXHIBIT_OCTETS);
            let kept = octets.get(..length).unwrap_or_default();
            self.frames.insert(frame.number, kept.into());
        }
    }
}
