//! Captures that a test makes: frames with their times, written in every format.

use std::io::Write as _;

use crate::frames::Link;

/// When recordings begin: 2026-11-22T18:33:13Z, in nanoseconds since the Unix epoch.
pub const START: u64 = 1_795_372_393_000_000_000;

/// Nanoseconds from one frame to the next, unless a test lets more pass.
const STEP: u64 = 1_000_000;

/// One frame of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Nanoseconds since the Unix epoch.
    pub time: u64,
    /// The link type's number.
    pub link_type: u16,
    /// What was captured.
    pub octets: Vec<u8>,
    /// Octets on the wire.
    pub original: u32,
}

/// Frames in the order in which they were captured.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The frames; the first is number 1.
    pub frames: Vec<Recorded>,
    link: Link,
    clock: u64,
    snap: usize,
    copies: u32,
}

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// pcap.
    Pcap {
        /// Nanoseconds instead of microseconds.
        nanoseconds: bool,
        /// Written by a big-endian host.
        big_endian: bool,
    },
    /// pcap with Kuznetzov's longer record headers.
    ModifiedPcap,
    /// pcapng with one interface a link type.
    Pcapng {
        /// Written by a big-endian host.
        big_endian: bool,
    },
    /// snoop.
    Snoop,
}

impl FileFormat {
    /// Little-endian with microseconds: what tcpdump writes.
    pub const PCAP: Self = Self::Pcap {
        nanoseconds: false,
        big_endian: false,
    };
}

impl Recording {
    /// An empty recording of one kind of link.
    pub const fn new(link: Link) -> Self {
        Self {
            frames: Vec::new(),
            link,
            clock: START,
            snap: usize::MAX,
            copies: 1,
        }
    }

    /// The same with a snap length.
    #[must_use]
    pub fn snapped(self, snap: usize) -> Self {
        Self { snap, ..self }
    }

    /// The same where each frame is captured twice, three microseconds apart.
    #[must_use]
    pub fn doubled(self) -> Self {
        Self { copies: 2, ..self }
    }

    /// Reads the little-endian pcap with microseconds that tcpdump writes.
    pub fn from_pcap(file: &[u8], link: Link) -> Self {
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!(word(0), 0xa1b2_c3d4, "not a pcap of a little-endian host");
        let mut recording = Self::new(link);
        let mut at = 24;
        while at < file.len() {
            let [seconds, micros, captured, original] = [0, 4, 8, 12].map(|field| word(at + field));
            let end = at + 16 + captured as usize;
            recording.frames.push(Recorded {
                time: u64::from(seconds) * 1_000_000_000 + u64::from(micros) * 1000,
                link_type: link.number(),
                octets: file[at + 16..end].to_vec(),
                original,
            });
            at = end;
        }
        recording
    }

    /// Lets time pass.
    pub fn wait(&mut self, milliseconds: u64) {
        self.clock += milliseconds * 1_000_000;
    }

    /// Captures an IP packet; says the frame's number, the first if there are two.
    pub fn add(&mut self, packet: &[u8]) -> u64 {
        self.add_on(self.link, packet)
    }

    /// Captures an IP packet on a link of its own.
    pub fn add_on(&mut self, link: Link, packet: &[u8]) -> u64 {
        self.push(link, link.frame(packet))
    }

    /// Captures a frame.
    pub fn push(&mut self, link: Link, mut octets: Vec<u8>) -> u64 {
        let number = self.frames.len() as u64 + 1;
        self.clock += STEP;
        let original = u32::try_from(octets.len()).unwrap();
        octets.truncate(self.snap);
        for copy in 0..self.copies {
            self.frames.push(Recorded {
                time: self.clock + u64::from(copy) * 3000,
                link_type: link.number(),
                octets: octets.clone(),
                original,
            });
        }
        number
    }

    /// The captured octets of a frame.
    pub fn octets(&self, number: u64) -> &[u8] {
        &self.frames[usize::try_from(number).unwrap() - 1].octets
    }

    /// The capture file as tcpdump writes it.
    pub fn pcap(&self) -> Vec<u8> {
        self.file(FileFormat::PCAP)
    }

    /// The capture file.
    pub fn file(&self, format: FileFormat) -> Vec<u8> {
        match format {
            FileFormat::Pcap {
                nanoseconds,
                big_endian,
            } => {
                let magic = if nanoseconds {
                    0xa1b2_3c4d
                } else {
                    0xa1b2_c3d4
                };
                self.pcap_with(Writer::new(big_endian), magic, nanoseconds, 0)
            }
            // Interface index, protocol, packet type and padding follow the lengths.
            FileFormat::ModifiedPcap => self.pcap_with(Writer::new(false), 0xa1b2_cd34, false, 8),
            FileFormat::Pcapng { big_endian } => self.pcapng(Writer::new(big_endian)),
            FileFormat::Snoop => self.snoop(),
        }
    }

    fn pcap_with(&self, mut file: Writer, magic: u32, nanoseconds: bool, more: usize) -> Vec<u8> {
        let link_type = self.only_link_type();
        file.u32(magic);
        file.u16(2);
        file.u16(4);
        file.u32(0);
        file.u32(0);
        file.u32(262_144);
        file.u32(link_type.into());
        for frame in &self.frames {
            let fraction = frame.time % 1_000_000_000;
            file.u32(u32::try_from(frame.time / 1_000_000_000).unwrap());
            file.u32(
                u32::try_from(if nanoseconds {
                    fraction
                } else {
                    fraction / 1000
                })
                .unwrap(),
            );
            file.u32(u32::try_from(frame.octets.len()).unwrap());
            file.u32(frame.original);
            file.octets(&vec![0; more]);
            file.octets(&frame.octets);
        }
        file.octets
    }

    fn pcapng(&self, mut file: Writer) -> Vec<u8> {
        let mut interfaces: Vec<u16> = Vec::new();
        file.block(0x0a0d_0d0a, |body| {
            body.u32(0x1a2b_3c4d);
            body.u16(1);
            body.u16(0);
            body.octets(&[0xff; 8]);
        });
        for frame in &self.frames {
            let known = interfaces.iter().position(|link| *link == frame.link_type);
            let interface = known.unwrap_or_else(|| {
                file.block(1, |body| {
                    body.u16(frame.link_type);
                    body.u16(0);
                    body.u32(0);
                    body.u16(9); // if_tsresol: nanoseconds
                    body.u16(1);
                    body.octets(&[9, 0, 0, 0]);
                    body.u32(0);
                });
                interfaces.push(frame.link_type);
                interfaces.len() - 1
            });
            file.block(6, |body| {
                body.u32(u32::try_from(interface).unwrap());
                body.u32(u32::try_from(frame.time >> 32).unwrap());
                body.u32(u32::try_from(frame.time & 0xffff_ffff).unwrap());
                body.u32(u32::try_from(frame.octets.len()).unwrap());
                body.u32(frame.original);
                body.octets(&frame.octets);
                body.pad();
            });
        }
        file.octets
    }

    /// RFC 1761; Ethernet is datalink 4.
    fn snoop(&self) -> Vec<u8> {
        assert_eq!(self.only_link_type(), 1, "snoop is for Ethernet here");
        let mut file = Writer::new(true);
        file.octets(b"snoop\0\0\0");
        file.u32(2);
        file.u32(4);
        for frame in &self.frames {
            let captured = u32::try_from(frame.octets.len()).unwrap();
            file.u32(frame.original);
            file.u32(captured);
            file.u32(24 + captured.next_multiple_of(4));
            file.u32(0);
            file.u32(u32::try_from(frame.time / 1_000_000_000).unwrap());
            file.u32(u32::try_from(frame.time % 1_000_000_000 / 1000).unwrap());
            file.octets(&frame.octets);
            file.pad();
        }
        file.octets
    }

    fn only_link_type(&self) -> u16 {
        let link_type = self.frames.first().map_or(1, |frame| frame.link_type);
        let same = |frame: &Recorded| frame.link_type == link_type;
        assert!(self.frames.iter().all(same), "one link type a file");
        link_type
    }
}

/// Compresses a file as gzip does.
pub fn gzip(file: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(file).unwrap();
    encoder.finish().unwrap()
}

/// Compresses a file as zstd does.
pub fn zstd(file: &[u8]) -> Vec<u8> {
    zstd::encode_all(file, 1).unwrap()
}

/// Compresses a file as lz4 does.
pub fn lz4(file: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(file).unwrap();
    encoder.finish().unwrap()
}

/// Octets in one byte order.
struct Writer {
    octets: Vec<u8>,
    big_endian: bool,
}

impl Writer {
    const fn new(big_endian: bool) -> Self {
        Self {
            octets: Vec::new(),
            big_endian,
        }
    }

    fn u16(&mut self, value: u16) {
        self.octets(&if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    fn u32(&mut self, value: u32) {
        self.octets(&if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    fn octets(&mut self, octets: &[u8]) {
        self.octets.extend(octets);
    }

    fn pad(&mut self) {
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
    }

    /// A block of pcapng: its length stands before and behind its body.
    fn block(&mut self, kind: u32, write: impl FnOnce(&mut Self)) {
        let mut body = Self::new(self.big_endian);
        write(&mut body);
        let length = u32::try_from(12 + body.octets.len()).unwrap();
        self.u32(kind);
        self.u32(length);
        self.octets(&body.octets);
        self.u32(length);
    }
}
