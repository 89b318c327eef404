//! Whose packets are shown.

use std::fmt;

/// Whose packets are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Those of the whole capture, as far as the filter selects them.
    All,
    /// Those of a TCP flow.
    Tcp(u32),
    /// Those of a UDP flow.
    Udp(u32),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.pad("all"),
            Self::Tcp(index) => f.pad(&format!("tcp {index}")),
            Self::Udp(index) => f.pad(&format!("udp {index}")),
        }
    }
}

impl Shown {
    /// The filter that selects its packets.
    pub(super) fn filter(self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Tcp(index) => Some(format!("tcp.stream == {index}")),
            Self::Udp(index) => Some(format!("udp.stream == {index}")),
        }
    }
}
