//! X25519 keys: a user's for private messages, and the passing ones of a registration.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

/// The half of an X25519 key pair that stays with its owner.
///
/// Made from 32 random octets, new for each session (private messages) or each registration.
/// It is wiped when dropped and never printed.
#[derive(Clone)]
pub struct SecretKey(StaticSecret);

/// The half of an X25519 key pair that others may see: 43 characters of base64 without padding.
///
/// # Source
/// RFC 7748 §6.1
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

/// Why a key is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is not base64 (standard alphabet, no padding) of 32 octets.
    #[error("key is not 43 characters of base64 without padding")]
    Form,
    /// The other side's key is one of the few with which every secret gives the same agreement.
    #[error("key is of low order and would make the agreement known to everybody")]
    LowOrder,
}

impl SecretKey {
    /// A key of 32 random octets.
    pub fn from_random(octets: [u8; 32]) -> Self {
        Self(StaticSecret::from(octets))
    }

    /// The half that others may see.
    pub fn public(&self) -> PublicKey {
        PublicKey(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// The agreement with another's public key.
    pub(crate) fn agree(&self, other: &PublicKey) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let shared = self
            .0
            .diffie_hellman(&x25519_dalek::PublicKey::from(other.0));
        if shared.was_contributory() {
            Ok(Zeroizing::new(shared.to_bytes()))
        } else {
            Err(KeyError::LowOrder)
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl PublicKey {
    /// A key from its octets.
    pub fn from_bytes(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The key's octets.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let octets = STANDARD_NO_PAD.decode(text).map_err(|_| KeyError::Form)?;
        Ok(Self(octets.try_into().map_err(|_| KeyError::Form)?))
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> [u8; 32] {
        let mut octets = [0; 32];
        for (octet, pair) in octets.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *octet = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        }
        octets
    }

    #[test]
    fn the_vectors_of_rfc_7748_hold() {
        let alice = SecretKey::from_random(octets(
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
        ));
        let bob = SecretKey::from_random(octets(
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        ));
        let shared = octets("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        assert_eq!(*alice.agree(&bob.public()).unwrap(), shared);
        assert_eq!(*bob.agree(&alice.public()).unwrap(), shared);
    }

    #[test]
    fn a_key_of_low_order_is_refused() {
        let secret = SecretKey::from_random([7; 32]);
        assert_eq!(
            secret.agree(&PublicKey::from_bytes([0; 32])),
            Err(KeyError::LowOrder)
        );
    }

    #[test]
    fn the_text_form_is_checked() {
        let key = SecretKey::from_random([7; 32]).public();
        let text = key.to_string();
        assert_eq!(text.len(), 43);
        assert_eq!(PublicKey::try_from(text.clone()), Ok(key));
        assert_eq!(
            PublicKey::try_from(text.replacen(char::is_alphanumeric, "", 1)),
            Err(KeyError::Form)
        );
        assert_eq!(PublicKey::try_from(format!("{text}=")), Err(KeyError::Form));
    }
}
