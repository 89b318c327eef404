//! Packets that a capture holds twice, put together.

use std::collections::VecDeque;

use crate::trace::{Arrow, LOOK_BACK, Mark};

/// Holds the latest packets back until no copy of them can come any more.
#[derive(Debug)]
pub struct Doubles {
    latest: VecDeque<Arrow>,
    /// Give each packet at once, and its copies as packets of their own.
    at_once: bool,
}

impl Doubles {
    /// Holds packets back, or with `at_once` only marks their copies.
    pub const fn new(at_once: bool) -> Self {
        Self {
            latest: VecDeque::new(),
            at_once,
        }
    }

    /// Takes the next packet, and gives one that is complete.
    pub fn push(&mut self, mut arrow: Arrow) -> Option<Arrow> {
        let mut latest = self.latest.iter_mut().rev();
        let original = latest.find(|other| other.is_copied_by(&arrow));
        if self.at_once {
            if let Some(original) = original {
                arrow.marks = vec![Mark::CapturedTwice(original.frame)];
                return Some(arrow);
            }
            if self.latest.len() >= LOOK_BACK {
                self.latest.pop_front();
            }
            self.latest.push_back(arrow.clone());
            return Some(arrow);
        }
        if let Some(original) = original {
            original.copies = original.copies.saturating_add(1);
            return None;
        }
        self.latest.push_back(arrow);
        if self.latest.len() > LOOK_BACK {
            return self.latest.pop_front();
        }
        None
    }

    /// Gives one that is left.
    pub fn finish(&mut self) -> Option<Arrow> {
        if self.at_once {
            return None;
        }
        self.latest.pop_front()
    }
}
