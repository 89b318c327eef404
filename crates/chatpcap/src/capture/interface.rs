//! The interfaces that a pcapng file describes, and the time as each keeps it.

use super::octets::ByteOrder;
use super::{LinkType, Timestamp};

const END_OF_OPTIONS: u16 = 0;
const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;

/// What frames of an interface need to know of it: 32 octets, whatever its description said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Interface {
    pub(super) link_type: LinkType,
    /// The most octets of a frame that were captured, 0 for all.
    pub(super) snap_length: u32,
    /// Seconds to add to every time.
    offset: i64,
    resolution: Resolution,
}

/// The unit of an interface's timestamps: a second divided by a power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Resolution {
    /// A second divided by ten to this power, 0 to 127.
    Decimal(u8),
    /// A second divided by two to this power, 0 to 127.
    Binary(u8),
}

impl Interface {
    /// The least length of a description's body.
    pub(super) const LENGTH: usize = 8;

    /// Reads the body of an interface description block; the flag tells whether its options exceed it.
    ///
    /// # Source
    /// draft-ietf-opsawg-pcapng §4.2
    pub(super) fn parse(order: ByteOrder, body: &[u8]) -> Option<(Self, bool)> {
        let link_type = LinkType::from_field(u32::from(order.u16(body, 0)?));
        let snap_length = order.u32(body, 4)?;
        let mut interface = Self {
            link_type,
            snap_length,
            offset: 0,
            resolution: Resolution::Decimal(6),
        };
        let complete = options(order, body.get(Self::LENGTH..)?, |code, value| {
            match (code, value) {
                (RESOLUTION, &[power]) => {
                    interface.resolution = match power & 0x7f {
                        power_of_two if power & 0x80 != 0 => Resolution::Binary(power_of_two),
                        power_of_ten => Resolution::Decimal(power_of_ten),
                    };
                }
                (OFFSET, value) if value.len() == 8 => {
                    interface.offset = order.u64(value, 0).unwrap_or_default().cast_signed();
                }
                _ => {}
            }
        });
        Some((interface, !complete))
    }

    /// The time that a frame's count of units stands for.
    pub(super) fn timestamp(&self, units: u64) -> Timestamp {
        const NANOSECONDS: u128 = 1_000_000_000;
        let (seconds, nanoseconds) = match self.resolution {
            // What nearly all captures have: division by a constant.
            Resolution::Decimal(6) => (units / 1_000_000, units % 1_000_000 * 1000),
            Resolution::Decimal(9) => (units / 1_000_000_000, units % 1_000_000_000),
            Resolution::Decimal(power) => match 10_u128.checked_pow(u32::from(power)) {
                Some(unit) => divided(u128::from(units), unit),
                None => (0, 0),
            },
            Resolution::Binary(power) => {
                let (units, power) = (u128::from(units), u32::from(power));
                let seconds = units >> power;
                let fraction = units - (seconds << power);
                (narrow(seconds), narrow((fraction * NANOSECONDS) >> power))
            }
        };
        let seconds = i64::try_from(seconds)
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset);
        // Less than a second, so it fits.
        Timestamp::new(seconds, u32::try_from(nanoseconds).unwrap_or_default())
    }

    /// Decimal digits of a second that tell all units apart, at most 9.
    pub(super) fn precision(&self) -> u8 {
        match self.resolution {
            Resolution::Decimal(power) => power.min(9),
            // 2^power units need the digits of 10^digits >= 2^power.
            Resolution::Binary(power) => {
                let units = 1_u128.checked_shl(u32::from(power)).unwrap_or(u128::MAX);
                (0..9)
                    .find(|&digits| 10_u128.pow(u32::from(digits)) >= units)
                    .unwrap_or(9)
            }
        }
    }
}

/// Seconds and nanoseconds from `units` of which a second has `unit`.
fn divided(units: u128, unit: u128) -> (u64, u64) {
    let seconds = units / unit;
    let fraction = units % unit;
    // Exact for all powers of ten: the one is a divisor of the other.
    let nanoseconds = match 1_000_000_000_u128.checked_rem(unit) {
        Some(0) => fraction * (1_000_000_000 / unit),
        _ => fraction / (unit / 1_000_000_000),
    };
    (narrow(seconds), narrow(nanoseconds))
}

fn narrow(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// Gives each option to `each`; false if one exceeds the octets. Options may end without a mark.
pub(super) fn options(
    order: ByteOrder,
    mut octets: &[u8],
    mut each: impl FnMut(u16, &[u8]),
) -> bool {
    while let (Some(code), Some(length)) = (order.u16(octets, 0), order.u16(octets, 2)) {
        if code == END_OF_OPTIONS {
            return true;
        }
        let length = usize::from(length);
        let Some(value) = octets.get(4..length.saturating_add(4)) else {
            return false;
        };
        each(code, value);
        octets = octets
            .get(length.next_multiple_of(4).saturating_add(4)..)
            .unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(options: &[u8]) -> (Interface, bool) {
        let mut body = vec![1, 0, 0, 0, 0, 0, 0, 0];
        body.extend_from_slice(options);
        Interface::parse(ByteOrder::Little, &body).unwrap()
    }

    #[test]
    fn resolutions() {
        const UNITS: u64 = (1 << 63) + 12_345_678_901_234_567;
        let check = |resolution: u8, precision, seconds, nanoseconds| {
            let (interface, bad) = interface(&[9, 0, 1, 0, resolution, 0, 0, 0]);
            assert!(!bad);
            let expected = Timestamp::new(seconds, nanoseconds);
            assert_eq!(
                interface.timestamp(UNITS),
                expected,
                "resolution {resolution:#x}"
            );
            assert_eq!(
                interface.precision(),
                precision,
                "resolution {resolution:#x}"
            );
        };
        // Wireshark wraps into the past here; both are nonsense.
        check(0, 0, i64::MAX, 0);
        check(3, 3, 9_235_717_715_756_010, 375_000_000);
        check(6, 6, 9_235_717_715_756, 10_375_000);
        check(9, 9, 9_235_717_715, 756_010_375);
        check(10, 9, 923_571_771, 575_601_037);
        check(12, 9, 9_235_717, 715_756_010);
        check(18, 9, 9, 235_717_715);
        check(19, 9, 0, 923_571_771);
        check(20, 9, 0, 92_357_177);
        check(38, 9, 0, 0);
        check(39, 9, 0, 0);
        check(127, 9, 0, 0);
        check(0x80, 0, i64::MAX, 0);
        check(0x81, 1, 4_617_858_857_878_005_187, 500_000_000);
        check(0x8a, 4, 9_019_255_581_792_978, 881_835_937);
        check(0xa0, 9, 2_150_358_100, 364_918_442);
        check(0xbf, 9, 1, 1_338_521);
        check(0xc0, 9, 0, 500_669_260);
        check(0xff, 9, 0, 0);
    }

    #[test]
    fn offset_and_bad_options() {
        let mut options = vec![14, 0, 8, 0];
        options.extend_from_slice(&(-100_i64).to_le_bytes());
        let (after, bad) = interface(&options);
        assert_eq!(
            (after.timestamp(5_000_001), bad),
            (Timestamp::new(-95, 1000), false)
        );

        options.extend_from_slice(&[9, 0, 200, 0]);
        let (after, bad) = interface(&options);
        assert_eq!(
            (after.timestamp(5_000_001), bad),
            (Timestamp::new(-95, 1000), true)
        );

        // A resolution of two octets is none.
        let (after, bad) = interface(&[9, 0, 2, 0, 9, 0, 0, 0]);
        assert_eq!(
            (after.timestamp(5_000_001), bad),
            (Timestamp::new(5, 1000), false)
        );
    }
}
