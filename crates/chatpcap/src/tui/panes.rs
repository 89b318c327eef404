//! The panes, one below the other, and how many lines each has.

/// A part of the screen that has a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    Flows,
    Packets,
    Detail,
}

/// Columns and lines that the view needs.
pub(super) const MIN_SIZE: (u16, u16) = (60, 20);
/// Title and filter above the panes, keys below.
const AROUND: u16 = 3;
/// The fewest and most lines of the flows, with their title: the packets are what is looked at.
const FLOWS: (u16, u16) = (4, 12);

impl Pane {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Flows => Self::Packets,
            Self::Packets => Self::Detail,
            Self::Detail => Self::Flows,
        }
    }

    pub(super) const fn previous(self) -> Self {
        self.next().next()
    }
}

/// Lines of each pane on a screen of `height` lines, its title included.
pub(super) fn heights(height: u16, alone: Option<Pane>) -> [(Pane, u16); 3] {
    let all = height.saturating_sub(AROUND);
    let (flows, detail) = match alone {
        None => ((all / 4).clamp(FLOWS.0, FLOWS.1), all * 2 / 5),
        Some(Pane::Flows) => (all, 0),
        Some(Pane::Packets) => (0, 0),
        Some(Pane::Detail) => (0, all),
    };
    [
        (Pane::Flows, flows),
        (
            Pane::Packets,
            all.saturating_sub(flows).saturating_sub(detail),
        ),
        (Pane::Detail, detail),
    ]
}
