//! Frames to a capture file, octet for octet.

use std::borrow::Cow;
use std::io::{self, Write};

use pcap_file::Endianness;
use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::{PcapNgWriter, RawBlock};

use super::{Format, Frame, LinkType};

/// Decimal digits of a second that a pcap file keeps, of the common kind and of the fine kind.
const MICROSECONDS: u8 = 6;
const NANOSECONDS: u32 = 1_000_000_000;
/// Snap length in the header of files that are written: what tcpdump writes by default.
const SNAP_LENGTH: u32 = 262_144;
/// The block type of an enhanced packet block (pcapng draft §4.3).
const ENHANCED_PACKET: u32 = 6;
/// Interfaces that a written pcapng file may have: one a link type and interface of the input.
const MAX_INTERFACES: usize = 65_536;

/// Why a frame could not be written.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be written.
    #[error("cannot write")]
    Write {
        /// What the operating system says.
        source: io::Error,
    },
    /// pcap has one link type a file.
    #[error("pcap holds one link type: frame {frame} has {found}, those before it {first}")]
    LinkType {
        /// The frame's number.
        frame: u64,
        /// The link type of the frames before.
        first: Cow<'static, str>,
        /// The link type of this one.
        found: Cow<'static, str>,
    },
    /// A time that the format cannot keep.
    #[error("frame {frame} has a time that {format} cannot keep")]
    Time {
        /// The frame's number.
        frame: u64,
        /// The format that is written.
        format: Format,
    },
    /// More interfaces than a file may have.
    #[error("more than {MAX_INTERFACES} interfaces")]
    Interfaces,
}

/// Writes frames to a capture file. Captured octets, lengths and times are those of the frames.
pub struct CaptureWriter<W: Write> {
    file: File<W>,
}

enum File<W: Write> {
    /// Nothing is written before the first frame tells the link type.
    Pcap(Option<W>, Option<(PcapWriter<W>, LinkType, bool)>),
    Pcapng(PcapNgWriter<W>, Vec<(u32, LinkType, u8)>),
}

impl<W: Write> std::fmt::Debug for CaptureWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaptureWriter")
    }
}

impl<W: Write> CaptureWriter<W> {
    /// A pcap file.
    pub const fn pcap(writer: W) -> Self {
        Self {
            file: File::Pcap(Some(writer), None),
        }
    }

    /// A pcapng file.
    ///
    /// # Errors
    /// [`WriteError::Write`] where the first block cannot be written.
    pub fn pcapng(writer: W) -> Result<Self, WriteError> {
        let writer = PcapNgWriter::with_endianness(writer, Endianness::Little).map_err(failed)?;
        Ok(Self {
            file: File::Pcapng(writer, Vec::new()),
        })
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// [`WriteError`] where the file or its format cannot take it; nothing of the frame is written
    /// then, unless the file itself failed.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        match &mut self.file {
            File::Pcap(waiting, open) => {
                if let Some(writer) = waiting.take() {
                    let is_fine = frame.precision > MICROSECONDS;
                    let writer = pcap(writer, frame.link_type, is_fine)?;
                    *open = Some((writer, frame.link_type, is_fine));
                }
                match open {
                    Some((writer, link_type, is_fine)) => {
                        to_pcap(writer, *link_type, *is_fine, frame)
                    }
                    None => Ok(()),
                }
            }
            File::Pcapng(writer, interfaces) => to_pcapng(writer, interfaces, frame),
        }
    }

    /// Ends the file: one without a frame still has its header.
    ///
    /// # Errors
    /// [`WriteError::Write`] where the file cannot be written.
    pub fn finish(self) -> Result<(), WriteError> {
        let mut writer = match self.file {
            File::Pcap(Some(writer), _) => pcap(writer, LinkType::ETHERNET, false)?.into_inner(),
            File::Pcap(None, Some((writer, ..))) => writer.into_inner(),
            File::Pcap(None, None) => return Ok(()),
            File::Pcapng(writer, _) => writer.into_inner(),
        };
        writer
            .flush()
            .map_err(|source| WriteError::Write { source })
    }
}

fn pcap<W: Write>(
    writer: W,
    link_type: LinkType,
    is_fine: bool,
) -> Result<PcapWriter<W>, WriteError> {
    let header = PcapHeader {
        version_major: 2,
        version_minor: 4,
        ts_correction: 0,
        ts_accuracy: 0,
        snaplen: SNAP_LENGTH,
        datalink: link_type.0.into(),
        ts_resolution: if is_fine {
            PcapTsResolution::NanoSecond
        } else {
            PcapTsResolution::MicroSecond
        },
        endianness: Endianness::Little,
    };
    PcapWriter::with_header(writer, header).map_err(failed)
}

fn to_pcap<W: Write>(
    writer: &mut PcapWriter<W>,
    link_type: LinkType,
    is_fine: bool,
    frame: &Frame<'_>,
) -> Result<(), WriteError> {
    if frame.link_type != link_type {
        return Err(WriteError::LinkType {
            frame: frame.number,
            first: link_type.name(),
            found: frame.link_type.name(),
        });
    }
    let (seconds, nanoseconds) = frame
        .timestamp
        .map_or((0, 0), |time| (time.seconds(), time.nanoseconds()));
    let seconds = u32::try_from(seconds).map_err(|_| WriteError::Time {
        frame: frame.number,
        format: Format::Pcap,
    })?;
    let packet = RawPcapPacket {
        ts_sec: seconds,
        ts_frac: if is_fine {
            nanoseconds
        } else {
            nanoseconds / 1000
        },
        incl_len: length(frame.octets),
        orig_len: frame.original_length,
        data: Cow::Borrowed(frame.octets),
    };
    writer.write_raw_packet(&packet).map_err(failed)?;
    Ok(())
}

fn to_pcapng<W: Write>(
    writer: &mut PcapNgWriter<W>,
    interfaces: &mut Vec<(u32, LinkType, u8)>,
    frame: &Frame<'_>,
) -> Result<(), WriteError> {
    let digits = if frame.precision > MICROSECONDS {
        9
    } else {
        MICROSECONDS
    };
    let wanted = (frame.interface, frame.link_type, digits);
    let known = interfaces.iter().position(|interface| *interface == wanted);
    let interface = match known {
        Some(interface) => interface,
        None if interfaces.len() >= MAX_INTERFACES => return Err(WriteError::Interfaces),
        None => {
            let resolution = if digits == MICROSECONDS {
                InterfaceTsResolution::MICRO
            } else {
                InterfaceTsResolution::NANO
            };
            let block = InterfaceDescriptionBlock {
                linktype: frame.link_type.0.into(),
                snaplen: SNAP_LENGTH,
                options: vec![InterfaceDescriptionOption::IfTsResol(resolution)],
            };
            writer.write_pcapng_block(block).map_err(failed)?;
            interfaces.push(wanted);
            interfaces.len() - 1
        }
    };
    let ticks = frame.timestamp.map_or(Some(0), |time| {
        let a_second = 10_u64.pow(digits.into());
        let seconds = u64::try_from(time.seconds()).ok()?.checked_mul(a_second)?;
        let fraction = u64::from(time.nanoseconds()) * a_second / u64::from(NANOSECONDS);
        seconds.checked_add(fraction)
    });
    let ticks = ticks.ok_or(WriteError::Time {
        frame: frame.number,
        format: Format::Pcapng,
    })?;
    let mut body = Vec::with_capacity(frame.octets.len().saturating_add(24));
    let interface = u32::try_from(interface).unwrap_or(u32::MAX);
    body.extend(interface.to_le_bytes());
    // The upper half comes first, whatever the byte order (pcapng draft §4.3).
    body.extend(ticks.rotate_left(32).to_le_bytes());
    body.extend(length(frame.octets).to_le_bytes());
    body.extend(frame.original_length.to_le_bytes());
    body.extend(frame.octets);
    body.resize(body.len().next_multiple_of(4), 0);
    let whole = length(&body).saturating_add(12);
    let block = RawBlock {
        type_: ENHANCED_PACKET,
        initial_len: whole,
        body: Cow::Owned(body),
        trailer_len: whole,
    };
    writer.write_raw_block(&block).map_err(failed)?;
    Ok(())
}

/// No frame that was read is longer than a `u32` tells.
fn length(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).unwrap_or(u32::MAX)
}

/// What the operating system says stands at the end of the chain of causes.
fn failed(error: impl std::error::Error + Send + Sync + 'static) -> WriteError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(found) = cause {
        if let Some(io) = found.downcast_ref::<io::Error>() {
            let source = io::Error::new(io.kind(), io.to_string());
            return WriteError::Write { source };
        }
        cause = found.source();
    }
    WriteError::Write {
        source: io::Error::other(error),
    }
}
