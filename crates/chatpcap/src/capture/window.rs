//! The part of a capture that is in memory.

use std::io::{self, Read};
use std::ops::Range;

use super::decompressed::Decompressed;
use super::expansion::Expansion;

/// How many octets the window holds, as long as no record is larger.
///
/// Fits into the cache of a core: larger windows, and mapping the file, measured slower.
const LENGTH: usize = 512 << 10;

/// A window that slides over the octets of a capture, and grows while a record larger than itself arrives.
pub(super) struct Window {
    source: Decompressed,
    buffer: Vec<u8>,
    /// The octets of the buffer that are read and not yet consumed.
    filled: Range<usize>,
    /// Where the first of them stands in the (decompressed) capture.
    offset: u64,
    ended: bool,
    failure: Option<Failure>,
    /// How many more octets may be read.
    allowance: u64,
    /// How far a compressed capture may expand.
    expansion: Expansion,
}

/// Why reading ended before the end of a capture.
#[derive(Debug)]
pub(super) enum Failure {
    /// It cannot be read or decompressed further.
    Input(io::Error),
    /// It expands further than is believed.
    Expansion(Expansion),
}

impl Window {
    pub(super) fn new(source: Decompressed) -> Self {
        Self {
            source,
            buffer: vec![0; LENGTH],
            filled: 0..0,
            offset: 0,
            ended: false,
            failure: None,
            allowance: u64::MAX,
            expansion: Expansion::default(),
        }
    }

    /// Ends the capture with a failure where it expands further than this.
    pub(super) fn limit_expansion(&mut self, expansion: Expansion) {
        self.expansion = expansion;
    }

    /// Ends the capture with a failure once it proves to have more than so many octets from here on.
    pub(super) fn limit(&mut self, octets: u64) {
        self.allowance = octets;
    }

    /// Where the octets come from.
    pub(super) fn source(&self) -> &Decompressed {
        &self.source
    }

    /// What is read and not yet consumed.
    pub(super) fn octets(&self) -> &[u8] {
        self.buffer.get(self.filled.clone()).unwrap_or_default()
    }

    /// Where the first of [`octets`](Self::octets) stands in the capture.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Octets that were consumed since the last [`fill`](Self::fill).
    pub(super) fn consumed(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// Passes over `count` octets, or as many as there are; says where in the buffer they stand.
    pub(super) fn consume(&mut self, count: usize) -> Range<usize> {
        let start = self.filled.start;
        let count = count.min(self.filled.len());
        self.filled.start += count;
        self.offset = self.offset.saturating_add(count as u64);
        start..self.filled.start
    }

    /// Reads until at least `needed` octets are there; false if the capture ends before.
    ///
    /// Reads no more often than it must: a live pipe hands out what it has.
    pub(super) fn fill(&mut self, needed: usize) -> bool {
        while self.filled.len() < needed {
            if self.ended {
                return false;
            }
            self.make_room(needed);
            let free = self.buffer.get_mut(self.filled.end..).unwrap_or_default();
            match self.source.read(free) {
                Ok(0) => self.ended = true,
                Ok(count) if count as u64 > self.allowance => {
                    self.ended = true;
                    let text = "has more octets than may be read of it";
                    self.failure = Some(Failure::Input(io::Error::other(text)));
                }
                // A reader that claims more than it was given room for is not believed.
                Ok(count) => {
                    self.allowance = self.allowance.saturating_sub(count as u64);
                    self.filled.end = self.filled.end.saturating_add(count).min(self.buffer.len());
                    self.check_expansion();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(Failure::Input(error));
                }
            }
        }
        true
    }

    /// Passes over `count` octets, reading as needed; says how many were there.
    pub(super) fn skip(&mut self, count: u64) -> u64 {
        let mut left = count;
        while left > 0 && self.fill(1) {
            let step = usize::try_from(left).unwrap_or(usize::MAX);
            left = left.saturating_sub(self.consume(step).len() as u64);
        }
        count.saturating_sub(left)
    }

    /// Why reading ended before the end of the capture, if it did; once.
    pub(super) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// What has been read counts; nothing more is.
    fn check_expansion(&mut self) {
        if self.source.compression().is_some() {
            let expanded = self.offset.saturating_add(self.filled.len() as u64);
            if !self.expansion.allows(self.source.octets_read(), expanded) {
                self.ended = true;
                self.failure = Some(Failure::Expansion(self.expansion));
            }
        }
    }

    /// Makes room for at least one more octet.
    fn make_room(&mut self, needed: usize) {
        if self.filled.start > 0 {
            // What is left is the start of one record: little, or it is moved once only.
            self.buffer.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        if self.filled.end == self.buffer.len() {
            // Doubled when full, never sized by what a length field claims: octets that do not come cost nothing.
            self.buffer.resize(self.buffer.len().saturating_mul(2), 0);
        } else if self.buffer.len() > LENGTH && self.filled.len().max(needed) <= LENGTH / 2 {
            self.buffer.truncate(LENGTH);
            self.buffer.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::compression::Source;
    use crate::capture::input::Input;

    fn window(octets: Vec<u8>) -> Window {
        let input = Input::new(Box::new(io::Cursor::new(octets))).unwrap();
        Window::new(Decompressed::new(Source::new(input).unwrap()))
    }

    #[test]
    fn grows_for_a_large_record_and_shrinks_after_it() {
        let mut window = window(vec![7; 5 * LENGTH]);
        assert!(window.fill(3 * LENGTH));
        assert_eq!(window.buffer.len(), 4 * LENGTH);
        window.consume(4 * LENGTH - 1);
        assert!(window.fill(10));
        assert_eq!(window.buffer.len(), LENGTH);
        assert_eq!(window.offset(), 4 * LENGTH as u64 - 1);
    }

    #[test]
    fn does_not_grow_for_a_record_that_does_not_come() {
        let mut window = window(vec![7; 100]);
        assert!(!window.fill(1 << 30));
        assert_eq!(window.buffer.len(), LENGTH);
        assert_eq!(window.octets().len(), 100);
    }

    #[test]
    fn skips_more_than_it_holds() {
        let mut window = window(vec![7; 3 * LENGTH]);
        assert_eq!(window.skip(2 * LENGTH as u64 + 5), 2 * LENGTH as u64 + 5);
        assert_eq!(window.skip(u64::MAX), LENGTH as u64 - 5);
        assert_eq!(window.buffer.len(), LENGTH);
    }
}
