//! Who is who: the chat server and the two clients of the lab.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::flow::{Endpoint, Flow, TcpFlow, UdpFlow};
use crate::trace::{CHAT_PORT, FlowNumber, Likeness, Trace, Watch};

/// The addresses that the lab gives client1.
const LAB_CLIENT1: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 20, 30, 11)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x11)),
];

/// The roles that the user named.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    /// The chat server's address.
    pub server: Option<IpAddr>,
    /// The chat server's port.
    pub port: Option<u16>,
    /// The first client.
    pub client1: Option<IpAddr>,
    /// The second client.
    pub client2: Option<IpAddr>,
}

impl Given {
    /// The port of the chat: the one named, else the lab's.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(CHAT_PORT)
    }

    /// What an end of one flow may be called where no other flow is looked at: by the names given,
    /// by client1's addresses in the lab, and over TCP by the server's port.
    pub fn name_of(&self, end: Endpoint, number: FlowNumber) -> Option<&'static str> {
        let is = |host: Option<IpAddr>| host == Some(end.address);
        if is(self.server) {
            Some("server")
        } else if self.is_client1(end.address) {
            Some("client1")
        } else if is(self.client2) {
            Some("client2")
        } else {
            let is_server = self.server.is_none() && end.port == self.port();
            (is_server && matches!(number, FlowNumber::Tcp(_))).then_some("server")
        }
    }

    /// Whether this is the host named as client1, or else the lab's.
    fn is_client1(&self, host: IpAddr) -> bool {
        match self.client1 {
            Some(client1) => client1 == host,
            None => LAB_CLIENT1.contains(&host),
        }
    }

    /// What a pass over a capture should keep for these roles.
    pub fn watch(&self, arrows: usize) -> Watch {
        let clients = match (self.client1, self.client2) {
            (Some(client1), Some(client2)) => Some([client1, client2]),
            _ => None,
        };
        Watch {
            port: self.port(),
            server: self.server,
            clients,
            arrows,
            ..Watch::default()
        }
    }
}

/// How a role was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// The user named it.
    Given,
    /// It answered, or was asked for, connections on the chat's port.
    Responder,
    /// It has the address that the lab gives it.
    LabAddress,
    /// It opened the first connection to the chat server.
    FirstInitiator,
    /// It exchanged datagrams of the chat with client1.
    Peer,
    /// It opened the next connection to the chat server.
    NextInitiator,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "as you said",
            Self::Responder => "the responder on that port",
            Self::LabAddress => "its address in the lab",
            Self::FirstInitiator => "the first to connect to the server",
            Self::Peer => "client1's peer in the UDP chat",
            Self::NextInitiator => "the next to connect to the server",
        })
    }
}

/// A host or an endpoint, and how its role was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role<T> {
    /// Who it is.
    pub who: T,
    /// How that is known.
    pub how: How,
}

impl<T> Role<T> {
    const fn new(who: T, how: How) -> Self {
        Self { who, how }
    }
}

/// Who is who in the captures; `None` where they do not tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Roles {
    /// The chat server.
    pub server: Option<Role<Endpoint>>,
    /// The client that the questions are about.
    pub client1: Option<Role<IpAddr>>,
    /// The client that client1 sends private messages to.
    pub client2: Option<Role<IpAddr>>,
    /// The chat's port, TCP and UDP.
    pub port: u16,
}

impl Roles {
    /// Finds the roles that were not named.
    pub fn find(given: &Given, traces: &[Trace]) -> Self {
        let port = given.port();
        let server = find_server(given, traces);
        let mut roles = Self {
            server,
            client1: None,
            client2: None,
            port,
        };
        roles.client1 = roles.find_client1(given, traces);
        roles.client2 = roles.find_client2(given, traces);
        roles
    }

    /// The role of a host, in the words of the lab.
    pub fn name_of(&self, host: IpAddr) -> Option<&'static str> {
        if self.server.is_some_and(|server| server.who.address == host) {
            Some("server")
        } else if self.is_client1(host) {
            Some("client1")
        } else if self.client2.is_some_and(|client| client.who == host) {
            Some("client2")
        } else {
            None
        }
    }

    /// Whether this host is client1.
    pub fn is_client1(&self, host: IpAddr) -> bool {
        self.client1.is_some_and(|client| client.who == host)
    }

    /// Whether a TCP flow is a connection, or an attempt at one, to the chat server.
    pub fn is_to_server(&self, flow: &TcpFlow) -> bool {
        let Some(Role { who, .. }) = self.server else {
            return false;
        };
        match flow.responder() {
            Some(responder) => responder == who,
            None => flow.flow.source == who || flow.flow.destination == who,
        }
    }

    /// How much a UDP flow looks like the chat: by the chat's port, or most of all as one between the
    /// two clients if both were named. `None` if it is none.
    pub fn likeness(&self, flow: &UdpFlow) -> Option<Likeness> {
        let hosts = [flow.flow.source.address, flow.flow.destination.address];
        let named = match (self.client1, self.client2) {
            (Some(a), Some(b)) if a.how == How::Given && b.how == How::Given => {
                hosts == [a.who, b.who] || hosts == [b.who, a.who]
            }
            _ => false,
        };
        if named {
            return Some(Likeness::BothPorts);
        }
        Likeness::of([flow.flow.source, flow.flow.destination], self.port)
    }

    fn find_client1(&self, given: &Given, traces: &[Trace]) -> Option<Role<IpAddr>> {
        if let Some(client1) = given.client1 {
            return Some(Role::new(client1, How::Given));
        }
        let is_server = |host| self.server.is_some_and(|server| server.who.address == host);
        let appears = |host| traces.iter().any(|trace| has_host(trace, host));
        // A server on IPv6 has no client with an IPv4 address, whatever else that host does.
        let same_version = |host: IpAddr| {
            self.server
                .is_none_or(|server| server.who.address.is_ipv4() == host.is_ipv4())
        };
        let in_the_lab = LAB_CLIENT1
            .into_iter()
            .find(|host| appears(*host) && same_version(*host) && !is_server(*host));
        if let Some(client1) = in_the_lab {
            return Some(Role::new(client1, How::LabAddress));
        }
        let mut clients = traces.iter().flat_map(|trace| self.clients(trace));
        clients
            .next()
            .map(|client| Role::new(client, How::FirstInitiator))
    }

    fn find_client2(&self, given: &Given, traces: &[Trace]) -> Option<Role<IpAddr>> {
        if let Some(client2) = given.client2 {
            return Some(Role::new(client2, How::Given));
        }
        let client1 = self.client1?.who;
        let is_other = |host: &IpAddr| {
            *host != client1 && self.server.is_none_or(|server| server.who.address != *host)
        };
        let datagrams = traces.iter().flat_map(|trace| trace.flows.shown_udp());
        // A flow that only an ICMP error quotes has no datagram.
        let peer = datagrams
            .filter(|flow| flow.first_datagram.is_some())
            .filter_map(|flow| Some((self.likeness(flow)?, other_end(&flow.flow, client1)?)))
            .filter(|(_, host)| is_other(host))
            .min_by_key(|(likeness, _)| *likeness);
        if let Some((_, peer)) = peer {
            return Some(Role::new(peer, How::Peer));
        }
        let mut clients = traces.iter().flat_map(|trace| self.clients(trace));
        clients
            .find(is_other)
            .map(|client| Role::new(client, How::NextInitiator))
    }

    /// Who connected to the chat server, in order.
    fn clients<'a>(&'a self, trace: &'a Trace) -> impl Iterator<Item = IpAddr> + 'a {
        let server = self.server.map(|server| server.who);
        trace
            .flows
            .tcp()
            .iter()
            .filter(|flow| self.is_to_server(flow))
            .filter_map(move |flow| {
                let other = if Some(flow.flow.source) == server {
                    flow.flow.destination
                } else {
                    flow.flow.source
                };
                flow.initiator()
                    .or(Some(other))
                    .map(|endpoint| endpoint.address)
            })
    }
}

fn find_server(given: &Given, traces: &[Trace]) -> Option<Role<Endpoint>> {
    let port = given.port();
    if let Some(address) = given.server {
        return Some(Role::new(Endpoint::new(address, port), How::Given));
    }
    let flows = || traces.iter().flat_map(|trace| trace.flows.shown_tcp());
    let responder = |flow: &TcpFlow| flow.responder().filter(|endpoint| endpoint.port == port);
    let answered = || flows().filter(|flow| flow.handshake().syn_ack.is_some());
    // Of several servers on the port, the one that client1 talks to is asked for.
    let of_client1 = |flow: &TcpFlow| {
        let initiator = flow.initiator();
        let is_its = initiator.is_some_and(|from| given.is_client1(from.address));
        responder(flow).filter(|_| is_its)
    };
    let in_the_middle = |flow: &TcpFlow| {
        let ends = [flow.flow.destination, flow.flow.source];
        ends.into_iter().find(|endpoint| endpoint.port == port)
    };
    let found = answered()
        .find_map(of_client1)
        .or_else(|| answered().find_map(responder))
        .or_else(|| flows().find_map(responder))
        .or_else(|| flows().find_map(in_the_middle))?;
    Some(Role::new(found, How::Responder))
}

fn has_host(trace: &Trace, host: IpAddr) -> bool {
    let tcp = trace.flows.shown_tcp().map(|flow| &flow.flow);
    let udp = trace.flows.shown_udp().map(|flow| &flow.flow);
    tcp.chain(udp).any(|flow| other_end(flow, host).is_some())
}

fn other_end(flow: &Flow, host: IpAddr) -> Option<IpAddr> {
    if flow.source.address == host {
        Some(flow.destination.address)
    } else if flow.destination.address == host {
        Some(flow.source.address)
    } else {
        None
    }
}
