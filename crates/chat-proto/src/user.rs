//! Users as the roster shows them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::key::PublicKey;
use crate::name::UserName;

/// A user who is in the room.
///
/// In JSON an object (`{"name":"bob","ip":"10.20.30.12","udp":5000,"key":"..."}`) or, in a room so
/// large that addresses are told only on request, the bare name (`"bob"`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct User {
    /// The user's name.
    pub name: UserName,
    /// Where private messages go; `None`: ask with [`Command::Lookup`](crate::Command::Lookup).
    pub address: Option<Address>,
}

/// Where a user's private messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The IP address from which the user's connection comes, as the server sees it.
    pub ip: IpAddr,
    /// The UDP port; `None`: the user takes no private messages.
    pub udp: Option<u16>,
    /// The key of this session; `None`: a client of the lab dialect, which sends and takes bare
    /// text that nobody can verify.
    pub key: Option<PublicKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Name(UserName),
    Full {
        name: UserName,
        ip: IpAddr,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        udp: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<PublicKey>,
    },
}

impl From<Form> for User {
    fn from(form: Form) -> Self {
        match form {
            Form::Name(name) => Self {
                name,
                address: None,
            },
            Form::Full { name, ip, udp, key } => Self {
                name,
                address: Some(Address { ip, udp, key }),
            },
        }
    }
}

impl From<User> for Form {
    fn from(user: User) -> Self {
        match user.address {
            None => Self::Name(user.name),
            Some(Address { ip, udp, key }) => Self::Full {
                name: user.name,
                ip,
                udp,
                key,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;

    #[test]
    fn both_forms_are_read_and_written() {
        let key = SecretKey::from_random([1; 32]).public();
        let texts = [
            r#""bob""#.to_owned(),
            r#"{"name":"bob","ip":"10.20.30.12","udp":5000}"#.to_owned(),
            r#"{"name":"bob","ip":"fe80::1"}"#.to_owned(),
            format!(r#"{{"name":"bob","ip":"10.20.30.12","udp":5001,"key":"{key}"}}"#),
        ];
        for text in texts {
            let user: User = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&user).unwrap(), text);
        }
        assert!(serde_json::from_str::<User>(r#""!bob""#).is_err());
    }
}
