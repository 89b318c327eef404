//! What happens on the wire in the lab, as packets: connections that talk, and who they are.

use std::net::{Ipv4Addr, SocketAddr};

use crate::frames::{ACK, FIN, PSH, RST, SYN, SYN_OPTIONS, Segment};
use crate::recording::Recording;

/// The chat server of the lab.
pub const SERVER: SocketAddr = v4([10, 20, 30, 3], 5000);
/// The first client of the lab, on a port of its own.
pub const CLIENT1: SocketAddr = v4([10, 20, 30, 11], 50_748);
/// The second client of the lab, on a port of its own.
pub const CLIENT2: SocketAddr = v4([10, 20, 30, 12], 41_302);

/// An IPv4 address and a port.
pub const fn v4([a, b, c, d]: [u8; 4], port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port)
}

/// The same host on another port.
pub fn on_port(mut host: SocketAddr, port: u16) -> SocketAddr {
    host.set_port(port);
    host
}

/// A TCP connection, seen from outside: it makes the packets of both sides, with the right numbers.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Side,
    server: Side,
}

#[derive(Clone, Debug)]
struct Side {
    at: SocketAddr,
    isn: u32,
    /// The next sequence number.
    next: u32,
    /// The next identification of an IPv4 header.
    identification: u16,
}

/// The frames of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The SYN's frame.
    pub syn: u64,
    /// The SYN-ACK's frame.
    pub syn_ack: u64,
    /// The ACK's frame.
    pub ack: u64,
}

impl Connection {
    /// A connection that is not open yet.
    pub fn new(client: SocketAddr, client_isn: u32, server: SocketAddr, server_isn: u32) -> Self {
        let side = |at, isn: u32, identification| Side {
            at,
            isn,
            next: isn.wrapping_add(1),
            identification,
        };
        Self {
            client: side(client, client_isn, 0x1000),
            server: side(server, server_isn, 0x8000),
        }
    }

    /// SYN.
    pub fn syn(&mut self) -> Vec<u8> {
        let mut syn = self.segment(true, SYN, b"");
        syn.seq = self.client.isn;
        syn.ack = 0;
        syn.options = SYN_OPTIONS.to_vec();
        syn.packet()
    }

    /// SYN and ACK, as an answer.
    pub fn syn_ack(&mut self) -> Vec<u8> {
        let mut syn_ack = self.segment(false, SYN | ACK, b"");
        syn_ack.seq = self.server.isn;
        syn_ack.options = SYN_OPTIONS.to_vec();
        syn_ack.packet()
    }

    /// The client's ACK.
    pub fn ack(&mut self) -> Vec<u8> {
        self.segment(true, ACK, b"").packet()
    }

    /// The server's ACK.
    pub fn server_ack(&mut self) -> Vec<u8> {
        self.segment(false, ACK, b"").packet()
    }

    /// The server refuses the SYN.
    pub fn refusal(&mut self) -> Vec<u8> {
        let mut reset = self.segment(false, RST | ACK, b"");
        reset.seq = 0;
        reset.packet()
    }

    /// The client sends text.
    pub fn client_says(&mut self, text: &[u8]) -> Vec<u8> {
        let segment = self.segment(true, PSH | ACK, text);
        self.client.next = self.client.next.wrapping_add(length(text));
        segment.packet()
    }

    /// The server sends text.
    pub fn server_says(&mut self, text: &[u8]) -> Vec<u8> {
        let segment = self.segment(false, PSH | ACK, text);
        self.server.next = self.server.next.wrapping_add(length(text));
        segment.packet()
    }

    /// Records the three-way handshake.
    pub fn open(&mut self, recording: &mut Recording) -> Handshake {
        Handshake {
            syn: recording.add(&self.syn()),
            syn_ack: recording.add(&self.syn_ack()),
            ack: recording.add(&self.ack()),
        }
    }

    /// Records a SYN and its refusal.
    pub fn fail(&mut self, recording: &mut Recording) {
        recording.add(&self.syn());
        recording.add(&self.refusal());
    }

    /// Records a message each way, with its acknowledgments.
    pub fn talk(&mut self, recording: &mut Recording) {
        recording.add(&self.client_says(b"client1"));
        recording.add(&self.server_ack());
        recording.add(&self.server_says(b"!{\"client1\": \"10.20.30.11\"}"));
        recording.add(&self.ack());
    }

    /// Records how both sides end.
    pub fn close(&mut self, recording: &mut Recording) {
        recording.add(&self.fin(true));
        recording.add(&self.fin(false));
        recording.add(&self.ack());
    }

    /// One side has no more to say.
    pub fn fin(&mut self, from_client: bool) -> Vec<u8> {
        let segment = self.segment(from_client, FIN | ACK, b"");
        let side = if from_client {
            &mut self.client
        } else {
            &mut self.server
        };
        side.next = side.next.wrapping_add(1);
        segment.packet()
    }

    /// A segment with the next numbers of one side.
    pub fn segment(&mut self, from_client: bool, flags: u8, payload: &[u8]) -> Segment {
        let (from, to) = if from_client {
            (&mut self.client, &mut self.server)
        } else {
            (&mut self.server, &mut self.client)
        };
        from.identification = from.identification.wrapping_add(1);
        Segment {
            from: from.at,
            to: to.at,
            seq: from.next,
            ack: to.next,
            flags,
            window: 64_240,
            identification: from.identification,
            options: Vec::new(),
            payload: payload.to_vec(),
        }
    }
}

fn length(text: &[u8]) -> u32 {
    u32::try_from(text.len()).unwrap()
}
