//! One TCP segment, and what only the segments before it tell of it.

use super::Analysis;
use super::copy::identity;
use super::tcp::Mark;
use crate::capture::Frame;
use crate::packet::{Flags, Plain, Tcp, Transport, tcp};

/// A TCP segment in its flow: numbers that its header alone does not tell.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// The sequence number, counted from the sender's ISN (`tcp.seq`); absolute where it is quoted.
    pub seq: u32,
    /// The acknowledgment number, counted from the receiver's ISN (`tcp.ack`); as it stands in the
    /// header where it is quoted or ACK is not set.
    pub ack: u32,
    /// The relative sequence number after this segment (`tcp.nxtseq`); SYN or FIN takes one. `None`
    /// where it is quoted or its header is not there whole.
    pub next_seq: Option<u32>,
    /// The receive window in octets, scaled where the scale is known (`tcp.window_size`) and the
    /// segment is not quoted.
    pub window: u32,
    /// `tcp.window_size_scalefactor`: what the header's window is multiplied by, -1 where the
    /// handshake is not there to tell, -2 where it ruled scaling out; `None` for SYN segments, which
    /// are never scaled (RFC 7323 §2.2).
    pub window_scale_factor: Option<i32>,
    /// What the segment means in its flow; only where the flow table is told to analyse, and `None`
    /// where the segment is quoted or its header is not there whole.
    pub analysis: Option<Analysis>,
    /// Nanoseconds since the flow's first segment (`tcp.time_relative`); only where analysed.
    pub time_relative: Option<i64>,
    /// Nanoseconds since the flow's segment before this one, of either side (`tcp.time_delta`); only
    /// where analysed.
    pub time_delta: Option<i64>,
    pub(super) observed: Observed,
}

/// A segment whose header was captured at least to its window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub flags: Flags,
    pub mark: Mark,
    /// As it stands in the header.
    pub window: u16,
    /// Octets of payload; `None` where the header is not there whole.
    pub payload: Option<usize>,
    /// What tells a resent segment from one that was captured twice: only for SYN segments.
    pub identity: u64,
}

impl Observed {
    /// `None` where the header is cut before the end of its window, as most ICMP errors quote it:
    /// Wireshark gives it no number.
    pub(super) fn new(tcp: &Tcp<'_>, transport: &Transport<'_>, frame: &Frame<'_>) -> Option<Self> {
        let window = tcp.window()?;
        let flags = tcp.flags()?;
        let header_offset = tcp.header.start();
        let mark = Mark {
            frame: frame.number,
            seq: tcp.sequence_number()?,
            ack: tcp.acknowledgment_number()?,
            header_offset: header_offset.and_then(|offset| u32::try_from(offset).ok()),
        };
        // A segment counts once its header is there, with or without its options.
        let has_header = tcp.header.octets().len() >= tcp::MIN_HEADER;
        let payload = tcp.payload_length().filter(|_| has_header);
        let identity = if flags.has(Flags::SYN) {
            identity(transport)
        } else {
            0
        };
        Some(Self {
            flags,
            mark,
            window,
            payload,
            identity,
        })
    }

    /// The segment of a plain packet whose TCP header begins so; `None` if it has SYN.
    #[inline]
    pub(super) fn plain(
        header: &[u8; tcp::MIN_HEADER],
        plain: &Plain,
        frame: &Frame<'_>,
    ) -> Option<Self> {
        let [
            _,
            _,
            _,
            _,
            s0,
            s1,
            s2,
            s3,
            a0,
            a1,
            a2,
            a3,
            offset,
            flags,
            w0,
            w1,
            ..,
        ] = *header;
        let flags = Flags(flags);
        if flags.has(Flags::SYN) {
            return None;
        }
        let header_length = usize::from(offset >> 4) * 4;
        Some(Self {
            flags,
            mark: Mark {
                frame: frame.number,
                seq: u32::from_be_bytes([s0, s1, s2, s3]),
                ack: u32::from_be_bytes([a0, a1, a2, a3]),
                header_offset: u32::try_from(plain.transport_at).ok(),
            },
            window: u16::from_be_bytes([w0, w1]),
            payload: plain.length().checked_sub(header_length),
            identity: 0,
        })
    }

    /// Octets of sequence space: a SYN or a FIN takes one (RFC 9293 §3.4).
    pub(super) fn span(&self) -> Option<u32> {
        let flag = self.flags.has(Flags::SYN) || self.flags.has(Flags::FIN);
        let payload = u32::try_from(self.payload?).ok()?;
        Some(payload.wrapping_add(flag.into()))
    }
}
