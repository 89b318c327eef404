//! Who may try what how often before being in the room.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_proto::{EndCode, UserName};
use tokio::time::Instant;

use crate::config::Limits;
use crate::throttle::{Buckets, Failures, origin};

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
    registrations: Buckets<IpAddr>,
    failures_by_origin: Failures<IpAddr>,
    failures_by_name: Failures<String>,
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
            registrations: Buckets::new(
                limits.registrations_per_minute,
                Duration::from_mins(1),
                limits.registrations_per_minute,
            ),
            failures_by_origin: Failures::new(),
            failures_by_name: Failures::new(),
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

    /// Whether an address may open one more account.
    pub(crate) fn may_register(&self, ip: IpAddr) -> bool {
        self.lock().registrations.take(origin(ip), Instant::now())
    }

    /// Notes a wrong password; tells how long to wait before answering it.
    pub(crate) fn failed(&self, ip: IpAddr, name: &UserName) -> Duration {
        let now = Instant::now();
        let mut inner = self.lock();
        let by_origin = inner.failures_by_origin.note(origin(ip), now);
        by_origin.max(inner.failures_by_name.note(name.key(), now))
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
