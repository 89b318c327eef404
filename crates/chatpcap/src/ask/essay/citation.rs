//! Where in the captures a fact stands.

use std::fmt::Write as _;

/// Frames of one capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// Which of the traces.
    pub trace: usize,
    /// The frames' numbers, in order, each once.
    pub frames: Vec<u64>,
}

impl Citation {
    /// These frames of a capture, in any order.
    pub fn new(trace: usize, frames: impl IntoIterator<Item = u64>) -> Self {
        let mut frames: Vec<u64> = frames.into_iter().collect();
        frames.sort_unstable();
        frames.dedup();
        Self { trace, frames }
    }

    /// The frames as people write them: `4, 6, 10-18`.
    pub fn list(&self) -> String {
        self.written(", ", "-")
    }

    /// A display filter that selects the frames: `frame.number in {4, 6, 10..18}`.
    pub fn filter(&self) -> String {
        match self.frames.as_slice() {
            [] => String::new(),
            [one] => format!("frame.number == {one}"),
            _ => format!("frame.number in {{{}}}", self.written(", ", "..")),
        }
    }

    fn written(&self, comma: &str, to: &str) -> String {
        let mut text = String::new();
        let mut frames = self.frames.iter().copied().peekable();
        while let Some(first) = frames.next() {
            let mut last = first;
            while let Some(next) = frames.next_if_eq(&last.saturating_add(1)) {
                last = next;
            }
            let separator = if text.is_empty() { "" } else { comma };
            // Writing to a string cannot fail.
            let _ = match last.saturating_sub(first) {
                0 => write!(text, "{separator}{first}"),
                1 => write!(text, "{separator}{first}{comma}{last}"),
                _ => write!(text, "{separator}{first}{to}{last}"),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_written_in_runs() {
        for (frames, list, filter) in [
            (&[][..], "", ""),
            (&[7], "7", "frame.number == 7"),
            (&[2, 1, 2], "1, 2", "frame.number in {1, 2}"),
            (
                &[9, 4, 12, 10, 11, 6],
                "4, 6, 9-12",
                "frame.number in {4, 6, 9..12}",
            ),
        ] {
            let citation = Citation::new(0, frames.iter().copied());
            assert_eq!(citation.list(), list);
            assert_eq!(citation.filter(), filter);
        }
    }
}
