//! The client's side of a log-in.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::ScramError;
use super::binding::ChannelBinding;
use super::credentials::{MAX_ITERATIONS, MIN_ITERATIONS, Password};
use super::message::{self, Attributes};
use crate::bytes::{decode, encode, hmac};
use crate::name::UserName;

/// A log-in whose first message was made and whose challenge is awaited.
#[derive(Debug)]
pub struct ClientLogin {
    binding: ChannelBinding,
    nonce: String,
    first_bare: String,
}

/// A log-in whose proof was made; only the server's own proof is awaited.
pub struct ClientProof {
    signature: [u8; 32],
}

impl ClientLogin {
    /// Begins on a connection without TLS: gives the state and `client-first-message`.
    ///
    /// `random` must be new for each log-in.
    pub fn new(name: &UserName, random: [u8; 18]) -> (Self, String) {
        Self::bound(name, random, ChannelBinding::None)
    }

    /// Begins a log-in that is good on one connection only: gives the state and
    /// `client-first-message`.
    ///
    /// `random` must be new for each log-in.
    pub fn bound(name: &UserName, random: [u8; 18], binding: ChannelBinding) -> (Self, String) {
        Self::with_nonce(name, message::nonce(random), binding)
    }

    pub(super) fn with_nonce(
        name: &UserName,
        nonce: String,
        binding: ChannelBinding,
    ) -> (Self, String) {
        let first_bare = format!("n={name},r={nonce}");
        let first = format!("{}{first_bare}", binding.header());
        let login = Self {
            binding,
            nonce,
            first_bare,
        };
        (login, first)
    }

    /// How many PBKDF2 iterations a `server-first-message` asks for: how long `prove` will take.
    ///
    /// # Errors
    /// [`ScramError`] if the message is malformed or asks for too few or too many.
    pub fn iterations(server_first: &str) -> Result<u32, ScramError> {
        parse_challenge(server_first).map(|(_, _, iterations)| iterations)
    }

    /// Answers the `server-first-message` with `client-final-message`.
    ///
    /// Takes as long as the iterations that the server asks for: call it off the event loop.
    ///
    /// # Errors
    /// [`ScramError`] if the challenge is malformed, not for this log-in, or asks for fewer than
    /// [`MIN_ITERATIONS`] or more than [`MAX_ITERATIONS`].
    pub fn prove(
        self,
        server_first: &str,
        password: &Password,
    ) -> Result<(ClientProof, String), ScramError> {
        let (nonce, salt, iterations) = parse_challenge(server_first)?;
        // RFC 5802 §5: the nonce must begin with ours; a server that adds nothing invites replay.
        if nonce.strip_prefix(&self.nonce).is_none_or(str::is_empty) {
            return Err(ScramError::Nonce);
        }
        let salted = password.stretch(&salt, iterations);
        let client_key = hmac(&salted, &[b"Client Key"]);
        let stored_key: [u8; 32] = Sha256::digest(client_key).into();
        let server_key = hmac(&salted, &[b"Server Key"]);
        let repeated = self.binding.repeated(self.binding.header());
        let last_bare = format!("c={repeated},r={nonce}");
        let pieces: [&[u8]; 5] = [
            self.first_bare.as_bytes(),
            b",",
            server_first.as_bytes(),
            b",",
            last_bare.as_bytes(),
        ];
        let proof = message::xor(&client_key, &hmac(&stored_key, &pieces));
        let signature = hmac(&server_key, &pieces);
        Ok((
            ClientProof { signature },
            format!("{last_bare},p={}", encode(&proof)),
        ))
    }
}

impl ClientProof {
    /// Checks the `server-final-message`: a server that cannot make it does not know the account.
    ///
    /// # Errors
    /// [`ScramError::WrongServer`] if the signature does not fit, or [`ScramError::Malformed`].
    pub fn confirm(self, server_final: &str) -> Result<(), ScramError> {
        let text = Attributes::new(server_final).take('v')?;
        let signature: [u8; 32] = message::octets(text, "signature is not 32 octets of base64")?;
        if bool::from(signature.ct_eq(&self.signature)) {
            Ok(())
        } else {
            Err(ScramError::WrongServer)
        }
    }
}

impl fmt::Debug for ClientProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientProof(..)")
    }
}

fn parse_challenge(text: &str) -> Result<(&str, Vec<u8>, u32), ScramError> {
    let mut attributes = Attributes::new(text);
    let nonce = attributes.take('r')?;
    let salt = decode(attributes.take('s')?)
        .ok()
        .filter(|salt| !salt.is_empty())
        .ok_or(ScramError::Malformed {
            what: "salt is not base64",
        })?;
    let iterations = attributes
        .take('i')?
        .parse()
        .map_err(|_| ScramError::Malformed {
            what: "iteration count is no number",
        })?;
    if !message::is_nonce(nonce) {
        return Err(ScramError::Malformed {
            what: "nonce is empty, too long or not printable",
        });
    }
    if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations) {
        return Err(ScramError::Iterations { had: iterations });
    }
    Ok((nonce, salt, iterations))
}
