//! TCP as Linux speaks it: timestamps, identifications that count, checksums that are left open.

use std::net::SocketAddr;

use crate::frames::{ACK, FIN, SYN, Segment, fold, sum};
use crate::random::Random;

const MILLISECOND: u64 = 1_000_000;

/// A connection with all that chance chooses for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    client: Side,
    server: Side,
    has_timestamps: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Side {
    at: SocketAddr,
    /// The next sequence number.
    next: u32,
    identification: u16,
    /// What is added to the clock's milliseconds.
    offset: u32,
    /// The last timestamp that was sent.
    timestamp: u32,
}

impl Connection {
    /// A connection that is not open yet. `offsets` is what the timestamps of client and server are
    /// more than the clock; without, there are no timestamps.
    pub fn new(
        random: &mut Random,
        client: SocketAddr,
        server: SocketAddr,
        offsets: Option<[u32; 2]>,
    ) -> Self {
        let [client_offset, server_offset] = offsets.unwrap_or_default();
        let mut side = |at, offset| Side {
            at,
            next: random.u32(),
            identification: random.u16(),
            offset,
            timestamp: 0,
        };
        Self {
            client: side(client, client_offset),
            server: side(server, server_offset),
            has_timestamps: offsets.is_some(),
        }
    }

    /// SYN.
    pub fn syn(&mut self, now: u64) -> Vec<u8> {
        let mut syn = self.segment(true, SYN, b"", now);
        syn.ack = 0;
        syn.packet()
    }

    /// SYN and ACK, whose identification is 0 as Linux sends it.
    pub fn syn_ack(&mut self, now: u64) -> Vec<u8> {
        self.server.identification = self.server.identification.wrapping_sub(1);
        let mut syn_ack = self.segment(false, SYN | ACK, b"", now);
        syn_ack.identification = 0;
        syn_ack.packet()
    }

    /// A segment with the next numbers of one side.
    pub fn segment(&mut self, from_client: bool, flags: u8, payload: &[u8], now: u64) -> Segment {
        let (from, to) = if from_client {
            (&mut self.client, &mut self.server)
        } else {
            (&mut self.server, &mut self.client)
        };
        from.identification = from.identification.wrapping_add(1);
        from.timestamp = from.offset.wrapping_add(milliseconds(now));
        let mut options = Vec::new();
        if flags & SYN != 0 {
            options.extend([2, 4, 0x05, 0xb4, 4, 2]);
        }
        if self.has_timestamps {
            if flags & SYN == 0 {
                options.extend([1, 1]);
            }
            options.extend([8, 10]);
            options.extend(from.timestamp.to_be_bytes());
            options.extend(to.timestamp.to_be_bytes());
        }
        if flags & SYN != 0 {
            options.extend([1, 3, 3, 7]);
        }
        options.resize(options.len().next_multiple_of(4), 1);
        let segment = Segment {
            from: from.at,
            to: to.at,
            seq: from.next,
            ack: to.next,
            flags,
            window: 502,
            identification: from.identification,
            options,
            payload: payload.to_vec(),
        };
        let counted = payload.len() + usize::from(flags & (SYN | FIN) != 0);
        from.next = from.next.wrapping_add(u32::try_from(counted).unwrap());
        segment
    }
}

/// Milliseconds of a time in nanoseconds, modulo 2^32.
pub fn milliseconds(time: u64) -> u32 {
    u32::try_from((time / MILLISECOND) & 0xffff_ffff).unwrap()
}

/// Leaves the checksum of an IPv4 packet's TCP or UDP to the network card: it holds the sum of the
/// pseudo-header, as Linux hands it on.
pub fn partial_checksum(packet: &mut [u8]) {
    let length = u64::try_from(packet.len() - 20).unwrap();
    let partial = !fold(sum(&packet[12..20]) + u64::from(packet[9]) + length);
    let place = checksum_place(packet);
    packet[place..place + 2].copy_from_slice(&partial.to_be_bytes());
}

/// Writes the checksums of an IPv4 packet, and of TCP or UDP in it, anew.
pub fn right_checksums(packet: &mut [u8]) {
    packet[10..12].fill(0);
    let header = fold(sum(&packet[..20]));
    packet[10..12].copy_from_slice(&header.to_be_bytes());
    if matches!(packet[9], 6 | 17) {
        let place = checksum_place(packet);
        packet[place..place + 2].fill(0);
        let length = u64::try_from(packet.len() - 20).unwrap();
        let total = sum(&packet[12..]) + u64::from(packet[9]) + length;
        packet[place..place + 2].copy_from_slice(&fold(total).to_be_bytes());
    }
}

fn checksum_place(packet: &[u8]) -> usize {
    match packet[9] {
        6 => 36,
        17 => 26,
        other => panic!("protocol {other} has no such checksum"),
    }
}
