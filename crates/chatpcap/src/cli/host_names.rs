//! What hosts are called, where the user has a name for them.

use std::net::IpAddr;
use std::str::FromStr;

use chatpcap::graph::Names;
use clap::Args;

/// The names that the user gives to hosts.
#[derive(Clone, Debug, Args)]
pub(super) struct HostNames {
    /// Call a host so; again for more
    #[arg(long = "name", value_name = "IP=NAME")]
    names: Vec<Name>,
}

impl HostNames {
    /// The names as a flow graph takes them.
    pub(super) fn names(&self) -> Names {
        Names::given(self.list())
    }

    /// Addresses and names.
    pub(super) fn list(&self) -> Vec<(IpAddr, String)> {
        let names = self.names.iter();
        names
            .map(|Name(address, name)| (*address, name.clone()))
            .collect()
    }
}

/// A name for a host.
#[derive(Clone, Debug)]
struct Name(IpAddr, String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = text.split_once('=');
        let named = named.filter(|(_, name)| !name.is_empty());
        let named = named.and_then(|(address, name)| Some((address.parse().ok()?, name)));
        let (address, name) = named.ok_or("needs an address and a name: 10.20.30.11=alice")?;
        Ok(Self(address, name.to_owned()))
    }
}
