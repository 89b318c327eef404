//! What captures must show: a count, and what it must be.
//!
//! ```text
//! assertion  =  count [ "in" PATTERN ] comparison NUMBER
//! count      =  "handshakes" [ "(" "port" "=" NUMBER ")" ]
//!            |  "filter" "(" DISPLAY-FILTER ")"
//!            |  PROTOCOL [ "between" HOST "and" HOST ] [ "(" "port" "=" NUMBER ")" ]
//! PROTOCOL   =  "tcp" | "udp" | "packets" | "dns" | "arp" | "icmp" | "ipv4" | "ipv6"
//! HOST       =  "server" | "client1" | "client2" | ADDRESS
//! ```
//!
//! Patterns and display filters stand in quotes of either kind.

mod parser;

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use self::parser::Parser;
use super::hand_in::Patterns;
use crate::ask::Roles;
use crate::filter::Filter;
use crate::flow::Flow;
use crate::trace::Trace;

/// What captures must show.
#[derive(Clone, Debug)]
pub struct Assertion {
    text: String,
    count: Count,
    files: Option<Patterns>,
    comparison: Comparison,
    number: u64,
}

/// Why an assertion cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {reason}")]
pub struct AssertionError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

#[derive(Clone, Debug)]
enum Count {
    Handshakes {
        port: Option<u16>,
    },
    Packets {
        protocol: Protocol,
        between: Option<[Host; 2]>,
        port: Option<u16>,
    },
    Filter(Arc<Filter>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    All,
    Tcp,
    Udp,
    Dns,
    Arp,
    Icmp,
    Ipv4,
    Ipv6,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Server,
    Client1,
    Client2,
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

/// What an assertion came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// The count.
    pub(super) count: u64,
    /// Whether it is what it must be.
    pub(super) holds: bool,
    /// The capture that it was counted in, if it is one.
    pub(super) file: Option<String>,
}

impl Assertion {
    /// Reads an assertion.
    ///
    /// # Errors
    /// Where it cannot be understood.
    pub fn new(text: &str) -> Result<Self, AssertionError> {
        Parser::new(text)?.assertion(text)
    }

    /// Counts in captures. Different handshakes count over all captures; packets in the capture that
    /// has most of them, for several captures may show the same. `selected` says how many frames of a
    /// capture a display filter selects.
    pub(super) fn check(
        &self,
        roles: &Roles,
        traces: &[Trace],
        selected: &dyn Fn(usize, &Filter) -> u64,
    ) -> Counted {
        let is_meant = |trace: &Trace| {
            self.files
                .as_ref()
                .is_none_or(|files| files.matches(&trace.name))
        };
        let traces = || {
            traces
                .iter()
                .enumerate()
                .filter(|(_, trace)| is_meant(trace))
        };
        if let Count::Handshakes { port } = self.count {
            let all: BTreeSet<_> = traces()
                .flat_map(|(_, trace)| handshakes(trace, port))
                .collect();
            return self.counted(u64::try_from(all.len()).unwrap_or(u64::MAX), None);
        }
        let mut best = (0, None);
        for (index, trace) in traces() {
            let count = match &self.count {
                Count::Filter(filter) => selected(index, filter),
                Count::Packets {
                    protocol,
                    between,
                    port,
                } => packets(trace, roles, *protocol, between.as_ref(), *port),
                Count::Handshakes { .. } => 0,
            };
            if count > best.0 || best.1.is_none() {
                best = (count, Some(trace.name.clone()));
            }
        }
        self.counted(best.0, best.1)
    }

    fn counted(&self, count: u64, file: Option<String>) -> Counted {
        let holds = match self.comparison {
            Comparison::Equal => count == self.number,
            Comparison::NotEqual => count != self.number,
            Comparison::Less => count < self.number,
            Comparison::LessOrEqual => count <= self.number,
            Comparison::More => count > self.number,
            Comparison::MoreOrEqual => count >= self.number,
        };
        Counted { count, holds, file }
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The handshakes of a capture that are whole, each by what every capture of it shares.
fn handshakes(
    trace: &Trace,
    port: Option<u16>,
) -> impl Iterator<Item = (crate::flow::Endpoint, crate::flow::Endpoint, u32)> {
    let flows = trace.flows.tcp().iter();
    flows.filter_map(move |flow| {
        let handshake = &flow.handshake();
        let is_whole = handshake.is_answered() && handshake.ack.is_some();
        let responder = flow.responder()?;
        (is_whole && port.is_none_or(|port| responder.port == port)).then_some((
            flow.initiator()?,
            responder,
            handshake.syn?.seq,
        ))
    })
}

fn packets(
    trace: &Trace,
    roles: &Roles,
    protocol: Protocol,
    between: Option<&[Host; 2]>,
    port: Option<u16>,
) -> u64 {
    let counts = &trace.protocols;
    match protocol {
        Protocol::All => trace.packets,
        Protocol::Dns => counts.dns,
        Protocol::Arp => counts.arp,
        Protocol::Icmp => counts.icmp.saturating_add(counts.icmpv6),
        Protocol::Ipv4 => counts.ipv4,
        Protocol::Ipv6 => counts.ipv6,
        Protocol::Tcp if between.is_none() && port.is_none() => counts.tcp,
        Protocol::Udp if between.is_none() && port.is_none() => counts.udp,
        Protocol::Tcp | Protocol::Udp => {
            let tcp = trace.flows.tcp().iter().map(|flow| &flow.flow);
            let udp = trace.flows.udp().iter().map(|flow| &flow.flow);
            let fits = |flow: &&Flow| {
                let ends = [flow.source, flow.destination];
                let has_port = port.is_none_or(|port| ends.iter().any(|end| end.port == port));
                let hosts = ends.map(|end| Some(end.address));
                let is_between = between.is_none_or(|[a, b]| {
                    let named = [a.address(roles), b.address(roles)];
                    named.iter().all(Option::is_some)
                        && (hosts == named || hosts == [named[1], named[0]])
                });
                has_port && is_between
            };
            let total = |flow: &Flow| {
                flow.volume
                    .forward
                    .packets
                    .saturating_add(flow.volume.backward.packets)
            };
            if protocol == Protocol::Tcp {
                tcp.filter(fits).map(total).fold(0, u64::saturating_add)
            } else {
                udp.filter(fits).map(total).fold(0, u64::saturating_add)
            }
        }
    }
}

impl Host {
    fn address(self, roles: &Roles) -> Option<IpAddr> {
        match self {
            Self::Server => roles.server.map(|role| role.who.address),
            Self::Client1 => roles.client1.map(|role| role.who),
            Self::Client2 => roles.client2.map(|role| role.who),
            Self::Address(address) => Some(address),
        }
    }
}
