//! Packets that a capture holds more than once: taken on all interfaces of a host, or on a bridge.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::capture::Timestamp;
use crate::packet::{Network, Transport, TransportPayload, tcp, udp};

/// What to do with a packet that is captured once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Copies {
    /// It says nothing new: it is marked, and no verdict rests on it.
    #[default]
    PassOver,
    /// It is marked, and a packet like others: Wireshark takes it for a retransmission.
    Count,
}

/// The copies of a packet are captured closer together than this, in nanoseconds; a sender that
/// repeats himself is not that fast.
const LONGEST_COPY: u64 = 1_000_000;

/// The same for a SYN: no sender waits less before it sends it again (RFC 6298 §2.4 asks for 1 s,
/// Linux waits 200 ms at least).
const LONGEST_COPY_OF_SYN: u64 = 200_000_000;

/// Whether two packets of one [`identity`] are captured so close together that they are one.
pub(crate) fn are_close(is_syn: bool, one: Timestamp, other: Timestamp) -> bool {
    let longest = if is_syn {
        LONGEST_COPY_OF_SYN
    } else {
        LONGEST_COPY
    };
    other.since(one).unsigned_abs() < longest
}

/// A number that the captures of one packet share, in one file or in several: over the IP
/// identification and all captured octets of the segment or datagram. Routers change neither.
///
/// The checksum is left out: where the network card is to fill it in, the sender's own capture has
/// another one than the receiver's.
pub(crate) fn identity(transport: &Transport<'_>) -> u64 {
    identity_of_start(transport, usize::MAX)
}

/// The same over what also a capture with a short snap length holds, and the length on the wire.
pub(crate) fn identity_of_head(transport: &Transport<'_>) -> u64 {
    /// Octets of a TCP header without options.
    const TCP_HEADER: usize = 20;
    /// Octets of a UDP header, and enough of what follows to tell datagrams apart: the shortest snap
    /// length in use is 68 octets.
    const UDP_HEAD: usize = 24;
    let (most, payload) = match transport.payload {
        TransportPayload::Tcp(tcp) => (TCP_HEADER, tcp.payload_length()),
        TransportPayload::Udp(udp) => (UDP_HEAD, udp.payload_length()),
    };
    let mut hasher = FixedState::default().build_hasher();
    hasher.write_u64(identity_of_start(transport, most));
    hasher.write_usize(payload.unwrap_or(0));
    hasher.finish()
}

fn identity_of_start(transport: &Transport<'_>, most: usize) -> u64 {
    // A fixed seed: an attacker gains nothing from two of his own packets taken for one.
    let mut hasher = FixedState::default().build_hasher();
    if let Network::Ipv4(ipv4) = transport.network {
        hasher.write_u16(ipv4.identification().unwrap_or(0));
    }
    let (octets, checksum) = match transport.payload {
        TransportPayload::Tcp(tcp) => (tcp.header.octets(), tcp::CHECKSUM),
        TransportPayload::Udp(udp) => (udp.header.octets(), udp::CHECKSUM),
    };
    let octets = octets.get(..most).unwrap_or(octets);
    let after = checksum.offset.saturating_add(checksum.length);
    hasher.write(octets.get(..checksum.offset).unwrap_or(octets));
    hasher.write(octets.get(after..).unwrap_or_default());
    hasher.finish()
}
