//! A registration sealed against every reader of the wire.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::bytes::Base64;
use crate::key::{KeyError, PublicKey, SecretKey};
use crate::name::UserName;
use crate::scram::Credentials;

const LABEL: &[u8] = b"chat registration 1";

/// Credentials on their way to the server, readable by nobody else.
///
/// Who reads a registration *and* a log-in could otherwise log in himself (RFC 5802 §9). Both keys
/// are used for one registration only, so that nobody can open it later either. It does not stop
/// one who alters traffic and answers in the server's place; against him there is TLS.
///
/// * agreement: X25519 of one side's secret and the other's public key, refused if of low order;
/// * key: HKDF-SHA-256 (salt `chat registration 1`, input the agreement, info the client's public
///   key, the server's public key and the name's octets), 32 octets;
/// * seal: ChaCha20-Poly1305 with a nonce of twelve zeros (the key is used once), the name as
///   associated data, over the salt (16), iterations (4, big-endian), `StoredKey` (32) and
///   `ServerKey` (32): 84 octets, 100 with the tag.
///
/// # Source
/// RFC 7748, RFC 5869, RFC 8439 §2.8
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRegistration {
    /// The client's passing public key.
    key: PublicKey,
    /// The sealed octets.
    sealed: Base64,
}

/// Why a registration cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The other side's key is of no use.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It was sealed with other keys, for another name, or altered.
    #[error("sealed registration does not open")]
    Opening,
    /// What was sealed is no salt of 16 octets, iterations and two keys.
    #[error("registration is not 84 octets: salt, iterations, stored key, server key")]
    Form,
}

impl SealedRegistration {
    /// Seals, at the client. `passing` is made of new random octets and used for nothing else.
    ///
    /// # Errors
    /// [`SealError::Key`] for a useless key, [`SealError::Form`] if the salt is not 16 octets.
    pub fn seal(
        passing: &SecretKey,
        server: &PublicKey,
        name: &UserName,
        credentials: &Credentials,
    ) -> Result<Self, SealError> {
        let key = passing.public();
        let cipher = cipher(passing, server, &key, server, name)?;
        let mut open = Zeroizing::new(Vec::with_capacity(84));
        if credentials.salt().len() != 16 {
            return Err(SealError::Form);
        }
        open.extend_from_slice(credentials.salt());
        open.extend_from_slice(&credentials.iterations().to_be_bytes());
        open.extend_from_slice(credentials.stored_key());
        open.extend_from_slice(credentials.server_key());
        let payload = Payload {
            msg: &open,
            aad: name.as_str().as_bytes(),
        };
        let sealed = cipher
            .encrypt(&Nonce::from([0; 12]), payload)
            .map_err(|_| SealError::Form)?;
        Ok(Self {
            key,
            sealed: Base64(sealed),
        })
    }

    /// Opens, at the server. `passing` is the secret of the key that it offered for this
    /// registration and no other.
    ///
    /// # Errors
    /// [`SealError`] if it does not open or has another form. A server checks the iterations
    /// itself: those that it asked for.
    pub fn open(&self, passing: &SecretKey, name: &UserName) -> Result<Credentials, SealError> {
        let cipher = cipher(passing, &self.key, &self.key, &passing.public(), name)?;
        let payload = Payload {
            msg: &self.sealed.0,
            aad: name.as_str().as_bytes(),
        };
        let open = cipher
            .decrypt(&Nonce::from([0; 12]), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealError::Opening)?;
        parse(&open).ok_or(SealError::Form)
    }
}

fn cipher(
    secret: &SecretKey,
    other: &PublicKey,
    client: &PublicKey,
    server: &PublicKey,
    name: &UserName,
) -> Result<ChaCha20Poly1305, SealError> {
    let agreement = secret.agree(other)?;
    let mut key = Zeroizing::new([0; 32]);
    let info: [&[u8]; 3] = [
        client.as_bytes(),
        server.as_bytes(),
        name.as_str().as_bytes(),
    ];
    Hkdf::<Sha256>::new(Some(LABEL), agreement.as_ref())
        .expand_multi_info(&info, key.as_mut())
        .map_err(|_| SealError::Form)?;
    Ok(ChaCha20Poly1305::new(&Key::from(*key)))
}

fn parse(open: &[u8]) -> Option<Credentials> {
    let (salt, rest) = open.split_first_chunk::<16>()?;
    let (iterations, rest) = rest.split_first_chunk::<4>()?;
    let (stored_key, rest) = rest.split_first_chunk::<32>()?;
    let server_key: &[u8; 32] = rest.try_into().ok()?;
    let iterations = u32::from_be_bytes(*iterations);
    Some(Credentials::from_parts(
        salt.to_vec(),
        iterations,
        *stored_key,
        *server_key,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scram::Password;

    #[test]
    fn only_the_server_opens_it_and_only_for_the_name() {
        let (client, server) = (
            SecretKey::from_random([1; 32]),
            SecretKey::from_random([2; 32]),
        );
        let name = UserName::new("alice").unwrap();
        let password = Password::new("correct horse").unwrap();
        let credentials = Credentials::derive(&password, &[3; 16], 4096);
        let sealed =
            SealedRegistration::seal(&client, &server.public(), &name, &credentials).unwrap();
        assert_eq!(sealed.sealed.0.len(), 100);
        assert_eq!(sealed.open(&server, &name), Ok(credentials.clone()));
        let other = UserName::new("bob").unwrap();
        assert_eq!(sealed.open(&server, &other), Err(SealError::Opening));
        assert_eq!(sealed.open(&client, &name), Err(SealError::Opening));
        let mut altered = sealed;
        altered.sealed.0[20] ^= 1;
        assert_eq!(altered.open(&server, &name), Err(SealError::Opening));
        let low = PublicKey::from_bytes([0; 32]);
        assert_eq!(
            SealedRegistration::seal(&client, &low, &name, &credentials),
            Err(SealError::Key(KeyError::LowOrder))
        );
    }
}
