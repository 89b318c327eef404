//! One end of a flow.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::packet::Plain;

/// An IP address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The host's address.
    pub address: IpAddr,
    /// The TCP or UDP port.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint.
    pub const fn new(address: IpAddr, port: u16) -> Self {
        Self { address, port }
    }
}

impl Plain {
    /// Sender and receiver of the plain packet of a frame of these octets.
    #[inline]
    pub(super) fn ends(&self, octets: &[u8]) -> Option<(Endpoint, Endpoint)> {
        let network = octets.get(self.network_at..)?;
        let (source, destination): (IpAddr, IpAddr) = if self.is_ipv6() {
            let [source, destination] = [8, 24].map(|at| network.get(at..)?.first_chunk::<16>());
            (
                Ipv6Addr::from(*source?).into(),
                Ipv6Addr::from(*destination?).into(),
            )
        } else {
            let [source, destination] = [12, 16].map(|at| network.get(at..)?.first_chunk::<4>());
            (
                Ipv4Addr::from(*source?).into(),
                Ipv4Addr::from(*destination?).into(),
            )
        };
        let [s0, s1, d0, d1] = *octets.get(self.transport_at..)?.first_chunk()?;
        Some((
            Endpoint::new(source, u16::from_be_bytes([s0, s1])),
            Endpoint::new(destination, u16::from_be_bytes([d0, d1])),
        ))
    }
}

impl fmt::Display for Endpoint {
    /// `10.20.30.3:5000`, `[fd00::3]:5000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Through a string, so that a width given by the caller holds for the whole.
        f.pad(&SocketAddr::new(self.address, self.port).to_string())
    }
}
