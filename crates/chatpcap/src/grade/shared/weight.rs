//! How much a shared mark weighs.

use crate::grade::mark::Kind;

/// A pair is shown if chance makes one in so many classes (as a power of two: 16 million) ...
const RARE_CLASS: u32 = 24;
/// ... and however small the class, only with so many bits.
const LEAST_BITS: u32 = 40;
/// What one kind may weigh in one flow: beyond, the model is trusted less than the numbers.
const MOST_BITS: u32 = 32;
/// The same for pauses, where every pause is chosen anew.
const MOST_PAUSE_BITS: u32 = 96;
/// Bits that suffice where all are of one kind: a system may choose the numbers of one kind worse
/// than the model says.
const ONE_KIND: u32 = 80;

/// How much shared marks weigh in a class, in bits: n bits are a chance of one in 2^n.
///
/// 1. A mark has the bits that chance chose when its value came about ([`Kind`]).
/// 2. Two hand-ins with a and b marks of the kind have a·b chances to match: log2(a·b) bits less.
/// 3. A value that f hand-ins of the class have is that much less rare: log2(f-1) bits less.
/// 4. Marks of one kind in one pair of flows depend on one another (the next sequence number follows
///    from the last): the best of them counts, and no more than 32 bits. Pauses do not: each further
///    one has 12 bits, up to 96.
/// 5. The sum over kinds and pairs of flows must be 40 bits, more in a class of more than 300: 24
///    bits above the number of pairs. It must come from two kinds at least, or be 80 bits.
///
/// So two independent runs are shown in one of 16 million classes.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    /// Bits that make a pair worth a look.
    least: u32,
}

impl Weights {
    /// The weights in a class of so many hand-ins.
    pub const fn new(hand_ins: usize) -> Self {
        let pairs = hand_ins.saturating_mul(hand_ins) / 2;
        let least = RARE_CLASS + log2(pairs);
        Self {
            least: if least > LEAST_BITS {
                least
            } else {
                LEAST_BITS
            },
        }
    }

    /// Bits that make a pair worth a look.
    pub const fn least(&self) -> u32 {
        self.least
    }

    /// Whether so many bits, of so many kinds, are worth a look.
    pub(super) const fn suffices(self, bits: u32, kinds: usize) -> bool {
        bits >= self.least && (kinds > 1 || bits >= ONE_KIND)
    }
}

/// What marks of one kind weigh that two flows share, of hand-ins with so many marks of that kind:
/// the best has `bits` and `holders` in the class, and there are `count` of them.
pub(super) fn weight(kind: Kind, bits: u8, count: usize, holders: usize, tries: [usize; 2]) -> u32 {
    let (bits, most) = if kind == Kind::Pauses {
        // A mark is two pauses, and one of them is the next mark's too.
        let each = u32::from(bits) / 2;
        let pauses = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        (each.saturating_mul(pauses), MOST_PAUSE_BITS)
    } else {
        (bits.into(), MOST_BITS)
    };
    let [one, other] = tries;
    let less = log2(one.saturating_mul(other)) + log2(holders.saturating_sub(1));
    bits.saturating_sub(less).min(most)
}

/// The logarithm to base 2, rounded up; of 0 as of 1.
const fn log2(number: usize) -> u32 {
    match number {
        0 | 1 => 0,
        more => (more - 1).ilog2() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_matches_of_short_numbers_do_not_suffice() {
        // Two ports, three DNS questions a hand-in: as much as chance may give at once.
        let weights = Weights::new(300);
        assert_eq!(weights.least(), 40);
        let port = weight(Kind::Port, 14, 1, 2, [2, 2]);
        let dns = weight(Kind::Dns, 31, 1, 2, [3, 3]);
        assert_eq!((port, dns), (12, 27));
        assert!(!weights.suffices(port + dns, 2));
    }

    #[test]
    fn one_connection_suffices() {
        let weights = Weights::new(300);
        let sequence = weight(Kind::Sequence, 64, 20, 2, [60, 60]);
        let timestamps = weight(Kind::Timestamps, 64, 20, 2, [60, 60]);
        assert_eq!((sequence, timestamps), (32, 32));
        assert!(!weights.suffices(sequence, 1));
        assert!(weights.suffices(sequence + timestamps, 2));
    }

    #[test]
    fn the_larger_the_class_the_more_is_asked_for() {
        let least = [2, 300, 10_000].map(|hand_ins| Weights::new(hand_ins).least());
        assert_eq!(least, [40, 40, 50]);
    }

    #[test]
    fn what_more_hand_ins_have_weighs_less() {
        let weigh = |holders| weight(Kind::Identification, 32, 1, holders, [8, 8]);
        assert_eq!([2, 3, 5, 30].map(weigh), [26, 25, 24, 21]);
    }
}
