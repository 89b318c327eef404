//! Octets as base64 inside JSON and SCRAM messages, and the one MAC that everything uses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Octets that are written as base64 with padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl TryFrom<String> for Base64 {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        decode(&text).map(Self)
    }
}

impl From<Base64> for String {
    fn from(octets: Base64) -> Self {
        encode(&octets.0)
    }
}

pub(crate) fn encode(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    STANDARD.decode(text)
}

/// HMAC-SHA-256 over several pieces as if they were one.
pub(crate) fn hmac(key: &[u8; 32], pieces: &[&[u8]]) -> [u8; 32] {
    // RFC 2104: a key shorter than the block is filled with zeros. Done here, it cannot fail.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}
