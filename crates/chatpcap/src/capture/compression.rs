//! Where octets come from: a file or a pipe, perhaps compressed.

use std::fmt;
use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

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

/// The file or pipe itself: its first octets are looked at, all are counted.
pub(super) struct Input {
    head: [u8; 4],
    head_length: usize,
    head_taken: usize,
    rest: Box<dyn Read + Send>,
    octets: u64,
    ended: bool,
}

impl Input {
    pub(super) fn new(mut rest: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut head = [0; 4];
        let mut head_length = 0;
        while let Some(free) = head.get_mut(head_length..).filter(|free| !free.is_empty()) {
            match rest.read(free) {
                Ok(0) => break,
                Ok(count) => head_length = head.len().min(head_length + count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            head,
            head_length,
            head_taken: 0,
            rest,
            octets: 0,
            ended: false,
        })
    }

    /// The first octets, four unless there are fewer.
    fn head(&self) -> &[u8] {
        self.head.get(..self.head_length).unwrap_or_default()
    }

    /// True once the end has been met.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.head.get(self.head_taken..self.head_length) {
            Some(mut head) if !head.is_empty() => {
                let count = head.read(buffer)?;
                self.head_taken += count;
                count
            }
            _ => {
                let count = self.rest.read(buffer)?;
                self.ended = count == 0 && !buffer.is_empty();
                count
            }
        };
        self.octets = self.octets.saturating_add(count as u64);
        Ok(count)
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
            Self::Plain(input) => input.octets,
            Self::Gzip(decoder) => decoder.get_ref().get_ref().octets,
            Self::Zstd(decoder) => decoder.get_ref().get_ref().octets,
            Self::Lz4(decoder) => decoder.get_ref().map_or(0, |input| input.get_ref().octets),
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
