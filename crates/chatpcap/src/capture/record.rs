//! What the readers of the formats hand to the capture.

use std::ops::Range;

use super::{LinkType, Timestamp};

/// A frame whose octets are still a place in the window: readers loop, and a loop cannot lend.
pub(super) struct Record {
    pub(super) timestamp: Option<Timestamp>,
    pub(super) precision: u8,
    pub(super) interface: u32,
    pub(super) link_type: LinkType,
    /// Where in the window's buffer the captured octets stand.
    pub(super) octets: Range<usize>,
    pub(super) original_length: u32,
}

/// A time given as seconds and a fraction that may exceed a second, as broken captures have it.
pub(super) fn timestamp(seconds: u32, fraction: u32, nanoseconds: bool) -> Timestamp {
    if nanoseconds {
        return Timestamp::new(i64::from(seconds), fraction);
    }
    match fraction.checked_mul(1000) {
        Some(nanoseconds) => Timestamp::new(i64::from(seconds), nanoseconds),
        None => Timestamp::new(
            i64::from(seconds) + i64::from(fraction / 1_000_000),
            fraction % 1_000_000 * 1000,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_more_than_a_second_are_carried() {
        let check = |fraction, nanoseconds, expected: (i64, u32)| {
            let time = timestamp(5, fraction, nanoseconds);
            assert_eq!((time.seconds(), time.nanoseconds()), expected);
        };
        check(999_999, false, (5, 999_999_000));
        check(1_999_999, false, (6, 999_999_000));
        check(u32::MAX, false, (4299, 967_295_000));
        check(999_999_999, true, (5, 999_999_999));
        check(u32::MAX, true, (9, 294_967_295));
    }
}
