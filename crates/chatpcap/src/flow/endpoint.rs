//! One end of a flow.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

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

impl fmt::Display for Endpoint {
    /// `10.20.30.3:5000`, `[fd00::3]:5000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Through a string, so that a width given by the caller holds for the whole.
        f.pad(&SocketAddr::new(self.address, self.port).to_string())
    }
}
