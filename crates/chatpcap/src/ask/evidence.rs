//! Where in a capture an answer stands.

use crate::packet::Field;
use crate::trace::Trace;

/// The number that answers a question, and the octets that show it.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The answer.
    pub value: u64,
    /// Which of the traces shows it.
    pub trace: usize,
    /// The frame's number in that capture.
    pub frame: u64,
    /// Octets before the header that holds the field; `None` where the header was put together
    /// from fragments and stands in no single frame.
    pub header: Option<usize>,
    /// Octets from the start of that header to those that show the answer.
    pub offset_in_header: usize,
    /// How many octets show the answer.
    pub length: usize,
    /// These octets.
    pub bytes: Vec<u8>,
    /// One sentence: why this is the answer.
    pub why: String,
}

impl Evidence {
    /// Octets before those that show the answer, from the start of the frame.
    pub fn offset(&self) -> Option<usize> {
        self.header?.checked_add(self.offset_in_header)
    }

    /// A display filter that selects the frame.
    pub fn filter(&self) -> String {
        format!("frame.number == {}", self.frame)
    }

    /// Evidence for `field` of the header that begins at `header`.
    ///
    /// The octets are those of the capture; where the frame was not kept, `fallback` has them.
    pub(super) fn of_field(
        (index, trace): (usize, &Trace),
        frame: u64,
        header: Option<usize>,
        field: Field,
        fallback: &[u8],
        value: u64,
        why: String,
    ) -> Self {
        let kept = header.and_then(|header| {
            let start = header.checked_add(field.offset)?;
            let end = start.checked_add(field.length)?;
            trace.exhibits.octets(frame)?.get(start..end)
        });
        Self {
            value,
            trace: index,
            frame,
            header,
            offset_in_header: field.offset,
            length: field.length,
            bytes: kept.unwrap_or(fallback).to_vec(),
            why,
        }
    }
}
