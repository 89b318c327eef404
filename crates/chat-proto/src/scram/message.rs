//! The attributes of SCRAM messages: `letter=value`, separated by commas.

use super::ScramError;

/// Reads a message's attributes in their order.
pub(super) struct Attributes<'a> {
    rest: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(message: &'a str) -> Self {
        Self {
            rest: Some(message),
        }
    }

    /// The value of the next attribute, which must be `letter`.
    pub(super) fn take(&mut self, letter: char) -> Result<&'a str, ScramError> {
        let rest = self.rest.ok_or(ScramError::Malformed {
            what: "an attribute is missing",
        })?;
        let (attribute, rest) = match rest.split_once(',') {
            Some((attribute, rest)) => (attribute, Some(rest)),
            None => (rest, None),
        };
        // RFC 5802 §5.1: "m" is for extensions that must be understood.
        if attribute.starts_with("m=") {
            return Err(ScramError::Unsupported { what: "extension" });
        }
        let value = attribute
            .strip_prefix(letter)
            .and_then(|value| value.strip_prefix('='))
            .ok_or(ScramError::Malformed {
                what: "an attribute is not the expected one",
            })?;
        self.rest = rest;
        Ok(value)
    }
}

/// A nonce as text: base64 has no comma, as RFC 5802 §5.1 asks.
pub(super) fn nonce(random: [u8; 18]) -> String {
    crate::bytes::encode(&random)
}

/// Whether a text can be a nonce: printable ASCII without commas.
pub(super) fn is_nonce(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b',')
}

/// Octets of a fixed length from base64.
pub(super) fn octets<const N: usize>(
    text: &str,
    what: &'static str,
) -> Result<[u8; N], ScramError> {
    crate::bytes::decode(text)
        .ok()
        .and_then(|octets| octets.try_into().ok())
        .ok_or(ScramError::Malformed { what })
}

/// Adds the octets of one key to another's, as SCRAM does to make and undo a proof.
pub(super) fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut sum = *a;
    for (sum, b) in sum.iter_mut().zip(b) {
        *sum ^= b;
    }
    sum
}
