//! One run of the lab, as three hosts capture it: what chance chooses is chosen anew for each.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::tcp::{Connection, milliseconds, partial_checksum};
use crate::frames::{ACK, ARP, FIN, IPV4, Link, PSH, RST, datagram};
use crate::random::Random;
use crate::recording::{Recorded, Recording};

/// The lab's hosts, by their place in [`HOSTS`].
pub const DNS: usize = 0;
/// The chat server.
pub const SERVER: usize = 1;
/// The first client.
pub const CLIENT1: usize = 2;
/// The second client.
pub const CLIENT2: usize = 3;
/// The addresses of the lab's hosts.
pub const HOSTS: [Ipv4Addr; 4] = [
    Ipv4Addr::new(10, 20, 30, 2),
    Ipv4Addr::new(10, 20, 30, 3),
    Ipv4Addr::new(10, 20, 30, 11),
    Ipv4Addr::new(10, 20, 30, 12),
];

const BROADCAST: [u8; 6] = [0xff; 6];
const SECOND: u64 = 1_000_000_000;
const TEXTS: &[&str] = &[
    "hello",
    "hi",
    "hello everyone",
    "how are you?",
    "fine, thanks",
    "test",
    "test 2",
    "hello from client1",
    "does this work?",
    "yes it does",
    "private message",
    "see you",
    "bye",
    "the lab is done",
    "what is the ISN?",
    "hello world",
    "anyone here?",
    "ok",
];
const NAMES: &[&str] = &[
    "alice", "bob", "client1", "client2", "eve", "max", "anna", "ola", "kari", "user1",
];

/// How TCP timestamps begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Linux: random for each pair of hosts.
    Random,
    /// The uptime of the one host of all containers, minutes after its start.
    Uptime,
    /// No timestamps at all.
    None,
}

/// How a student's machine and captures are.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that a machine does or not"
)]
pub struct Style {
    /// How TCP timestamps begin.
    pub clock: Clock,
    /// Whether the sender leaves checksums to the network card that containers do not have.
    pub offload: bool,
    /// The link that is captured.
    pub link: Link,
    /// Whether MAC addresses follow from IP addresses, as Docker's did before version 28.
    pub docker_macs: bool,
    /// Whether a script talks, instead of people.
    pub scripted: bool,
    /// Whether users sign in, with nonces.
    pub sign_in: bool,
    /// Whether the clients ask for the server's name.
    pub dns: bool,
    /// Whether the first client comes before the server.
    pub refused: bool,
    /// Whether client2 comes first.
    pub client2_first: bool,
    /// What users say.
    pub messages: usize,
}

impl Style {
    /// A machine like others, or not.
    pub fn random(random: &mut Random) -> Self {
        let mut one_in = |n: usize| random.below(n) == 0;
        Self {
            clock: match one_in(12) {
                true => Clock::Uptime,
                false if one_in(12) => Clock::None,
                false => Clock::Random,
            },
            offload: !one_in(3),
            link: match one_in(8) {
                true => Link::Sll2,
                false if one_in(8) => Link::Sll,
                false => Link::Ethernet,
            },
            docker_macs: !one_in(3),
            scripted: one_in(3),
            sign_in: one_in(4),
            dns: !one_in(8),
            refused: one_in(6),
            client2_first: one_in(3),
            messages: 4 + random.below(20),
        }
    }
}

/// What three hosts captured of one run, and what is asked about it.
#[derive(Clone, Debug)]
pub struct Run {
    /// Of the server, client1 and client2.
    pub captures: [Recording; 3],
    /// The sequence number of client1's SYN.
    pub syn: u32,
    /// The sequence number of the SYN-ACK.
    pub syn_ack: u32,
    /// The same for client2.
    pub of_client2: [u32; 2],
}

/// A frame on its way.
struct Sent {
    time: u64,
    ether_type: u16,
    macs: [[u8; 6]; 2],
    packet: Vec<u8>,
    from: usize,
    /// None for all hosts.
    to: Option<usize>,
}

struct Network<'a> {
    random: &'a mut Random,
    style: Style,
    /// What the timestamps of each client, and of the server to it, add to the clock.
    offsets: [[u32; 2]; 2],
    macs: [[u8; 6]; 4],
    sent: Vec<Sent>,
    now: u64,
    /// Who has asked for whose MAC address.
    resolved: Vec<[usize; 2]>,
    /// The clients' connections, once they are open.
    connections: [Option<Connection>; 2],
    /// The identification of the next private message of each.
    identification: [u16; 2],
    names: [&'static str; 2],
}

impl Run {
    /// Runs the lab at a time in nanoseconds since the Unix epoch.
    pub fn new(random: &mut Random, style: Style, start: u64) -> Self {
        let macs = HOSTS.map(|host| {
            let [a, b, c, d] = host.octets();
            let random = random.next().to_be_bytes();
            if style.docker_macs {
                [0x02, 0x42, a, b, c, d]
            } else {
                [
                    0x02 | random[0] & 0xfc,
                    random[1],
                    random[2],
                    random[3],
                    random[4],
                    random[5],
                ]
            }
        });
        // The host started some minutes ago, and all containers have its clock.
        let uptime = (400_000 + random.u32() % 1_000_000).wrapping_sub(milliseconds(start));
        let offsets = [(); 2].map(|()| {
            [(); 2].map(|()| match style.clock {
                Clock::Uptime => uptime,
                Clock::Random | Clock::None => random.u32(),
            })
        });
        let identification = [(); 2].map(|()| random.u16());
        let first = random.below(NAMES.len());
        let second = (first + 1 + random.below(NAMES.len() - 1)) % NAMES.len();
        let mut network = Network {
            offsets,
            random,
            style,
            macs,
            sent: Vec::new(),
            now: start,
            resolved: Vec::new(),
            connections: [None, None],
            identification,
            names: [NAMES[first], NAMES[second]],
        };
        network.pause();
        let order = if style.client2_first { [1, 0] } else { [0, 1] };
        for client in order {
            network.join(client);
            network.pause();
        }
        for _ in 0..style.messages {
            network.say();
            network.pause();
        }
        for client in order {
            network.leave(client);
            network.pause();
        }
        network.finish()
    }
}

impl Network<'_> {
    /// Time that passes between what people or a script do.
    fn pause(&mut self) {
        self.now += if self.style.scripted {
            // A sleep, and how late the timer is.
            *self.random.one_of(&[1, 2, 2, 3]) * SECOND + 60_000 + self.random.next() % 150_000
        } else {
            SECOND / 2 + self.random.next() % (12 * SECOND)
        };
    }

    /// Time that a program takes.
    fn work(&mut self, least: u64, most: u64) {
        self.now += least + self.random.next() % (most - least);
    }

    fn send(&mut self, ether_type: u16, from: usize, to: Option<usize>, packet: Vec<u8>) {
        let to_mac = to.map_or(BROADCAST, |to| self.macs[to]);
        self.sent.push(Sent {
            time: self.now,
            ether_type,
            macs: [self.macs[from], to_mac],
            packet,
            from,
            to,
        });
    }

    fn send_ip(&mut self, from: usize, to: usize, mut packet: Vec<u8>) {
        if self.style.offload {
            partial_checksum(&mut packet);
        }
        self.send(IPV4, from, Some(to), packet);
        self.work(4000, 60_000);
    }

    /// ARP, the first time.
    fn resolve(&mut self, from: usize, to: usize) {
        if self.resolved.contains(&[from, to]) {
            return;
        }
        self.resolved.extend([[from, to], [to, from]]);
        let arp = |operation: u8, sender: usize, target: usize, target_mac: [u8; 6]| {
            let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation];
            packet.extend(self.macs[sender]);
            packet.extend(HOSTS[sender].octets());
            packet.extend(target_mac);
            packet.extend(HOSTS[target].octets());
            packet
        };
        let request = arp(1, from, to, [0; 6]);
        let reply = arp(2, to, from, self.macs[from]);
        self.send(ARP, from, None, request);
        self.work(4000, 40_000);
        self.send(ARP, to, Some(from), reply);
        self.work(1000, 5000);
    }

    /// A question to the DNS server and its answer.
    fn ask(&mut self, client: usize) {
        let host = CLIENT1 + client;
        self.resolve(host, DNS);
        let id = self.random.u16();
        let port = self.ephemeral_port();
        let mut question = id.to_be_bytes().to_vec();
        question.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        question.extend(b"\x03www\x07ttm4200\x03com\0\0\x01\0\x01");
        let mut answer = question.clone();
        answer[2..8].copy_from_slice(&[0x85, 0x80, 0, 1, 0, 1]);
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4]);
        answer.extend(HOSTS[SERVER].octets());
        let ends = [at(host, port), at(DNS, 53)];
        let ids = [(); 2].map(|()| self.random.u16());
        self.send_ip(host, DNS, datagram(ends[0], ends[1], ids[0], &question));
        self.work(SECOND / 5000, SECOND / 200);
        self.send_ip(DNS, host, datagram(ends[1], ends[0], ids[1], &answer));
    }

    fn join(&mut self, client: usize) {
        let host = CLIENT1 + client;
        if self.style.dns {
            self.ask(client);
        }
        self.resolve(host, SERVER);
        if self.style.refused && self.connections == [None, None] {
            let mut refused = self.connection(client);
            let syn = refused.syn(self.now);
            self.send_ip(host, SERVER, syn);
            let mut reset = refused.segment(false, RST | ACK, b"", self.now);
            reset.seq = 0;
            reset.options.clear();
            self.send_ip(SERVER, host, reset.packet());
            self.pause();
        }
        let mut connection = self.connection(client);
        let syn = connection.syn(self.now);
        self.send_ip(host, SERVER, syn);
        let syn_ack = connection.syn_ack(self.now);
        self.send_ip(SERVER, host, syn_ack);
        let ack = connection.segment(true, ACK, b"", self.now).packet();
        self.send_ip(host, SERVER, ack);
        self.connections[client] = Some(connection);
        self.pause();
        let name = self.names[client];
        if self.style.sign_in {
            let [nonce, more] = [(); 2].map(|()| self.nonce());
            self.client_says(
                client,
                &format!("{{\"type\":\"login\",\"user\":\"{name}\",\"nonce\":\"{nonce}\"}}\n"),
            );
            self.server_says(
                client,
                &format!("{{\"type\":\"challenge\",\"nonce\":\"{nonce}{more}\"}}\n"),
            );
        } else {
            self.client_says(client, name);
        }
        let there: Vec<usize> = (0..2)
            .filter(|other| self.connections[*other].is_some())
            .collect();
        let users: Vec<String> = there
            .iter()
            .map(|other| format!("\"{}\": \"{}\"", self.names[*other], HOSTS[CLIENT1 + other]))
            .collect();
        for other in there {
            self.server_says(other, &format!("!{{{}}}", users.join(", ")));
        }
    }

    /// One message, to the room or to the other client.
    fn say(&mut self) {
        let client = self.random.below(2);
        let text = *self.random.one_of(TEXTS);
        if self.random.below(3) == 0 {
            let (from, to) = (CLIENT1 + client, CLIENT2 - client);
            self.resolve(from, to);
            self.identification[client] = self.identification[client].wrapping_add(1);
            let id = self.identification[client];
            self.send_ip(
                from,
                to,
                datagram(at(from, 5000), at(to, 5000), id, text.as_bytes()),
            );
        } else {
            self.client_says(client, text);
            let line = format!("{}: {text} ", self.names[client]);
            self.server_says(1 - client, &line);
        }
    }

    fn leave(&mut self, client: usize) {
        for (from_client, flags) in [(true, FIN | ACK), (false, FIN | ACK), (true, ACK)] {
            self.segment(client, from_client, flags, b"");
            self.work(50_000, 400_000);
        }
        self.connections[client] = None;
    }

    fn client_says(&mut self, client: usize, text: &str) {
        self.segment(client, true, PSH | ACK, text.as_bytes());
        self.segment(client, false, ACK, b"");
        self.work(100_000, 600_000);
    }

    fn server_says(&mut self, client: usize, text: &str) {
        self.segment(client, false, PSH | ACK, text.as_bytes());
        self.segment(client, true, ACK, b"");
    }

    fn segment(&mut self, client: usize, from_client: bool, flags: u8, payload: &[u8]) {
        let host = CLIENT1 + client;
        let (from, to) = if from_client {
            (host, SERVER)
        } else {
            (SERVER, host)
        };
        let connection = self.connections[client]
            .as_mut()
            .expect("an open connection");
        let packet = connection
            .segment(from_client, flags, payload, self.now)
            .packet();
        self.send_ip(from, to, packet);
    }

    fn connection(&mut self, client: usize) -> Connection {
        let port = self.ephemeral_port();
        let offsets = (self.style.clock != Clock::None).then_some(self.offsets[client]);
        let [host, server] = [at(CLIENT1 + client, port), at(SERVER, 5000)];
        Connection::new(self.random, host, server, offsets)
    }

    /// Linux prefers even ports.
    fn ephemeral_port(&mut self) -> u16 {
        32_768 + 2 * u16::try_from(self.random.below(14_116)).unwrap()
    }

    fn nonce(&mut self) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        (0..24)
            .map(|_| char::from(*self.random.one_of(DIGITS)))
            .collect()
    }

    /// What each host captured.
    fn finish(self) -> Run {
        let Self {
            random,
            style,
            sent,
            ..
        } = self;
        let mut numbers = [[0; 2]; 2];
        // The last handshake of each client is the one that was not refused.
        for frame in &sent {
            if frame.ether_type == IPV4 && frame.packet[9] == 6 && frame.packet[33] == 0x12 {
                let seq = u32::from_be_bytes(frame.packet[24..28].try_into().unwrap());
                let ack = u32::from_be_bytes(frame.packet[28..32].try_into().unwrap());
                numbers[frame.to.unwrap() - CLIENT1] = [ack.wrapping_sub(1), seq];
            }
        }
        let captures = [SERVER, CLIENT1, CLIENT2].map(|host| {
            let mut recording = Recording::new(style.link);
            for frame in &sent {
                let is_received = frame.to.is_none_or(|to| to == host) && frame.from != host;
                if !is_received && frame.from != host {
                    continue;
                }
                let late = if is_received {
                    1000 + random.next() % 3000
                } else {
                    0
                };
                let octets = on_link(style.link, frame, is_received);
                recording.frames.push(Recorded {
                    time: frame.time + late,
                    link_type: style.link.number(),
                    original: u32::try_from(octets.len()).unwrap(),
                    octets,
                });
            }
            recording.frames.sort_by_key(|frame| frame.time);
            recording
        });
        Run {
            captures,
            syn: numbers[0][0],
            syn_ack: numbers[0][1],
            of_client2: numbers[1],
        }
    }
}

/// An endpoint of the lab.
fn at(host: usize, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(HOSTS[host]), port)
}

/// The frame with its link header.
fn on_link(link: Link, frame: &Sent, is_received: bool) -> Vec<u8> {
    let [from, to] = frame.macs;
    let ether_type = frame.ether_type.to_be_bytes();
    // To us, to all, from us.
    let kind = match (is_received, frame.to) {
        (false, _) => 4,
        (true, Some(_)) => 0,
        (true, None) => 1,
    };
    let header = match link {
        Link::Ethernet => [to.as_slice(), &from, &ether_type].concat(),
        Link::Sll => [
            &[0, kind, 0, 1, 0, 6],
            from.as_slice(),
            &[0, 0],
            &ether_type,
        ]
        .concat(),
        Link::Sll2 => {
            let start = [
                ether_type[0],
                ether_type[1],
                0,
                0,
                0,
                0,
                0,
                2,
                0,
                1,
                kind,
                6,
            ];
            [&start, from.as_slice(), &[0, 0]].concat()
        }
        other => panic!("no lab is captured on {other:?}"),
    };
    [header, frame.packet.clone()].concat()
}
