//! The octets of a capture; of a large compressed one decompressed by a thread of its own.
//!
//! Decompression takes longer than all that is done with the octets, and needs nothing of it: on two
//! processors both go on at one time.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::{mem, thread};

use super::compression::{Compression, Source};

/// Octets that are decompressed here before a thread is worth its start.
const FEW: u64 = 256 << 10;

/// Octets that the thread gives at most at a time, and how often it does before it waits.
const BLOCK: usize = 256 << 10;
const BLOCKS: usize = 4;

/// The octets of a capture, decompressed if they have to be.
pub(super) struct Decompressed {
    compression: Option<Compression>,
    place: Place,
}

/// Where octets are decompressed.
enum Place {
    /// Here, and how many were so far.
    Here(Box<Source>, u64),
    Apart(Apart),
    /// Nowhere: there are no more.
    Ended(u64),
}

/// What a thread decompresses.
struct Apart {
    pieces: Receiver<Piece>,
    /// Gives blocks back to the thread.
    used: Sender<Vec<u8>>,
    /// A block, and which of its octets are not taken yet.
    block: Vec<u8>,
    left: Range<usize>,
    octets_read: Arc<AtomicU64>,
}

enum Piece {
    /// A block, and how many of its octets are there.
    Octets(Vec<u8>, usize),
    Failure(io::Error),
    End,
}

impl Decompressed {
    pub(super) fn new(source: Source) -> Self {
        Self {
            compression: source.compression(),
            place: Place::Here(Box::new(source), 0),
        }
    }

    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// How many octets of the file or pipe have been read, compressed as they are.
    pub(super) fn octets_read(&self) -> u64 {
        match &self.place {
            Place::Here(source, _) => source.octets_read(),
            Place::Apart(apart) => apart.octets_read.load(Ordering::Relaxed),
            Place::Ended(octets) => *octets,
        }
    }
}

impl Read for Decompressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Place::Here(_, FEW..) = self.place
            && self.compression.is_some()
            && let Place::Here(source, _) = mem::replace(&mut self.place, Place::Ended(0))
        {
            self.place = Place::Apart(Apart::start(*source)?);
        }
        let octets_read = self.octets_read();
        match &mut self.place {
            Place::Here(source, given) => {
                let count = source.read(buffer)?;
                *given = given.saturating_add(count as u64);
                Ok(count)
            }
            Place::Apart(apart) => {
                let result = apart.read(buffer);
                // Nothing comes after the end or a failure.
                if !buffer.is_empty() && !matches!(result, Ok(1..)) {
                    self.place = Place::Ended(octets_read);
                }
                result
            }
            Place::Ended(_) => Ok(0),
        }
    }
}

impl Apart {
    fn start(source: Source) -> io::Result<Self> {
        let octets_read = Arc::new(AtomicU64::new(source.octets_read()));
        let (give, pieces) = sync_channel(BLOCKS);
        let (used, spare) = channel();
        let counter = Arc::clone(&octets_read);
        // It ends with its source, or when nobody takes its pieces any more.
        thread::Builder::new()
            .name("decompression".to_owned())
            .spawn(move || decompress(source, &give, &spare, &counter))?;
        Ok(Self {
            pieces,
            used,
            block: Vec::new(),
            left: 0..0,
            octets_read,
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left.is_empty() && !buffer.is_empty() {
            match self.pieces.recv() {
                Ok(Piece::Octets(block, count)) => {
                    let used = mem::replace(&mut self.block, block);
                    // A thread that is done needs no more blocks.
                    drop(self.used.send(used));
                    self.left = 0..count;
                }
                Ok(Piece::Failure(error)) => return Err(error),
                Ok(Piece::End) => return Ok(0),
                // It ends without a word only if it panics.
                Err(_) => return Err(io::Error::other("the decompression stopped")),
            }
        }
        let mut left = self.block.get(self.left.clone()).unwrap_or_default();
        let count = left.read(buffer)?;
        self.left.start = self.left.start.saturating_add(count);
        Ok(count)
    }
}

/// Gives what the source has, as soon as it has it, so that a live pipe does not wait for a full block.
fn decompress(
    mut source: Source,
    give: &SyncSender<Piece>,
    spare: &Receiver<Vec<u8>>,
    octets_read: &AtomicU64,
) {
    loop {
        let mut block = spare.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let piece = match source.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Piece::Failure(error),
            Ok(0) => Piece::End,
            Ok(count) => Piece::Octets(block, count),
        };
        octets_read.store(source.octets_read(), Ordering::Relaxed);
        let is_last = !matches!(piece, Piece::Octets(..));
        if give.send(piece).is_err() || is_last {
            return;
        }
    }
}
