//! A capture, read frame by frame.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::compression::Source;
use super::decompressed::Decompressed;
use super::input::Input;
use super::notice::Notices;
use super::pcap::Pcap;
use super::pcapng::Pcapng;
use super::record::Record;
use super::snoop::Snoop;
use super::upcoming::{Form, Upcoming};
use super::window::{Failure, Window};
use super::{
    CaptureError, Compression, Expansion, FirstOctets, Format, Frame, LinkType, Notice, Origin,
};

/// A capture, read frame by frame in one pass.
///
/// Its memory does not grow with the capture. It waits for the next frame only, so that a live pipe gives
/// each frame as soon as it is complete.
pub struct Capture {
    window: Window,
    reader: Reader,
    notices: Notices,
    frames: u64,
    ended: bool,
    link_types: LinkTypes,
}

enum Reader {
    Pcap(Pcap),
    Pcapng(Pcapng),
    Snoop(Snoop),
}

/// The distinct link types in order of first appearance.
#[derive(Default)]
struct LinkTypes {
    list: Vec<LinkType>,
    latest: Option<LinkType>,
    known: HashSet<LinkType>,
}

impl Capture {
    /// Opens the capture file at `path`. `-` is a path like any other.
    ///
    /// # Errors
    /// If it cannot be read, or is no capture.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let file = File::open(path).map_err(|source| CaptureError::Open { source })?;
        // Some systems open directories and then refuse to read them, in words of their own.
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(CaptureError::Directory);
        }
        Self::from_reader(file)
    }

    /// Reads a capture from a pipe, or anything else that gives octets. Needs no buffering.
    ///
    /// # Errors
    /// If it cannot be read, or is no capture.
    pub fn from_reader(input: impl Read + Send + 'static) -> Result<Self, CaptureError> {
        let read_error = |source| CaptureError::Read {
            compression: None,
            source,
        };
        let input = Input::new(Box::new(input)).map_err(read_error)?;
        let mut window = Window::new(Decompressed::new(Source::new(input).map_err(read_error)?));
        let opened = Reader::open(&mut window);
        // A header cut by a failure: the failure is the cause.
        if opened.is_err()
            && let Some(Failure::Input(source)) = window.take_failure()
        {
            let compression = window.source().compression();
            return Err(CaptureError::Read {
                compression,
                source,
            });
        }
        Ok(Self {
            window,
            reader: opened?,
            notices: Notices::default(),
            frames: 0,
            ended: false,
            link_types: LinkTypes::default(),
        })
    }

    /// Reads at most so many octets from here on, counted after decompression. What has more ends there,
    /// with a [notice](Self::notices).
    ///
    /// Up to a window of them have been read already when a capture was opened.
    pub fn limit(&mut self, octets: u64) {
        self.window.limit(octets);
    }

    /// Reads a compressed capture as far as it expands to so many octets; where nobody says, as far as is
    /// [believable](Expansion::Believable). What expands further ends there, with a [notice](Self::notices).
    ///
    /// Up to a window of them have been read already when a capture was opened.
    pub fn limit_decompressed(&mut self, octets: u64) {
        self.window.limit_expansion(Expansion::Octets(octets));
    }

    /// The format of the capture.
    pub fn format(&self) -> Format {
        match &self.reader {
            Reader::Pcap(pcap) => pcap.format(),
            Reader::Pcapng(_) => Format::Pcapng,
            Reader::Snoop(_) => Format::Snoop,
        }
    }

    /// What the file says of how it came about, as far as it was read.
    pub fn origin(&self) -> Origin {
        match &self.reader {
            Reader::Pcapng(pcapng) => pcapng.origin().clone(),
            Reader::Pcap(_) | Reader::Snoop(_) => Origin::default(),
        }
    }

    /// How the capture is compressed, if it is.
    pub fn compression(&self) -> Option<Compression> {
        self.window.source().compression()
    }

    /// The next frame; `None` at the end, and from then on.
    ///
    /// Damage ends the capture, or is passed over, with a [notice](Self::notices).
    #[inline]
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let Some(record) = self.next_record() else {
            self.end();
            return None;
        };
        self.frames = self.frames.saturating_add(1);
        self.link_types.see(record.link_type);
        Some(Frame {
            number: self.frames,
            timestamp: record.timestamp,
            precision: record.precision,
            interface: record.interface,
            link_type: record.link_type,
            octets: self.window.consumed(record.octets),
            original_length: record.original_length,
        })
    }

    /// The frames that come next, as far as they are in memory.
    pub(crate) fn upcoming(&self) -> Upcoming<'_> {
        let form = match &self.reader {
            Reader::Pcap(pcap) => pcap.form(),
            Reader::Pcapng(pcapng) => pcapng.form(),
            Reader::Snoop(_) => Form::Other,
        };
        Upcoming::new(self.window.octets(), form)
    }

    /// What was wrong with the capture, as far as it was read. At most one notice of each kind.
    pub fn notices(&self) -> &[Notice] {
        self.notices.list()
    }

    /// How many octets of the file or pipe were read so far, compressed as they are; up to a window ahead of
    /// the frames.
    pub fn octets_read(&self) -> u64 {
        self.window.source().octets_read()
    }

    /// The distinct link types of the frames seen so far, in order of first appearance.
    pub fn link_types(&self) -> &[LinkType] {
        &self.link_types.list
    }

    fn next_record(&mut self) -> Option<Record> {
        if self.ended {
            return None;
        }
        let (window, notices) = (&mut self.window, &mut self.notices);
        match &mut self.reader {
            Reader::Pcap(pcap) => pcap.next(window, notices, self.frames),
            Reader::Pcapng(pcapng) => pcapng.next(window, notices, self.frames),
            Reader::Snoop(snoop) => snoop.next(window, notices, self.frames),
        }
    }

    #[cold]
    fn end(&mut self) {
        self.ended = true;
        if let Some(failure) = self.window.take_failure() {
            let offset = self
                .window
                .offset()
                .saturating_add(self.window.octets().len() as u64);
            let compression = self.compression();
            if matches!(failure, Failure::Expansion(_)) {
                self.notices.forget_truncated();
            }
            self.notices.add(match (failure, compression) {
                (Failure::Input(cause), Some(compression)) => Notice::Compression {
                    compression,
                    offset,
                    cause: cause.to_string(),
                },
                (Failure::Input(cause), None) => Notice::Input {
                    offset,
                    cause: cause.to_string(),
                },
                (Failure::Expansion(limit), _) => Notice::Expansion {
                    offset,
                    octets: self.octets_read(),
                    limit,
                },
            });
        }
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("format", &self.format())
            .field("compression", &self.compression())
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl Reader {
    fn open(window: &mut Window) -> Result<Self, CaptureError> {
        window.fill(Format::MAGIC_LENGTH);
        if window.octets().is_empty() {
            return Err(CaptureError::Empty {
                compression: window.source().compression(),
            });
        }
        match Format::detect(window.octets()) {
            Some(Format::Pcap | Format::ModifiedPcap) => Pcap::open(window).map(Self::Pcap),
            Some(Format::Pcapng) => Pcapng::open(window).map(Self::Pcapng),
            Some(Format::Snoop) => Snoop::open(window).map(Self::Snoop),
            None => Err(CaptureError::not_capture(window)),
        }
    }
}

impl CaptureError {
    /// What the window starts with is no capture.
    pub(super) fn not_capture(window: &Window) -> Self {
        Self::NotCapture {
            first: FirstOctets::new(window.octets()),
            compression: window.source().compression(),
        }
    }
}

impl LinkTypes {
    #[inline]
    fn see(&mut self, link_type: LinkType) {
        if self.latest != Some(link_type) {
            self.latest = Some(link_type);
            // A set, because a hostile capture may change between 65,536 of them with every frame.
            if self.known.insert(link_type) {
                self.list.push(link_type);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::capture::octets::ByteOrder;
    use crate::capture::testing::{enhanced, interface, pcap_header, pcap_record, read, section};

    #[test]
    fn what_is_no_capture() {
        let check = |octets: &[u8], error: &str| assert_eq!(read(octets), Err(error.to_owned()));
        check(b"", "empty file");
        check(
            b"Hello, world",
            "not a packet capture: first octets are 48 65 6c 6c (\"Hell\")",
        );
        check(
            b"\0",
            "not a packet capture: first octets are 00 (\"\\x00\")",
        );
        check(
            b"snoop\0\0\0",
            "truncated snoop header: needs 16 octets, 8 there",
        );
        check(
            &[0xa1, 0xb2, 0xc3, 0xd4],
            "truncated pcap header: needs 24 octets, 4 there",
        );
    }

    #[test]
    fn paths() {
        let check = |path: &str, error: &str| {
            assert_eq!(Capture::open(path.as_ref()).unwrap_err().to_string(), error);
        };
        check(env!("CARGO_MANIFEST_DIR"), "is a directory");
        check("no/such/file", "cannot open");
    }

    #[test]
    fn a_failure_to_read_is_told() {
        struct Fails(io::Cursor<Vec<u8>>);
        impl Read for Fails {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                match self.0.read(buffer)? {
                    0 => Err(io::Error::other("the disk is gone")),
                    count => Ok(count),
                }
            }
        }
        let mut octets = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, (2, 4), 1);
        octets.extend(pcap_record(ByteOrder::Little, [5, 6, 1, 1], b"a"));
        let mut capture = Capture::from_reader(Fails(io::Cursor::new(octets.clone()))).unwrap();
        assert!(capture.next_frame().is_some());
        assert!(capture.next_frame().is_none());
        assert_eq!(
            capture.notices(),
            [Notice::Input {
                offset: 41,
                cause: "the disk is gone".to_owned()
            }]
        );
        octets.truncate(20);
        let error = Capture::from_reader(Fails(io::Cursor::new(octets))).unwrap_err();
        assert!(matches!(error, CaptureError::Read { .. }), "{error}");
    }

    #[test]
    fn a_live_pipe_gives_each_frame_at_once() {
        struct Pipe(Receiver<Vec<u8>>);
        impl Read for Pipe {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                // Empty would be the end; reading once too often is a failure, not a wait.
                let octets = self
                    .0
                    .try_recv()
                    .expect("no read before the frame is complete");
                buffer[..octets.len()].copy_from_slice(&octets);
                Ok(octets.len())
            }
        }
        let (send, receive) = channel();
        let header = pcap_header(ByteOrder::Big, 0xa1b2_c3d4, (2, 4), 1);
        send.send(header[..4].to_vec()).unwrap();
        send.send(header[4..].to_vec()).unwrap();
        let mut capture = Capture::from_reader(Pipe(receive)).unwrap();
        for number in 1..10 {
            send.send(pcap_record(ByteOrder::Big, [5, 6, 2, 2], b"ab"))
                .unwrap();
            assert_eq!(capture.next_frame().unwrap().number, number);
        }
        assert_eq!(capture.octets_read(), 24 + 9 * 18);
    }

    #[test]
    fn link_types_in_order_of_first_appearance() {
        let order = ByteOrder::Little;
        let octets = [
            section(order, (1, 0)),
            interface(order, 1, 0, &[]),
            interface(order, 101, 0, &[]),
            interface(order, 113, 0, &[]),
            enhanced(order, 1, 0, b"a", 1),
            enhanced(order, 0, 0, b"a", 1),
            enhanced(order, 1, 0, b"a", 1),
        ];
        let mut capture = Capture::from_reader(io::Cursor::new(octets.concat())).unwrap();
        while capture.next_frame().is_some() {}
        assert_eq!(
            capture.link_types(),
            [LinkType::RAW_101, LinkType::ETHERNET]
        );
    }
}
