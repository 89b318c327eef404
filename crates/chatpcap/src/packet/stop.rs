//! Why a packet could not be decoded to its end.

use std::fmt;

use super::Protocol;

/// The layer that ended the walk through a packet, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The layer that could not be read in full.
    pub layer: Protocol,
    /// Octets before that layer, in the frame or in the reassembled datagram.
    pub offset: usize,
    /// What was wrong.
    pub reason: Reason,
}

/// What was wrong with a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The snap length cut the header off.
    Cut {
        /// Octets of the header.
        needed: usize,
        /// Octets that were captured.
        had: usize,
    },
    /// The packet ends inside the header, although all of it was captured.
    Short {
        /// Octets of the header.
        needed: usize,
        /// Octets that the packet has.
        had: usize,
    },
    /// A field has a value that its RFC rules out.
    Malformed(&'static str),
    /// The next header is of a protocol that is not decoded: its `EtherType` or IP protocol number.
    Unsupported(u16),
    /// A fragment; the datagram is decoded with the fragment that completes it.
    Fragment,
    /// More headers than [`super::MAX_LAYERS`].
    TooManyLayers,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            layer,
            offset,
            reason,
        } = self;
        let layer = layer.name();
        match reason {
            Reason::Cut { needed, had } => {
                write!(
                    f,
                    "{layer} header at octet {offset} cut off: needs {needed} octets, {had} captured"
                )
            }
            Reason::Short { needed, had } => {
                write!(
                    f,
                    "{layer} header at octet {offset} too short: needs {needed} octets, has {had}"
                )
            }
            Reason::Malformed(what) => write!(f, "{layer} header at octet {offset}: {what}"),
            Reason::Unsupported(number) => {
                write!(
                    f,
                    "{layer} at octet {offset} carries protocol {number:#06x}, which is not decoded"
                )
            }
            Reason::Fragment => write!(f, "{layer} at octet {offset} is a fragment"),
            Reason::TooManyLayers => {
                write!(
                    f,
                    "{layer} at octet {offset}: more than {} headers",
                    super::MAX_LAYERS
                )
            }
        }
    }
}
