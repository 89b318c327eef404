//! Who may come in, and who may try what how often before being in the room.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_proto::{EndCode, UserName};
use tokio::time::Instant;

use crate::buckets::{Buckets, Rate};
use crate::config::Limits;
use crate::guesses::Guesses;
use crate::throttle::{origin, site};

/// Networks of 64 bits whose connections one network of 48 bits may have: a customer of IPv6 with 65,536
/// networks could otherwise fill the server alone.
const NETWORKS: usize = 10;

/// Counts connections, registrations and wrong passwords by where they come from.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    clients: usize,
    clients_limit: usize,
    each_limit: usize,
    by_origin: HashMap<IpAddr, usize>,
    by_site: HashMap<IpAddr, usize>,
    registrations: Buckets,
    guesses: Guesses,
}

/// One connection that was let in; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    gate: Gate,
    ip: IpAddr,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let inner = Inner {
            clients: 0,
            clients_limit: limits.clients,
            each_limit: limits.clients_per_address,
            by_origin: HashMap::new(),
            by_site: HashMap::new(),
            registrations: Buckets::new(Rate::per_minute(limits.registrations_per_minute)),
            guesses: Guesses::new(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Lets a connection in.
    ///
    /// # Errors
    /// [`EndCode::ServerFull`] or [`EndCode::TooManyConnections`].
    pub(crate) fn admit(&self, ip: IpAddr) -> Result<Ticket, EndCode> {
        let mut inner = self.lock();
        if inner.clients >= inner.clients_limit {
            return Err(EndCode::ServerFull);
        }
        let limit = inner.each_limit;
        let count = |counts: &HashMap<IpAddr, usize>, of| counts.get(&of).copied().unwrap_or(0);
        let (origin, site) = (origin(ip), site(ip));
        let of_origin = count(&inner.by_origin, origin);
        let of_site = count(&inner.by_site, site);
        if of_origin >= limit || of_site >= limit.saturating_mul(NETWORKS) {
            return Err(EndCode::TooManyConnections);
        }
        inner.by_origin.insert(origin, of_origin.saturating_add(1));
        inner.by_site.insert(site, of_site.saturating_add(1));
        inner.clients = inner.clients.saturating_add(1);
        Ok(Ticket {
            gate: self.clone(),
            ip,
        })
    }

    /// Takes one more account for an address; false if it has opened too many of late.
    pub(crate) fn may_register(&self, ip: IpAddr) -> bool {
        let (site, now) = (site(ip), Instant::now());
        let mut inner = self.lock();
        let may = inner.registrations.check(&site, now).is_ok();
        if may {
            inner.registrations.take(&site, now);
        }
        may
    }

    /// Whether a password may be tried now; `Err` tells when to ask again. See [`Guesses`].
    pub(crate) fn may_guess(&self, ip: IpAddr, name: &UserName) -> Result<(), Instant> {
        self.lock().guesses.check(ip, name, Instant::now())
    }

    /// Notes a wrong password. Do so before anything is awaited after [`may_guess`](Self::may_guess): then
    /// guesses made at once count one after the other.
    pub(crate) fn guessed_wrong(&self, ip: IpAddr, name: &UserName) {
        self.lock().guesses.failed(ip, name, Instant::now());
    }

    /// Notes that an account was logged in to.
    pub(crate) fn logged_in(&self, ip: IpAddr, account: &UserName) {
        self.lock().guesses.succeeded(ip, account);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inner = self.gate.lock();
        inner.clients = inner.clients.saturating_sub(1);
        give_back(&mut inner.by_origin, origin(self.ip));
        give_back(&mut inner.by_site, site(self.ip));
    }
}

fn give_back(counts: &mut HashMap<IpAddr, usize>, of: IpAddr) {
    if let Some(count) = counts.get_mut(&of) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_an_address_a_network_and_a_site_are_limited() {
        let gate = Gate::new(&Limits {
            clients: 100,
            clients_per_address: 2,
            ..Limits::default()
        });
        let admit = |text: String| gate.admit(text.parse().unwrap());
        let v4: Vec<_> = (0..3).map(|_| admit("10.0.0.1".to_owned())).collect();
        assert_eq!(v4[2].as_ref().unwrap_err(), &EndCode::TooManyConnections);
        // As many as one likes in one network of 64 bits: two; in one of 48 bits: twenty.
        let one: Vec<_> = (0..3)
            .map(|host| admit(format!("2001:db8::{host}")))
            .collect();
        assert!(one[1].is_ok() && one[2].is_err());
        let many: Vec<_> = (1..30)
            .map(|net| admit(format!("2001:db8:0:{net}::1")))
            .collect();
        assert_eq!(many.iter().filter(|ticket| ticket.is_ok()).count(), 18);
        assert!(admit("2001:db8:1::1".to_owned()).is_ok());
        drop((v4, one, many));
        let inner = gate.lock();
        assert_eq!(
            (inner.clients, inner.by_origin.len(), inner.by_site.len()),
            (0, 0, 0)
        );
    }
}
