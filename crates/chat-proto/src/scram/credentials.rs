//! Passwords, and what a server keeps of them.

use std::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::bytes::hmac;
use crate::name::UserName;

/// The fewest PBKDF2 iterations that a client accepts (RFC 7677 §4).
pub const MIN_ITERATIONS: u32 = 4096;

/// The most PBKDF2 iterations that a client accepts: a server cannot keep it busy for long.
pub const MAX_ITERATIONS: u32 = 2_000_000;

/// The shortest password for a new account, in characters.
pub const MIN_PASSWORD: usize = 8;

/// The longest password, in octets, before and after it is prepared.
const MAX_PASSWORD: usize = 1024;

/// A password, prepared with `SASLprep`; wiped when dropped and never printed.
///
/// # Source
/// RFC 4013
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a text is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Nothing is left of it.
    #[error("password is empty")]
    Empty,
    /// It has a character that no keyboard gives twice alike, such as a control character.
    #[error("password has a character that passwords cannot have")]
    Prohibited,
    /// It is too short for a new account.
    #[error("password is too short: at least {MIN_PASSWORD} characters, had {had}")]
    TooShort {
        /// How many characters it has.
        had: usize,
    },
    /// It is longer than anybody types.
    #[error("password is too long: at most {MAX_PASSWORD} octets")]
    TooLong,
}

impl Password {
    /// Prepares a password as typed.
    ///
    /// # Errors
    /// [`PasswordError`] if it is empty, too long, or `SASLprep` prohibits a character of it.
    pub fn new(typed: &str) -> Result<Self, PasswordError> {
        if typed.len() > MAX_PASSWORD {
            return Err(PasswordError::TooLong);
        }
        let prepared = stringprep::saslprep(typed).map_err(|_| PasswordError::Prohibited)?;
        match prepared.len() {
            0 => Err(PasswordError::Empty),
            length if length > MAX_PASSWORD => Err(PasswordError::TooLong),
            _ => Ok(Self(Zeroizing::new(prepared.into_owned()))),
        }
    }

    /// Whether a new account may have this password.
    ///
    /// # Errors
    /// [`PasswordError::TooShort`] below [`MIN_PASSWORD`] characters.
    pub fn check_new(&self) -> Result<(), PasswordError> {
        match self.0.chars().count() {
            had if had < MIN_PASSWORD => Err(PasswordError::TooShort { had }),
            _ => Ok(()),
        }
    }

    /// `SaltedPassword` of RFC 5802 §3: the slow step, on purpose.
    pub(super) fn stretch(&self, salt: &[u8], iterations: u32) -> Zeroizing<[u8; 32]> {
        let mut salted = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(self.0.as_bytes(), salt, iterations, salted.as_mut());
        salted
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a server keeps of a password: enough to check a proof, too little to make one.
///
/// Who has it *and* has seen a log-in can make proofs (RFC 5802 §9), so it crosses the wire only
/// sealed (see [`SealedRegistration`](crate::SealedRegistration)). Wiped when dropped; keys are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    salt: Vec<u8>,
    iterations: u32,
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

impl Credentials {
    /// Derives them from a password.
    ///
    /// `salt` is random, 16 octets; `iterations` is what the server asks for. Takes as long as
    /// that many HMACs: keep it off a task that others wait for.
    ///
    /// # Source
    /// RFC 5802 §3
    pub fn derive(password: &Password, salt: &[u8], iterations: u32) -> Self {
        let salted = password.stretch(salt, iterations);
        let mut client_key = hmac(&salted, &[b"Client Key"]);
        let stored_key = Sha256::digest(client_key).into();
        client_key.zeroize();
        let server_key = hmac(&salted, &[b"Server Key"]);
        Self {
            salt: salt.to_vec(),
            iterations,
            stored_key,
            server_key,
        }
    }

    /// Puts together what was stored.
    pub fn from_parts(
        salt: Vec<u8>,
        iterations: u32,
        stored_key: [u8; 32],
        server_key: [u8; 32],
    ) -> Self {
        Self {
            salt,
            iterations,
            stored_key,
            server_key,
        }
    }

    /// The credentials of a user who does not exist: always the same for one name and secret, and
    /// no password fits them.
    ///
    /// A server that challenges with these shows nobody which names are taken.
    pub fn decoy(secret: &[u8; 32], name: &UserName, iterations: u32) -> Self {
        let key = name.key();
        let draw = |purpose: &[u8]| hmac(secret, &[purpose, b"\0", key.as_bytes()]);
        let mut salt = draw(b"decoy salt").to_vec();
        salt.truncate(16);
        let (stored_key, server_key) = (draw(b"decoy stored key"), draw(b"decoy server key"));
        Self {
            salt,
            iterations,
            stored_key,
            server_key,
        }
    }

    /// The salt, in octets.
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// The PBKDF2 iterations.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// H(ClientKey).
    pub fn stored_key(&self) -> &[u8; 32] {
        &self.stored_key
    }

    /// The key with which the server proves itself.
    pub fn server_key(&self) -> &[u8; 32] {
        &self.server_key
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.stored_key.zeroize();
        self.server_key.zeroize();
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_prepared() {
        // RFC 4013 §3, and two spellings of å.
        let prepared = |text: &str| Password::new(text).map(|password| password.0.to_string());
        assert_eq!(prepared("I\u{ad}X"), Ok("IX".to_owned()));
        assert_eq!(prepared("\u{aa}"), Ok("a".to_owned()));
        assert_eq!(prepared("a\u{30a}"), prepared("\u{e5}"));
        assert_eq!(prepared("\u{7}"), Err(PasswordError::Prohibited));
        assert_eq!(prepared(""), Err(PasswordError::Empty));
        assert_eq!(prepared("\u{ad}"), Err(PasswordError::Empty));
        assert_eq!(prepared(&"x".repeat(1025)), Err(PasswordError::TooLong));
        let short = Password::new("sju tgn").unwrap().check_new();
        assert_eq!(short, Err(PasswordError::TooShort { had: 7 }));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let password = Password::new("correct horse").unwrap();
        let credentials = Credentials::derive(&password, b"0123456789abcdef", 1);
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert_eq!(
            format!("{credentials:?}"),
            "Credentials { iterations: 1, .. }"
        );
    }
}
