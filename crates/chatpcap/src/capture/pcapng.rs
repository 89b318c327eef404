//! pcapng.
//!
//! `pcap-file` frames the blocks. Their bodies are read here, in one way for good and for odd ones: its own
//! reading refuses, for good, a block with a single bad option, a comment that is no UTF-8, a reserved field
//! that is not zero, a resolution finer than nanoseconds, a captured length above the original one; and, as
//! it holds the state of the section, everything after such a section or interface.
//!
//! Blocks that say nothing of frames (names, statistics, secrets) are passed over unread: damage within them is
//! not noticed.

use std::borrow::Cow;

use byteorder_slice::{BigEndian, LittleEndian};
use pcap_file::pcapng::RawBlock;

use super::block::{Content, kind};
use super::interface::Interface;
use super::notice::Notices;
use super::octets::ByteOrder;
use super::record::Record;
use super::upcoming::Form;
use super::window::Window;
use super::{CaptureError, Damage, Format, LinkType, Notice, Origin};

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
    origin: Origin,
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
            origin: Origin::default(),
        })
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How frames follow each other, where they are of Ethernet.
    pub(super) fn form(&self) -> Form {
        let is_ethernet = |interface: &Interface| interface.link_type == LinkType::ETHERNET;
        if self.interfaces.first().is_some_and(is_ethernet) {
            Form::Blocks(self.order)
        } else {
            Form::Other
        }
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
                    if frame.bad_options {
                        notices.add(Notice::BadOptions { offset, count: 1 });
                    }
                    let number = frames.saturating_add(1);
                    self.origin.add(None, number, frame.comment);
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
                    application,
                    comment,
                } => {
                    self.origin.add(application, 0, comment);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::{
        Summary, block, damaged, enhanced, interface, read, section, u16, u32s,
    };

    const LITTLE: ByteOrder = ByteOrder::Little;
    const BIG: ByteOrder = ByteOrder::Big;

    fn check(blocks: &[Vec<u8>], frames: &[&str], notices: &[&str]) {
        assert_eq!(
            read(&blocks.concat()),
            Ok(Summary::new(Format::Pcapng, None, frames, notices))
        );
    }

    /// A section with one Ethernet interface, followed by these blocks.
    fn after_interface(blocks: &[Vec<u8>]) -> Vec<Vec<u8>> {
        [
            &[section(LITTLE, (1, 0)), interface(LITTLE, 1, 0, &[])],
            blocks,
        ]
        .concat()
    }

    #[test]
    fn sections_of_both_byte_orders_and_interfaces() {
        check(
            &[
                section(BIG, (1, 0)),
                interface(BIG, 1, 0, &[]),
                interface(BIG, 101, 0, &[0, 9, 0, 1, 9, 0, 0, 0]),
                enhanced(BIG, 1, 1_000_000_007, b"abcde", 60),
                enhanced(BIG, 0, 5_000_007, b"f", 1),
                section(LITTLE, (1, 2)),
                interface(LITTLE, 276, 0, &[]),
                enhanced(LITTLE, 0, 6_000_000, b"g", 1),
            ],
            &[
                "1 1.000000007 9 1 RAW abcde/60",
                "2 5.000007000 6 0 EN10MB f/1",
                "3 6.000000000 6 2 LINUX_SLL2 g/1",
            ],
            &[],
        );
    }

    #[test]
    fn simple_and_obsolete_packet_blocks() {
        let obsolete = [
            &u16(BIG, 0)[..],
            &u16(BIG, 9),
            &u32s(BIG, &[0, 5_000_001, 2, 3]),
            b"ab",
        ]
        .concat();
        check(
            &[
                section(BIG, (1, 0)),
                interface(BIG, 1, 4, &[]),
                block(BIG, kind::SIMPLE_PACKET, b"\0\0\0\x09abcd"),
                block(BIG, kind::SIMPLE_PACKET, b"\0\0\0\x03abc"),
                block(BIG, kind::PACKET, &obsolete),
            ],
            &[
                "1 - 0 0 EN10MB abcd/9",
                "2 - 0 0 EN10MB abc/3",
                "3 5.000001000 6 0 EN10MB ab/3",
            ],
            &[],
        );
    }

    #[test]
    fn blocks_that_count_as_frames_and_blocks_that_do_not() {
        let call = [
            &[0; 2][..],
            &7_000_000_005_u64.to_le_bytes(),
            &[0; 14],
            b"call",
        ]
        .concat();
        check(
            &after_interface(&[
                block(LITTLE, kind::JOURNAL, b"MESSAGE=x"),
                block(LITTLE, 4, &[0; 4]),
                block(LITTLE, 5, &[0; 12]),
                block(LITTLE, 10, b"LSKT\0\0\0\0"),
                block(LITTLE, 0x8000_0001, b"whatever"),
                block(LITTLE, kind::CUSTOM, b"\0\0\0\x01abcd"),
                block(LITTLE, kind::CUSTOM_NOT_COPIED, b"\0\0\0\x01abcd"),
                block(LITTLE, kind::SYSTEM_CALL, &call),
                block(LITTLE, kind::SYSTEM_CALL_2, &[&call[..], b"more"].concat()),
                enhanced(LITTLE, 0, 5, b"a", 1),
            ]),
            &[
                "1 - 0 0 NO_PACKET MESSAGE=x/9",
                "2 - 0 0 NO_PACKET abcd/4",
                "3 - 0 0 NO_PACKET abcd/4",
                "4 7.000000005 9 0 NO_PACKET call/4",
                "5 7.000000005 9 0 NO_PACKET more/4",
                "6 0.000005000 6 0 EN10MB a/1",
            ],
            &[],
        );
    }

    #[test]
    fn what_pcap_file_refuses() {
        let mut reserved = interface(LITTLE, 1, 0, &[]);
        reserved[10] = 7;
        let mut unaligned = block(LITTLE, 0x99, b"ab");
        unaligned[4] = 14;
        unaligned[12] = 14;
        let comment = [
            &u32s(LITTLE, &[0, 0, 5, 4, 2])[..],
            b"abcd",
            &[1, 0, 2, 0, 0xff, 0xfe, 0, 0],
        ]
        .concat();
        check(
            &[
                section(LITTLE, (1, 0)),
                reserved,
                unaligned,
                block(LITTLE, kind::ENHANCED_PACKET, &comment),
            ],
            &["1 0.000005000 6 0 EN10MB abcd/2"],
            &["frame 1 claims fewer octets on the wire than were captured"],
        );
    }

    #[test]
    fn senseless_blocks_are_skipped() {
        let check = |bad: Vec<u8>, notice: &str| {
            let blocks = after_interface(&[bad, enhanced(LITTLE, 0, 5, b"a", 1)]);
            check(&blocks, &["1 0.000005000 6 0 EN10MB a/1"], &[notice]);
        };
        check(
            enhanced(LITTLE, 3, 5, b"a", 1),
            "skipped a block at offset 48, after frame 0: names interface 3, 1 described",
        );
        check(
            block(
                LITTLE,
                kind::ENHANCED_PACKET,
                &u32s(LITTLE, &[0, 0, 5, 9, 9, 0]),
            ),
            "skipped a block at offset 48, after frame 0: 9 octets captured in room for 4",
        );
        check(
            block(LITTLE, kind::ENHANCED_PACKET, b"abcd"),
            "skipped a block at offset 48, after frame 0: its length is 16, needs 32",
        );
        check(
            block(LITTLE, kind::SIMPLE_PACKET, b"\x09\0\0\0abcd"),
            "skipped a block at offset 48, after frame 0: 9 octets captured in room for 4",
        );
        check(
            interface(LITTLE, 1, 0, &[9, 0, 200, 0]),
            "skipped options of the block at offset 48: they exceed the block",
        );
    }

    #[test]
    fn a_frame_with_bad_options_is_a_frame() {
        let fields = u32s(LITTLE, &[0, 0, 5, 1, 1]);
        let body = [&fields[..], b"a\0\0\0", &[1, 0, 200, 0]].concat();
        check(
            &after_interface(&[block(LITTLE, kind::ENHANCED_PACKET, &body)]),
            &["1 0.000005000 6 0 EN10MB a/1"],
            &["skipped options of the block at offset 48: they exceed the block"],
        );
    }

    #[test]
    fn broken_framing_ends_the_capture() {
        let check = |bad: &[u8], notice: &str| {
            let blocks = after_interface(&[enhanced(LITTLE, 0, 5, b"a", 1), bad.to_vec()]);
            check(&blocks, &["1 0.000005000 6 0 EN10MB a/1"], &[notice]);
        };
        let mut lengths_differ = block(LITTLE, 0x99, b"abcd");
        lengths_differ[12] = 20;
        check(
            &lengths_differ,
            "damaged pcapng record at offset 84, after frame 1: its lengths differ, 16 at the start, 20 at the end",
        );
        check(
            &[0; 40],
            "damaged pcapng record at offset 84, after frame 1: its length is 0, needs 12",
        );
        check(
            &[6],
            "truncated pcapng record at offset 84, after frame 1: needs 12 octets, 1 left",
        );
        check(
            b"garbage text",
            "truncated pcapng record at offset 84, after frame 1: needs 543516513 octets, 12 left",
        );
        check(
            &u32s(LITTLE, &[kind::ENHANCED_PACKET, u32::MAX, 0]),
            "damaged pcapng record at offset 84, after frame 1: its length is 4294967295, at most 33554432 is believed",
        );
        check(
            &section(LITTLE, (2, 0)),
            "unsupported pcapng version 2.0 at offset 84, after frame 1: the rest is not read",
        );
    }

    #[test]
    fn a_long_block_that_is_not_needed_is_passed_over() {
        let long = block(LITTLE, 0x99, &vec![7; (BLOCK_LIMIT as usize) + 4]);
        check(
            &after_interface(&[long, enhanced(LITTLE, 0, 5, b"a", 1)]),
            &["1 0.000005000 6 0 EN10MB a/1"],
            &[],
        );
    }

    #[test]
    fn interfaces_without_end_are_not_kept() {
        let mut blocks = vec![section(LITTLE, (1, 0))];
        blocks.resize(INTERFACE_LIMIT + 11, interface(LITTLE, 1, 0, &[]));
        check(
            &blocks,
            &[],
            &[
                "skipped 10 blocks, the first at offset 1310748, after frame 0: describes an interface, 65536 are described already",
            ],
        );
    }

    #[test]
    fn no_section_header_to_start_with() {
        let check = |octets: &[u8], error: &str| assert_eq!(read(octets), Err(error.to_owned()));
        check(&section(LITTLE, (1, 1)), "unsupported pcapng version 1.1");
        check(
            &section(LITTLE, (1, 0))[..27],
            "truncated pcapng header: needs 28 octets, 27 there",
        );
        let mut no_order = section(LITTLE, (1, 0));
        no_order[8] = 0;
        check(
            &no_order,
            r#"not a packet capture: first octets are 0a 0d 0d 0a ("\n\r\r\n")"#,
        );
    }

    #[test]
    fn cut_and_damaged_anywhere() {
        for order in [LITTLE, BIG] {
            let simple = [&u32s(order, &[2])[..], b"ab"].concat();
            let blocks = [
                section(order, (1, 0)),
                interface(order, 1, 4, &[0, 0, 0, 0]),
                enhanced(order, 0, 5, b"abcde", 60),
                block(order, kind::SIMPLE_PACKET, &simple),
                block(order, kind::CUSTOM, b"abcdef"),
                block(order, 0x99, b"abcdef"),
            ];
            damaged(&blocks.concat());
        }
    }
}
