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
    /// Hosts on the link by their link-local addresses.
    on_link: BTreeMap<IpAddr, Mac>,
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
            Address::Ip(ip) => self.on_link.get(&ip).copied(),
            Address::Group => None,
        };
        let addresses = mac.and_then(|mac| self.neighbours.get(&mac));
        match addresses.map(|addresses| (addresses.len(), addresses.first())) {
            Some((1, Some(only))) => Address::Ip(*only),
            _ => address,
        }
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
            let asked = questions.first().map(|question| question.name.as_str());
            for record in records {
                self.resolve(record, asked);
            }
        }
        for message in &arrow.said {
            for user in &message.users {
                if let Some(address) = user.address {
                    note(&mut self.users, address, &user.name);
                }
            }
            let is_claim = matches!(
                message.kind,
                ChatKind::Register | ChatKind::Login | ChatKind::Enter | ChatKind::Name
            );
            let name = message.from.as_ref().filter(|name| is_name(name));
            if let (true, Address::Ip(address), Some(name)) = (is_claim, from.address, name) {
                note(&mut self.claims, address, name);
            }
        }
    }

    /// Who asked for a name means the host that he then talks to, whatever that name stands for.
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
        if address.is_ipv6() {
            if self.on_link.len() < MAX_HOSTS {
                self.on_link.entry(address).or_insert(mac);
            }
        } else if self.neighbours.len() < MAX_HOSTS {
            let addresses = self.neighbours.entry(mac).or_default();
            if addresses.len() < 2 {
                addresses.insert(address);
            }
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
                    note(all, *address, name);
                }
            }
        }
        for (mac, addresses) in others.neighbours.iter().take(room(self.neighbours.len())) {
            let known = self.neighbours.entry(*mac).or_default();
            for address in addresses {
                if known.len() < 2 {
                    known.insert(*address);
                }
            }
        }
        for (address, mac) in others.on_link.iter().take(room(self.on_link.len())) {
            self.on_link.entry(*address).or_insert(*mac);
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

fn note(users: &mut BTreeMap<IpAddr, BTreeSet<String>>, address: IpAddr, name: &str) {
    if users.len() >= MAX_HOSTS && !users.contains_key(&address) {
        return;
    }
    let names = users.entry(address).or_default();
    if names.len() < MAX_USERS {
        names.insert(name.to_owned());
    }
}
