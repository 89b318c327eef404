//! Which private messages were already shown.

/// Remembers the numbers of the messages that arrived under one [`PairKey`](crate::PairKey).
///
/// Numbers may arrive in any order within the last 64; older ones are refused. A new key (either
/// side logged in anew) begins with a new window: old datagrams fail under the new key, so nothing
/// can be replayed across sessions.
///
/// # Source
/// RFC 4303 §3.4.3, the same sliding window
#[derive(Debug, Clone, Default)]
pub struct ReplayWindow {
    newest: u64,
    seen: u64,
}

/// What a message's number tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Not seen before: show it and acknowledge it.
    Fresh,
    /// Seen before, the acknowledgement may have been lost: acknowledge it again, don't show it.
    Repeated,
    /// Too old to tell, or 0, which no message has: ignore it.
    Stale,
}

impl ReplayWindow {
    /// A window that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes the number of a message that was verified. Never call it before verifying.
    pub fn note(&mut self, id: u64) -> Freshness {
        if id == 0 {
            return Freshness::Stale;
        }
        if id > self.newest {
            let ahead = id.abs_diff(self.newest);
            self.seen = if ahead < 64 { self.seen << ahead } else { 0 };
            self.seen |= 1;
            self.newest = id;
            return Freshness::Fresh;
        }
        let behind = self.newest.abs_diff(id);
        if behind >= 64 {
            return Freshness::Stale;
        }
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return Freshness::Repeated;
        }
        self.seen |= bit;
        Freshness::Fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Freshness::{Fresh, Repeated, Stale};

    #[test]
    fn each_number_is_fresh_once() {
        let mut window = ReplayWindow::new();
        let cases = [
            (0, Stale),
            (1, Fresh),
            (1, Repeated),
            (3, Fresh),
            (2, Fresh),
            (2, Repeated),
            (66, Fresh),
            (3, Repeated),
            (2, Stale),
            (4, Fresh),
            (u64::MAX, Fresh),
            (u64::MAX, Repeated),
            (66, Stale),
        ];
        for (id, expected) in cases {
            assert_eq!(window.note(id), expected, "{id}");
        }
    }
}
