//! Connections whose ends do what they like: far wilder than any network.

use std::net::{Ipv4Addr, SocketAddr};

use crate::frames::{ACK, FIN, PSH, RST, SYN, Segment};
use crate::random::Random;
use crate::recording::Recording;

/// Segments of a connection after its opening.
const SEGMENTS: usize = 60;

/// A connection whose ends do what they like.
#[derive(Debug)]
pub struct Wild {
    /// Who talks.
    pub ends: [SocketAddr; 2],
    /// What each end would send next, as a sequence number.
    next: [u32; 2],
    /// The first sequence number of each end after its ISN.
    lowest: [u32; 2],
    /// Whether its ends acknowledge what the capture does not show.
    pub is_blind: bool,
    /// Whether a number of it is 0, which tshark takes for none.
    pub has_zero: bool,
    window: [u16; 2],
    identification: u16,
}

impl Wild {
    /// A connection; its number tells it from others.
    pub fn new(number: u16, random: &mut Random) -> Self {
        let end = |host: u8, port| SocketAddr::new(Ipv4Addr::new(10, 0, 0, host).into(), port);
        let isn = |random: &mut Random| match random.below(3) {
            0 => u32::MAX - 150,
            1 => 1_000_000,
            _ => 3_000_000_000,
        };
        Self {
            ends: [end(1, 40_000 + number), end(2, 33_333)],
            next: [isn(random), isn(random)],
            lowest: [0, 0],
            is_blind: random.below(2) == 0,
            has_zero: false,
            window: [100, 100],
            identification: 1,
        }
    }

    /// Captures all of it.
    pub fn record(&mut self, random: &mut Random, recording: &mut Recording) {
        if random.below(4) > 0 {
            self.open(random, recording);
        }
        self.lowest = self.next;
        // Some connections are tame, with a few odd segments; others are odd throughout.
        let oddness = *random.one_of(&[4, 10, 40]);
        for _ in 0..SEGMENTS {
            self.step(random, recording, oddness);
        }
    }

    fn open(&mut self, random: &mut Random, recording: &mut Recording) {
        for (from, flags) in [(0, SYN), (1, SYN | ACK)] {
            if random.below(8) == 0 {
                continue;
            }
            let mut segment = self.segment(from, flags);
            if random.below(3) > 0 {
                let shift = *random.one_of(&[0, 1, 7, 14, 15]);
                segment.options = vec![2, 4, 5, 0xb4, 1, 3, 3, shift];
            }
            if flags == SYN {
                segment.ack = 0;
            }
            send(&segment, random, recording);
            self.next[from] = self.next[from].wrapping_add(1);
        }
    }

    fn segment(&mut self, from: usize, flags: u8) -> Segment {
        self.identification = self.identification.wrapping_add(1);
        Segment {
            from: self.ends[from],
            to: self.ends[1 - from],
            seq: self.next[from],
            ack: self.next[1 - from],
            flags,
            window: self.window[from],
            identification: self.identification,
            options: Vec::new(),
            payload: Vec::new(),
        }
    }

    fn step(&mut self, random: &mut Random, recording: &mut Recording, oddness: usize) {
        let from = random.below(2);
        let mut segment = self.segment(from, ACK);
        if random.below(2) == 0 {
            segment.payload = vec![b'x'; *random.one_of(&[1, 1, 2, 5, 10, 40, 100])];
            segment.flags |= *random.one_of(&[0, PSH]);
        }
        let is_odd = |random: &mut Random| random.below(100) < oddness;
        if is_odd(random) {
            let back = *random.one_of(&[1, 1, 2, 5, 10, 11, 100, 0xffff_ffff, 0xffff_fff0]);
            segment.seq = segment.seq.wrapping_sub(back);
            // What lies before the ISN confuses tshark: it counts modulo 2^32 from there.
            if segment.seq.wrapping_sub(self.lowest[from]) > 0x8000_0000 {
                segment.seq = self.lowest[from];
            }
        }
        if is_odd(random) {
            let back = *random.one_of(&[1, 1, 2, 5, 10, 100, 0xffff_ffff, 0xffff_fff6]);
            segment.ack = segment.ack.wrapping_sub(back);
            if !self.is_blind && back > 0x8000_0000 {
                segment.ack = self.next[1 - from];
            }
        }
        if is_odd(random) {
            self.window[from] = *random.one_of(&[0, 0, 1, 5, 10, 100, 1000, 0xffff]);
            segment.window = self.window[from];
        }
        if is_odd(random) && random.below(4) == 0 {
            segment.flags = *random.one_of(&[0, FIN | ACK, FIN, RST, RST | ACK, PSH]);
        }
        if is_odd(random) {
            let left = self.next[1 - from].wrapping_sub(*random.one_of(&[0, 5, 10, 100]));
            let right = left.wrapping_add(*random.one_of(&[1, 5, 10, 100]));
            segment.options = vec![1, 1, 5, 10];
            segment.options.extend(left.to_be_bytes());
            segment.options.extend(right.to_be_bytes());
        }
        send(&segment, random, recording);
        let flag = u32::from(segment.flags & (SYN | FIN) != 0);
        let length = u32::try_from(segment.payload.len()).unwrap();
        let end = segment.seq.wrapping_add(length).wrapping_add(flag);
        self.has_zero |= [segment.seq, segment.ack, end].contains(&0);
        let is_new = end.wrapping_sub(self.next[from]) < 0x8000_0000;
        // Now and then the segment is lost on its way to the one who captures.
        if is_new {
            self.next[from] = end;
        }
        if self.is_blind && is_odd(random) && random.below(3) == 0 {
            self.next[from] = self.next[from].wrapping_add(10);
        }
    }
}

fn send(segment: &Segment, random: &mut Random, recording: &mut Recording) {
    recording.wait(*random.one_of(&[0, 0, 0, 1, 2, 4, 10, 19, 30, 250]));
    recording.add(&segment.packet());
}
