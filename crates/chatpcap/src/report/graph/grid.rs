//! Where the columns of a picture of a flow graph stand, in pixels.

use unicode_width::UnicodeWidthStr;

use super::columns::widest_word;
use super::script::Script;
use super::widths::Widths;

/// A column of a terminal's font. Browsers' fonts of fixed width take 0.55 to 0.62 of their size of 13.
pub(super) const CELL: usize = 8;
/// From line to line.
pub(super) const LINE: usize = 17;
/// From a line's top to its baseline.
pub(super) const BASE: usize = 14;
/// Around the picture.
pub(super) const PAD: usize = 12;

/// Cells from one host's line to the next: wide enough for an arrow, and not so wide that it is hard to
/// follow.
const GAP: [usize; 2] = [15, 24];
/// Cells of the words beside the arrows.
const ROOM: [usize; 2] = [26, 44];
/// A wider picture cannot be read on a screen: its rows name their hosts.
const MAX_WIDTH: usize = 1600;
/// Cells of frame numbers in columns: where more captures take more, rows have them in words.
const NUMBERS: usize = 40;

/// Where the columns stand.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// The right edges of the frame numbers; none where they are in words.
    pub(super) frames: Vec<usize>,
    /// The right edge of the times.
    pub(super) time: usize,
    /// The first host's line.
    first: usize,
    /// From one host's line to the next.
    pub(super) gap: usize,
    /// Cells of the names in a host's box.
    pub(super) names: usize,
    /// Whether rows name their hosts, for there are too many.
    pub(super) is_list: bool,
    /// Where the arrows of a list begin and end.
    pub(super) ends: [usize; 2],
    /// Where the words beside the arrows begin.
    pub(super) text: usize,
    /// Cells of these words.
    pub(super) room: usize,
    /// Of all.
    pub(super) width: usize,
}

impl Grid {
    /// The columns of this script.
    pub(super) fn new(script: &Script, widths: &Widths) -> Self {
        let mut x = PAD;
        let mut numbers = widths.frames.as_slice();
        if numbers.iter().sum::<usize>() > NUMBERS {
            numbers = &[];
        }
        let frames = numbers.iter().map(|&width| {
            x += width * CELL;
            let right = x;
            x += 2 * CELL;
            right
        });
        let frames: Vec<usize> = frames.collect();
        let time = x + widths.time.max(script.clock.width()) * CELL;
        let left = time + 2 * CELL;
        let room = widths.detail.max(widths.said).clamp(ROOM[0], ROOM[1]);
        let gaps = script.nodes.len().saturating_sub(1);
        let names = widest_word(&script.nodes);
        let label = widths.label + 4;
        let wide = label.max(names + 4).clamp(GAP[0], GAP[1]) * CELL;
        // Many hosts stand closer.
        let fixed = left + (4 + room) * CELL + PAD;
        let fitting = MAX_WIDTH
            .saturating_sub(fixed)
            .checked_div(gaps)
            .unwrap_or(wide);
        let gap = wide.min(fitting.max(GAP[0] * CELL));
        let names = (gap / CELL).saturating_sub(4);
        let half = (names + 2) * CELL / 2;
        let first = left.max(PAD + half);
        let last = first + gaps * gap;
        let text = match gaps {
            // Beside the loop of a packet to its own sender.
            0 => last + (label + 4) * CELL,
            _ => last + 2 * CELL,
        };
        let width = (text + room * CELL).max(last + half) + PAD;
        let mut grid = Self {
            frames,
            time,
            first,
            gap,
            names,
            is_list: width > MAX_WIDTH || script.nodes.is_empty(),
            ends: [first, last],
            text,
            room,
            width,
        };
        if grid.is_list {
            let addresses = script.nodes.iter().map(|node| node.address.width());
            let address = addresses.max().unwrap_or(0);
            let from = left + (address + 1) * CELL;
            let to = from + label * CELL;
            grid.ends = [from, to];
            grid.first = left;
            grid.text = to + (address + 3) * CELL;
            grid.width = grid.text + room * CELL + PAD;
        }
        grid
    }

    /// Where a host's line stands.
    pub(super) fn x(&self, node: usize) -> usize {
        self.first + node * self.gap
    }
}
