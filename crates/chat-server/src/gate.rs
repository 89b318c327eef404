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
    registrations: Buckets,
    guesses: Guesses,
}

/// One connection that was let in; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    gate: Gate,
    origin: IpAddr,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let inner = Inner {
            clients: 0,
            clients_limit: limits.clients,
            each_limit: limits.clients_per_address,
            by_origin: HashMap::new(),
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
        let origin = origin(ip);
        let mut inner = self.lock();
        if inner.clients >= inner.clients_limit {
            return Err(EndCode::ServerFull);
        }
        let limit = inner.each_limit;
        let count = inner.by_origin.entry(origin).or_insert(0);
        if *count >= limit {
            return Err(EndCode::TooManyConnections);
        }
        *count = count.saturating_add(1);
        inner.clients = inner.clients.saturating_add(1);
        Ok(Ticket {
            gate: self.clone(),
            origin,
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
        if let Some(count) = inner.by_origin.get_mut(&self.origin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inner.by_origin.remove(&self.origin);
            }
        }
    }
}
