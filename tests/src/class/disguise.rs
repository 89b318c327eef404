//! What a student does to captures that are not his, so that nobody sees it.

use std::net::Ipv4Addr;

use super::run::HOSTS;
use super::tcp::right_checksums;
use super::{Capture, Style};
use crate::frames::Link;
use crate::random::Random;
use crate::recording::FileFormat;

/// One thing done to the captures of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disguise {
    /// Other names, and the clients the other way round.
    Renamed,
    /// The first third of the frames left out, handshakes among them, and some at the end.
    Trimmed,
    /// All three in one file, in the order of time, beside one of them.
    Merged,
    /// Saved anew as pcapng.
    Resaved,
    /// Only segments with payload.
    Filtered,
    /// Shifted in time by days and a fraction.
    Shifted,
    /// Other IP and MAC addresses, with checksums that fit.
    Readdressed,
}

impl Disguise {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Renamed,
        Self::Trimmed,
        Self::Merged,
        Self::Resaved,
        Self::Filtered,
        Self::Shifted,
        Self::Readdressed,
    ];

    /// The captures in this disguise.
    pub fn apply(self, captures: &mut Vec<Capture>, style: &Style, random: &mut Random) {
        match self {
            Self::Renamed => {
                for (capture, name) in captures.iter_mut().zip([
                    "chatserver-final.pcap",
                    "client2.pcap",
                    "client1.pcap",
                ]) {
                    name.clone_into(&mut capture.name);
                }
            }
            Self::Trimmed => {
                for capture in captures {
                    let frames = &mut capture.recording.frames;
                    frames.drain(..frames.len() / 3);
                    frames.truncate(frames.len() - frames.len() / 8);
                }
            }
            Self::Merged => {
                let mut whole = captures[0].clone();
                let others = captures.iter().skip(1);
                let more = others.flat_map(|capture| capture.recording.frames.clone());
                whole.recording.frames.extend(more);
                whole.recording.frames.sort_by_key(|frame| frame.time);
                captures.truncate(2);
                captures[0] = whole;
            }
            Self::Resaved => {
                for capture in captures {
                    let stem = capture.name.split('.').next().unwrap();
                    capture.name = format!("{stem}.pcapng");
                    capture.format = FileFormat::Pcapng { big_endian: false };
                    capture.gzip = false;
                }
            }
            Self::Filtered => {
                for capture in captures {
                    let frames = &mut capture.recording.frames;
                    frames.retain(|frame| has_payload(ip_of(style.link, &frame.octets)));
                }
            }
            Self::Shifted => {
                let by = 86_400_000_000_000 * 3 + random.next() % 4_000_000_000_000;
                for capture in captures {
                    for frame in &mut capture.recording.frames {
                        // In microseconds, as `editcap -t` of a pcap does.
                        frame.time = (frame.time / 1000 + by / 1000) * 1000;
                    }
                }
            }
            Self::Readdressed => {
                for capture in captures {
                    for frame in &mut capture.recording.frames {
                        readdress(style.link, &mut frame.octets);
                    }
                }
            }
        }
    }
}

/// Octets before the IP packet.
fn link_header(link: Link) -> usize {
    link.header()
}

/// The IPv4 packet of a frame; none if it has another.
fn ip_of(link: Link, frame: &[u8]) -> Option<&[u8]> {
    let packet = &frame[link_header(link)..];
    (packet[0] == 0x45).then_some(packet)
}

fn has_payload(packet: Option<&[u8]>) -> bool {
    packet.is_some_and(|packet| match packet[9] {
        6 => packet.len() > 20 + usize::from(packet[32] >> 4) * 4,
        _ => packet.len() > 28,
    })
}

/// The network 172.28.0.0/16 instead of the lab's, on MAC addresses of its own.
fn readdress(link: Link, frame: &mut [u8]) {
    let other = |address: &[u8]| {
        let host = HOSTS.iter().position(|host| host.octets() == address)?;
        let last = [2, 10, 20, 21][host];
        Some(Ipv4Addr::new(172, 28, 0, last).octets())
    };
    let start = link_header(link);
    let (header, packet) = frame.split_at_mut(start);
    match link {
        Link::Ethernet => {
            header[3..6].iter_mut().for_each(|octet| *octet ^= 0x35);
            header[9..12].iter_mut().for_each(|octet| *octet ^= 0x35);
        }
        Link::Sll => header[9..12].iter_mut().for_each(|octet| *octet ^= 0x35),
        _ => header[15..18].iter_mut().for_each(|octet| *octet ^= 0x35),
    }
    let places: &[usize] = if packet[0] == 0x45 {
        &[12, 16]
    } else {
        &[14, 24]
    };
    for place in places {
        if let Some(address) = other(&packet[*place..place + 4]) {
            packet[*place..place + 4].copy_from_slice(&address);
        }
    }
    if packet[0] == 0x45 {
        right_checksums(packet);
    }
}
