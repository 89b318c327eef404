//! What happened in a connection, in one word.

use arrayvec::ArrayString;

use crate::flow::{Analysis, Direction};
use crate::packet::Flags;

/// Kinds of events; each is told once a direction.
const KINDS: usize = 10;

/// What happened in a connection, a letter an event in the order of the first such event, as Zeek
/// writes `history` in its `conn.log`: upper case by who opened the connection, lower case by the
/// other.
///
/// | letter | event |
/// |---|---|
/// | `S` | SYN |
/// | `H` | SYN-ACK |
/// | `A` | acknowledgment and nothing else |
/// | `D` | data |
/// | `F` | FIN |
/// | `R` | RST |
/// | `T` | data, SYN or FIN sent again |
/// | `W` | receive window closed |
/// | `G` | octets that are acknowledged and not in the capture; the letter is their sender's |
/// | `Q` | SYN together with FIN or RST |
///
/// Zeek repeats `T`, `W` and `G` at the tenth and the hundredth time; here each letter comes once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Upper case for the flow's forward direction.
    letters: ArrayString<{ 2 * KINDS }>,
}

impl History {
    pub(super) fn add(
        &mut self,
        direction: Direction,
        analysis: &Analysis,
        flags: Flags,
        has_payload: bool,
    ) {
        let (syn, fin) = (flags.has(Flags::SYN), flags.has(Flags::FIN));
        let rst = flags.has(Flags::RST);
        let is_bare = !syn && !fin && !rst && !has_payload;
        let events = [
            (syn && (fin || rst), 'Q'),
            (flags.is_syn(), 'S'),
            (flags.is_syn_ack(), 'H'),
            (is_bare && flags.has(Flags::ACK), 'A'),
            (has_payload, 'D'),
            (fin, 'F'),
            (rst, 'R'),
            (analysis.retransmission, 'T'),
            (analysis.zero_window, 'W'),
        ];
        for (_, letter) in events.iter().filter(|(happens, _)| *happens) {
            self.push(direction, *letter);
        }
        if analysis.ack_lost_segment {
            self.push(direction.reverse(), 'G');
        }
    }

    fn push(&mut self, direction: Direction, letter: char) {
        let letter = match direction {
            Direction::Forward => letter,
            Direction::Backward => letter.to_ascii_lowercase(),
        };
        // Letters are ASCII, and there is room for every one.
        let is_there = |octet: u8| u32::from(octet) == u32::from(letter);
        if !self.letters.bytes().any(is_there) && !self.letters.is_full() {
            self.letters.push(letter);
        }
    }

    /// The word, where packets of this direction are those of who opened the connection.
    pub fn word(&self, initiator: Direction) -> String {
        match initiator {
            Direction::Forward => self.letters.to_string(),
            Direction::Backward => {
                let turned = |letter: char| {
                    if letter.is_ascii_uppercase() {
                        letter.to_ascii_lowercase()
                    } else {
                        letter.to_ascii_uppercase()
                    }
                };
                self.letters.chars().map(turned).collect()
            }
        }
    }
}
