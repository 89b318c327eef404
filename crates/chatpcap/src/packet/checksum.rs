//! The Internet checksum.
//!
//! Source: RFC 1071.

/// The ones' complement sum of `octets` in words of two, folded into 16 bits. Over a header or message
/// with its own checksum in place it is 0xffff where the checksum is right.
pub fn sum(octets: &[u8]) -> u16 {
    let (words, rest) = octets.as_chunks::<2>();
    let whole: u64 = words
        .iter()
        .map(|word| u64::from(u16::from_be_bytes(*word)))
        .sum();
    let last = rest.first().map_or(0, |octet| u64::from(*octet) << 8);
    let mut sum = whole.saturating_add(last);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1071 §3.
    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(
            sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]),
            0xddf2
        );
        assert_eq!(sum(&[0xff]), 0xff00);
        assert_eq!(sum(&[]), 0);
    }
}
