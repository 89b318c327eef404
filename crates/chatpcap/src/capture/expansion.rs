//! How far a compressed capture may expand.

/// Octets that any capture may expand to: read in a second or two.
const UNSUSPICIOUS: u64 = 1 << 30;

/// How many times its size a capture may expand to beyond that. Captures shrink to a third, those of text to
/// a tenth; only what repeats itself for hundreds of octets shrinks to less than a two-hundredth. Deflate
/// ends at 1032, zstd at some ten thousands.
const RATIO: u64 = 200;

/// How far a compressed capture may expand.
///
/// Memory does not grow with it, but time does: some kilobytes may expand to terabytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Expansion {
    /// To 1 GiB, and beyond that to 200 times its size.
    #[default]
    Believable,
    /// To so many octets, whatever its size is.
    Octets(u64),
}

impl Expansion {
    /// Octets that any capture may expand to.
    pub const UNSUSPICIOUS: u64 = UNSUSPICIOUS;
    /// How many times its size a capture may expand to beyond that.
    pub const RATIO: u64 = RATIO;

    /// Whether so many octets may expand to so many.
    pub(super) const fn allows(self, compressed: u64, expanded: u64) -> bool {
        match self {
            Self::Believable => {
                expanded <= UNSUSPICIOUS || expanded <= compressed.saturating_mul(RATIO)
            }
            Self::Octets(most) => expanded <= most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_believed() {
        let believed = |compressed, expanded| Expansion::default().allows(compressed, expanded);
        assert!(believed(1000, 1 << 30));
        assert!(!believed(1000, (1 << 30) + 1));
        // 100 GB of a capture that compresses well.
        assert!(believed(1_000_000_000, 100_000_000_000));
        assert!(believed(500_000_001, 100_000_000_000));
        assert!(!believed(499_999_999, 100_000_000_000));
        assert!(Expansion::Octets(u64::MAX).allows(1, u64::MAX));
        assert!(!Expansion::Octets(5).allows(100, 6));
    }
}
