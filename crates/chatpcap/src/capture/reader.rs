//! A capture, read frame by frame.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::compression::{Input, Source};
use super::notice::Notices;
use super::pcap::Pcap;
use super::pcapng::Pcapng;
use super::record::Record;
use super::snoop::Snoop;
use super::window::Window;
use super::{CaptureError, Compression, FirstOctets, Format, Frame, LinkType, Notice};

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
        let mut window = Window::new(Source::new(input).map_err(read_error)?);
        let opened = Reader::open(&mut window);
        // A header cut by a failure: the failure is the cause.
        if opened.is_err()
            && let Some(source) = window.take_failure()
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

    /// The format of the capture.
    pub fn format(&self) -> Format {
        match &self.reader {
            Reader::Pcap(pcap) => pcap.format(),
            Reader::Pcapng(_) => Format::Pcapng,
            Reader::Snoop(_) => Format::Snoop,
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
            let cause = failure.to_string();
            self.notices.add(match self.compression() {
                Some(compression) => Notice::Compression {
                    compression,
                    offset,
                    cause,
                },
                None => Notice::Input { offset, cause },
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
