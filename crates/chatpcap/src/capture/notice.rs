//! What was wrong with a capture that could be read nevertheless, wholly or in part.

use std::fmt;
use std::mem::discriminant;

use super::{Compression, Expansion, Format};

/// Something that the reader of a capture should know.
///
/// Offsets count the octets of the capture after decompression. What recurs is kept once, where it
/// was first met, with how often it was: a capture has at most one notice of each kind.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// The capture ends within a record. All before it counts.
    Truncated {
        /// The format of the capture.
        format: Format,
        /// Where the record starts.
        offset: u64,
        /// How many frames came before it.
        frames: u64,
        /// How many octets the record needs, as far as can be told.
        needed: u64,
        /// How many octets there are.
        available: u64,
    },
    /// A record is longer than any real one: its length is damaged, and with it where the next one starts.
    TooLong {
        /// The format of the capture.
        format: Format,
        /// Where the record starts.
        offset: u64,
        /// How many frames came before it.
        frames: u64,
        /// The length that it claims, in octets.
        length: u32,
        /// The greatest length that is believed.
        limit: u32,
    },
    /// A record whose framing is damaged, so that nobody can say where the next one starts.
    Damaged {
        /// The format of the capture.
        format: Format,
        /// Where the record starts.
        offset: u64,
        /// How many frames came before it.
        frames: u64,
        /// What is wrong with it.
        damage: Damage,
    },
    /// Blocks that were passed over because their content makes no sense.
    Skipped {
        /// Where the first of them starts.
        offset: u64,
        /// How many frames came before it.
        frames: u64,
        /// What is wrong with the first of them.
        damage: Damage,
        /// How many they are.
        count: u64,
    },
    /// Options of blocks that were not read because they exceed their block.
    BadOptions {
        /// Where the first such block starts.
        offset: u64,
        /// How many blocks have them.
        count: u64,
    },
    /// Frames of which more octets were captured than, as they claim, there were on the wire.
    LengthsDisagree {
        /// The number of the first of them.
        frame: u64,
        /// How many they are.
        count: u64,
    },
    /// A section whose version is unknown; it and what follows was not read.
    Version {
        /// Where the section starts.
        offset: u64,
        /// How many frames came before it.
        frames: u64,
        /// Major and minor version.
        version: (u16, u16),
    },
    /// The compressed stream is cut, damaged, or followed by something else. All before it counts.
    Compression {
        /// How the capture is compressed.
        compression: Compression,
        /// How many octets of the capture came out of it.
        offset: u64,
        /// What the decoder says.
        cause: String,
    },
    /// The compressed stream expands further than is believed. All before that counts.
    Expansion {
        /// How many octets of the capture came out of it.
        offset: u64,
        /// How many octets of the file or pipe they came from.
        octets: u64,
        /// How far it may expand.
        limit: Expansion,
    },
    /// The file or pipe could not be read further.
    Input {
        /// How many octets of the capture were read.
        offset: u64,
        /// What the operating system says.
        cause: String,
    },
}

/// What is wrong with a record or block.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damage {
    /// It is shorter than its kind can be.
    TooShort {
        /// The length that it claims, in octets.
        length: u32,
        /// The least length of its kind.
        needed: u32,
    },
    /// Its length stands at its start and at its end, and they differ.
    LengthsDiffer {
        /// The length at the start.
        first: u32,
        /// The length at the end.
        last: u32,
    },
    /// A section header whose byte order cannot be told.
    ByteOrder,
    /// It claims more captured octets than it has room for.
    CapturedTooLong {
        /// The captured length that it claims, in octets.
        captured: u32,
        /// The room that it has, or the greatest length that is believed.
        room: u32,
    },
    /// It names an interface that the section has not described.
    NoInterface {
        /// The interface that it names.
        interface: u32,
        /// How many interfaces are described.
        described: u32,
    },
    /// The section describes more interfaces than are kept.
    TooManyInterfaces {
        /// How many are kept.
        limit: usize,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { length, needed } => {
                write!(f, "its length is {length}, needs {needed}")
            }
            Self::LengthsDiffer { first, last } => write!(
                f,
                "its lengths differ, {first} at the start, {last} at the end"
            ),
            Self::ByteOrder => write!(f, "its byte order cannot be told"),
            Self::CapturedTooLong { captured, room } => {
                write!(f, "{captured} octets captured in room for {room}")
            }
            Self::NoInterface {
                interface,
                described,
            } => {
                write!(f, "names interface {interface}, {described} described")
            }
            Self::TooManyInterfaces { limit } => {
                write!(f, "describes an interface, {limit} are described already")
            }
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated {
                format,
                offset,
                frames,
                needed,
                available,
            } => write!(
                f,
                "truncated {format} record at offset {offset}, after frame {frames}: needs {needed} octets, {available} left"
            ),
            Self::TooLong {
                format,
                offset,
                frames,
                length,
                limit,
            } => write!(
                f,
                "damaged {format} record at offset {offset}, after frame {frames}: its length is {length}, at most {limit} is believed"
            ),
            Self::Damaged {
                format,
                offset,
                frames,
                damage,
            } => {
                write!(
                    f,
                    "damaged {format} record at offset {offset}, after frame {frames}: {damage}"
                )
            }
            Self::Skipped {
                offset,
                frames,
                damage,
                count: 1,
            } => {
                write!(
                    f,
                    "skipped a block at offset {offset}, after frame {frames}: {damage}"
                )
            }
            Self::Skipped {
                offset,
                frames,
                damage,
                count,
            } => {
                write!(
                    f,
                    "skipped {count} blocks, the first at offset {offset}, after frame {frames}: {damage}"
                )
            }
            Self::BadOptions { offset, count: 1 } => {
                write!(
                    f,
                    "skipped options of the block at offset {offset}: they exceed the block"
                )
            }
            Self::BadOptions { offset, count } => {
                write!(
                    f,
                    "skipped options of {count} blocks, the first at offset {offset}: they exceed the block"
                )
            }
            Self::LengthsDisagree { frame, count: 1 } => {
                write!(
                    f,
                    "frame {frame} claims fewer octets on the wire than were captured"
                )
            }
            Self::LengthsDisagree { frame, count } => {
                write!(
                    f,
                    "{count} frames, first {frame}, claim fewer octets on the wire than were captured"
                )
            }
            Self::Version {
                offset,
                frames,
                version: (major, minor),
            } => write!(
                f,
                "unsupported pcapng version {major}.{minor} at offset {offset}, after frame {frames}: the rest is not read"
            ),
            Self::Compression {
                compression,
                offset,
                cause,
            } => {
                write!(
                    f,
                    "damaged {compression} stream after {offset} octets of the capture: {cause}"
                )
            }
            Self::Expansion {
                offset,
                octets,
                limit,
            } => {
                write!(
                    f,
                    "the rest is not read: {octets} octets of the file expand to {offset} of the capture and more, "
                )?;
                match limit {
                    Expansion::Believable => write!(
                        f,
                        "beyond {} at most {} times the size is believed; `--max-decompressed SIZE` reads on",
                        Expansion::UNSUSPICIOUS,
                        Expansion::RATIO
                    ),
                    Expansion::Octets(most) => {
                        write!(f, "at most {most} are read, as `--max-decompressed` says")
                    }
                }
            }
            Self::Input { offset, cause } => write!(f, "cannot read past offset {offset}: {cause}"),
        }
    }
}

/// The notices of a capture so far, each kind once.
#[derive(Default)]
pub(super) struct Notices {
    list: Vec<Notice>,
}

impl Notices {
    pub(super) fn list(&self) -> &[Notice] {
        &self.list
    }

    /// Forgets that the capture ends within a record, where that is not its own doing.
    pub(super) fn forget_truncated(&mut self) {
        self.list
            .retain(|notice| !matches!(notice, Notice::Truncated { .. }));
    }

    /// Adds a notice, or counts it if there is one of its kind.
    #[cold]
    pub(super) fn add(&mut self, notice: Notice) {
        let kind = discriminant(&notice);
        match self
            .list
            .iter_mut()
            .find(|known| discriminant(*known) == kind)
        {
            Some(
                Notice::Skipped { count, .. }
                | Notice::BadOptions { count, .. }
                | Notice::LengthsDisagree { count, .. },
            ) => *count = count.saturating_add(1),
            Some(_) => {}
            None => self.list.push(notice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_notice_of_a_kind() {
        let mut notices = Notices::default();
        for frame in 5..8 {
            notices.add(Notice::LengthsDisagree { frame, count: 1 });
            notices.add(Notice::BadOptions {
                offset: frame,
                count: 1,
            });
        }
        let texts: Vec<_> = notices.list().iter().map(Notice::to_string).collect();
        assert_eq!(
            texts,
            [
                "3 frames, first 5, claim fewer octets on the wire than were captured",
                "skipped options of 3 blocks, the first at offset 5: they exceed the block",
            ]
        );
    }
}
