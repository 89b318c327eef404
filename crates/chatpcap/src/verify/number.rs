//! Right numbers in a wrong form: octets from the wrong end, digits in the wrong base, a digit amiss.

use super::slip::Slip;

/// Digits of a number in which a single wrong one is a typing error, and not another number.
const MIN_DIGITS: usize = 4;

/// Which form of `right` somebody typed, and a sentence about it. `bits` is the width of the field.
pub(super) fn form(typed: i128, right: u64, bits: u32) -> Option<(Slip, String)> {
    let wide = i128::from(right);
    let range = 1_i128 << bits;
    let hexadecimal = format!("{right:x}");
    let decimal = right.to_string();
    if typed < 0 && typed + range == wide {
        let text = format!("{typed} is the same {bits} bits read as a number with a sign");
        return Some((Slip::Signed, text));
    }
    if typed == -wide {
        return Some((
            Slip::Signed,
            format!("{typed} is the number with a minus before it"),
        ));
    }
    if typed != wide && turned(right, bits).contains(&typed) {
        let text = format!("{typed} has the octets of the number ({hexadecimal}) in another order");
        return Some((Slip::ByteOrder, text));
    }
    if hexadecimal != decimal {
        if hexadecimal.parse() == Ok(typed) {
            let text = format!("{typed} has the hexadecimal digits of the number, 0x{hexadecimal}");
            return Some((Slip::HexadecimalAsDecimal, text));
        }
        if i128::from_str_radix(&decimal, 16) == Ok(typed) {
            let text = format!("{typed} is 0x{decimal}: the decimal digits behind `0x`");
            return Some((Slip::DecimalAsHexadecimal, text));
        }
    }
    None
}

/// Whether the number is one more or less, or has a digit amiss; and whether the field can hold it.
pub(super) fn near(typed: i128, right: u64, bits: u32) -> Option<(Slip, String)> {
    let wide = i128::from(right);
    if typed == wide + 1 || typed == wide - 1 {
        let more = if typed > wide { "more" } else { "less" };
        return Some((
            Slip::OffByOne,
            format!("{typed} is one {more} than the number"),
        ));
    }
    let (a, b) = (typed.to_string(), right.to_string());
    if b.len() >= MIN_DIGITS && strsim::osa_distance(&a, &b) == 1 {
        let text = format!("{typed} is but for one digit, or two changed over, the number");
        return Some((Slip::TypingSlip, text));
    }
    if typed < 0 {
        return Some((
            Slip::Signed,
            format!("{typed} is negative, and the field has no sign"),
        ));
    }
    if typed >= 1_i128 << bits {
        let text = format!("{typed} does not fit into a field of {bits} bits");
        return Some((Slip::OutOfRange, text));
    }
    None
}

/// The numbers that the octets of a field make in other orders.
fn turned(right: u64, bits: u32) -> Vec<i128> {
    let wide = u32::try_from(right).unwrap_or(u32::MAX);
    let low = u16::try_from(right).ok();
    let of_16 = low.map(|low| i128::from(low.swap_bytes()));
    if bits == 16 {
        return of_16.into_iter().collect();
    }
    // From the last octet to the first; the two halves changed over; each half from its end.
    let orders = [
        wide.swap_bytes(),
        wide.rotate_left(16),
        wide.swap_bytes().rotate_left(16),
    ];
    orders.map(i128::from).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_number() {
        let right = 0x9a26_9252;
        for (typed, slip) in [
            (i128::from(right) - (1 << 32), Slip::Signed),
            (-i128::from(right), Slip::Signed),
            (0x5292_269a, Slip::ByteOrder),
            (0x9252_9a26, Slip::ByteOrder),
            (0x269a_5292, Slip::ByteOrder),
            (0x0025_8621_9090, Slip::DecimalAsHexadecimal),
        ] {
            assert_eq!(
                form(typed, right, 32).map(|found| found.0),
                Some(slip),
                "{typed}"
            );
        }
        assert_eq!(form(i128::from(right), right, 32), None);
        let digits = form(41_269_252, 0x4126_9252, 32).map(|found| found.0);
        assert_eq!(digits, Some(Slip::HexadecimalAsDecimal));
        // One digit is the same in both bases, and one octet has no order.
        assert_eq!(form(4, 4, 16), None);
        assert_eq!(form(17, 0x1111, 8), None);
    }

    #[test]
    fn near_misses() {
        for (typed, slip) in [
            (1_488_523_288, Some(Slip::OffByOne)),
            (1_488_523_286, Some(Slip::OffByOne)),
            (1_488_523_278, Some(Slip::TypingSlip)),
            (148_852_328, Some(Slip::TypingSlip)),
            (14_885_232_287, Some(Slip::TypingSlip)),
            (1_499_523_287, None),
            (-5, Some(Slip::Signed)),
            (1 << 32, Some(Slip::OutOfRange)),
        ] {
            let found = near(typed, 1_488_523_287, 32).map(|found| found.0);
            assert_eq!(found, slip, "{typed}");
        }
        assert_eq!(near(3, 17, 8).map(|found| found.0), None);
    }
}
