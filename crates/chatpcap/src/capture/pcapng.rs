//! pcapng.
//!
//! `pcap-file` frames the blocks. Their bodies are read here, in one way for good and for odd ones: its own
//! reading refuses, for good, a block with a single bad option, a comment that is no UTF-8, a reserved field
//! that is not zero, a resolution finer than nanoseconds, a captured length above the original one; and, as
//! it holds the state of the section, everything after such a section or interface.

use std::borrow::Cow;

use byteorder_slice::{BigEndian, LittleEndian};
use pcap_file::pcapng::RawBlock;

use super::block::{Content, kind};
use super::interface::Interface;
use super::notice::Notices;
use super::octets::ByteOrder;
use super::record::Record;
use super::window::Window;
use super::{CaptureError, Damage, Format, Notice};

/// Type, length, and the length again at the end.
const FRAMING: u32 = 12;

/// A section header without options.
const SECTION_LENGTH: usize = 28;

/// The longest block with a frame or a description that is believed: it is in memory as a whole.
/// Blocks that are passed over may have any length.
const BLOCK_LIMIT: u32 = 32 << 20;

/// How many interfaces of one section are kept.
const INTERFACE_LIMIT: usize = 1 << 16;

/// Reads the blocks of a pcapng file.
pub(super) struct Pcapng {
    order: ByteOrder,
    /// The interfaces of this section.
    interfaces: Vec<Interface>,
    /// How many interfaces the sections before this one had.
    interfaces_before: u32,
}

impl Pcapng {
    /// Looks at the first section header, and leaves it to be read as the first block.
    pub(super) fn open(window: &mut Window) -> Result<Self, CaptureError> {
        window.fill(SECTION_LENGTH);
        let octets = window.octets();
        let available = octets.len();
        if available < SECTION_LENGTH {
            return Err(CaptureError::TruncatedHeader {
                format: Format::Pcapng,
                needed: SECTION_LENGTH,
                available,
            });
        }
        let Some(order) = section_order(octets) else {
            return Err(CaptureError::not_capture(window));
        };
        let version = (
            order.u16(octets, 12).unwrap_or(0),
            order.u16(octets, 14).unwrap_or(0),
        );
        if !is_supported(version) {
            return Err(CaptureError::UnsupportedVersion {
                format: Format::Pcapng,
                major: u32::from(version.0),
                minor: u32::from(version.1),
            });
        }
        Ok(Self {
            order,
            interfaces: Vec::new(),
            interfaces_before: 0,
        })
    }

    /// The next frame; `frames` came before it.
    pub(super) fn next(
        &mut self,
        window: &mut Window,
        notices: &mut Notices,
        frames: u64,
    ) -> Option<Record> {
        loop {
            let (content, length) = if let Some((kind, body)) = framed(self.order, window.octets())
            {
                (self.content(kind, body), body.len())
            } else {
                let length = self.measure(window, notices, frames)?;
                if length == 0 {
                    continue;
                }
                let (kind, body) = framed_loosely(self.order, window.octets(), length)?;
                (self.content(kind, body), body.len())
            };
            let offset = window.offset();
            let place = window.consume(length.saturating_add(12));
            let body = place.start.saturating_add(8);
            match content {
                Content::Frame(frame) => {
                    if frame.captured > frame.original {
                        notices.add(Notice::LengthsDisagree {
                            frame: frames.saturating_add(1),
                            count: 1,
                        });
                    }
                    let start = body.saturating_add(frame.start);
                    return Some(Record {
                        timestamp: frame.timestamp,
                        precision: frame.precision,
                        interface: self.interfaces_before.saturating_add(frame.interface),
                        link_type: frame.link_type,
                        octets: start..start.saturating_add(usize::try_from(frame.captured).ok()?),
                        original_length: frame.original,
                    });
                }
                Content::Section {
                    version,
                    bad_options,
                } => {
                    if !is_supported(version) {
                        notices.add(Notice::Version {
                            offset,
                            frames,
                            version,
                        });
                        return None;
                    }
                    let before = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
                    self.interfaces_before = self.interfaces_before.saturating_add(before);
                    self.interfaces.clear();
                    if bad_options {
                        notices.add(Notice::BadOptions { offset, count: 1 });
                    }
                }
                Content::Interface(interface, bad_options) => {
                    self.interfaces.push(interface);
                    if bad_options {
                        notices.add(Notice::BadOptions { offset, count: 1 });
                    }
                }
                Content::Bad(damage) => {
                    notices.add(Notice::Skipped {
                        offset,
                        frames,
                        damage,
                        count: 1,
                    });
                }
                Content::Other => {}
            }
        }
    }

    /// What a block's body holds; the room for interfaces is limited here.
    fn content(&self, kind: u32, body: &[u8]) -> Content {
        match Content::parse(self.order, kind, body, &self.interfaces) {
            Content::Interface(..) if self.interfaces.len() >= INTERFACE_LIMIT => {
                Content::Bad(Damage::TooManyInterfaces {
                    limit: self.interfaces.len(),
                })
            }
            content => content,
        }
    }

    /// Sees to it that the next block is in the window as a whole, and says how long it is.
    ///
    /// `None` at the end of what can be read, 0 if the block was passed over.
    fn measure(
        &mut self,
        window: &mut Window,
        notices: &mut Notices,
        frames: u64,
    ) -> Option<usize> {
        let (format, offset) = (Format::Pcapng, window.offset());
        let truncated = |needed: u32, available: u64| Notice::Truncated {
            format,
            offset,
            frames,
            needed: u64::from(needed),
            available,
        };
        let damaged = |damage| Notice::Damaged {
            format,
            offset,
            frames,
            damage,
        };

        if !window.fill(usize::try_from(FRAMING).ok()?) {
            let available = window.octets().len() as u64;
            if available > 0 {
                notices.add(truncated(FRAMING, available));
            }
            return None;
        }
        let octets = window.octets();
        let kind = self.order.u32(octets, 0)?;
        if kind == kind::SECTION_HEADER {
            let Some(order) = section_order(octets) else {
                notices.add(damaged(Damage::ByteOrder));
                return None;
            };
            self.order = order;
        }
        let length = self.order.u32(octets, 4)?;
        if length < FRAMING {
            notices.add(damaged(Damage::TooShort {
                length,
                needed: FRAMING,
            }));
            return None;
        }
        if length > BLOCK_LIMIT {
            if kind::is_read(kind) {
                notices.add(Notice::TooLong {
                    format,
                    offset,
                    frames,
                    length,
                    limit: BLOCK_LIMIT,
                });
                return None;
            }
            let available = window.skip(u64::from(length).next_multiple_of(4));
            if available < u64::from(length) {
                notices.add(truncated(length, available));
                return None;
            }
            return Some(0);
        }
        let padded = length.next_multiple_of(4);
        let needed = usize::try_from(padded).ok()?;
        if !window.fill(needed) {
            notices.add(truncated(padded, window.octets().len() as u64));
            return None;
        }
        let last = self.order.u32(window.octets(), needed.checked_sub(4)?)?;
        if last.checked_next_multiple_of(4) != Some(padded) {
            notices.add(damaged(Damage::LengthsDiffer {
                first: length,
                last,
            }));
            return None;
        }
        Some(needed)
    }
}

/// Type and body of the complete, well-framed block that starts the octets.
fn framed(order: ByteOrder, octets: &[u8]) -> Option<(u32, &[u8])> {
    let (_, block) = match order {
        ByteOrder::Big => RawBlock::from_slice::<BigEndian>(octets).ok()?,
        ByteOrder::Little => RawBlock::from_slice::<LittleEndian>(octets).ok()?,
    };
    match block.body {
        // A section header may change the byte order: `measure` sees to that.
        Cow::Borrowed(body) if block.type_ != kind::SECTION_HEADER => Some((block.type_, body)),
        _ => None,
    }
}

/// Type and body of the block of `length` octets that starts the octets.
///
/// `pcap-file` refuses a block whose length is no multiple of four; Wireshark takes it as padded.
fn framed_loosely(order: ByteOrder, octets: &[u8], length: usize) -> Option<(u32, &[u8])> {
    Some((
        order.u32(octets, 0)?,
        octets.get(8..length.checked_sub(4)?)?,
    ))
}

/// The byte order of the section header that starts the octets.
fn section_order(octets: &[u8]) -> Option<ByteOrder> {
    const MAGIC: u32 = 0x1a2b_3c4d;
    [ByteOrder::Big, ByteOrder::Little]
        .into_iter()
        .find(|order| order.u32(octets, 8) == Some(MAGIC))
}

fn is_supported(version: (u16, u16)) -> bool {
    // 1.2 is 1.0 under another number: some writer mistook it.
    matches!(version, (1, 0 | 2))
}
