//! One who floods a client with datagrams that others did not send.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use chat_proto::{Body, ChatText, Contact, Datagram, PairKey, SecretKey};

use super::stage::name;

/// Sockets that it sends from, each with an address of its own.
const SOCKETS: u8 = 8;

/// Datagrams that are sent before the clock is looked at.
const BATCH: u64 = 20;

/// A flood that goes on.
pub(crate) struct Flood {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
}

/// What a flood is made of.
pub(crate) struct Forger {
    /// Whom it floods.
    pub(crate) at: SocketAddr,
    pub(crate) contact: Contact,
    /// What others sent, which it overheard.
    pub(crate) captured: Arc<Mutex<Vec<Vec<u8>>>>,
    // Whether it sends bare text alone.
    bare: bool,
    state: u64,
}

impl Forger {
    pub(crate) fn new(contact: Contact, captured: Arc<Mutex<Vec<Vec<u8>>>>) -> Self {
        let at = (Ipv4Addr::LOCALHOST, contact.udp.unwrap()).into();
        Self {
            at,
            contact,
            captured,
            bare: false,
            state: 1,
        }
    }

    /// One who floods a client of the lab dialect.
    pub(crate) fn bare(contact: Contact) -> Self {
        Self {
            bare: true,
            ..Self::new(contact, Arc::default())
        }
    }

    /// Begins to send, so many a second or as many as it can, until it is stopped.
    pub(crate) fn start(mut self, rate: Option<u64>) -> Flood {
        let stop = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU64::new(0));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = spawn(move || {
            let sockets: Vec<UdpSocket> = (1..=SOCKETS)
                .map(|host| UdpSocket::bind((Ipv4Addr::new(127, 9, 0, host), 0)).unwrap())
                .collect();
            let forged: Vec<Vec<u8>> = (0..4096).map(|_| self.forge()).collect();
            let begin = Instant::now();
            let mut number = 0_usize;
            while !stopped.load(Ordering::Relaxed) {
                for _ in 0..BATCH {
                    let replayed = number.is_multiple_of(8).then(|| self.replay()).flatten();
                    let octets = replayed.as_ref().unwrap_or(&forged[number % forged.len()]);
                    // Where nobody listens any more, or no buffer is left, it is lost.
                    let _sent = sockets[number % sockets.len()].send_to(octets, self.at);
                    number += 1;
                }
                let total = count.fetch_add(BATCH, Ordering::Relaxed) + BATCH;
                if let Some(rate) = rate {
                    let due = Duration::from_nanos(total.saturating_mul(1_000_000_000) / rate);
                    sleep(due.saturating_sub(begin.elapsed()));
                }
            }
        });
        Flood { thread, stop, sent }
    }

    fn below(&mut self, end: u64) -> u64 {
        // xorshift64: it only has to look random.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }

    /// Something that was overheard, mostly just now.
    fn replay(&mut self) -> Option<Vec<u8>> {
        let count = self.captured.lock().unwrap().len();
        let count = u64::try_from(count).unwrap();
        if count == 0 {
            return None;
        }
        let place = if self.below(2) == 0 {
            self.below(count)
        } else {
            count - 1 - self.below(count.min(8))
        };
        let captured = self.captured.lock().unwrap();
        captured.get(usize::try_from(place).unwrap()).cloned()
    }

    /// Something that nobody sent who is in the room.
    pub(crate) fn forge(&mut self) -> Vec<u8> {
        let id = 1 + self.below(200);
        if self.bare {
            return format!("forged bare text {id}\x1b[2J").into_bytes();
        }
        match self.below(10) {
            0 | 1 => {
                let length = 1 + self.below(1400);
                (0..length)
                    .map(|_| self.below(256).to_le_bytes()[0])
                    .collect()
            }
            2 => format!("forged bare text {id}\x1b[2J").into_bytes(),
            3 | 4 => self.signed("bob", id, Some("forged")),
            5 => self.signed("nobody", id, Some("forged")),
            6 | 7 => self.signed("bob", id, None),
            8 => {
                let mut octets = self.signed("bob", id, Some("forged"));
                octets.truncate(octets.len() / 2);
                octets
            }
            _ => vec![b'{'; 1401 + usize::try_from(self.below(8000)).unwrap()],
        }
    }

    /// What one can sign who does not have the key: as it should be, but for the code.
    fn signed(&mut self, from: &str, id: u64, text: Option<&str>) -> Vec<u8> {
        let secret = SecretKey::from_random([200; 32]);
        let to = name("alice");
        let pair = PairKey::derive(&secret, &name(from), &self.contact.key.unwrap(), &to);
        let body = text.map_or(Body::Ack, |text| {
            Body::Message(ChatText::new(&format!("{text} {id}")).unwrap())
        });
        let from = name(from);
        Datagram { from, to, id, body }
            .sign(&pair.unwrap())
            .unwrap()
    }
}

impl Flood {
    /// How many datagrams were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Ends it.
    pub(crate) fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.sent.load(Ordering::Relaxed)
    }
}
