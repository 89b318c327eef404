//! How a capture is compressed, and its octets as they were before.

use std::fmt;
use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use super::input::Input;
use super::lz4::Lz4Decoder;

/// How many octets one call of the gzip decoder gives at most: what a damaged stream can take with it.
const GZIP_STEP: usize = 32 << 10;

/// The largest window of a zstd stream, as a power of two; what `zstd -d` accepts unless told otherwise.
///
/// Memory for it is touched only as octets really come out.
const ZSTD_WINDOW_LOG: u32 = 27;

/// How a capture is compressed.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Compression {
    /// Gzip, also of several members.
    ///
    /// # Source
    /// RFC 1952
    Gzip,
    /// Zstandard, also of several frames.
    ///
    /// # Source
    /// RFC 8878
    Zstd,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// The compression that starts with these octets.
    fn detect(octets: &[u8]) -> Option<Self> {
        match *octets {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        })
    }
}

/// The octets of a capture, decompressed as they are read. One level: what is compressed twice is no capture.
pub(super) enum Source {
    Plain(Input),
    Gzip(Box<MultiGzDecoder<BufReader<Input>>>),
    Zstd(ZstdDecoder<'static, BufReader<Input>>),
    Lz4(Lz4Decoder),
}

impl Source {
    pub(super) fn new(input: Input) -> io::Result<Self> {
        let Some(compression) = Compression::detect(input.head()) else {
            return Ok(Self::Plain(input));
        };
        let input = BufReader::with_capacity(64 << 10, input);
        Ok(match compression {
            Compression::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(input))),
            Compression::Zstd => {
                let mut decoder = ZstdDecoder::with_buffer(input)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Self::Zstd(decoder)
            }
            Compression::Lz4 => Self::Lz4(Lz4Decoder::new(input)),
        })
    }

    pub(super) fn compression(&self) -> Option<Compression> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(_) => Some(Compression::Gzip),
            Self::Zstd(_) => Some(Compression::Zstd),
            Self::Lz4(_) => Some(Compression::Lz4),
        }
    }

    /// How many octets of the file or pipe have been read, compressed as they are.
    pub(super) fn octets_read(&self) -> u64 {
        match self {
            Self::Plain(input) => input.octets_read(),
            Self::Gzip(decoder) => decoder.get_ref().get_ref().octets_read(),
            Self::Zstd(decoder) => decoder.get_ref().get_ref().octets_read(),
            Self::Lz4(decoder) => decoder
                .get_ref()
                .map_or(0, |input| input.get_ref().octets_read()),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Gzip(decoder) => {
                // The decoder drops what it had of a call when it meets damage; small calls keep more.
                let length = buffer.len().min(GZIP_STEP);
                decoder.read(buffer.get_mut(..length).unwrap_or_default())
            }
            Self::Zstd(decoder) => decoder.read(buffer),
            Self::Lz4(decoder) => decoder.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};

    use super::*;
    use crate::capture::octets::ByteOrder;
    use crate::capture::testing::{
        Drops, Summary, damaged, pcap_header, pcap_record, read, read_from,
    };

    const ALL: [Compression; 3] = [Compression::Gzip, Compression::Zstd, Compression::Lz4];

    fn compress(compression: Compression, octets: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(octets).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Zstd => zstd::encode_all(octets, 0).unwrap(),
            Compression::Lz4 => {
                // Small blocks, so that a cut stream has whole ones before the cut.
                let info = FrameInfo::new()
                    .block_size(BlockSize::Max64KB)
                    .content_checksum(true);
                let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
                encoder.write_all(octets).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    /// A capture of so many frames of 1,000 octets that do not compress well.
    fn capture(frames: u32) -> Vec<u8> {
        let mut capture = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, (2, 4), 1);
        let mut state = 1_u32;
        for number in 0..frames {
            let octets: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .take(1000)
            .collect();
            capture.extend(pcap_record(
                ByteOrder::Little,
                [number, 0, 1000, 1000],
                &octets,
            ));
        }
        capture
    }

    #[test]
    fn compressed_captures_read_as_plain_ones() {
        let capture = capture(700);
        let plain = read(&capture).unwrap();
        assert_eq!(plain.frames.len(), 700);
        for compression in ALL {
            let (first, second) = capture.split_at(300_007);
            let whole = compress(compression, &capture);
            let parts = [compress(compression, first), compress(compression, second)].concat();
            for compressed in [whole, parts] {
                for summary in [
                    read(&compressed),
                    read_from(Drops(io::Cursor::new(compressed))),
                ] {
                    let Summary {
                        compression: found,
                        frames,
                        notices,
                        ..
                    } = summary.unwrap();
                    assert_eq!(found, Some(compression));
                    assert_eq!(frames, plain.frames);
                    assert!(notices.is_empty(), "{compression}: {notices:?}");
                }
            }
        }
    }

    #[test]
    fn what_comes_before_a_cut_counts() {
        let capture = capture(700);
        for compression in ALL {
            let compressed = compress(compression, &capture);
            for length in [compressed.len() / 2, compressed.len() - 1] {
                let summary = read(&compressed[..length]).unwrap();
                let expected = 700 * length / compressed.len();
                let frames = summary.frames.len();
                assert!(
                    frames + 140 > expected,
                    "{compression}: {frames} of about {expected}"
                );
                let start = format!("damaged {compression} stream after ");
                let found = summary
                    .notices
                    .iter()
                    .any(|notice| notice.starts_with(&start));
                assert!(found, "{compression}: {:?}", summary.notices);
            }
        }
    }

    #[test]
    fn no_cut_is_silent() {
        let capture = capture(1);
        for compression in ALL {
            let compressed = compress(compression, &capture);
            for length in 0..compressed.len() {
                let told =
                    read(&compressed[..length]).map_or(true, |read| !read.notices.is_empty());
                assert!(
                    told,
                    "{compression} cut at {length} of {}",
                    compressed.len()
                );
            }
        }
    }

    #[test]
    fn what_comes_after_the_stream_is_no_capture() {
        for compression in ALL {
            let compressed = [
                &compress(compression, &capture(3)),
                &b"junk that is long enough"[..],
            ]
            .concat();
            let summary = read(&compressed).unwrap();
            assert_eq!(summary.frames.len(), 3);
            assert_eq!(
                summary.notices.len(),
                1,
                "{compression}: {:?}",
                summary.notices
            );
        }
    }

    #[test]
    fn no_capture_inside() {
        let check = |octets: &[u8], expected: &str| {
            for compression in ALL {
                let error = read(&compress(compression, octets)).unwrap_err();
                assert_eq!(error, expected.replace("gzip", &compression.to_string()));
            }
        };
        check(b"", "empty gzip stream");
        check(
            b"Hello",
            "not a packet capture: first octets are 48 65 6c 6c (\"Hell\") (gzip stream)",
        );
        check(
            &compress(Compression::Gzip, &capture(1)),
            "not a packet capture: first octets are 1f 8b 08 00 (\"\\x1f\\x8b\\x08\\x00\") (gzip stream)",
        );
    }

    #[test]
    fn cut_and_damaged_anywhere() {
        let mut capture = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, (2, 4), 1);
        capture.extend(pcap_record(ByteOrder::Little, [5, 6, 5, 60], b"abcde"));
        for compression in ALL {
            damaged(&compress(compression, &capture));
        }
    }

    #[test]
    fn a_bomb_costs_no_memory() {
        // 64 MiB of one record whose length field is true, and beyond belief.
        let mut capture = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, (2, 4), 1);
        capture.extend(pcap_record(
            ByteOrder::Little,
            [0, 0, 1 << 26, 1 << 26],
            &[],
        ));
        capture.resize(1 << 26, 0);
        for compression in ALL {
            let summary = read(&compress(compression, &capture)).unwrap();
            assert_eq!((summary.frames.len(), summary.notices.len()), (0, 1));
        }
    }
}
