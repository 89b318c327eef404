//! The clients of a story: their names, as connections and rosters tell them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::flow::Endpoint;
use crate::packet::chat::ChatUser;

/// What is known of one connection.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// Whose it is, once it is in the room.
    pub name: Option<String>,
    /// Who it says it is, before that.
    pub claimed: Option<String>,
    /// Whether it logs in with a password.
    pub with_password: bool,
    /// Whether it enters without one.
    pub without_password: bool,
}

/// All connections, and where the rosters say that users are.
#[derive(Debug, Default)]
pub(super) struct Clients {
    connections: BTreeMap<(Endpoint, Endpoint), Client>,
    addresses: BTreeMap<String, (IpAddr, Option<u16>)>,
    /// The users at each address.
    hosts: BTreeMap<IpAddr, BTreeSet<String>>,
    /// Who takes private messages where.
    ends: BTreeMap<(IpAddr, u16), String>,
}

impl Clients {
    /// The connection between these ends.
    pub(super) fn get_mut(&mut self, client: Endpoint, server: Endpoint) -> &mut Client {
        self.connections.entry((client, server)).or_default()
    }

    /// The connection begins anew.
    pub(super) fn reset(&mut self, client: Endpoint, server: Endpoint) {
        self.connections.insert((client, server), Client::default());
    }

    /// Whose connection it is: as it was told there, else who has the address in the roster.
    pub(super) fn name(&self, client: Endpoint, server: Endpoint) -> Option<String> {
        let known = self.connections.get(&(client, server));
        known
            .and_then(|known| known.name.clone())
            .or_else(|| self.at(client.address))
    }

    /// Who is at an address, where the rosters have one user there.
    pub(super) fn at(&self, host: IpAddr) -> Option<String> {
        let users = self.hosts.get(&host).filter(|users| users.len() == 1)?;
        users.first().cloned()
    }

    /// Who takes private messages at an end.
    pub(super) fn at_end(&self, end: Endpoint) -> Option<String> {
        let known = self.ends.get(&(end.address, end.port)).cloned();
        known.or_else(|| self.at(end.address))
    }

    /// Whether the rosters have a user at this end.
    pub(super) fn is_at(&self, name: &str, end: Endpoint) -> bool {
        self.addresses.get(name).is_some_and(|(address, port)| {
            *address == end.address && port.is_none_or(|port| port == end.port)
        })
    }

    /// A roster, or part of one, tells where users are.
    pub(super) fn learn(&mut self, users: &[ChatUser]) {
        for user in users {
            let Some(address) = user.address else {
                continue;
            };
            self.forget_one(&user.name);
            let name = user.name.clone();
            self.addresses
                .insert(name.clone(), (address, user.udp_port));
            if let Some(port) = user.udp_port {
                self.ends.insert((address, port), name.clone());
            }
            self.hosts.entry(address).or_default().insert(name);
        }
    }

    /// Users are gone.
    pub(super) fn forget(&mut self, users: &[String]) {
        for user in users {
            self.forget_one(user);
        }
    }

    fn forget_one(&mut self, name: &str) {
        let Some((address, port)) = self.addresses.remove(name) else {
            return;
        };
        if let Some(users) = self.hosts.get_mut(&address) {
            users.remove(name);
        }
        let end = port.map(|port| (address, port));
        if let Some(end) = end
            && self.ends.get(&end).is_some_and(|user| user == name)
        {
            self.ends.remove(&end);
        }
    }

    /// Names of connections, in order of their ends.
    pub(super) fn names(self) -> Vec<(Endpoint, Endpoint, String)> {
        let named = self.connections.into_iter();
        named
            .filter_map(|((client, server), it)| Some((client, server, it.name?)))
            .collect()
    }
}
