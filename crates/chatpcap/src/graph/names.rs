//! What hosts are called, as captures tell it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::packet::chat::ChatKind;
use crate::packet::dns::{Data, Record};
use crate::trace::{Address, Arrow, Mac, Message, Place};

/// Hosts whose names are kept.
const MAX_HOSTS: usize = 1 << 16;
/// Users at one host that are kept.
const MAX_USERS: usize = 4;

/// What hosts are called.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// As the user calls them.
    given: BTreeMap<IpAddr, String>,
    /// As DNS answers call them.
    dns: BTreeMap<IpAddr, String>,
    /// Who is there, as the chat server says.
    users: BTreeMap<IpAddr, BTreeSet<String>>,
    /// Who is there, as he says himself.
    claims: BTreeMap<IpAddr, BTreeSet<String>>,
    /// IPv4 addresses of hosts on the link, as ARP tells them; two at most.
    neighbours: BTreeMap<Mac, BTreeSet<IpAddr>>,
    /// Who says that an IPv4 address, or a link-local one of IPv6, is his; two at most. Where there are
    /// two, an address is no host: one of them lies, or there are several links.
    owners: BTreeMap<IpAddr, BTreeSet<Mac>>,
}

impl Names {
    /// Names that the user gives.
    pub fn given(names: impl IntoIterator<Item = (IpAddr, String)>) -> Self {
        Self {
            given: names.into_iter().collect(),
            ..Self::default()
        }
    }

    /// What the user calls a host.
    pub(super) fn given_to(&self, address: IpAddr) -> Option<&str> {
        self.given.get(&address).map(String::as_str)
    }

    /// What DNS calls a host.
    pub(super) fn in_dns(&self, address: IpAddr) -> Option<&str> {
        self.dns.get(&address).map(String::as_str)
    }

    /// Who is at a host.
    pub(super) fn users_at(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        let told = self.users.get(&address);
        let users = told.or_else(|| self.claims.get(&address));
        users.into_iter().flatten().map(String::as_str)
    }

    /// The address that a host is known by: of a neighbour with one IPv4 address that one.
    pub(super) fn known_as(&self, address: Address) -> Address {
        let mac = match address {
            Address::Link(mac) => Some(mac),
            Address::Ip(ip) if ip.is_ipv6() => only(self.owners.get(&ip)),
            Address::Ip(_) | Address::Group => None,
        };
        let ip = mac.and_then(|mac| only(self.neighbours.get(&mac)));
        ip.filter(|ip| only(self.owners.get(ip)).is_some())
            .map_or(address, Address::Ip)
    }

    /// Learns what a packet tells of hosts.
    pub(super) fn learn(&mut self, arrow: &Arrow) {
        let Some((from, to)) = arrow.ends else {
            return;
        };
        self.meet(from);
        self.meet(to);
        if let Message::Dns {
            is_response: true,
            questions,
            records,
            ..
        } = &arrow.message
        {
            // Who asked for a name means the host that he then talks to, whatever that name stands for.
            let asked = questions.first().map(|question| question.name.as_str());
            let mut aliases: Vec<&str> = asked.into_iter().collect();
            for record in records {
                let is_alias = |alias: &&str| alias.eq_ignore_ascii_case(&record.name);
                let asked = asked.filter(|_| aliases.iter().any(is_alias));
                match (&record.data, asked) {
                    (Data::Cname(target), Some(_)) => aliases.push(target),
                    _ => self.resolve(record, asked),
                }
            }
        }
        for message in &arrow.said {
            for user in &message.users {
                if let Some(address) = user.address {
                    note(&mut self.users, address, user.name.clone(), MAX_USERS);
                }
            }
            let is_claim = matches!(
                message.kind,
                ChatKind::Register | ChatKind::Login | ChatKind::Enter | ChatKind::Name
            );
            let name = message.from.as_ref().filter(|name| is_name(name));
            if let (true, Address::Ip(address), Some(name)) = (is_claim, from.address, name) {
                note(&mut self.claims, address, name.clone(), MAX_USERS);
            }
        }
    }

    fn resolve(&mut self, record: &Record, asked: Option<&str>) {
        let address = match record.data {
            Data::A(address) => IpAddr::from(address),
            Data::Aaaa(address) => IpAddr::from(address),
            _ => return,
        };
        if self.dns.len() < MAX_HOSTS {
            let name = asked.unwrap_or(&record.name);
            self.dns.entry(address).or_insert_with(|| name.to_owned());
        }
    }

    fn meet(&mut self, place: Place) {
        let (Address::Ip(address), Some(mac)) = (place.address, place.neighbour) else {
            return;
        };
        note(&mut self.owners, address, mac, 2);
        if address.is_ipv4() {
            note(&mut self.neighbours, mac, address, 2);
        }
    }

    /// Takes what others have learned; what is known already stays.
    pub(super) fn join(&mut self, others: &Self) {
        let room = |held: usize| MAX_HOSTS.saturating_sub(held);
        for (address, name) in others.dns.iter().take(room(self.dns.len())) {
            self.dns.entry(*address).or_insert_with(|| name.clone());
        }
        for (all, others) in [
            (&mut self.users, &others.users),
            (&mut self.claims, &others.claims),
        ] {
            for (address, names) in others {
                for name in names {
                    note(all, *address, name.clone(), MAX_USERS);
                }
            }
        }
        for (mac, addresses) in &others.neighbours {
            for address in addresses {
                note(&mut self.neighbours, *mac, *address, 2);
            }
        }
        for (address, owners) in &others.owners {
            for mac in owners {
                note(&mut self.owners, *address, *mac, 2);
            }
        }
    }
}

/// Whether what somebody calls himself can be a name: the lab's programs say it without a frame, and what
/// comes first need not be one.
fn is_name(text: &str) -> bool {
    /// Characters of the longest name that the chat allows.
    const LONGEST: usize = 32;
    text.chars().count() <= LONGEST
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == ':')
}

/// The only one there is.
fn only<T: Copy>(all: Option<&BTreeSet<T>>) -> Option<T> {
    let mut all = all?.iter();
    all.next().copied().filter(|_| all.next().is_none())
}

/// Notes one more value, of `most` that are kept.
fn note<K: Ord, V: Ord>(all: &mut BTreeMap<K, BTreeSet<V>>, key: K, value: V, most: usize) {
    if all.len() >= MAX_HOSTS && !all.contains_key(&key) {
        return;
    }
    let values = all.entry(key).or_default();
    if values.len() < most {
        values.insert(value);
    }
}
