//! Something about a hand-in that a person should look at.

/// Something about a hand-in that a person should look at. Never a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is about, as a stable name for programs: `encrypted`, `time-window` ...
    pub kind: &'static str,
    /// The file within the hand-in, as it is named there, raw: `/` between folders. None where it is
    /// about the hand-in as a whole.
    pub file: Option<String>,
    /// The frames to look at, a few; empty where it is about no frame.
    pub frames: Vec<u64>,
    /// What was seen, as a sentence without a full stop.
    pub text: String,
}

impl Remark {
    /// A remark on the hand-in as a whole.
    pub fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self {
            kind,
            file: None,
            frames: Vec::new(),
            text: text.into(),
        }
    }

    /// The same on one of its files.
    #[must_use]
    pub fn on(self, file: &str) -> Self {
        Self {
            file: Some(file.to_owned()),
            ..self
        }
    }

    /// The same with frames to look at.
    #[must_use]
    pub fn at(self, frames: &[u64]) -> Self {
        Self {
            frames: frames.to_vec(),
            ..self
        }
    }
}
