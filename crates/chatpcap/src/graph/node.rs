//! The hosts of a flow graph.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::names::Names;
use crate::ask::Roles;
use crate::flow::Endpoint;
use crate::trace::{Address, Arrow, Place};

/// Hosts that have columns at most: more than any drawing shows beside each other. A packet of others is told
/// in words.
const MAX_NODES: usize = 4096;

/// A host of a flow graph; where a host talks to itself, one of its endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The host's address.
    pub address: Address,
    /// The port, where endpoints have columns of their own.
    pub port: Option<u16>,
    /// Its role in the lab.
    pub role: Option<&'static str>,
    /// What the user calls it.
    pub given: Option<String>,
    /// What DNS calls it.
    pub dns: Option<String>,
    /// Who is there.
    pub users: Vec<String>,
}

/// What tells nodes apart.
type Key = (Address, Option<u16>);

/// The hosts, and which of them a packet's ends are.
#[derive(Clone, Debug, Default)]
pub struct Nodes {
    list: Vec<Node>,
    /// Only looked up, never listed: its order does not matter.
    columns: HashMap<Key, usize>,
    /// The ends of packets in the order of their appearance.
    ends: Vec<Key>,
    /// The same, only looked up.
    known: HashSet<Key>,
    /// Ends that sent something to one other host, or received it; only looked up.
    social: HashSet<Key>,
    /// Hosts that talk to themselves.
    selves: HashSet<IpAddr>,
    names: Names,
    roles: Roles,
}

impl Nodes {
    /// No hosts yet, and what some of them are called.
    pub fn new(names: Names) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// The hosts, from left to right.
    pub fn list(&self) -> &[Node] {
        &self.list
    }

    /// Learns what a packet tells of hosts.
    pub fn learn(&mut self, arrow: &Arrow) {
        self.names.learn(arrow);
    }

    /// Remembers the ends of a packet that will be drawn.
    pub fn expect(&mut self, arrow: &Arrow) {
        let Some((from, to)) = arrow.ends else {
            return;
        };
        if let (Address::Ip(address), true) = (from.address, from.address == to.address) {
            self.talks_to_itself(address);
        }
        let is_to_one = to.address != Address::Group;
        for Place { address, port, .. } in [from, to] {
            let port = port.filter(|_| self.may_talk_to_itself(address));
            let is_new = !self.known.contains(&(address, port));
            if is_new && self.known.len() >= MAX_NODES {
                continue;
            }
            if is_new {
                self.known.insert((address, port));
                self.ends.push((address, port));
            }
            if is_to_one {
                self.social.insert((address, port));
            }
        }
    }

    /// Takes what another capture tells of hosts.
    pub fn learn_from(&mut self, other: &Self) {
        self.names.join(&other.names);
        for address in &other.selves {
            self.talks_to_itself(*address);
        }
    }

    /// Takes hosts of another capture as they are expected there.
    pub fn take(&mut self, other: Self) {
        self.learn_from(&other);
        self.ends = other.ends;
        self.known = other.known;
        self.social = other.social;
    }

    fn talks_to_itself(&mut self, address: IpAddr) {
        let is_full = self.selves.len() >= MAX_NODES;
        if !is_full && self.selves.insert(address) {
            let host = (Address::Ip(address), None);
            self.ends.retain(|end| *end != host);
            self.known.remove(&host);
        }
    }

    /// Gives hosts their columns: client1, server, client2, the others as they appear, groups last. Who
    /// only sends to groups has none, where others talk to each other.
    pub fn settle(&mut self, roles: &Roles) {
        self.roles = *roles;
        self.list.clear();
        self.columns.clear();
        let ends = std::mem::take(&mut self.ends);
        let social: HashSet<Key> = self
            .social
            .iter()
            .map(|(address, port)| self.key(*address, *port))
            .collect();
        let is_needed = |key: &Key| social.is_empty() || social.contains(key);
        let mut added = HashSet::new();
        for (address, port) in ends {
            let key = self.key(address, port);
            if (is_needed(&key) || key.0 == Address::Group) && added.insert(key) {
                self.list.push(self.node(key));
            }
        }
        // Where no host is client1, who comes first stands first.
        let has_client = self.list.iter().any(|node| node.role == Some("client1"));
        self.list
            .sort_by_key(|node| match (node.role, node.address) {
                (_, Address::Group) => 4,
                (Some("client1"), _) => 0,
                (Some("server"), _) if has_client => 1,
                (Some("client2"), _) => 2,
                _ => 3,
            });
        let columns = self.list.iter().enumerate();
        self.columns = columns
            .map(|(column, node)| ((node.address, node.port), column))
            .collect();
    }

    /// The column of a packet's end, if it has one.
    pub fn column(&self, place: &Place) -> Option<usize> {
        let key = self.key(place.address, place.port);
        self.columns.get(&key).copied()
    }

    /// The column of a packet's end, a new one if need be, and whether it is new; `None` where there are as
    /// many as there may be.
    pub fn column_or_new(&mut self, place: &Place) -> Option<(usize, bool)> {
        if let Some(column) = self.column(place) {
            return Some((column, false));
        }
        if self.list.len() >= MAX_NODES {
            return None;
        }
        let key = self.key(place.address, place.port);
        let column = self.list.len();
        self.list.push(self.node(key));
        self.columns.insert(key, column);
        Some((column, true))
    }

    fn key(&self, address: Address, port: Option<u16>) -> Key {
        let address = self.names.known_as(address);
        (address, port.filter(|_| self.may_talk_to_itself(address)))
    }

    fn may_talk_to_itself(&self, address: Address) -> bool {
        match address {
            Address::Ip(ip) => ip.is_loopback() || self.selves.contains(&ip),
            Address::Link(_) | Address::Group => false,
        }
    }

    fn node(&self, (address, port): Key) -> Node {
        let mut node = Node {
            address,
            port,
            role: None,
            given: None,
            dns: None,
            users: Vec::new(),
        };
        let Address::Ip(ip) = address else {
            return node;
        };
        let server = self.roles.server.map(|role| role.who);
        node.role = match port {
            Some(port) => (server == Some(Endpoint::new(ip, port))).then_some("server"),
            None => self.roles.name_of(ip),
        };
        node.given = self.names.given_to(ip).map(str::to_owned);
        node.dns = self.names.in_dns(ip).map(str::to_owned);
        // Where ports tell nodes apart, an address does not tell whose is which.
        if port.is_none() {
            node.users = self.names.users_at(ip).map(str::to_owned).collect();
        }
        node
    }
}

impl Node {
    /// The address, with the port where that tells nodes apart.
    pub fn end(&self) -> String {
        match (self.address, self.port) {
            (Address::Ip(ip), Some(port)) => Endpoint::new(ip, port).to_string(),
            (address, _) => address.to_string(),
        }
    }
}
