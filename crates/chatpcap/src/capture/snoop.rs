//! Solaris' snoop format, which `pcap-file` lacks.
//!
//! # Source
//! RFC 1761

use super::notice::Notices;
use super::octets::ByteOrder;
use super::record::{self, Record};
use super::window::Window;
use super::{CaptureError, Damage, Format, LinkType, Notice};

/// Everything in the format is in network order.
const ORDER: ByteOrder = ByteOrder::Big;
const HEADER_LENGTH: usize = 16;
const RECORD_HEADER_LENGTH: u32 = 24;

/// The most octets that may follow a packet within its record; padding is at most 3 or 7.
const PADDING_LIMIT: u32 = 4096;

/// Reads the records of a snoop file.
pub(super) struct Snoop {
    link_type: LinkType,
}

impl Snoop {
    /// Reads the file header.
    pub(super) fn open(window: &mut Window) -> Result<Self, CaptureError> {
        window.fill(HEADER_LENGTH);
        let octets = window.octets();
        let (Some(version), Some(datalink)) = (ORDER.u32(octets, 8), ORDER.u32(octets, 12)) else {
            return Err(CaptureError::TruncatedHeader {
                format: Format::Snoop,
                needed: HEADER_LENGTH,
                available: octets.len(),
            });
        };
        if version != 2 {
            return Err(CaptureError::UnsupportedVersion {
                format: Format::Snoop,
                major: version,
                minor: 0,
            });
        }
        let link_type = match datalink {
            0 | 4 => LinkType::ETHERNET,
            2 => LinkType::IEEE802_5,
            8 => LinkType::FDDI,
            datalink => return Err(CaptureError::UnsupportedDatalink { datalink }),
        };
        window.consume(HEADER_LENGTH);
        Ok(Self { link_type })
    }

    /// The next record; `frames` came before it.
    pub(super) fn next(
        &mut self,
        window: &mut Window,
        notices: &mut Notices,
        frames: u64,
    ) -> Option<Record> {
        let offset = window.offset();
        let truncated = |window: &Window, needed: u32| Notice::Truncated {
            format: Format::Snoop,
            offset,
            frames,
            needed: u64::from(needed),
            available: window.octets().len() as u64,
        };
        if !window.fill(usize::try_from(RECORD_HEADER_LENGTH).ok()?) {
            if !window.octets().is_empty() {
                notices.add(truncated(window, RECORD_HEADER_LENGTH));
            }
            return None;
        }
        let octets = window.octets();
        let original = ORDER.u32(octets, 0)?;
        let captured = ORDER.u32(octets, 4)?;
        let length = ORDER.u32(octets, 8)?;
        let (seconds, fraction) = (ORDER.u32(octets, 16)?, ORDER.u32(octets, 20)?);

        let limit = self.link_type.captured_limit();
        if captured > limit || length > limit.saturating_add(PADDING_LIMIT) {
            let length = captured.max(length);
            notices.add(Notice::TooLong {
                format: Format::Snoop,
                offset,
                frames,
                length,
                limit,
            });
            return None;
        }
        let needed = captured.saturating_add(RECORD_HEADER_LENGTH);
        if length < needed {
            let damage = Damage::TooShort { length, needed };
            notices.add(Notice::Damaged {
                format: Format::Snoop,
                offset,
                frames,
                damage,
            });
            return None;
        }
        if !window.fill(usize::try_from(length).ok()?) {
            notices.add(truncated(window, length));
            return None;
        }
        if captured > original {
            notices.add(Notice::LengthsDisagree {
                frame: frames.saturating_add(1),
                count: 1,
            });
        }
        let place = window.consume(usize::try_from(length).ok()?);
        let start = place
            .start
            .saturating_add(usize::try_from(RECORD_HEADER_LENGTH).ok()?);
        Some(Record {
            timestamp: Some(record::timestamp(seconds, fraction, false)),
            precision: 6,
            interface: 0,
            link_type: self.link_type,
            octets: start..start.saturating_add(usize::try_from(captured).ok()?),
            original_length: original,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::{Summary, damaged, read, u32s};

    fn file(datalink: u32, records: &[([u32; 6], &[u8])]) -> Vec<u8> {
        let mut file = [&b"snoop\0\0\0"[..], &u32s(ORDER, &[2, datalink])].concat();
        for (fields, octets) in records {
            file.extend([&u32s(ORDER, fields), *octets].concat());
        }
        file
    }

    fn check(file: &[u8], frames: &[&str], notices: &[&str]) {
        assert_eq!(
            read(file),
            Ok(Summary::new(Format::Snoop, None, frames, notices))
        );
    }

    #[test]
    fn records() {
        // Original, captured and record length, drops, seconds, microseconds.
        let records: [([u32; 6], &[u8]); 3] = [
            ([60, 2, 28, 0, 5, 6], b"ab\0\0"),
            ([1, 1, 25, 9, 5, 1_000_006], b"c"),
            ([1, 1, 24, 9, 5, 0], b""),
        ];
        check(
            &file(4, &records),
            &[
                "1 5.000006000 6 0 EN10MB ab/60",
                "2 6.000006000 6 0 EN10MB c/1",
            ],
            &["damaged snoop record at offset 69, after frame 2: its length is 24, needs 25"],
        );
        damaged(&file(0, &records));
    }

    #[test]
    fn lengths_that_are_not_believed() {
        check(
            &file(8, &[([1, 1 << 30, 1 << 30, 0, 0, 0], b"")]),
            &[],
            &[
                "damaged snoop record at offset 16, after frame 0: its length is 1073741824, at most 262144 is believed",
            ],
        );
    }

    #[test]
    fn networks_without_a_link_type() {
        assert_eq!(
            read(&file(99, &[])),
            Err("unsupported snoop datalink type 99".to_owned())
        );
    }
}
