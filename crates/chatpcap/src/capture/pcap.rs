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
use super::window::Window;
use super::{CaptureError, Format, LinkType, Notice};

const HEADER_LENGTH: usize = 24;
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
        window.fill(HEADER_LENGTH);
        let truncated = CaptureError::TruncatedHeader {
            format: Format::Pcap,
            needed: HEADER_LENGTH,
            available: window.octets().len(),
        };
        let Some(mut header) = window.octets().first_chunk::<HEADER_LENGTH>().copied() else {
            return Err(truncated);
        };
        let (order, variant) = Variant::of(&mut header);
        // Cannot fail: the octets are there, and the magic number is one that it knows.
        let Ok((_, parser)) = PcapParser::new(&header) else {
            return Err(truncated);
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
            Variant::Standard => pcap.choose_extra(window.octets(), &[0, 8, 4]),
            Variant::Modified => pcap.choose_extra(window.octets(), &[8, 12]),
            Variant::Ixia => {
                // The length of all records; it is not needed.
                if window.skip(4) < 4 {
                    return Err(truncated);
                }
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

    /// Takes the record header whose first records, as far as they are there, look best.
    ///
    /// The variants share their magic numbers, so that only the records tell them apart. Nothing more is read
    /// for it: a live pipe that has sent no record yet counts as the first of the `candidates`.
    fn choose_extra(&mut self, octets: &[u8], candidates: &[usize]) {
        let mut fewest = u32::MAX;
        let mut best = 0;
        for &extra in candidates {
            self.extra = extra;
            let odd = self.odd_records(octets);
            if odd < fewest {
                (fewest, best) = (odd, extra);
            }
        }
        self.extra = best;
    }

    /// How many of the first records look odd.
    fn odd_records(&self, mut octets: &[u8]) -> u32 {
        let mut odd = 0;
        for done in 0..RECORDS_TO_TRY {
            let Some(header) = self.header(octets) else {
                break;
            };
            if header.captured > self.link_type.captured_limit() {
                // What follows cannot be found.
                return RECORDS_TO_TRY.saturating_sub(done).saturating_add(odd);
            }
            odd += u32::from(header.fraction >= 1_000_000 || header.captured > header.original);
            let Some(rest) = octets.get(self.record_length(Some(&header))..) else {
                break;
            };
            octets = rest;
        }
        odd
    }
}

/// Which family a magic number stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Standard,
    /// Kuznetzov's patches to libpcap 0.4: interface, protocol and packet type in each record.
    Modified,
    /// Ixia's lcap: nanoseconds, and four more octets in the file header.
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
            Some(0x1c00_01ab | 0x1c00_01ac) => (Self::Ixia, 0xa1b2_3c4d),
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
