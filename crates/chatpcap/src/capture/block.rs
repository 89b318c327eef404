//! What the blocks of pcapng hold.

use super::interface::{self, Interface};
use super::octets::ByteOrder;
use super::origin::text;
use super::{Damage, LinkType, Timestamp};

/// The types of blocks that are read.
pub(super) mod kind {
    pub(in crate::capture) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
    pub(in crate::capture) const INTERFACE_DESCRIPTION: u32 = 1;
    pub(in crate::capture) const PACKET: u32 = 2;
    pub(in crate::capture) const SIMPLE_PACKET: u32 = 3;
    pub(in crate::capture) const ENHANCED_PACKET: u32 = 6;
    pub(in crate::capture) const JOURNAL: u32 = 9;
    pub(in crate::capture) const CUSTOM: u32 = 0x0bad;
    pub(in crate::capture) const CUSTOM_NOT_COPIED: u32 = 0x4000_0bad;
    /// System calls as Sysdig writes them, in three layouts.
    pub(in crate::capture) const SYSTEM_CALL: u32 = 0x204;
    pub(in crate::capture) const SYSTEM_CALL_2: u32 = 0x216;
    pub(in crate::capture) const SYSTEM_CALL_2_LARGE: u32 = 0x221;

    /// True for blocks whose content matters; the others are passed over.
    pub(in crate::capture) fn is_read(kind: u32) -> bool {
        matches!(
            kind,
            SECTION_HEADER
                | INTERFACE_DESCRIPTION
                | PACKET
                | SIMPLE_PACKET
                | ENHANCED_PACKET
                | JOURNAL
                | CUSTOM
                | CUSTOM_NOT_COPIED
                | SYSTEM_CALL
                | SYSTEM_CALL_2
                | SYSTEM_CALL_2_LARGE
        )
    }
}

/// The option of every block that holds a comment.
const COMMENT: u16 = 1;
/// The option of a section that names the program which wrote it.
const APPLICATION: u16 = 4;

/// What one block holds.
pub(super) enum Content {
    Frame(BlockFrame),
    Section {
        version: (u16, u16),
        bad_options: bool,
        application: Option<String>,
        comment: Option<String>,
    },
    Interface(Interface, bool),
    Bad(Damage),
    Other,
}

/// A frame within a block's body.
pub(super) struct BlockFrame {
    pub(super) timestamp: Option<Timestamp>,
    pub(super) precision: u8,
    /// Index within the section.
    pub(super) interface: u32,
    pub(super) link_type: LinkType,
    /// Where in the body the captured octets start.
    pub(super) start: usize,
    pub(super) captured: u32,
    pub(super) original: u32,
    /// The options that follow it exceed the block.
    pub(super) bad_options: bool,
    /// The last comment among these options.
    pub(super) comment: Option<String>,
}

impl Content {
    /// Reads the body of a block; `interfaces` are those of the section so far.
    ///
    /// # Source
    /// draft-ietf-opsawg-pcapng §4
    pub(super) fn parse(
        order: ByteOrder,
        kind: u32,
        body: &[u8],
        interfaces: &[Interface],
    ) -> Self {
        let content = match kind {
            kind::ENHANCED_PACKET => packet(order, body, order.u32(body, 0), interfaces),
            kind::PACKET => packet(order, body, order.u16(body, 0).map(u32::from), interfaces),
            kind::SIMPLE_PACKET => simple_packet(order, body, interfaces),
            kind::INTERFACE_DESCRIPTION => Interface::parse(order, body)
                .map(|(interface, bad)| Self::Interface(interface, bad)),
            kind::SECTION_HEADER => section(order, body),
            kind::JOURNAL => Some(journal(body)),
            kind::CUSTOM | kind::CUSTOM_NOT_COPIED => without_packet(body, 4, None),
            kind::SYSTEM_CALL => without_packet(body, 24, system_call_time(order, body)),
            kind::SYSTEM_CALL_2 | kind::SYSTEM_CALL_2_LARGE => {
                without_packet(body, 28, system_call_time(order, body))
            }
            _ => Some(Self::Other),
        };
        content.unwrap_or_else(|| {
            let needed = match kind {
                kind::ENHANCED_PACKET | kind::PACKET => 32,
                kind::SECTION_HEADER => 28,
                kind::INTERFACE_DESCRIPTION => 20,
                kind::SYSTEM_CALL => 36,
                kind::SYSTEM_CALL_2 | kind::SYSTEM_CALL_2_LARGE => 40,
                _ => 16,
            };
            Self::Bad(Damage::TooShort {
                length: saturated(body.len()).saturating_add(12),
                needed,
            })
        })
    }
}

/// An enhanced packet block, or an obsolete packet block, which differ in the interface's field only.
fn packet(
    order: ByteOrder,
    body: &[u8],
    interface: Option<u32>,
    interfaces: &[Interface],
) -> Option<Content> {
    const HEADER: usize = 20;
    let header = body.first_chunk::<HEADER>()?;
    let id = interface?;
    let units = u64::from(order.u32(header, 4)?) << 32 | u64::from(order.u32(header, 8)?);
    let captured = order.u32(header, 12)?;
    let original = order.u32(header, 16)?;
    let interface = match lookup(id, interfaces) {
        Ok(interface) => interface,
        Err(damage) => return Some(Content::Bad(damage)),
    };
    let room =
        saturated(body.len().saturating_sub(HEADER)).min(interface.link_type.captured_limit());
    if captured > room {
        return Some(Content::Bad(Damage::CapturedTooLong { captured, room }));
    }
    let options = usize::try_from(captured)
        .ok()?
        .next_multiple_of(4)
        .saturating_add(HEADER);
    let options = body.get(options..).unwrap_or_default();
    let mut comment = None;
    let complete = interface::options(order, options, |code, value| {
        if code == COMMENT {
            comment = Some(text(value));
        }
    });
    Some(Content::Frame(BlockFrame {
        timestamp: Some(interface.timestamp(units)),
        precision: interface.precision(),
        interface: id,
        link_type: interface.link_type,
        start: HEADER,
        captured,
        original,
        bad_options: !complete,
        comment,
    }))
}

fn simple_packet(order: ByteOrder, body: &[u8], interfaces: &[Interface]) -> Option<Content> {
    const HEADER: usize = 4;
    let original = order.u32(body, 0)?;
    let interface = match lookup(0, interfaces) {
        Ok(interface) => interface,
        Err(damage) => return Some(Content::Bad(damage)),
    };
    let captured = match interface.snap_length {
        0 => original,
        snap_length => original.min(snap_length),
    };
    let room =
        saturated(body.len().saturating_sub(HEADER)).min(interface.link_type.captured_limit());
    if captured > room {
        return Some(Content::Bad(Damage::CapturedTooLong { captured, room }));
    }
    Some(Content::Frame(BlockFrame {
        timestamp: None,
        precision: 0,
        interface: 0,
        link_type: interface.link_type,
        start: HEADER,
        captured,
        original,
        bad_options: false,
        comment: None,
    }))
}

fn lookup(id: u32, interfaces: &[Interface]) -> Result<&Interface, Damage> {
    usize::try_from(id)
        .ok()
        .and_then(|id| interfaces.get(id))
        .ok_or_else(|| Damage::NoInterface {
            interface: id,
            described: saturated(interfaces.len()),
        })
}

fn section(order: ByteOrder, body: &[u8]) -> Option<Content> {
    let version = (order.u16(body, 4)?, order.u16(body, 6)?);
    let (mut application, mut comment) = (None, None);
    let complete = interface::options(order, body.get(16..)?, |code, value| match code {
        APPLICATION => application = Some(text(value)),
        COMMENT => comment = Some(text(value)),
        _ => {}
    });
    Some(Content::Section {
        version,
        bad_options: !complete,
        application,
        comment,
    })
}

/// An entry of the system's journal: text, padded with zeros.
fn journal(body: &[u8]) -> Content {
    let padding = body.iter().rev().take_while(|&&octet| octet == 0).count();
    frame_without_packet(0, body.len().saturating_sub(padding), None)
}

fn system_call_time(order: ByteOrder, body: &[u8]) -> Option<Timestamp> {
    let nanoseconds = order.u64(body, 2)?;
    let seconds = i64::try_from(nanoseconds / 1_000_000_000).ok()?;
    Some(Timestamp::new(
        seconds,
        u32::try_from(nanoseconds % 1_000_000_000).ok()?,
    ))
}

/// What follows `header` octets of a body, as a frame.
fn without_packet(body: &[u8], header: usize, timestamp: Option<Timestamp>) -> Option<Content> {
    Some(frame_without_packet(
        header,
        body.len().checked_sub(header)?,
        timestamp,
    ))
}

fn frame_without_packet(start: usize, length: usize, timestamp: Option<Timestamp>) -> Content {
    Content::Frame(BlockFrame {
        timestamp,
        precision: if timestamp.is_some() { 9 } else { 0 },
        interface: 0,
        link_type: LinkType::NO_PACKET,
        start,
        captured: saturated(length),
        original: saturated(length),
        bad_options: false,
        comment: None,
    })
}

fn saturated(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
