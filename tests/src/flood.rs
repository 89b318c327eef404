//! Captures that try to fill a reader's memory or to take its time, made while they are read.
//!
//! Each is one thing over and over: a packet of a new flow, an interface, a record of nothing. Their memory does
//! not grow with the capture, and the same kind and count give the same octets.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};

use crate::frames::{ACK, ARP, Link, PSH, SYN, SYN_OPTIONS, Segment, datagram, fragments};
use crate::pcapng::{block, words};
use crate::random::Random;
use crate::recording::START;
use crate::scenario::{CLIENT2, SERVER, on_port};

/// Octets that are made at a time.
const CHUNK: usize = 64 << 10;

/// An Ethernet frame is padded to this (IEEE 802.3 §3.2.8), without its check sequence.
const SHORTEST: usize = 60;

/// What comes over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flood {
    /// A SYN to the chat's port from an address that somebody made up.
    Syn,
    /// A segment with a line of the lab's chat, each of another connection.
    Say,
    /// A datagram to the chat's port, each of another flow.
    Udp,
    /// An ARP answer of one more host.
    Arp,
    /// A DNS answer with one more name and address.
    Dns,
    /// The first fragment of one more datagram.
    Fragment,
    /// A record with no octets, which compresses to nearly nothing.
    Nothing,
    /// A pcapng interface.
    Interface,
    /// A pcapng interface and a frame of it.
    InterfaceAndFrame,
    /// A pcapng section with an interface and a frame.
    Section,
    /// A pcapng block with a name, which is passed over.
    Name,
    /// A pcapng frame with 32 KiB of options.
    Options,
}

/// A flood as a stream of octets.
#[derive(Debug)]
pub struct Flooding {
    flood: Flood,
    left: u64,
    index: u32,
    random: Random,
    made: Vec<u8>,
    taken: usize,
}

impl Flood {
    /// So many of them, in a capture.
    pub fn of(self, count: u64) -> Flooding {
        let mut made = Vec::with_capacity(2 * CHUNK);
        if self.is_pcapng() {
            section(&mut made);
            if matches!(self, Self::Name | Self::Options) {
                interface(&mut made);
            }
        } else {
            made.extend(0xa1b2_c3d4_u32.to_le_bytes());
            made.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            made.extend(262_144_u32.to_le_bytes());
            made.extend(1_u32.to_le_bytes());
        }
        Flooding {
            flood: self,
            left: count,
            index: 0,
            random: Random::new(1),
            made,
            taken: 0,
        }
    }

    fn is_pcapng(self) -> bool {
        matches!(
            self,
            Self::Interface | Self::InterfaceAndFrame | Self::Section | Self::Name | Self::Options
        )
    }
}

impl Read for Flooding {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.made.len() {
            self.made.clear();
            self.taken = 0;
        }
        while self.made.len() < CHUNK && self.left > 0 {
            self.left -= 1;
            self.make();
            self.index += 1;
        }
        let count = (&self.made[self.taken..]).read(buffer)?;
        self.taken += count;
        Ok(count)
    }
}

impl Flooding {
    fn make(&mut self) {
        match self.flood {
            Flood::Syn => {
                let frame = self.segment(SYN, SYN_OPTIONS, b"");
                self.record(&frame);
            }
            Flood::Say => {
                let frame = self.segment(PSH | ACK, &[], b"alice: hi ");
                self.record(&frame);
            }
            Flood::Udp => {
                let from = self.stranger();
                let packet = datagram(
                    from,
                    on_port(CLIENT2, 5000),
                    self.random.u16(),
                    b"hello, you",
                );
                self.record(&Link::Ethernet.frame(&packet));
            }
            Flood::Arp => {
                let frame = self.arp();
                self.record(&frame);
            }
            Flood::Dns => {
                let frame = self.dns();
                self.record(&frame);
            }
            Flood::Fragment => {
                let packet = datagram(self.stranger(), on_port(CLIENT2, 5000), 0, &[b'x'; 64]);
                let [first, ..] = &fragments(&packet, self.random.u16(), 48)[..] else {
                    unreachable!("two fragments");
                };
                let frame = Link::Ethernet.frame(first);
                self.record(&frame);
            }
            Flood::Nothing => self.made.extend([0; 16]),
            Flood::Interface => interface(&mut self.made),
            Flood::InterfaceAndFrame => {
                interface(&mut self.made);
                let frame = self.segment(SYN, &[], b"");
                enhanced(&mut self.made, self.index, self.index, &frame, &[]);
            }
            Flood::Section => {
                section(&mut self.made);
                interface(&mut self.made);
                enhanced(&mut self.made, 0, self.index, &[0; SHORTEST], &[]);
            }
            Flood::Name => {
                // Name resolution: an IPv4 record of five octets, and the end.
                let body = [1, 0, 6, 0, 10, 0, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0];
                self.made.extend(block(4, &body));
            }
            Flood::Options => {
                // Empty comments, and no end of options.
                let options = [1, 0, 0, 0].repeat(8 << 10);
                enhanced(&mut self.made, 0, self.index, &[0; SHORTEST], &options);
            }
        }
    }

    /// Somebody at an address and a port of his own.
    fn stranger(&mut self) -> SocketAddr {
        let [a, b, c, d, high, low, ..] = self.random.next().to_le_bytes();
        let address = Ipv4Addr::new(1 + a % 223, b, c, d);
        SocketAddr::new(address.into(), u16::from_be_bytes([high, low]) | 0x8000)
    }

    fn segment(&mut self, flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
        let packet = Segment {
            from: self.stranger(),
            to: SERVER,
            seq: self.random.u32(),
            ack: if flags & ACK == 0 {
                0
            } else {
                self.random.u32()
            },
            flags,
            window: 64_240,
            identification: self.random.u16(),
            options: options.to_vec(),
            payload: payload.to_vec(),
        };
        Link::Ethernet.frame(&packet.packet())
    }

    fn arp(&mut self) -> Vec<u8> {
        let host = self.random.next().to_le_bytes();
        let mut arp = vec![0, 1, 8, 0, 6, 4, 0, 2, 2];
        arp.extend(&host[..5]);
        arp.push(10);
        arp.extend(&host[5..]);
        arp.extend([2, 0, 0, 0, 0, 1, 10, 20, 30, 3]);
        let mut frame = Link::Ethernet.frame_of(ARP, &arp);
        frame[6..12].copy_from_slice(&arp[8..14]);
        frame
    }

    fn dns(&mut self) -> Vec<u8> {
        let number = self.random.u32();
        let name = format!("h{number:08x}");
        let mut message = self.random.u16().to_be_bytes().to_vec();
        message.extend([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        message.push(u8::try_from(name.len()).unwrap());
        message.extend(name.as_bytes());
        message.extend([0, 0, 1, 0, 1]);
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        message.extend(number.to_be_bytes());
        let packet = datagram(on_port(SERVER, 53), self.stranger(), 0, &message);
        Link::Ethernet.frame(&packet)
    }

    /// A frame a microsecond.
    fn record(&mut self, frame: &[u8]) {
        let length = frame.len().max(SHORTEST);
        let captured = u32::try_from(length).unwrap().to_le_bytes();
        let seconds = u32::try_from(START / 1_000_000_000).unwrap() + self.index / 1_000_000;
        self.made.extend(seconds.to_le_bytes());
        self.made.extend((self.index % 1_000_000).to_le_bytes());
        self.made.extend([captured, captured].concat());
        self.made.extend(frame);
        self.made.resize(self.made.len() + length - frame.len(), 0);
    }
}

fn section(file: &mut Vec<u8>) {
    let mut body = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    body.extend([1, 0, 0, 0]);
    body.extend([0xff; 8]);
    file.extend(block(0x0a0d_0d0a, &body));
}

/// Ethernet, no options.
fn interface(file: &mut Vec<u8>) {
    file.extend(block(1, &words(&[1, 0])));
}

/// A frame so many microseconds after the epoch.
fn enhanced(file: &mut Vec<u8>, interface: u32, time: u32, frame: &[u8], options: &[u8]) {
    let length = u32::try_from(frame.len()).unwrap();
    let mut body = words(&[interface, 0, time, length, length]);
    body.extend(frame);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    file.extend(block(6, &body));
}
