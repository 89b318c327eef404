//! pcap and its variants.
//!
//! `pcap-file` frames the records. What it refuses although tcpdump and Wireshark read it is done here: the magic
//! numbers of the variants, longer record headers, lengths in the wrong order. Its checks of single records
//! (captured length against snap length and original length, fractions of a second) are left out by reading raw
//! records: one odd record would end the capture for it.

use pcap_file::pcap::{PcapHeader, PcapParser, PcapTsResolution};

use super::notice::Notices;
use super::octets::ByteOrder;
use super::record::{self, Record};
use super::upcoming::Form;
use super::window::Window;
use super::{CaptureError, Format, LinkType, Notice};

const HEADER_LENGTH: usize = 24;
const IXIA_HEADER_LENGTH: usize = 28;
const RECORD_HEADER_LENGTH: usize = 16;

/// How many records are looked at to tell how long their headers are.
const RECORDS_TO_TRY: u32 = 3;

/// Reads the records of a pcap file.
pub(super) struct Pcap {
    parser: PcapParser,
    format: Format,
    order: ByteOrder,
    nanoseconds: bool,
    link_type: LinkType,
    /// Octets of a record header beyond the usual 16.
    extra: usize,
    lengths: Lengths,
}

/// In which order a record header has the captured and the original length.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    /// Before version 2.3.
    OriginalFirst,
    /// Version 2.3 was written either way.
    ShorterIsCaptured,
}

/// A record header.
struct Header {
    seconds: u32,
    fraction: u32,
    captured: u32,
    original: u32,
}

impl Pcap {
    /// Reads the file header.
    pub(super) fn open(window: &mut Window) -> Result<Self, CaptureError> {
        let Some(mut header) = head(window) else {
            return Err(truncated(window, HEADER_LENGTH));
        };
        let (order, variant) = Variant::of(&mut header);
        if variant == Variant::Ixia && !window.fill(IXIA_HEADER_LENGTH) {
            return Err(truncated(window, IXIA_HEADER_LENGTH));
        }
        // Cannot fail: the octets are there, and the magic number is one that it knows.
        let Ok((_, parser)) = PcapParser::new(&header) else {
            return Err(truncated(window, HEADER_LENGTH));
        };
        let PcapHeader {
            version_major,
            version_minor,
            ts_resolution,
            datalink,
            ..
        } = parser.header();
        if version_major < 2 {
            return Err(CaptureError::UnsupportedVersion {
                format: Format::Pcap,
                major: u32::from(version_major),
                minor: u32::from(version_minor),
            });
        }
        window.consume(HEADER_LENGTH);
        let mut pcap = Self {
            parser,
            format: Format::Pcap,
            order,
            nanoseconds: ts_resolution == PcapTsResolution::NanoSecond,
            // It keeps the bits that say how long a frame check sequence is, and calls the link type unknown.
            link_type: LinkType::from_field(u32::from(datalink)),
            extra: 0,
            lengths: match (version_major, version_minor) {
                (2, 0..=2) | (543, _) => Lengths::OriginalFirst,
                (2, 3) => Lengths::ShorterIsCaptured,
                _ => Lengths::CapturedFirst,
            },
        };
        match variant {
            Variant::Standard if pcap.nanoseconds => {}
            Variant::Standard => pcap.choose_extra(window.octets(), 0, &[8, 4]),
            Variant::Modified => pcap.choose_extra(window.octets(), 8, &[12]),
            Variant::Ixia => {
                // The length of all records; it is not needed.
                window.consume(IXIA_HEADER_LENGTH.saturating_sub(HEADER_LENGTH));
            }
        }
        if pcap.extra > 0 || variant != Variant::Standard {
            pcap.format = Format::ModifiedPcap;
        }
        Ok(pcap)
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// How frames of Ethernet follow each other.
    pub(super) fn form(&self) -> Form {
        if self.link_type == LinkType::ETHERNET && self.lengths == Lengths::CapturedFirst {
            Form::Records(self.order, self.header_length())
        } else {
            Form::Other
        }
    }

    /// The next record; `frames` came before it.
    pub(super) fn next(
        &mut self,
        window: &mut Window,
        notices: &mut Notices,
        frames: u64,
    ) -> Option<Record> {
        loop {
            // What `pcap-file` cannot frame is a variant, or not there yet: then the header alone says what is needed.
            let header = match self.framed(window.octets()) {
                Some(header) => Some(header),
                None => self.header(window.octets()),
            };
            let needed = self.record_length(header.as_ref());
            if let Some(header) = header {
                let limit = self.link_type.captured_limit();
                if header.captured > limit {
                    notices.add(Notice::TooLong {
                        format: self.format,
                        offset: window.offset(),
                        frames,
                        length: header.captured,
                        limit,
                    });
                    return None;
                }
                if window.octets().len() >= needed {
                    return Some(self.record(&header, needed, window, notices, frames));
                }
            }
            if !window.fill(needed) {
                let available = window.octets().len();
                if available > 0 {
                    notices.add(Notice::Truncated {
                        format: self.format,
                        offset: window.offset(),
                        frames,
                        needed: needed as u64,
                        available: available as u64,
                    });
                }
                return None;
            }
        }
    }

    fn record(
        &self,
        header: &Header,
        length: usize,
        window: &mut Window,
        notices: &mut Notices,
        frames: u64,
    ) -> Record {
        if header.captured > header.original {
            notices.add(Notice::LengthsDisagree {
                frame: frames.saturating_add(1),
                count: 1,
            });
        }
        let place = window.consume(length);
        Record {
            timestamp: Some(record::timestamp(
                header.seconds,
                header.fraction,
                self.nanoseconds,
            )),
            precision: if self.nanoseconds { 9 } else { 6 },
            interface: 0,
            link_type: self.link_type,
            octets: place.start.saturating_add(self.header_length())..place.end,
            original_length: header.original,
        }
    }

    fn header_length(&self) -> usize {
        RECORD_HEADER_LENGTH.saturating_add(self.extra)
    }

    /// How long the record is, as far as its header is there to say so.
    fn record_length(&self, header: Option<&Header>) -> usize {
        let captured = header.map_or(0, |header| header.captured);
        self.header_length()
            .saturating_add(usize::try_from(captured).unwrap_or(usize::MAX))
    }

    /// The header of a complete record of the usual form.
    fn framed(&self, octets: &[u8]) -> Option<Header> {
        if self.extra > 0 || self.lengths != Lengths::CapturedFirst {
            return None;
        }
        let (_, raw) = self.parser.next_raw_packet(octets).ok()?;
        Some(Header {
            seconds: raw.ts_sec,
            fraction: raw.ts_frac,
            captured: raw.incl_len,
            original: raw.orig_len,
        })
    }

    /// The header of a record, complete or not, of any variant.
    fn header(&self, octets: &[u8]) -> Option<Header> {
        let octets = octets.get(..self.header_length())?;
        let (first, second) = (self.order.u32(octets, 8)?, self.order.u32(octets, 12)?);
        let swapped = match self.lengths {
            Lengths::CapturedFirst => false,
            Lengths::OriginalFirst => true,
            Lengths::ShorterIsCaptured => first > second,
        };
        let (captured, original) = if swapped {
            (second, first)
        } else {
            (first, second)
        };
        Some(Header {
            seconds: self.order.u32(octets, 0)?,
            fraction: self.order.u32(octets, 4)?,
            captured,
            original,
        })
    }

    /// Takes longer record headers if the first records make no sense otherwise, and do with them.
    ///
    /// The variants share their magic numbers, so that only the records tell them apart. Nothing more is read
    /// for it: a live pipe that has sent no record yet counts as the usual kind.
    fn choose_extra(&mut self, octets: &[u8], usual: usize, others: &[usize]) {
        self.extra = usual;
        if self.oddity(octets) < 2 {
            // A single odd field is no proof: tcpdump and Wireshark read such records, and so do we.
            return;
        }
        let sensible = others.iter().find(|&&extra| {
            self.extra = extra;
            self.oddity(octets) == 0
        });
        self.extra = *sensible.unwrap_or(&usual);
    }

    /// How many fields of the first records, as far as they are there, look odd.
    fn oddity(&self, mut octets: &[u8]) -> u32 {
        let mut odd = 0;
        for tried in 0..RECORDS_TO_TRY {
            let Some(header) = self.header(octets) else {
                // Not even one record: no proof of anything.
                return odd + u32::from(tried == 0);
            };
            if header.captured > self.link_type.captured_limit() {
                // What follows cannot be found.
                return odd + RECORDS_TO_TRY;
            }
            odd += u32::from(header.fraction >= 1_000_000);
            odd += u32::from(header.captured > header.original);
            // Nothing was on the wire: zeros that are no header.
            odd += u32::from(header.original == 0);
            let Some(rest) = octets.get(self.record_length(Some(&header))..) else {
                break;
            };
            octets = rest;
        }
        odd
    }
}

/// The file header, if the capture has it whole.
fn head(window: &mut Window) -> Option<[u8; HEADER_LENGTH]> {
    window.fill(HEADER_LENGTH);
    window.octets().first_chunk().copied()
}

fn truncated(window: &Window, needed: usize) -> CaptureError {
    CaptureError::TruncatedHeader {
        format: Format::Pcap,
        needed,
        available: window.octets().len(),
    }
}

/// Which family a magic number stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Standard,
    /// Kuznetzov's patches to libpcap 0.4: interface, protocol and packet type in each record.
    Modified,
    /// Ixia's lcap: four more octets in the file header.
    Ixia,
}

impl Variant {
    /// Tells the variant and the byte order, and puts the magic number in that `pcap-file` knows.
    fn of(header: &mut [u8; HEADER_LENGTH]) -> (ByteOrder, Self) {
        let order = match header.first() {
            Some(0xa1 | 0x1c) => ByteOrder::Big,
            _ => ByteOrder::Little,
        };
        let (variant, magic) = match order.u32(header, 0) {
            Some(0xa1b2_cd34) => (Self::Modified, 0xa1b2_c3d4_u32),
            Some(0x1c00_01ab | 0x1c00_01ac) => (Self::Ixia, 0xa1b2_c3d4),
            _ => return (order, Self::Standard),
        };
        if let Some(field) = header.first_chunk_mut() {
            *field = match order {
                ByteOrder::Big => magic.to_be_bytes(),
                ByteOrder::Little => magic.to_le_bytes(),
            };
        }
        (order, variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Compression;
    use crate::capture::testing::{Summary, damaged, pcap_header, pcap_record, read};

    const LITTLE: ByteOrder = ByteOrder::Little;
    const BIG: ByteOrder = ByteOrder::Big;
    const STANDARD: u32 = 0xa1b2_c3d4;

    /// A file of records given as numbers (seconds, fraction, captured, original) and what follows them.
    fn file(
        order: ByteOrder,
        magic: u32,
        version: (u16, u16),
        records: &[([u32; 4], &[u8])],
    ) -> Vec<u8> {
        let mut file = pcap_header(order, magic, version, 1);
        for (fields, octets) in records {
            file.extend(pcap_record(order, *fields, octets));
        }
        file
    }

    fn check(file: &[u8], format: Format, frames: &[&str], notices: &[&str]) {
        let expected = Summary::new(format, None::<Compression>, frames, notices);
        assert_eq!(read(file), Ok(expected));
    }

    #[test]
    fn both_byte_orders_and_resolutions() {
        for order in [LITTLE, BIG] {
            let records: [([u32; 4], &[u8]); 2] =
                [([5, 7, 2, 60], b"ab"), ([4, 999_999, 0, 0], b"")];
            let micro = file(order, STANDARD, (2, 4), &records);
            check(
                &micro,
                Format::Pcap,
                &[
                    "1 5.000007000 6 0 EN10MB ab/60",
                    "2 4.999999000 6 0 EN10MB /0",
                ],
                &[],
            );
            let nano = file(order, 0xa1b2_3c4d, (2, 4), &records);
            check(
                &nano,
                Format::Pcap,
                &[
                    "1 5.000000007 9 0 EN10MB ab/60",
                    "2 4.000999999 9 0 EN10MB /0",
                ],
                &[],
            );
        }
    }

    #[test]
    fn a_header_alone_is_a_capture() {
        check(&file(LITTLE, STANDARD, (2, 4), &[]), Format::Pcap, &[], &[]);
    }

    #[test]
    fn odd_records_are_read() {
        let records: [([u32; 4], &[u8]); 3] = [
            ([5, 1, 2, 1], b"ab"),
            ([5, 1_999_999, 1, 1], b"c"),
            ([u32::MAX, u32::MAX, 1, u32::MAX], b"d"),
        ];
        check(
            &file(LITTLE, STANDARD, (2, 4), &records),
            Format::Pcap,
            &[
                "1 5.000001000 6 0 EN10MB ab/1",
                "2 6.999999000 6 0 EN10MB c/1",
                "3 4294971589.967295000 6 0 EN10MB d/4294967295",
            ],
            &["frame 1 claims fewer octets on the wire than were captured"],
        );
    }

    #[test]
    fn bits_of_a_frame_check_sequence() {
        let mut file = pcap_header(LITTLE, STANDARD, (2, 4), 0x1400_0001);
        file.extend(pcap_record(LITTLE, [5, 0, 1, 1], b"a"));
        check(&file, Format::Pcap, &["1 5.000000000 6 0 EN10MB a/1"], &[]);
    }

    #[test]
    fn lengths_in_the_order_of_old_versions() {
        let old: [([u32; 4], &[u8]); 1] = [([5, 1, 40, 4], b"abcd")];
        let new: [([u32; 4], &[u8]); 1] = [([5, 1, 4, 40], b"abcd")];
        for (version, records) in [
            ((2, 2), old),
            ((2, 3), old),
            ((2, 3), new),
            ((543, 0), old),
            ((3, 0), new),
        ] {
            let file = file(LITTLE, STANDARD, version, &records);
            check(
                &file,
                Format::Pcap,
                &["1 5.000001000 6 0 EN10MB abcd/40"],
                &[],
            );
        }
        let refused = read(&file(LITTLE, STANDARD, (1, 0), &[]));
        assert_eq!(refused, Err("unsupported pcap version 1.0".to_owned()));
    }

    #[test]
    fn longer_record_headers() {
        let fields = [1_700_000_000, 9, 40, 40];
        for (magic, extra) in [
            (STANDARD, 8),
            (STANDARD, 4),
            (0xa1b2_cd34, 8),
            (0xa1b2_cd34, 12),
        ] {
            for order in [LITTLE, BIG] {
                let octets = [vec![0; extra], vec![b'x'; 40]].concat();
                let file = file(
                    order,
                    magic,
                    (2, 4),
                    &[(fields, &octets), (fields, &octets), (fields, &octets)],
                );
                let summary = read(&file).unwrap();
                assert_eq!(summary.format, Format::ModifiedPcap, "{magic:x} {extra}");
                let frame = format!("1700000000.000009000 6 0 EN10MB {}/40", "x".repeat(40));
                assert_eq!(
                    summary.frames,
                    [1, 2, 3].map(|number| format!("{number} {frame}"))
                );
                assert!(summary.notices.is_empty());
            }
        }
    }

    #[test]
    fn odd_records_are_no_proof_of_longer_headers() {
        let odd: [([u32; 4], &[u8]); 2] =
            [([5, 1, 2, 1], &[0; 2]), ([5, 9_999_999, 30, 2], &[0; 30])];
        for records in [&odd[..1], &odd[1..], &odd[..]] {
            let summary = read(&file(LITTLE, STANDARD, (2, 4), records)).unwrap();
            assert_eq!(
                (summary.format, summary.frames.len()),
                (Format::Pcap, records.len())
            );
        }
    }

    #[test]
    fn ixia() {
        for magic in [0x1c00_01ab, 0x1c00_01ac] {
            let mut file = pcap_header(BIG, magic, (2, 4), 1);
            file.extend(17_u32.to_be_bytes());
            file.extend(pcap_record(BIG, [5, 7, 1, 1], b"a"));
            check(
                &file,
                Format::ModifiedPcap,
                &["1 5.000007000 6 0 EN10MB a/1"],
                &[],
            );
        }
    }

    #[test]
    fn lengths_that_are_not_believed() {
        let limit = 1 << 18;
        let octets = vec![0; limit];
        let length = u32::try_from(limit).unwrap();
        let frames: [([u32; 4], &[u8]); 2] = [
            ([5, 1, length, length], &octets),
            ([5, 1, length + 1, length + 1], &octets),
        ];
        let summary = read(&file(LITTLE, STANDARD, (2, 4), &frames)).unwrap();
        assert_eq!(summary.frames.len(), 1);
        assert_eq!(
            summary.notices,
            [
                "damaged pcap record at offset 262184, after frame 1: its length is 262145, at most 262144 is believed"
            ]
        );
    }

    #[test]
    fn cut_and_damaged_anywhere() {
        let records: [([u32; 4], &[u8]); 2] = [([5, 7, 2, 60], b"ab"), ([4, 9, 3, 3], b"cde")];
        for (magic, version) in [
            (STANDARD, (2, 4)),
            (STANDARD, (2, 3)),
            (0xa1b2_cd34, (2, 4)),
            (0x1c00_01ac, (2, 4)),
        ] {
            damaged(&file(BIG, magic, version, &records));
        }
        let whole = file(LITTLE, STANDARD, (2, 4), &records);
        let check = |length, frames, notice: &str| {
            let summary = read(&whole[..length]).unwrap();
            assert_eq!(
                (summary.frames.len(), summary.notices.concat()),
                (frames, notice.to_owned())
            );
        };
        check(24, 0, "");
        check(
            25,
            0,
            "truncated pcap record at offset 24, after frame 0: needs 16 octets, 1 left",
        );
        check(
            41,
            0,
            "truncated pcap record at offset 24, after frame 0: needs 18 octets, 17 left",
        );
        check(42, 1, "");
        check(
            60,
            1,
            "truncated pcap record at offset 42, after frame 1: needs 19 octets, 18 left",
        );
        check(61, 2, "");
    }
}
