//! The far ends of a client under attack: a server that does as it is told, and a user, bob.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::{
    Address, Body, ChatText, Command, Contact, Datagram, Entry, Event, FrameDecoder, PairKey,
    REPEAT_AFTER, SecretKey, SignedDatagram, User, UserName,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// A server without clients.
pub(crate) struct Stage {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// A server's end of a connection.
pub(crate) struct Far {
    stream: TcpStream,
    decoder: FrameDecoder,
    input: Vec<u8>,
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

impl Stage {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    pub(crate) async fn accept(&self) -> Far {
        let (stream, _) = self.listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        Far {
            stream,
            decoder: FrameDecoder::new(),
            input: Vec::new(),
        }
    }
}

impl Far {
    /// The client's next command; `None` if it is gone.
    pub(crate) async fn hear(&mut self) -> Option<Command> {
        loop {
            let mut rest = &self.input[..];
            let command = self.decoder.pull(&mut rest).unwrap();
            let command = command.map(|line| Command::parse(line).unwrap());
            self.input = rest.to_vec();
            if command.is_some() {
                return command;
            }
            if self.stream.read_buf(&mut self.input).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// Writes octets; false if the client is gone.
    pub(crate) async fn octets(&mut self, octets: &[u8]) -> bool {
        self.stream.write_all(octets).await.is_ok()
    }

    pub(crate) async fn say(&mut self, event: &Event) -> bool {
        self.octets(&event.encode().unwrap()).await
    }

    /// Answers the client's hello.
    pub(crate) async fn greet(&mut self, entry: Entry, iterations: u32) {
        assert!(matches!(self.hear().await, Some(Command::Hello { .. })));
        self.say(&Event::Hello {
            version: 1,
            server: "stage".to_owned(),
            entry,
            iterations,
            bindings: Vec::new(),
        })
        .await;
    }

    /// Lets the client in without a roster; gives who it is and where it takes private messages.
    pub(crate) async fn welcome(&mut self) -> (UserName, Contact) {
        self.greet(Entry::Open, 0).await;
        let Some(Command::Enter { name, contact }) = self.hear().await else {
            panic!("the client did not enter");
        };
        self.say(&Event::Welcome {
            name: name.clone(),
            ip: Ipv4Addr::LOCALHOST.into(),
            scram: None,
        })
        .await;
        (name, contact)
    }

    /// Lets the client in, and tells of itself and these users.
    pub(crate) async fn admit(&mut self, mut users: Vec<User>) -> (UserName, Contact) {
        let (name, contact) = self.welcome().await;
        let address = Address {
            ip: Ipv4Addr::LOCALHOST.into(),
            udp: contact.udp,
            key: contact.key,
        };
        users.push(User {
            name: name.clone(),
            address: Some(address),
        });
        self.say(&Event::Roster { users, more: false }).await;
        (name, contact)
    }
}

/// A user who writes to the client, acknowledges and repeats as the protocol says.
pub(crate) struct Bob {
    pub(crate) name: UserName,
    secret: SecretKey,
    pub(crate) socket: UdpSocket,
    /// All that he sent, for whoever wants to replay it.
    pub(crate) captured: Arc<Mutex<Vec<Vec<u8>>>>,
    // The client: its name, its address, the key shared with it.
    other: Option<(UserName, SocketAddr, PairKey)>,
    /// Messages that went, and those of them that were acknowledged or given up.
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) given_up: u64,
    /// What the client said, by its numbers.
    pub(crate) heard: BTreeMap<u64, ChatText>,
    /// Whether he acknowledges what he gets.
    pub(crate) answers: bool,
}

impl Bob {
    /// A user with some key and socket.
    pub(crate) async fn new(who: &str, seed: u8) -> Self {
        Self {
            name: name(who),
            secret: SecretKey::from_random([seed; 32]),
            socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(),
            captured: Arc::default(),
            other: None,
            sent: 0,
            delivered: 0,
            given_up: 0,
            heard: BTreeMap::new(),
            answers: true,
        }
    }

    /// As the roster shows him.
    pub(crate) fn user(&self) -> User {
        let address = Address {
            ip: Ipv4Addr::LOCALHOST.into(),
            udp: Some(self.socket.local_addr().unwrap().port()),
            key: Some(self.secret.public()),
        };
        User {
            name: self.name.clone(),
            address: Some(address),
        }
    }

    /// Learns of the client.
    pub(crate) fn meet(&mut self, other: &UserName, contact: Contact) {
        let key = contact.key.unwrap();
        let pair = PairKey::derive(&self.secret, &self.name, &key, other).unwrap();
        let at = (Ipv4Addr::LOCALHOST, contact.udp.unwrap()).into();
        self.other = Some((other.clone(), at, pair));
    }

    /// What he sends with a number: a message, or an acknowledgement.
    pub(crate) fn sign(&self, id: u64, body: Body) -> Vec<u8> {
        let (to, _, pair) = self.other.as_ref().unwrap();
        let (from, to) = (self.name.clone(), to.clone());
        Datagram { from, to, id, body }.sign(pair).unwrap()
    }

    fn send(&self, octets: Vec<u8>) {
        let (_, at, _) = self.other.as_ref().unwrap();
        // What does not go is repeated.
        let _sent = self.socket.try_send_to(&octets, *at);
        self.captured.lock().unwrap().push(octets);
    }

    /// Writes so many messages, one after each pause, and answers, until all are delivered or given up
    /// and, if he is to hear something, until `hears` messages were heard or the time is up.
    pub(crate) async fn converse(
        &mut self,
        count: u64,
        pause: Duration,
        hears: usize,
        until: Instant,
    ) {
        let mut pending: BTreeMap<u64, (Instant, usize)> = BTreeMap::new();
        let mut clock = interval(pause);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let last = self.sent + count;
        let mut chunk = [0; 2048];
        while self.sent < last
            || !pending.is_empty()
            || (self.heard.len() < hears && Instant::now() < until)
        {
            let due = pending.values().map(|(due, _)| *due).min();
            tokio::select! {
                received = self.socket.recv(&mut chunk) => {
                    let count = received.unwrap_or(0);
                    if let Some(id) = self.receive(&chunk[..count])
                        && pending.remove(&id).is_some()
                    {
                        self.delivered += 1;
                    }
                }
                _ = clock.tick(), if self.sent < last => {
                    self.sent += 1;
                    pending.insert(self.sent, (Instant::now() + REPEAT_AFTER[0], 1));
                    self.send(self.message(self.sent));
                }
                () = sleep_until(due.unwrap_or(until)) => {
                    for id in self.repeat(&mut pending) {
                        pending.remove(&id);
                        self.given_up += 1;
                    }
                }
            }
        }
    }

    pub(crate) fn message(&self, id: u64) -> Vec<u8> {
        let text = ChatText::new(&format!("genuine {id}")).unwrap();
        self.sign(id, Body::Message(text))
    }

    /// Repeats what is due; gives the numbers of what was repeated often enough.
    fn repeat(&self, pending: &mut BTreeMap<u64, (Instant, usize)>) -> BTreeSet<u64> {
        let now = Instant::now();
        let mut over = BTreeSet::new();
        for (id, (due, tries)) in pending.iter_mut().filter(|(_, (due, _))| *due <= now) {
            match REPEAT_AFTER.get(*tries) {
                Some(wait) => {
                    (*due, *tries) = (now + *wait, *tries + 1);
                    self.send(self.message(*id));
                }
                None => drop(over.insert(*id)),
            }
        }
        over
    }

    /// Takes a datagram; gives the number if it is an acknowledgement.
    fn receive(&mut self, octets: &[u8]) -> Option<u64> {
        let (_, _, pair) = self.other.as_ref().unwrap();
        let signed = SignedDatagram::parse(octets).ok()?;
        let datagram = signed.verify(pair, &self.name).ok()?;
        match datagram.body {
            Body::Ack => Some(datagram.id),
            Body::Message(text) => {
                self.heard.insert(datagram.id, text);
                if self.answers {
                    self.send(self.sign(datagram.id, Body::Ack));
                }
                None
            }
        }
    }
}
