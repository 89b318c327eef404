//! A file or a pipe, as it is.

use std::io::{self, Read};

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
    pub(super) fn head(&self) -> &[u8] {
        self.head.get(..self.head_length).unwrap_or_default()
    }

    /// How many octets have been read.
    pub(super) fn octets_read(&self) -> u64 {
        self.octets
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
