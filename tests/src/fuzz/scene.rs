//! A capture of hosts that do what a tape says.

use std::net::SocketAddr;

use super::tape::Tape;
use crate::frames::{ARP, Link, datagram, fragments, icmp_error};
use crate::recording::{FileFormat, Recording};
use crate::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};

/// Text that breaks out of HTML, SVG, Markdown, terminals and diagrams if it is not escaped.
pub const MARK: &str = "<script>\"'&";

/// Frames that a scene has at most: enough for every event several times.
const MAX_FRAMES: usize = 400;

/// What is said, around text from the tape: `$` is that text.
const LINES: [&str; 26] = [
    "$",
    "{\"type\":\"hello\",\"version\":1,\"client\":\"$\"}\n",
    "{\"type\":\"hello\",\"version\":1,\"server\":\"$\",\"entry\":\"password\",\"iterations\":4096}\n",
    "{\"type\":\"login\",\"scram\":\"n,,n=alice,r=$\"}\n",
    "{\"type\":\"challenge\",\"scram\":\"r=$,s=AAAA,i=4096\"}\n",
    "{\"type\":\"proof\",\"scram\":\"c=biws,r=$,p=AAAA\",\"udp\":5000}\n",
    "{\"type\":\"register\",\"name\":\"alice\"}\n",
    "{\"type\":\"welcome\",\"name\":\"alice\",\"ip\":\"10.20.30.11\"}\n",
    "{\"type\":\"roster\",\"users\":[{\"name\":\"bob\",\"ip\":\"10.20.30.12\",\"udp\":5000}],\"more\":false}\n",
    "{\"type\":\"joined\",\"users\":[{\"name\":\"bob\",\"ip\":\"10.20.30.12\",\"udp\":5000}]}\n",
    "{\"type\":\"left\",\"users\":[\"bob\"],\"reason\":\"quit\"}\n",
    "{\"type\":\"say\",\"id\":1,\"text\":\"$\"}\n",
    "{\"type\":\"message\",\"seq\":1,\"from\":\"bob\",\"text\":\"$\"}\n",
    "{\"type\":\"message\",\"seq\":2,\"from\":\"$\",\"text\":\"hi\"}\n",
    "{\"type\":\"said\",\"id\":1,\"seq\":1}\n",
    "{\"type\":\"error\",\"code\":\"login_failed\",\"text\":\"$\"}\n",
    "{\"type\":\"bye\",\"code\":\"taken_over\",\"text\":\"$\"}\n",
    "{\"type\":\"$\"}\n",
    "{\"type\":\"message\",\"from\":\"alice\",\"to\":\"bob\",\"id\":1,\"text\":\"$\",\
     \"mac\":\"QTOPtiXjNFNID3DrZSBUypXfLNcQ/gSvyfS84/WmXuw=\"}",
    "{\"type\":\"ack\",\"from\":\"bob\",\"to\":\"alice\",\"id\":1,\
     \"mac\":\"QTOPtiXjNFNID3DrZSBUypXfLNcQ/gSvyfS84/WmXuw=\"}",
    "!{\"$\": \"10.20.30.11\", \"bob\": \"10.20.30.12\"}",
    "$: hi ",
    "bob: $ ",
    "!{\"$",
    "alice",
    "bob",
];

/// Links that carry IP of both versions and ARP, or IP alone.
const LINKS: [Link; 8] = [
    Link::Ethernet,
    Link::Ethernet,
    Link::Ethernet,
    Link::Vlan(7),
    Link::Sll,
    Link::Sll2,
    Link::NullLittle,
    Link::Raw(101),
];

/// A capture file of what the tape says.
pub fn capture(tape: &mut Tape<'_>) -> Vec<u8> {
    let link = *tape.one_of(&LINKS);
    let mut recording = Recording::new(link);
    match tape.below(8) {
        0 => recording = recording.snapped(40 + tape.below(100)),
        1 => recording = recording.doubled(),
        _ => {}
    }
    let format = match tape.below(4) {
        0 => FileFormat::Pcapng { big_endian: false },
        1 => FileFormat::Pcap {
            nanoseconds: true,
            big_endian: true,
        },
        _ => FileFormat::PCAP,
    };
    let ipv6 = ["[fd00::11]:50748", "[fd00::3]:5000"].map(|end| end.parse().unwrap());
    let stranger = on_port(CLIENT2, 9000);
    let mut stage = Stage {
        connections: vec![
            Connection::new(CLIENT1, tape.u32(), SERVER, tape.u32()),
            Connection::new(CLIENT2, 1, SERVER, u32::MAX),
            Connection::new(ipv6[0], 1, ipv6[1], 2),
            Connection::new(stranger, 7, CLIENT1, 8),
        ],
        recording,
        last: Vec::new(),
    };
    while !tape.is_over() && stage.recording.frames.len() < MAX_FRAMES {
        stage.step(tape, link);
    }
    stage.recording.file(format)
}

struct Stage {
    connections: Vec<Connection>,
    recording: Recording,
    /// The last packet.
    last: Vec<u8>,
}

impl Stage {
    fn step(&mut self, tape: &mut Tape<'_>, link: Link) {
        let choice = tape.octet();
        let count = self.connections.len();
        let connection = &mut self.connections[usize::from(choice >> 4) % count];
        let packet = match choice & 0xf {
            0 => {
                connection.open(&mut self.recording);
                return;
            }
            1 | 2 => connection.client_says(&text(tape)),
            3 | 4 => connection.server_says(&text(tape)),
            5 => private(tape),
            6 => {
                let mut segment = connection.segment(choice & 0x80 == 0, 0x10, &text(tape));
                segment.seq = segment
                    .seq
                    .wrapping_add_signed(i32::from(tape.octet().cast_signed()) * 3);
                segment.ack = segment
                    .ack
                    .wrapping_add_signed(i32::from(tape.octet().cast_signed()) * 3);
                segment.flags = tape.octet();
                segment.window = tape.u16();
                let options = tape.octets(tape.clone().below(11) * 4);
                segment.options = options[..options.len() / 4 * 4].to_vec();
                segment.packet()
            }
            7 => match tape.below(4) {
                0 => connection.fin(true),
                1 => connection.fin(false),
                2 => connection.refusal(),
                _ => connection.syn(),
            },
            8 => dns(tape),
            9 => match self.last.get(..28) {
                Some(_) => error(&self.last),
                None => return,
            },
            10 => {
                if self.last.len() < 100 || self.last[0] >> 4 != 4 {
                    return;
                }
                for fragment in fragments(&self.last, tape.u16(), 8 * (1 + tape.below(16))) {
                    self.recording.add(&fragment);
                }
                return;
            }
            11 => {
                self.recording.wait(u64::from(tape.u16()) * 10);
                return;
            }
            12 => {
                let Some(frame) = self.recording.frames.last_mut() else {
                    return;
                };
                let at = usize::from(tape.octet());
                if let Some(octet) = frame.octets.get_mut(at) {
                    *octet = tape.octet();
                }
                return;
            }
            13 => self.last.clone(),
            14 => {
                self.recording.push(link, tape.short().to_vec());
                return;
            }
            _ => {
                if link.carries(ARP) {
                    let mut arp = [0, 1, 8, 0, 6, 4, 0, 1 + (choice >> 7)].to_vec();
                    arp.extend(tape.octets(20));
                    self.recording.push(link, link.frame_of(ARP, &arp));
                }
                return;
            }
        };
        if !packet.is_empty() {
            self.recording.add(&packet);
            self.last = packet;
        }
    }
}

/// Something that the chat says, or anything else.
fn text(tape: &mut Tape<'_>) -> Vec<u8> {
    let line = *tape.one_of(&LINES);
    let is_marked = tape.octet();
    let mut said = tape.short().to_vec();
    if is_marked & 1 != 0 {
        said.extend_from_slice(MARK.as_bytes());
    }
    // In JSON the mark's quotation mark has to be escaped, or the line is none.
    if is_marked & 2 != 0 {
        let json = serde_json::to_string(&String::from_utf8_lossy(&said)).unwrap();
        said = json.as_bytes()[1..json.len() - 1].to_vec();
    }
    let (before, behind) = line.split_once('$').unwrap_or((line, ""));
    let middle: &[u8] = if line.contains('$') { &said } else { b"" };
    [before.as_bytes(), middle, behind.as_bytes()].concat()
}

/// A private message, mostly on the chat's port.
fn private(tape: &mut Tape<'_>) -> Vec<u8> {
    let port = |tape: &mut Tape<'_>| match tape.below(4) {
        0 => tape.u16(),
        _ => 5000,
    };
    let [from, to] = [CLIENT1, CLIENT2].map(|host| on_port(host, port(tape)));
    let ends: [SocketAddr; 2] = if tape.below(2) == 0 {
        [from, to]
    } else {
        [to, from]
    };
    datagram(ends[0], ends[1], tape.u16(), &text(tape))
}

/// A question or an answer about a name from the tape.
fn dns(tape: &mut Tape<'_>) -> Vec<u8> {
    let server = on_port(SERVER, 53);
    let is_answer = tape.below(2) == 1;
    let mut message = tape.u16().to_be_bytes().to_vec();
    message.extend(if is_answer {
        [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
    } else {
        [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    });
    for _ in 0..=tape.below(3) {
        let mut label = tape.octets(tape.clone().below(40)).to_vec();
        label.extend_from_slice(MARK.as_bytes());
        message.push(u8::try_from(label.len()).unwrap());
        message.extend(label);
    }
    let kind = *tape.one_of(&[1_u8, 28, 5, 12, 16, 33, 15, 2]);
    message.extend([0, 0, kind, 0, 1]);
    if is_answer {
        let data = tape.short();
        message.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
    }
    let [from, to] = if is_answer {
        [server, CLIENT1]
    } else {
        [CLIENT1, server]
    };
    datagram(from, to, 9, &message)
}

/// "Port unreachable" for a packet.
fn error(packet: &[u8]) -> Vec<u8> {
    if packet[0] >> 4 == 4 {
        icmp_error(SERVER.ip(), CLIENT1.ip(), packet)
    } else {
        let [from, to] = ["fd00::3", "fd00::11"].map(|host| host.parse().unwrap());
        icmp_error(from, to, packet)
    }
}
