//! The server's side of a log-in.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::ScramError;
use super::binding::{ChannelBinding, TLS_EXPORTER};
use super::credentials::Credentials;
use super::message::{self, Attributes};
use crate::bytes::{encode, hmac};
use crate::name::UserName;

/// A `client-first-message`: who wants to log in.
#[derive(Debug)]
pub struct LoginRequest {
    binding: ChannelBinding,
    header: String,
    name: UserName,
    first_bare: String,
    nonce: String,
}

/// A log-in that was challenged and whose proof is awaited.
#[derive(Debug)]
pub struct ServerChallenge {
    credentials: Credentials,
    binding: ChannelBinding,
    header: String,
    first_bare: String,
    server_first: String,
    nonce: String,
}

impl LoginRequest {
    /// Reads the `client-first-message` of a connection without TLS.
    ///
    /// # Errors
    /// As [`parse_bound`](Self::parse_bound).
    pub fn parse(text: &str) -> Result<Self, ScramError> {
        Self::parse_bound(text, ChannelBinding::None)
    }

    /// Reads the `client-first-message` of a connection that a log-in can be bound to, which the
    /// server's hello has said.
    ///
    /// A client that knows of no channel binding is let through, as RFC 5802 §6 has it: by that it
    /// gives up what binding would protect it from.
    ///
    /// # Errors
    /// [`ScramError`] if it is malformed, its name is none, or it asks for another binding, another
    /// identity or an extension; [`ScramError::Binding`] if the client was not told that there is a
    /// binding.
    pub fn parse_bound(text: &str, binding: ChannelBinding) -> Result<Self, ScramError> {
        let malformed = || ScramError::Malformed {
            what: "header is not \"n,,\"",
        };
        let (flag, rest) = text.split_once(',').ok_or_else(malformed)?;
        let (identity, first_bare) = rest.split_once(',').ok_or_else(malformed)?;
        match (flag, flag.strip_prefix("p="), &binding) {
            ("y", _, ChannelBinding::TlsExporter(_)) => return Err(ScramError::Binding),
            ("n" | "y", ..) | (_, Some(TLS_EXPORTER), ChannelBinding::TlsExporter(_)) => {}
            (_, Some(_), _) => {
                return Err(ScramError::Unsupported {
                    what: "channel binding",
                });
            }
            _ => return Err(malformed()),
        }
        if !identity.is_empty() {
            return Err(ScramError::Unsupported {
                what: "another identity",
            });
        }
        let mut attributes = Attributes::new(first_bare);
        let name = UserName::new(attributes.take('n')?)?;
        let nonce = attributes.take('r')?;
        if !message::is_nonce(nonce) {
            return Err(ScramError::Malformed {
                what: "nonce is empty, too long or not printable",
            });
        }
        Ok(Self {
            binding,
            header: format!("{flag},,"),
            name,
            first_bare: first_bare.to_owned(),
            nonce: nonce.to_owned(),
        })
    }

    /// The user who wants to log in, as typed: the account may be spelled otherwise.
    pub fn name(&self) -> &UserName {
        &self.name
    }

    /// Challenges: gives the state and `server-first-message`.
    ///
    /// `credentials` are the account's or, if there is none, its [`decoy`](Credentials::decoy);
    /// `random` must be new for each log-in.
    pub fn challenge(
        self,
        credentials: Credentials,
        random: [u8; 18],
    ) -> (ServerChallenge, String) {
        self.challenge_with_nonce(credentials, &message::nonce(random))
    }

    pub(super) fn challenge_with_nonce(
        self,
        credentials: Credentials,
        nonce: &str,
    ) -> (ServerChallenge, String) {
        let nonce = format!("{}{nonce}", self.nonce);
        let salt = encode(credentials.salt());
        let server_first = format!("r={nonce},s={salt},i={}", credentials.iterations());
        let challenge = ServerChallenge {
            credentials,
            binding: self.binding,
            header: self.header,
            first_bare: self.first_bare,
            server_first: server_first.clone(),
            nonce,
        };
        (challenge, server_first)
    }
}

impl ServerChallenge {
    /// Checks the `client-final-message` and gives the `server-final-message`.
    ///
    /// The keys are compared in constant time.
    ///
    /// # Errors
    /// [`ScramError::WrongProof`] if the password was wrong, [`ScramError::Binding`] if the message is
    /// bound to another connection, [`ScramError::Nonce`] for another log-in's message, [`ScramError::Malformed`] or [`ScramError::Unsupported`].
    pub fn verify(self, client_final: &str) -> Result<String, ScramError> {
        let (last_bare, proof) = client_final
            .rsplit_once(",p=")
            .ok_or(ScramError::Malformed {
                what: "proof is missing",
            })?;
        let proof: [u8; 32] = message::octets(proof, "proof is not 32 octets of base64")?;
        let mut attributes = Attributes::new(last_bare);
        // RFC 5802 §5.1: "c" repeats the header, so that nobody can have altered it, and has the
        // octets of the binding behind it.
        if attributes.take('c')? != self.binding.repeated(&self.header) {
            if self.header.starts_with("p=") {
                return Err(ScramError::Binding);
            }
            return Err(ScramError::Malformed {
                what: "header is not repeated",
            });
        }
        if attributes.take('r')? != self.nonce {
            return Err(ScramError::Nonce);
        }
        let pieces: [&[u8]; 5] = [
            self.first_bare.as_bytes(),
            b",",
            self.server_first.as_bytes(),
            b",",
            last_bare.as_bytes(),
        ];
        let client_key = message::xor(&proof, &hmac(self.credentials.stored_key(), &pieces));
        let stored_key: [u8; 32] = Sha256::digest(client_key).into();
        if !bool::from(stored_key.ct_eq(self.credentials.stored_key())) {
            return Err(ScramError::WrongProof);
        }
        let signature = hmac(self.credentials.server_key(), &pieces);
        Ok(format!("v={}", encode(&signature)))
    }
}
