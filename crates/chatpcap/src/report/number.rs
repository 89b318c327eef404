//! Numbers as people read them.

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 packet`, `1,000 packets`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// How many there are of something, as a number to print.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// An interval in seconds with `precision` decimal digits (cut, not rounded): `-0.000071`.
pub(crate) fn seconds(nanoseconds: i64, precision: u8) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    let (whole, fraction) = (magnitude / 1_000_000_000, magnitude % 1_000_000_000);
    let digits = precision.min(9);
    if digits == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = fraction / 10_u64.pow(u32::from(9 - digits));
    let width = usize::from(digits);
    format!("{sign}{whole}.{fraction:0width$}")
}

/// An interval in the unit that suits it, in letters that every terminal has: `9 us`, `1.25 ms`, `2 s`.
pub(crate) fn short_time(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    let (thousandths, unit) = match magnitude {
        0..1_000_000 => (magnitude, "us"),
        1_000_000..1_000_000_000 => (magnitude / 1000, "ms"),
        _ => (magnitude / 1_000_000, "s"),
    };
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    let rest = format!("{rest:03}");
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{rest} {unit}")
}

/// Octets as hexadecimal digits: `58b91457`.
pub(super) fn hex(octets: &[u8]) -> String {
    let mut digits = String::with_capacity(octets.len() * 2);
    for octet in octets {
        push_hex(&mut digits, *octet);
    }
    digits
}

/// The two digits of an octet. Formatting would take ten times as long, and flows are long.
pub(super) fn push_hex(out: &mut String, octet: u8) {
    let digits = [octet >> 4, octet & 0x0f];
    out.extend(
        digits
            .iter()
            .filter_map(|digit| char::from_digit((*digit).into(), 16)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "packet"), "1 packet");
        assert_eq!(seconds(71_000, 6), "0.000071");
        assert_eq!(seconds(-1_500_000_000, 3), "-1.500");
        assert_eq!(seconds(i64::MIN, 9), "-9223372036.854775808");
        for (nanoseconds, text) in [
            (0, "0 us"),
            (9_000, "9 us"),
            (9_123, "9.123 us"),
            (-1_250_000, "-1.25 ms"),
            (2_000_000_000, "2 s"),
            (i64::MIN, "-9223372036.854 s"),
        ] {
            assert_eq!(short_time(nanoseconds), text);
        }
        assert_eq!(hex(&[0x58, 0xb9]), "58b9");
    }
}
