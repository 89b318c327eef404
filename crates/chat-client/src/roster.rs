//! Who is in the room, as last told by the server.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chat_proto::lab::{self, LabRoster};
use chat_proto::{Address, User, UserName};

/// Who is in the room.
///
/// It outlives the connection: private messages need no server.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    // By name in lower case; by the very name in the lab dialect.
    users: BTreeMap<String, Member>,
    own: Option<String>,
}

/// One who is in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The name; from a lab server any text.
    pub name: String,
    /// Where private messages go; `None`: asked for when needed.
    pub address: Option<Address>,
}

impl Roster {
    /// The most users that are kept: a server that names more is not believed.
    pub(crate) const MOST: usize = 200_000;

    /// Whom a user means by a name, whatever its case.
    pub fn find(&self, typed: &str) -> Option<&Member> {
        let folded = || self.users.get(&typed.to_ascii_lowercase());
        let by_case = |member: &&Member| member.name.eq_ignore_ascii_case(typed);
        let known = self.users.get(typed).or_else(folded);
        known.or_else(|| self.users.values().find(by_case))
    }

    /// The user of a native server whose name is this in lower case. Unlike [`find`](Self::find) it never
    /// looks through all: strangers decide how often it is asked.
    pub(crate) fn by_key(&self, key: &str) -> Option<&Member> {
        self.users.get(key)
    }

    /// All users, by name.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.users.values()
    }

    /// How many users there are, oneself included.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether nobody is known to be in the room.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Whether this member is oneself.
    pub fn is_own(&self, member: &Member) -> bool {
        self.own
            .as_deref()
            .is_some_and(|own| member.name.eq_ignore_ascii_case(own))
    }

    /// One's own name, once in the room.
    pub fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }

    pub(crate) fn set_own(&mut self, name: &UserName) {
        self.own = Some(name.as_str().to_owned());
    }

    /// The users without a key at an address: those whose bare text may come from there.
    pub(crate) fn keyless_at(&self, ip: IpAddr) -> Vec<String> {
        let there = |member: &&Member| {
            member
                .address
                .is_some_and(|a| a.ip.to_canonical() == ip && a.key.is_none())
        };
        let own = |member: &&Member| !self.is_own(member);
        let found = self.users.values().filter(there).filter(own);
        found.take(4).map(|member| member.name.clone()).collect()
    }

    /// Replaces all users.
    pub(crate) fn replace(&mut self, users: Vec<User>) {
        self.users.clear();
        for user in users {
            self.insert(user);
        }
    }

    /// Adds a user or replaces his address; gives whether he is new.
    pub(crate) fn insert(&mut self, user: User) -> bool {
        if self.users.len() >= Self::MOST {
            return false;
        }
        let address = user.address.map(|address| Address {
            ip: address.ip.to_canonical(),
            ..address
        });
        let key = user.name.key();
        let member = Member {
            name: user.name.into(),
            address,
        };
        self.users.insert(key, member).is_none()
    }

    /// Removes a user; gives whether he was there.
    pub(crate) fn remove(&mut self, name: &UserName) -> bool {
        self.users.remove(&name.key()).is_some()
    }

    /// Replaces all users by a lab server's; gives the names that came and those that went.
    pub(crate) fn replace_lab(&mut self, roster: LabRoster) -> (Vec<String>, Vec<String>) {
        let went = self.users.keys().filter(|name| !roster.contains_key(*name));
        let went = went.cloned().collect();
        let came = roster.keys().filter(|name| !self.users.contains_key(*name));
        let came = came.cloned().collect();
        let member = |(name, ip): (String, IpAddr)| {
            let address = Some(Address {
                ip: ip.to_canonical(),
                udp: Some(lab::UDP_PORT),
                key: None,
            });
            (name.clone(), Member { name, address })
        };
        self.users = roster.into_iter().map(member).collect();
        (came, went)
    }

    /// The known users to whom a roster gives another address.
    pub(crate) fn moved(&self, roster: &LabRoster) -> Vec<String> {
        let moved = |(name, ip): &(&String, &IpAddr)| {
            let known = self.users.get(*name).and_then(|member| member.address);
            known.is_some_and(|address| address.ip != ip.to_canonical())
        };
        let names = roster.iter().filter(moved);
        names.map(|(name, _)| name.clone()).collect()
    }
}

/// The roster, shared. It is never held locked while something is waited for.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedRoster(Arc<Mutex<Roster>>);

impl SharedRoster {
    /// Looks at the roster, or changes it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Roster) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        User {
            name: UserName::new(name).unwrap(),
            address: None,
        }
    }

    #[test]
    fn names_are_found_whatever_their_case() {
        let mut roster = Roster::default();
        roster.replace(vec![user("Bob"), user("alice")]);
        assert_eq!(roster.find("bOB").unwrap().name, "Bob");
        assert!(roster.find("carol").is_none());
        assert!(!roster.insert(user("BOB")));
        assert_eq!(roster.len(), 2);
        assert!(roster.remove(&UserName::new("bob").unwrap()));
        assert!(!roster.remove(&UserName::new("bob").unwrap()));
    }

    #[test]
    fn a_lab_roster_tells_who_came_and_who_went() {
        let ip: IpAddr = "10.20.30.11".parse().unwrap();
        let mut roster = Roster::default();
        let first = LabRoster::from([("Åse B".to_owned(), ip), ("bob".to_owned(), ip)]);
        roster.replace_lab(first);
        let second = LabRoster::from([("bob".to_owned(), ip), ("eve".to_owned(), ip)]);
        let (came, went) = roster.replace_lab(second);
        assert_eq!(
            (came, went),
            (vec!["eve".to_owned()], vec!["Åse B".to_owned()])
        );
        assert_eq!(roster.keyless_at(ip), ["bob", "eve"]);
        let elsewhere = LabRoster::from([("bob".to_owned(), "127.6.6.6".parse().unwrap())]);
        assert_eq!(roster.moved(&elsewhere), ["bob"]);
    }
}
