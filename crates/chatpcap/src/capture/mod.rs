//! The capture stage: octets of a capture file to frames.
//!
//! [`Capture`] reads pcap, pcapng and snoop, plain or compressed, from a file or a pipe. One pass, one frame at a
//! time, in memory that does not grow with the capture. A capture that cannot be read at all is a
//! [`CaptureError`]; everything less is a [`Notice`], and the frames that could be read count.

mod block;
mod compression;
mod decompressed;
mod expansion;
mod format;
mod frame;
mod input;
mod interface;
mod link_type;
mod lz4;
mod notice;
mod octets;
mod origin;
mod pcap;
mod pcapng;
mod reader;
mod record;
mod snoop;
#[cfg(test)]
mod testing;
mod timestamp;
mod upcoming;
mod window;
mod writer;

pub use compression::Compression;
pub use expansion::Expansion;
pub use format::Format;
pub use frame::Frame;
pub use link_type::LinkType;
pub use notice::{Damage, Notice};
pub use origin::Origin;
pub use reader::Capture;
pub use timestamp::Timestamp;
pub use writer::{CaptureWriter, WriteError};

use std::fmt;
use std::io;

/// Why a capture could not be opened.
///
/// The path is not part of the text: the caller knows it.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be opened.
    #[error("cannot open")]
    Open {
        /// What the operating system says.
        source: io::Error,
    },
    /// The path is a directory.
    #[error("is a directory")]
    Directory,
    /// The file or pipe cannot be read, or not be decompressed, before the first frame.
    #[error("cannot read{}", .compression.map(|compression| format!(" {compression} stream")).unwrap_or_default())]
    Read {
        /// How the capture is compressed.
        compression: Option<Compression>,
        /// What the operating system or the decoder says.
        source: io::Error,
    },
    /// There is not a single octet.
    #[error("empty {}", .compression.map_or_else(|| "file".to_owned(), |compression| format!("{compression} stream")))]
    Empty {
        /// How the nothing is compressed.
        compression: Option<Compression>,
    },
    /// The first octets are those of no format.
    #[error("not a packet capture: first octets are {first}{}", .compression.map(|compression| format!(" ({compression} stream)")).unwrap_or_default())]
    NotCapture {
        /// The first octets, after decompression.
        first: FirstOctets,
        /// How they are compressed.
        compression: Option<Compression>,
    },
    /// The capture ends within its first header.
    #[error("truncated {format} header: needs {needed} octets, {available} there")]
    TruncatedHeader {
        /// The format of the capture.
        format: Format,
        /// How many octets a header has.
        needed: usize,
        /// How many there are.
        available: usize,
    },
    /// The format is known, this version of it is not.
    #[error("unsupported {format} version {major}.{minor}")]
    UnsupportedVersion {
        /// The format of the capture.
        format: Format,
        /// The major version.
        major: u32,
        /// The minor version.
        minor: u32,
    },
    /// A snoop capture of a network that has no link type here.
    #[error("unsupported snoop datalink type {datalink}")]
    UnsupportedDatalink {
        /// The number of the network's type in snoop.
        datalink: u32,
    },
}

/// The first octets of something, at most four, shown in hexadecimal and as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstOctets {
    octets: [u8; 4],
    length: usize,
}

impl FirstOctets {
    fn new(octets: &[u8]) -> Self {
        let mut first = [0; 4];
        let mut length = 0;
        for (to, from) in first.iter_mut().zip(octets) {
            *to = *from;
            length += 1;
        }
        Self {
            octets: first,
            length,
        }
    }
}

impl fmt::Display for FirstOctets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.octets.get(..self.length).unwrap_or_default();
        for (index, octet) in octets.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{octet:02x}")?;
        }
        write!(f, " (\"{}\")", octets.escape_ascii())
    }
}
