//! A file of a hand-in, and reading it within limits.

use std::fmt;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::Limits;
use crate::capture::{Capture, CaptureError};

/// A file may grow to this whatever it had before: a few repeated lines shrink to nearly nothing.
const GROWN_UNSEEN: u64 = 1 << 20;

/// A regular file of a hand-in.
#[derive(Clone, Debug)]
pub struct File {
    /// The path in the hand-in, `/` between folders, raw. What is no UTF-8 is replaced.
    name: String,
    /// On disk; of a member of a zip, that of the zip.
    path: PathBuf,
    place: Place,
    limits: Limits,
    /// Octets that may still be read of the hand-in.
    budget: Arc<AtomicU64>,
}

/// Where a file's octets are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// All of the file on disk.
    Whole,
    /// A part of a zip file.
    Member(Member),
}

/// A file in a zip, as the zip's directory describes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Octets of the zip before the member's.
    pub start: u64,
    /// Octets in the zip.
    pub compressed: u64,
    /// Whether they are deflated, and not just stored.
    pub deflated: bool,
    /// The checksum of the decompressed octets.
    pub crc: u32,
}

/// The octets of a file. Ends with an error where a limit is met, or the zip proves to be damaged.
pub struct Reader {
    octets: Box<dyn Read + Send>,
    name: String,
    /// Octets that were read.
    read: u64,
    /// Octets that may be read of the file.
    limit: u64,
    /// Octets in the zip, and the checksum to be; none for a file on disk.
    member: Option<Member>,
    ratio: u64,
    crc: Crc,
    budget: Arc<AtomicU64>,
}

impl File {
    pub(super) fn new(
        name: String,
        path: &Path,
        place: Place,
        limits: &Limits,
        budget: &Arc<AtomicU64>,
    ) -> Self {
        Self {
            name,
            path: path.to_owned(),
            place,
            limits: *limits,
            budget: Arc::clone(budget),
        }
    }

    /// The path in the hand-in, `/` between folders, raw. What is no UTF-8 is replaced.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens it, at its first octet.
    ///
    /// # Errors
    /// If it cannot be opened, or is no regular file any more.
    pub fn open(&self) -> io::Result<Reader> {
        let mut file = fs::File::open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("is no regular file"));
        }
        let (octets, member): (Box<dyn Read + Send>, _) = match self.place {
            Place::Whole => (Box::new(file), None),
            Place::Member(member) => {
                file.seek(SeekFrom::Start(member.start))?;
                let stored = file.take(member.compressed);
                if member.deflated {
                    (Box::new(DeflateDecoder::new(stored)), Some(member))
                } else {
                    (Box::new(stored), Some(member))
                }
            }
        };
        Ok(Reader {
            octets,
            name: self.name.clone(),
            read: 0,
            limit: self.limits.file_octets,
            member,
            ratio: self.limits.ratio,
            crc: Crc::new(),
            budget: Arc::clone(&self.budget),
        })
    }

    /// Opens it as a capture, of which no more is read than the limits allow, after decompression.
    ///
    /// # Errors
    /// If it cannot be read, or is no capture.
    pub fn capture(&self) -> Result<Capture, CaptureError> {
        let file = self
            .open()
            .map_err(|source| CaptureError::Open { source })?;
        let mut capture = Capture::from_reader(file)?;
        capture.limit(self.limits.file_octets);
        Ok(capture)
    }

    /// All of it.
    ///
    /// # Errors
    /// If it cannot be read, or has more octets than this or than the limits allow.
    pub fn read(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        let mut reader = self.open()?;
        reader.limit = reader.limit.min(limit);
        reader.read_to_end(&mut octets)?;
        Ok(octets)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.octets.read(buffer)?;
        let octets = buffer.get(..count).unwrap_or_default();
        self.read = self.read.saturating_add(count as u64);
        if self.read > self.limit {
            return Err(io::Error::other(format!(
                "has more than {} octets",
                self.limit
            )));
        }
        let spent = |left: u64| left.checked_sub(count as u64);
        if self
            .budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent)
            .is_err()
        {
            return Err(io::Error::other(
                "the hand-in has more octets than are read of one",
            ));
        }
        if let Some(member) = &self.member {
            let most = member
                .compressed
                .saturating_mul(self.ratio)
                .max(GROWN_UNSEEN);
            if self.read > most {
                return Err(io::Error::other(format!(
                    "grows to more than {} times the {} octets that it has in the zip",
                    self.ratio, member.compressed
                )));
            }
            self.crc.update(octets);
            if count == 0 && !buffer.is_empty() && self.crc.sum() != member.crc {
                return Err(io::Error::other("does not fit its checksum in the zip"));
            }
        }
        Ok(count)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("name", &self.name)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
