//! UDP flows.

use super::{Direction, Flow};
use crate::capture::Frame;
use crate::packet::{Field, Header, Transport, Udp};

/// A UDP flow.
#[derive(Clone, Copy, Debug)]
pub struct UdpFlow {
    /// Endpoints, packets, octets and times.
    pub flow: Flow,
    /// Its first datagram whose header was captured in full.
    pub first_datagram: Option<FirstDatagram>,
}

/// The header of the first datagram of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstDatagram {
    /// The frame's number.
    pub frame: u64,
    /// Octets before the UDP header in the frame; `None` where fragments were put together.
    pub header_offset: Option<u32>,
    /// The header that names UDP as the payload of the IP packet: octets before it in the frame, and
    /// the field.
    pub protocol: (Option<u32>, Field),
    /// Which way it went.
    pub direction: Direction,
    /// The length field: octets of header and payload.
    pub length: u16,
    /// The checksum field.
    pub checksum: u16,
}

impl UdpFlow {
    pub(super) const fn new(flow: Flow) -> Self {
        Self {
            flow,
            first_datagram: None,
        }
    }

    /// Counts a datagram, unless it may be the first.
    #[inline]
    pub(super) fn count(
        &mut self,
        direction: Direction,
        payload: usize,
        frame: &Frame<'_>,
    ) -> Option<()> {
        self.flow
            .is_quiet
            .then(|| self.flow.count(direction, frame, payload))
    }

    pub(super) fn record(
        &mut self,
        direction: Direction,
        udp: &Udp<'_>,
        transport: &Transport<'_>,
        frame: &Frame<'_>,
    ) {
        self.flow.show(frame);
        if transport.quoted {
            return;
        }
        let (Some(length), Some(checksum)) = (udp.length(), udp.checksum()) else {
            return;
        };
        let payload = udp.payload_length().unwrap_or(0);
        if self.count(direction, payload, frame).is_some() {
            return;
        }
        self.flow.count(direction, frame, payload);
        self.flow.is_quiet = true;
        self.first_datagram.get_or_insert_with(|| FirstDatagram {
            frame: frame.number,
            header_offset: start(&udp.header),
            protocol: {
                let (header, field) = transport.network.protocol_field();
                (start(&header), field)
            },
            direction,
            length,
            checksum,
        });
    }
}

/// Octets of the frame before a header.
fn start(header: &Header<'_>) -> Option<u32> {
    u32::try_from(header.start()?).ok()
}

impl AsRef<Flow> for UdpFlow {
    fn as_ref(&self) -> &Flow {
        &self.flow
    }
}
