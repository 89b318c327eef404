//! One frame, as it stands in the capture.

use super::{LinkType, Timestamp};

/// One frame of a capture, borrowed until the next one is read.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The number of the frame in the file, from 1, as Wireshark counts.
    ///
    /// Records without a packet (journal entries, system calls, custom blocks of pcapng) count too;
    /// their link type is [`LinkType::NO_PACKET`].
    pub number: u64,
    /// When the frame was captured; `None` where the format has no time (simple packet block).
    ///
    /// Not monotonic: captures that go backwards are common.
    pub timestamp: Option<Timestamp>,
    /// How many decimal digits of a second the capture itself keeps, 0 to 9.
    pub precision: u8,
    /// Index of the interface in the file, from 0, over all sections.
    pub interface: u32,
    /// What the first octet of the frame belongs to.
    pub link_type: LinkType,
    /// The octets that were captured.
    pub octets: &'a [u8],
    /// The length on the wire in octets, as the capture claims it.
    ///
    /// Hostile or broken captures claim 4 GB, or less than was captured: never allocate from it.
    pub original_length: u32,
}
