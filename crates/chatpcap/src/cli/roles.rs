//! Who is who, where the user has to say it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use chatpcap::ask::Given;
use clap::Args;

/// The roles that the user names.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Roles {
    /// The chat server, where the responder on port 5000 is not it
    #[arg(long, value_name = "IP[:PORT]")]
    server: Option<Server>,

    /// The client that the questions are about, where it is not 10.20.30.11 or the first to connect
    #[arg(long, value_name = "IP")]
    client1: Option<IpAddr>,

    /// The client that client1 sends private messages to
    #[arg(long, value_name = "IP")]
    client2: Option<IpAddr>,
}

impl Roles {
    /// The roles as the library takes them.
    pub(super) fn given(&self) -> Given {
        Given {
            server: self.server.map(|server| server.address),
            port: self.server.and_then(|server| server.port),
            client1: self.client1,
            client2: self.client2,
        }
    }
}

/// An address with or without a port.
#[derive(Clone, Copy, Debug)]
struct Server {
    address: IpAddr,
    port: Option<u16>,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(endpoint) = text.parse::<SocketAddr>() {
            return Ok(Self {
                address: endpoint.ip(),
                port: Some(endpoint.port()),
            });
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        let address = bare.parse().map_err(|_| {
            "needs an address with or without a port: 10.20.30.3, 10.20.30.3:5000, [fd00::3]:5000"
        })?;
        Ok(Self {
            address,
            port: None,
        })
    }
}
