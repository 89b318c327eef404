//! Captures of any size, made while they are read: a pcap as a stream of octets.
//!
//! Its memory does not grow with the capture, and the same options give the same octets.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::frames::{Link, datagram};
use crate::random::Random;
use crate::recording::START;
use crate::scenario::{Connection, SERVER};

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Frames.
    pub packets: u64,
    /// TCP and UDP flows, fewer if there are fewer packets.
    pub flows: u64,
    /// Where the random numbers begin.
    pub seed: u64,
    /// What the flows carry.
    pub preset: Preset,
}

/// What flows carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// A chat: mostly short lines, some long ones, acknowledgments, private messages over UDP.
    Chat,
    /// Downloads: full segments and their acknowledgments.
    Bulk,
    /// The shortest frames that there are.
    Small,
}

/// Flows that go on at one time, unless more are asked for.
const LIVE: usize = 256;

/// Flows of which all but one are short.
const GROUP: u64 = 8;

/// An Ethernet frame is padded to this (IEEE 802.3 §3.2.8), without its check sequence.
const SHORTEST: usize = 60;

/// Octets of a private message; Wireshark guesses at shorter ones on port 5000.
const SHORTEST_MESSAGE: usize = 8;

/// Octets that are made at a time.
const CHUNK: usize = 64 << 10;

/// A pcap file that is made while it is read.
#[derive(Debug)]
pub struct Generator {
    options: Options,
    random: Random,
    /// Nanoseconds since the Unix epoch.
    time: u64,
    live: Vec<Flow>,
    /// Flows that go on at one time.
    live_limit: usize,
    /// Flows that were opened so far.
    opened: u64,
    text: Vec<u8>,
    made: Vec<u8>,
    taken: usize,
}

#[derive(Debug)]
struct Flow {
    link: Link,
    /// Packets still to come, and packets that were sent.
    left: u64,
    sent: u64,
    talk: Talk,
}

#[derive(Debug)]
enum Talk {
    Tcp {
        connection: Box<Connection>,
        /// Who has not yet been acknowledged: client, server.
        owed: [bool; 2],
    },
    Udp {
        ends: [SocketAddr; 2],
    },
}

impl Generator {
    /// A capture with these options.
    pub fn new(options: Options) -> Self {
        let mut made = Vec::with_capacity(2 * CHUNK);
        made.extend(0xa1b2_c3d4_u32.to_le_bytes());
        made.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        made.extend(262_144_u32.to_le_bytes());
        made.extend(1_u32.to_le_bytes());
        let line = b"alice: shall we meet at the library at noon? I bring the notes. ";
        Self {
            options: Options {
                flows: options.flows.max(1),
                ..options
            },
            random: Random::new(options.seed),
            time: START,
            live: Vec::with_capacity(LIVE),
            live_limit: LIVE,
            opened: 0,
            text: line.repeat(24),
            made,
            taken: 0,
        }
    }

    /// The same capture with so many flows that go on at one time: the more there are, the less
    /// the next packet belongs to a flow that a processor still has in its cache.
    #[must_use]
    pub fn with_live(self, flows: usize) -> Self {
        let live_limit = flows.max(1);
        Self { live_limit, ..self }
    }

    /// Adds the next frame; false when there is none.
    fn make(&mut self) -> bool {
        while self.live.len() < self.live_limit && self.opened < self.options.flows {
            let index = self.opened;
            self.opened += 1;
            if let Some(flow) = self.open(index) {
                self.live.push(flow);
            }
        }
        if self.live.is_empty() {
            return false;
        }
        let index = self.random.below(self.live.len());
        let length = self.length();
        let dice = self.random.below(3);
        let flow = &mut self.live[index];
        let length = match flow.talk {
            Talk::Tcp { .. } => length,
            Talk::Udp { .. } => length.max(SHORTEST_MESSAGE),
        };
        let packet = flow.packet(&self.text[..length], dice, self.options.preset);
        let link = flow.link;
        if flow.left == 0 {
            self.live.swap_remove(index);
        }
        self.time += 1000 * (1 + self.random.next() % 100);
        self.write(&link.frame(&packet));
        true
    }

    fn write(&mut self, frame: &[u8]) {
        let length = frame.len().max(SHORTEST);
        let captured = u32::try_from(length).unwrap().to_le_bytes();
        let seconds = u32::try_from(self.time / 1_000_000_000).expect("a time before 2106");
        let microseconds = u32::try_from(self.time % 1_000_000_000 / 1000).unwrap();
        self.made.extend(seconds.to_le_bytes());
        self.made.extend(microseconds.to_le_bytes());
        self.made.extend(captured);
        self.made.extend(captured);
        self.made.extend(frame);
        self.made.resize(self.made.len() + length - frame.len(), 0);
    }

    /// Octets of the next payload.
    fn length(&mut self) -> usize {
        match self.options.preset {
            Preset::Bulk => 1448,
            Preset::Small => 1 + self.random.below(6),
            Preset::Chat => match self.random.below(100) {
                0..60 => 1 + self.random.below(120),
                60..85 => 120 + self.random.below(480),
                _ => 600 + self.random.below(800),
            },
        }
    }

    /// A new flow; none if there are more flows than packets.
    fn open(&mut self, index: u64) -> Option<Flow> {
        let left = budget(&self.options, index);
        if left == 0 {
            return None;
        }
        let is_ipv6 = index % 8 == 3;
        // Linux's ephemeral ports: others have dissectors of their own in Wireshark.
        let port = 32_768 + u16::try_from(index * 7919 % 28_232).unwrap();
        let client = SocketAddr::new(client(index, is_ipv6), port);
        let link = if index % 16 == 5 {
            Link::Vlan(30)
        } else {
            Link::Ethernet
        };
        let is_udp = self.options.preset != Preset::Bulk && index % 5 == 4;
        let talk = if is_udp {
            let peer = client_peer(index, is_ipv6);
            let ends = [client.ip(), peer].map(|host| SocketAddr::new(host, 5000));
            Talk::Udp { ends }
        } else {
            let server = if is_ipv6 {
                SocketAddr::new(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 3).into(), 5000)
            } else {
                SERVER
            };
            let [client_isn, server_isn] = [(); 2].map(|()| {
                let [a, b, c, d, ..] = self.random.next().to_le_bytes();
                u32::from_le_bytes([a, b, c, d])
            });
            Talk::Tcp {
                connection: Box::new(Connection::new(client, client_isn, server, server_isn)),
                owed: [false; 2],
            }
        };
        Some(Flow {
            link,
            left,
            sent: 0,
            talk,
        })
    }
}

impl Read for Generator {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.made.len() {
            self.made.clear();
            self.taken = 0;
        }
        while self.made.len() < CHUNK && self.make() {}
        let count = (&self.made[self.taken..]).read(buffer)?;
        self.taken += count;
        Ok(count)
    }
}

impl Flow {
    /// The next packet of the flow.
    fn packet(&mut self, text: &[u8], dice: usize, preset: Preset) -> Vec<u8> {
        let step = self.sent;
        self.sent += 1;
        self.left -= 1;
        let (connection, owed) = match &mut self.talk {
            Talk::Udp { ends: [one, other] } => {
                let (from, to) = if dice == 0 {
                    (other, one)
                } else {
                    (one, other)
                };
                let [low, high, ..] = step.to_le_bytes();
                return datagram(*from, *to, u16::from_le_bytes([low, high]), text);
            }
            Talk::Tcp { connection, owed } => (connection, owed),
        };
        match (step, self.left) {
            (0, _) => connection.syn(),
            (1, _) => connection.syn_ack(),
            (2, _) | (_, 0) => connection.ack(),
            (_, 2) => connection.fin(true),
            (_, 1) => connection.fin(false),
            _ if owed[1] && dice == 0 => {
                *owed = [false; 2];
                connection.ack()
            }
            _ if owed[0] && dice == 1 => {
                *owed = [false; 2];
                connection.server_ack()
            }
            // What is sent acknowledges too.
            _ if preset != Preset::Bulk && dice < 2 => {
                *owed = [true, false];
                connection.client_says(text)
            }
            _ => {
                *owed = [false, true];
                connection.server_says(text)
            }
        }
    }
}

/// Packets of a flow: the flows of a group share what the group has, most of it goes to the last.
fn budget(options: &Options, index: u64) -> u64 {
    let groups = options.flows.div_ceil(GROUP);
    let group = index / GROUP;
    let until = |group: u64| {
        let share = u128::from(options.packets) * u128::from(group) / u128::from(groups);
        u64::try_from(share).unwrap()
    };
    let total = until(group + 1) - until(group);
    let members = GROUP.min(options.flows - group * GROUP);
    let short = |member: u64| (total / members).min(7 + member);
    match index % GROUP {
        last if last + 1 == members => total - (0..last).map(short).sum::<u64>(),
        member => short(member),
    }
}

/// The address of a client: 10.64.0.0 and up, `fd00:1::` and up.
fn client(index: u64, is_ipv6: bool) -> IpAddr {
    host(index, is_ipv6, 0x0a40_0000, 1)
}

/// The address of the client that it sends private messages to: 10.128.0.0 and up, `fd00:2::` and up.
fn client_peer(index: u64, is_ipv6: bool) -> IpAddr {
    host(index, is_ipv6, 0x0a80_0000, 2)
}

fn host(index: u64, is_ipv6: bool, network: u32, network6: u16) -> IpAddr {
    if is_ipv6 {
        let network = Ipv6Addr::new(0xfd00, network6, 0, 0, 0, 0, 0, 0).to_bits();
        Ipv6Addr::from_bits(network | u128::from(index + 1)).into()
    } else {
        let index = u32::try_from(index % (1 << 22)).unwrap();
        Ipv4Addr::from_bits(network + index).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_add_up() {
        for (packets, flows) in [(0, 1), (7, 20), (1000, 1), (1000, 17), (99_999, 1234)] {
            let options = Options {
                packets,
                flows,
                seed: 1,
                preset: Preset::Chat,
            };
            let sum: u64 = (0..flows).map(|index| budget(&options, index)).sum();
            assert_eq!(sum, packets, "{flows} flows");
        }
    }

    #[test]
    fn the_same_options_give_the_same_octets() {
        let options = Options {
            packets: 300,
            flows: 20,
            seed: 7,
            preset: Preset::Small,
        };
        let [one, other, third] = [7, 7, 8].map(|seed| {
            let mut file = Vec::new();
            let options = Options { seed, ..options };
            Generator::new(options).read_to_end(&mut file).unwrap();
            file
        });
        assert_eq!(one, other);
        assert_ne!(one, third);
    }
}
