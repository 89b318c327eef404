//! Private messages: UDP datagrams from client to client, authenticated, readable, acknowledged.

use std::fmt;
use std::time::Duration;

use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::bytes::{Base64, hmac};
use crate::key::{KeyError, PublicKey, SecretKey};
use crate::name::UserName;
use crate::text::ChatText;

/// The longest datagram, in octets of UDP payload: never fragmented on an ordinary link.
pub const MAX_DATAGRAM: usize = 1400;

/// How long a sender waits for the acknowledgement after each time it sends; after the last wait
/// the message counts as not delivered.
pub const REPEAT_AFTER: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(1),
    Duration::from_secs(1),
];

const LABEL: &[u8] = b"chat private 1";

/// The key that two users share for the time of their two sessions.
///
/// X25519 of one's secret and the other's public key from the roster; then HKDF-SHA-256 with the
/// salt `chat private 1` and, as info, for each of the two users in the order of their names in
/// lower case: that name, an octet 0, the public key. Wiped when dropped.
///
/// # Source
/// RFC 7748, RFC 5869
pub struct PairKey(Zeroizing<[u8; 32]>);

impl PairKey {
    /// Derives the key; both sides get the same.
    ///
    /// # Errors
    /// [`KeyError::LowOrder`] if the peer's public key is of no use.
    pub fn derive(
        own_secret: &SecretKey,
        own_name: &UserName,
        peer: &PublicKey,
        peer_name: &UserName,
    ) -> Result<Self, KeyError> {
        let agreement = own_secret.agree(peer)?;
        let mut users = [
            (own_name.key(), own_secret.public()),
            (peer_name.key(), *peer),
        ];
        users.sort_by(|a, b| a.0.cmp(&b.0));
        let [(first, first_key), (second, second_key)] = &users;
        let info: [&[u8]; 6] = [
            first.as_bytes(),
            b"\0",
            first_key.as_bytes(),
            second.as_bytes(),
            b"\0",
            second_key.as_bytes(),
        ];
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(LABEL), agreement.as_ref())
            .expand_multi_info(&info, key.as_mut())
            .map_err(|_| KeyError::Form)?;
        Ok(Self(key))
    }
}

impl fmt::Debug for PairKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairKey(..)")
    }
}

/// What one datagram says, by whom, to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Who says it.
    pub from: UserName,
    /// Who is meant.
    pub to: UserName,
    /// The sender's number of the message: from 1, one more for each new message of a session to
    /// one peer; a repetition and an acknowledgement bear the message's number.
    pub id: u64,
    /// The message or its acknowledgement.
    pub body: Body,
}

/// The two kinds of datagrams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A private message.
    Message(ChatText),
    /// The message with this number arrived.
    Ack,
}

/// A datagram as it arrived: whom it claims to be from is not yet known to be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDatagram {
    datagram: Datagram,
    mac: [u8; 32],
}

/// Why a datagram cannot be sent or is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatagramError {
    /// It is longer than [`MAX_DATAGRAM`].
    #[error("datagram is too long: at most {MAX_DATAGRAM} octets, had {had}")]
    TooLong {
        /// How many octets it has.
        had: usize,
    },
    /// It is not one of the JSON objects that this protocol has.
    #[error("datagram is malformed: {reason}")]
    Malformed {
        /// What the JSON reader says.
        reason: String,
    },
    /// It is for somebody else.
    #[error("datagram is for {to}")]
    Misdirected {
        /// For whom it is.
        to: UserName,
    },
    /// It was not made by the one it claims to be from, or was altered.
    #[error("datagram does not come from {from}")]
    Forged {
        /// Whom it claims to be from.
        from: UserName,
    },
}

impl Datagram {
    /// Signs and writes the datagram.
    ///
    /// # Errors
    /// [`DatagramError::TooLong`] if it would exceed [`MAX_DATAGRAM`]: say less at once.
    pub fn sign(&self, key: &PairKey) -> Result<Vec<u8>, DatagramError> {
        let mac = Base64(self.mac(key).to_vec());
        let (from, to, id) = (self.from.clone(), self.to.clone(), self.id);
        let form = match &self.body {
            Body::Message(text) => Form::Message {
                from,
                to,
                id,
                text: text.clone(),
                mac,
            },
            Body::Ack => Form::Ack { from, to, id, mac },
        };
        let octets = serde_json::to_vec(&form).map_err(|error| DatagramError::Malformed {
            reason: error.to_string(),
        })?;
        if octets.len() > MAX_DATAGRAM {
            return Err(DatagramError::TooLong { had: octets.len() });
        }
        Ok(octets)
    }

    /// The acknowledgement of this message, always shorter than the message itself.
    #[must_use]
    pub fn ack(&self) -> Self {
        Self {
            from: self.to.clone(),
            to: self.from.clone(),
            id: self.id,
            body: Body::Ack,
        }
    }

    /// HMAC-SHA-256 over the canonical octets:
    /// `chat-datagram-1 LF kind LF from LF to LF id LF text`, where kind is `message` or `ack`,
    /// names are as spelled in the datagram, id is decimal and an acknowledgement's text is empty.
    /// Nothing before the text can contain a line feed, so no two datagrams have the same octets.
    fn mac(&self, key: &PairKey) -> [u8; 32] {
        let (kind, text) = match &self.body {
            Body::Message(text) => ("message", text.as_str()),
            Body::Ack => ("ack", ""),
        };
        let head = format!(
            "chat-datagram-1\n{kind}\n{}\n{}\n{}\n",
            self.from, self.to, self.id
        );
        hmac(&key.0, &[head.as_bytes(), text.as_bytes()])
    }
}

impl SignedDatagram {
    /// Reads a datagram; believes nothing of it yet.
    ///
    /// # Errors
    /// [`DatagramError::TooLong`] or [`DatagramError::Malformed`]. A lab client's datagram is
    /// bare text and thus malformed: show it as unverified, or not at all.
    pub fn parse(octets: &[u8]) -> Result<Self, DatagramError> {
        if octets.len() > MAX_DATAGRAM {
            return Err(DatagramError::TooLong { had: octets.len() });
        }
        let malformed = |reason: String| DatagramError::Malformed { reason };
        let form = serde_json::from_slice(octets).map_err(|error| malformed(error.to_string()))?;
        let (from, to, id, body, mac) = match form {
            Form::Message {
                from,
                to,
                id,
                text,
                mac,
            } => (from, to, id, Body::Message(text), mac),
            Form::Ack { from, to, id, mac } => (from, to, id, Body::Ack, mac),
        };
        let mac = mac
            .0
            .try_into()
            .map_err(|_| malformed("mac is not 32 octets".to_owned()))?;
        Ok(Self {
            datagram: Datagram { from, to, id, body },
            mac,
        })
    }

    /// What it claims, for who only watches and has no key: nothing of it is proved.
    pub fn claims(&self) -> &Datagram {
        &self.datagram
    }

    /// Whom it claims to be from: look up this user's key in the roster.
    pub fn claimed_from(&self) -> &UserName {
        &self.datagram.from
    }

    /// Checks that it comes from the user it claims, for `own_name`.
    ///
    /// The MAC is compared in constant time. Answer nothing to a datagram that fails.
    ///
    /// # Errors
    /// [`DatagramError::Misdirected`] or [`DatagramError::Forged`].
    pub fn verify(self, key: &PairKey, own_name: &UserName) -> Result<Datagram, DatagramError> {
        let Self { datagram, mac } = self;
        if !datagram.to.is_same_user(own_name) {
            return Err(DatagramError::Misdirected { to: datagram.to });
        }
        // The key is the same in both directions: what I sent myself must not count as the peer's.
        if datagram.from.is_same_user(own_name) || !bool::from(datagram.mac(key).ct_eq(&mac)) {
            return Err(DatagramError::Forged {
                from: datagram.from,
            });
        }
        Ok(datagram)
    }
}

/// The JSON of a datagram.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Form {
    Message {
        from: UserName,
        to: UserName,
        id: u64,
        text: ChatText,
        mac: Base64,
    },
    Ack {
        from: UserName,
        to: UserName,
        id: u64,
        mac: Base64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    fn keys() -> (PairKey, PairKey) {
        let (alice, bob) = (
            SecretKey::from_random([1; 32]),
            SecretKey::from_random([2; 32]),
        );
        (
            PairKey::derive(&alice, &name("alice"), &bob.public(), &name("Bob")).unwrap(),
            PairKey::derive(&bob, &name("bob"), &alice.public(), &name("ALICE")).unwrap(),
        )
    }

    fn message(text: &str) -> Datagram {
        let body = Body::Message(ChatText::new(text).unwrap());
        Datagram {
            from: name("alice"),
            to: name("bob"),
            id: 1,
            body,
        }
    }

    #[test]
    fn what_alice_signs_bob_believes() {
        let (at_alice, at_bob) = keys();
        let sent = message("hi: there");
        let octets = sent.sign(&at_alice).unwrap();
        let arrived = SignedDatagram::parse(&octets).unwrap();
        assert_eq!(arrived.claimed_from(), &name("alice"));
        assert_eq!(arrived.claims(), &sent);
        assert_eq!(arrived.verify(&at_bob, &name("Bob")).unwrap(), sent);
        let ack = sent.ack().sign(&at_bob).unwrap();
        let believed = SignedDatagram::parse(&ack)
            .unwrap()
            .verify(&at_alice, &name("alice"));
        assert_eq!(believed.unwrap(), sent.ack());
        assert!(ack.len() < message("x").sign(&at_alice).unwrap().len());
    }

    #[test]
    fn the_octets_are_these() {
        // For whoever writes another client: secrets of 32 times 1 and 32 times 2.
        let octets = message("hi").sign(&keys().0).unwrap();
        assert_eq!(
            String::from_utf8(octets).unwrap(),
            concat!(
                r#"{"type":"message","from":"alice","to":"bob","id":1,"text":"hi","#,
                r#""mac":"QTOPtiXjNFNID3DrZSBUypXfLNcQ/gSvyfS84/WmXuw="}"#
            )
        );
    }

    #[test]
    fn every_alteration_and_reflection_is_noticed() {
        let (at_alice, at_bob) = keys();
        let sent = message("hi").sign(&at_alice).unwrap();
        let text = String::from_utf8(sent.clone()).unwrap();
        let alterations = [
            (r#""id":1"#, r#""id":2"#),
            (r#""text":"hi""#, r#""text":"ho""#),
            (r#""from":"alice""#, r#""from":"carol""#),
            (r#""from":"alice""#, r#""from":"Alice""#),
            (r#""to":"bob""#, r#""to":"BOB""#),
            (r#""mac":""#, r#""mac":"AAAA"#),
        ];
        for (from, to) in alterations {
            let altered = text.replacen(from, to, 1);
            assert_ne!(altered, text);
            let believed = SignedDatagram::parse(altered.as_bytes())
                .and_then(|arrived| arrived.verify(&at_bob, &name("bob")));
            assert!(believed.is_err(), "{altered}");
        }
        let reflected = SignedDatagram::parse(&sent)
            .unwrap()
            .verify(&at_alice, &name("alice"));
        assert_eq!(
            reflected,
            Err(DatagramError::Misdirected { to: name("bob") })
        );
    }

    #[test]
    fn a_text_too_long_for_a_datagram_is_refused() {
        let error = message(&"x".repeat(1400)).sign(&keys().0).unwrap_err();
        assert!(matches!(error, DatagramError::TooLong { had } if had > MAX_DATAGRAM));
        assert!(SignedDatagram::parse(&[b' '; 1401]).is_err());
    }

    proptest! {
        #[test]
        fn any_octets_are_answered(octets in prop::collection::vec(any::<u8>(), 0..1500)) {
            prop_assert!(SignedDatagram::parse(&octets).is_err());
        }

        #[test]
        fn a_wrong_mac_never_wins(mac in any::<[u8; 32]>()) {
            let arrived = SignedDatagram { datagram: message("hi"), mac };
            prop_assert!(arrived.verify(&keys().1, &name("bob")).is_err());
        }
    }
}
