//! What a client is told before it connects.

use chat_proto::UserName;
use chat_proto::scram::Password;

use crate::random;
use crate::server_name::ServerName;
use crate::tls::Tls;

/// What a client is told before it connects.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where the server is.
    pub server: ServerName,
    /// Whom to trust for TLS; `None`: all is said in plain text.
    pub tls: Option<Tls>,
    /// Which language it speaks.
    pub dialect: Dialect,
    /// Who signs in and how; `None`: asked for with [`Event::SignInWanted`](crate::Event::SignInWanted).
    pub sign_in: Option<SignIn>,
    /// The UDP port for private messages; if it is taken, another. 0: any.
    pub udp_port: u16,
    /// A source of random numbers for the back-off's spread, and for nothing else.
    pub jitter: fn() -> u64,
}

/// Which language a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// The chat's own.
    #[default]
    Native,
    /// That of the lab's Python programs: see [`chat_proto::lab`].
    Lab,
}

/// Who signs in, and how.
///
/// Towards a server without accounts each of these only enters; the password stays here.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// Enters a room that has no accounts.
    Enter {
        /// The name.
        name: UserName,
    },
    /// Logs in.
    Login {
        /// The account's name.
        name: UserName,
        /// Its password.
        password: Password,
    },
    /// Opens an account, then logs in.
    Register {
        /// The name, spelled as the others shall see it.
        name: UserName,
        /// The password that the account shall have.
        password: Password,
    },
}

impl Config {
    /// The defaults: plain text, native dialect, UDP port 5000 or another, asks for name and password.
    pub fn new(server: ServerName) -> Self {
        Self {
            server,
            tls: None,
            dialect: Dialect::Native,
            sign_in: None,
            udp_port: chat_proto::lab::UDP_PORT,
            jitter: random::jitter,
        }
    }
}

impl SignIn {
    /// Who signs in.
    pub fn name(&self) -> &UserName {
        match self {
            Self::Enter { name } | Self::Login { name, .. } | Self::Register { name, .. } => name,
        }
    }
}
