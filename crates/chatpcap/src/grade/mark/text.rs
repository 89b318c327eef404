//! Pieces of payload that read like random numbers.

/// Characters of such a piece: 22 of base64 hold the 128 bits of a nonce or a key.
const SHORTEST: usize = 22;
/// Digits, and letters, that it has at least: dates have fewer letters, words fewer digits.
const OF_EACH: usize = 4;

/// The pieces of a payload that read like random numbers: long, of letters and digits mixed, as
/// nonces and keys in base64 or hexadecimal are.
pub(super) fn random_pieces(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_part = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/_-=".contains(octet);
    payload
        .split(move |octet| !is_part(octet))
        .filter(|piece| piece.len() >= SHORTEST && is_random(piece))
}

fn is_random(piece: &[u8]) -> bool {
    let digits = piece.iter().filter(|octet| octet.is_ascii_digit()).count();
    let letters = piece
        .iter()
        .filter(|octet| octet.is_ascii_alphabetic())
        .count();
    // Letters and digits that take turns: `client1-to-client2` has them beside each other.
    let turns = piece
        .windows(2)
        .filter(|pair| pair.iter().filter(|octet| octet.is_ascii_digit()).count() == 1)
        .count();
    digits.min(letters) >= OF_EACH && turns >= OF_EACH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_and_keys_are_random_and_words_are_not() {
        let check = |payload: &str, expected: &[&str]| {
            let found: Vec<&str> = random_pieces(payload.as_bytes())
                .map(|piece| str::from_utf8(piece).unwrap())
                .collect();
            assert_eq!(found, expected, "{payload}");
        };
        check(
            r#"{"type":"login","nonce":"k3J9xQ2mVt8Zb1LrY7nW0A==","name":"alice"}"#,
            &["k3J9xQ2mVt8Zb1LrY7nW0A=="],
        );
        check(
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92",
            &["r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"],
        );
        check(
            "the quick brown fox jumps over the lazy dog 1234567890",
            &[],
        );
        check("2026-11-22T18:33:13.682971Z", &[]);
        check("message-number-1-from-client1-to-client2", &[]);
        check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &[]);
        check("", &[]);
    }
}
