//! Guessing passwords: how fast it may go, without locking the rightful user out.
//!
//! Only a wrong password costs anything, and whether one may be tried is decided before it is looked at:
//! right and wrong wait alike, and who hangs up while waiting has not guessed. Each try needs, at its turn:
//!
//! | from | needs | wrong ones at once | then one more each |
//! |---|---|--:|--:|
//! | an address where the account was logged in to, one of its last [`HOMES`] | what that address has for that account | 5 | 5 s |
//! | any other | what its place has, for all accounts together ... | 60 | 5 s |
//! | | ... and what its place has for that account, | 3 | 15 min |
//! | | or, when that is used up, what the account has for all such places together | 10 | 2 s |
//!
//! Who would wait longer than [`PATIENCE`] is told to try later. A place is an IPv4 address or an IPv6 network
//! of 48 bits. Hence, in the long run:
//!
//! * from one place 0.2 guesses a second, 17,280 a day, whatever is guessed at;
//! * at one account from 1 place 0.2 a second, from 100 places 0.6, from 10,000 places 12; and of strangers
//!   who use up what the account has, the rightful user notices nothing:
//! * from an address where he was logged in to lately, no other address can make him wait;
//! * from a new address he does not wait either and has three tries, whoever else guesses at his account; so he
//!   always gets in. After three wrong ones of his own he stands behind the strangers: one try each 15 min is sure;
//! * any number who log in rightly at once from one address wait for nothing, as after a restart.
//!
//! What remains: who shares an address (or its 48 bits) with an attacker waits there like him, up to
//! [`PATIENCE`], and may then have to ask again; where the account was logged in to from there before, only if
//! the attack is at that very account. Nothing is kept on the disk: a restart forgives all, and forgets where
//! accounts were logged in to.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use chat_proto::UserName;
use tokio::time::Instant;

use crate::buckets::{Buckets, Rate};
use crate::throttle::{origin, site};

/// How long a try may wait for its turn: our client gives the server 10 s for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Addresses that are remembered of one account: at home, at work, on the way.
const HOMES: usize = 4;

/// Accounts whose addresses are remembered, as many as there may be by default. Only who logs in rightly
/// gets among them, and none makes room for another.
const ACCOUNTS: usize = 100_000;

/// At an account, from an address where it was logged in to: a person's mistakes.
const AT_HOME: Rate = Rate {
    each: Duration::from_secs(5),
    burst: 5,
};

/// From one place, at all accounts: some of a thousand students behind one address mistype at once.
const OF_PLACE: Rate = Rate {
    each: Duration::from_secs(5),
    burst: 60,
};

/// At an account from one place: as many mistakes as most people make. It is what an attacker of many
/// addresses lives on, so it comes back slowly.
const OF_PLACE_AT_ACCOUNT: Rate = Rate {
    each: Duration::from_mins(15),
    burst: 3,
};

/// At an account, from all places that have used up their own.
const OF_STRANGERS: Rate = Rate {
    each: Duration::from_secs(2),
    burst: 10,
};

/// Wrong passwords of late, and where accounts were logged in to.
#[derive(Debug)]
pub(crate) struct Guesses {
    homes: HashMap<String, VecDeque<IpAddr>>,
    at_home: Buckets,
    of_place: Buckets,
    of_place_at_account: Buckets,
    of_strangers: Buckets,
}

impl Guesses {
    pub(crate) fn new() -> Self {
        Self {
            homes: HashMap::new(),
            at_home: Buckets::new(AT_HOME),
            of_place: Buckets::new(OF_PLACE),
            of_place_at_account: Buckets::new(OF_PLACE_AT_ACCOUNT),
            of_strangers: Buckets::new(OF_STRANGERS),
        }
    }

    /// Whether a password for this name may be tried now; `Err` tells when to ask again.
    ///
    /// It costs nothing and reserves nothing.
    pub(crate) fn check(&self, ip: IpAddr, name: &UserName, now: Instant) -> Result<(), Instant> {
        let key = name.key();
        if self.is_home(ip, &key) {
            return self.at_home.check(&(origin(ip), &key), now);
        }
        let place = site(ip);
        self.of_place.check(&place, now)?;
        if self.of_place_at_account.check(&(place, &key), now).is_ok() {
            return Ok(());
        }
        self.of_strangers.check(&key, now)
    }

    /// Notes a wrong password, or one for a name that no account has.
    pub(crate) fn failed(&mut self, ip: IpAddr, name: &UserName, now: Instant) {
        let key = name.key();
        if self.is_home(ip, &key) {
            self.at_home.take(&(origin(ip), &key), now);
            return;
        }
        let place = site(ip);
        self.of_place.take(&place, now);
        if self.of_place_at_account.check(&(place, &key), now).is_ok() {
            self.of_place_at_account.take(&(place, &key), now);
        } else {
            self.of_strangers.take(&key, now);
        }
    }

    /// Notes that an account was logged in to.
    pub(crate) fn succeeded(&mut self, ip: IpAddr, account: &UserName) {
        let (origin, key) = (origin(ip), account.key());
        if self.homes.len() >= ACCOUNTS && !self.homes.contains_key(&key) {
            return;
        }
        let homes = self.homes.entry(key).or_default();
        homes.retain(|home| *home != origin);
        homes.push_front(origin);
        homes.truncate(HOMES);
    }

    fn is_home(&self, ip: IpAddr, key: &str) -> bool {
        let homes = self.homes.get(key);
        homes.is_some_and(|homes| homes.contains(&origin(ip)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    fn ip(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number))
    }

    /// Guesses as often as it may; gives how many guesses there were.
    fn guess(guesses: &mut Guesses, from: IpAddr, at: &UserName, now: Instant) -> u32 {
        let mut count = 0;
        while guesses.check(from, at, now).is_ok() {
            guesses.failed(from, at, now);
            count += 1;
        }
        count
    }

    /// Guesses at one account from many places for an hour, after ten minutes in which what there is at once
    /// is used up; gives how many guesses there were. Alice logs in meanwhile.
    fn an_hour_from(places: u32) -> u32 {
        let mut guesses = Guesses::new();
        let alice = name("alice");
        let start = Instant::now();
        let (home, new) = (ip(0xff_0000), ip(0xff_0001));
        guesses.succeeded(home, &alice);
        let mut count = 0;
        for seconds in (1..=4200).step_by(2) {
            let now = start + Duration::from_secs(seconds);
            for place in 0..places {
                let done = guess(&mut guesses, ip(place), &alice, now);
                count += if seconds <= 600 { 0 } else { done };
            }
            assert_eq!(guesses.check(home, &alice, now), Ok(()));
            assert_eq!(guesses.check(new, &alice, now), Ok(()));
            // Others behind the same address are not guessed at.
            guesses.succeeded(ip(0), &name("bob"));
            assert_eq!(guesses.check(ip(0), &name("bob"), now), Ok(()));
        }
        count
    }

    #[test]
    fn the_rates_are_those_that_are_told_and_alice_never_waits() {
        // 3600 s: one each 5 s.
        assert_eq!(an_hour_from(1), 720);
        // 100 places: four of their own each, and one each 2 s together.
        assert_eq!(an_hour_from(100), 4 * 100 + 1800);
    }

    #[test]
    fn ten_thousand_places_have_little_more_than_their_own_tries() {
        // In a debug build this hour takes too long: a quarter, with what each gets back in it.
        let mut guesses = Guesses::new();
        let alice = name("alice");
        let start = Instant::now();
        let mut count = 0;
        for seconds in (0..=900).step_by(60) {
            let now = start + Duration::from_secs(seconds);
            for place in 0..10_000 {
                let done = guess(&mut guesses, ip(place), &alice, now);
                count += if seconds == 0 { 0 } else { done };
            }
            // She has no address yet, and one in 200 would share the cells of the others.
            let waits =
                (0..100).filter(|new| guesses.check(ip(0xff_0000 + new), &alice, now).is_err());
            assert!(waits.count() < 10);
        }
        // 10,000 of their own in 15 min; and what the account has, of which a minute's step takes 10.
        assert!((9_500..10_500).contains(&count), "{count}");
    }

    #[test]
    fn one_place_guesses_slowly_whatever_it_guesses_at() {
        let mut guesses = Guesses::new();
        let start = Instant::now();
        let mut count = 0;
        for seconds in 0..600 {
            let now = start + Duration::from_secs(seconds);
            for number in 0..50 {
                count += guess(&mut guesses, ip(1), &name(&format!("user{number}")), now);
            }
        }
        assert_eq!(count, 60 + 119);
        // All addresses of a customer of IPv6 are one place.
        let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
        let now = start + Duration::from_mins(10);
        for number in 0..20 {
            let who = name(&format!("user{number}"));
            guess(
                &mut guesses,
                v6(&format!("2001:db8:1:{number:x}::1")),
                &who,
                now,
            );
        }
        assert!(
            guesses
                .check(v6("2001:db8:1:ffff::1"), &name("new"), now)
                .is_err()
        );
        assert_eq!(
            guesses.check(v6("2001:db8:2::1"), &name("new"), now),
            Ok(())
        );
    }

    #[test]
    fn any_number_logs_in_rightly_from_one_address_at_once() {
        let mut guesses = Guesses::new();
        let now = Instant::now();
        for number in 0..1000 {
            let who = name(&format!("user{number}"));
            assert_eq!(guesses.check(ip(1), &who, now), Ok(()), "{number}");
            // Some of them mistype first.
            if number % 20 == 0 {
                guesses.failed(ip(1), &who, now);
                assert_eq!(guesses.check(ip(1), &who, now), Ok(()), "{number}");
            }
            guesses.succeeded(ip(1), &who);
        }
    }

    #[test]
    fn only_who_logs_in_rightly_is_remembered_and_no_more_than_four_addresses() {
        let mut guesses = Guesses::new();
        let alice = name("Alice");
        for number in 0..10 {
            guesses.succeeded(ip(number), &alice);
        }
        assert_eq!(guesses.homes["alice"].len(), HOMES);
        assert!(!guesses.is_home(ip(5), "alice") && guesses.is_home(ip(6), "alice"));
        for number in 0..ACCOUNTS + 10 {
            guesses.homes.entry(number.to_string()).or_default();
        }
        guesses.succeeded(ip(1), &name("one-too-many"));
        assert!(!guesses.is_home(ip(1), "one-too-many") && guesses.is_home(ip(6), "alice"));
    }
}
