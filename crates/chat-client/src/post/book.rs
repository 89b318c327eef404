//! Who is written to and what arrived: the state of the private messages, without socket or clock.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use chat_proto::{
    Address, Body, ChatText, Datagram, Freshness, MAX_DATAGRAM, PairKey, SecretKey, SignedDatagram,
    UserName, lab,
};
use tokio::time::Instant;

use super::Letter;
use super::channel::Channel;
use super::meter::Meter;
use super::pending::{Pending, Signed};
use super::socket::reaches;
use crate::event::{Event, NotDelivered};
use crate::roster::{Member, Roster};

/// Messages that are on their way at once; more wait.
const ON_THE_WAY: usize = 32;

/// How long the server may take to say where a user is.
const LOOKUP: Duration = Duration::from_secs(5);

/// Datagrams that fail their check before it is told, so that one who just logged in anew, and
/// whose key is still on its way here, is not called a forger.
const SUSPICIOUS: u32 = 3;

/// What is to be done.
#[derive(Debug)]
pub(super) enum Output {
    Send(SocketAddr, Vec<u8>),
    Tell(Event),
    Lookup(UserName),
}

/// The state of the private messages.
#[derive(Debug)]
pub(super) struct Book {
    me: Option<Me>,
    // Counts our sessions: each has another key.
    session: u64,
    here: Option<SocketAddr>,
    // By name in lower case. Never more than the roster has users.
    channels: HashMap<String, Channel>,
    pending: Vec<Pending>,
    // Letters that wait because too many are unacknowledged, and those whose user is looked up.
    waiting: VecDeque<Letter>,
    looking: Vec<(Letter, Instant)>,
    outputs: VecDeque<Output>,
    suspicion: u32,
    all: Meter,
    bare: Meter,
    repeated: Meter,
    alarms: Meter,
    lookups: Meter,
}

/// Who one is in the present session.
#[derive(Debug)]
enum Me {
    Native(UserName, SecretKey),
    Lab,
}

impl Book {
    pub(super) fn new(now: Instant) -> Self {
        let every = |millis| Duration::from_millis(millis);
        Self {
            me: None,
            session: 0,
            here: None,
            channels: HashMap::new(),
            pending: Vec::new(),
            waiting: VecDeque::new(),
            looking: Vec::new(),
            outputs: VecDeque::new(),
            suspicion: 0,
            // In all 5,000 datagrams a second are looked at: some percent of one processor.
            all: Meter::new(1000, Duration::from_micros(200), now),
            bare: Meter::new(20, every(100), now),
            repeated: Meter::new(100, every(10), now),
            alarms: Meter::new(1, every(10_000), now),
            lookups: Meter::new(20, every(100), now),
        }
    }

    /// A native session began.
    pub(super) fn enter(&mut self, name: UserName, secret: SecretKey) {
        self.me = Some(Me::Native(name, secret));
        self.begin();
    }

    /// A session of the lab dialect began.
    pub(super) fn enter_lab(&mut self) {
        self.me = Some(Me::Lab);
        self.begin();
    }

    fn begin(&mut self) {
        self.session = self.session.saturating_add(1);
        self.channels.clear();
    }

    /// Where the socket is.
    pub(super) fn set_here(&mut self, here: SocketAddr) {
        self.here = Some(here);
    }

    /// The next thing to be done.
    pub(super) fn output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether another letter may be given.
    pub(super) fn wants_letters(&self) -> bool {
        let busy = self.pending.len().saturating_add(self.looking.len());
        self.waiting.is_empty() && busy < ON_THE_WAY
    }

    /// Whether every letter was delivered or given up.
    pub(super) fn is_settled(&self) -> bool {
        self.pending.is_empty() && self.waiting.is_empty() && self.looking.is_empty()
    }

    /// When [`tick`](Self::tick) is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let pending = self.pending.iter().map(|pending| pending.due);
        let looking = self.looking.iter().map(|(_, due)| *due);
        pending.chain(looking).min()
    }

    /// Sends a letter, or finds out why not.
    pub(super) fn give(&mut self, letter: Letter, roster: &Roster, now: Instant) {
        if let Some((letter, reason)) = self.try_give(letter, roster, now) {
            self.fail(letter, reason);
        }
    }

    fn try_give(
        &mut self,
        letter: Letter,
        roster: &Roster,
        now: Instant,
    ) -> Option<(Letter, NotDelivered)> {
        let Some(member) = roster.find(&letter.to) else {
            return Some((letter, NotDelivered::NoSuchUser));
        };
        if roster.is_own(member) {
            return Some((letter, NotDelivered::Yourself));
        }
        let Some(address) = member.address else {
            let Ok(name) = UserName::new(&member.name) else {
                return Some((letter, NotDelivered::NoSuchUser));
            };
            self.looking.push((letter, now + LOOKUP));
            self.outputs.push_back(Output::Lookup(name));
            return None;
        };
        if address.key.is_none() {
            return self.give_bare(letter, member, address);
        }
        if self.is_crowded(member) {
            self.waiting.push_back(letter);
            return None;
        }
        match self.sign(member, &letter.text) {
            Ok(signed) => {
                let (to, octets) = (signed.address, signed.octets.clone());
                self.outputs.push_back(Output::Send(to, octets));
                let name = member.name.clone();
                self.pending.push(Pending::new(letter, name, signed, now));
                None
            }
            Err(reason) => Some((letter, reason)),
        }
    }

    /// Sends bare text, as the lab does: nothing answers.
    fn give_bare(
        &mut self,
        letter: Letter,
        member: &Member,
        address: Address,
    ) -> Option<(Letter, NotDelivered)> {
        let text = letter.text.as_str().as_bytes().to_vec();
        if self.me.is_none() {
            return Some((letter, NotDelivered::NotReady));
        }
        if text.len() > lab::READ_SIZE {
            return Some((letter, NotDelivered::TooLong));
        }
        match self.destination(address) {
            Err(reason) => Some((letter, reason)),
            Ok(to) => {
                self.outputs.push_back(Output::Send(to, text));
                let (id, to) = (letter.id, member.name.clone());
                self.tell(Event::SentUnverified { id, to });
                None
            }
        }
    }

    /// A user's address came: his letters go.
    pub(super) fn found(&mut self, name: &UserName, roster: &Roster, now: Instant) {
        for letter in self.looked_for(name) {
            self.give(letter, roster, now);
        }
    }

    /// A user is not there.
    pub(super) fn missing(&mut self, name: &UserName) {
        for letter in self.looked_for(name) {
            self.fail(letter, NotDelivered::NoSuchUser);
        }
    }

    fn looked_for(&mut self, name: &UserName) -> Vec<Letter> {
        let meant =
            |(letter, _): &mut (Letter, Instant)| letter.to.eq_ignore_ascii_case(name.as_str());
        let found = self.looking.extract_if(.., meant);
        found.map(|(letter, _)| letter).collect()
    }

    /// Repeats and gives up what is due.
    pub(super) fn tick(&mut self, roster: &Roster, now: Instant) {
        let late = self.looking.extract_if(.., |(_, due)| *due <= now);
        let late: Vec<Letter> = late.map(|(letter, _)| letter).collect();
        for letter in late {
            self.fail(letter, NotDelivered::NoAnswer);
        }
        let due: Vec<Pending> = self.pending.extract_if(.., |p| p.due <= now).collect();
        for mut pending in due {
            match self.repeat(&mut pending, roster, now) {
                Ok(()) => self.pending.push(pending),
                Err(reason) => self.fail_as(pending.letter, pending.name, reason),
            }
        }
        self.promote(roster, now);
    }

    fn repeat(
        &mut self,
        pending: &mut Pending,
        roster: &Roster,
        now: Instant,
    ) -> Result<(), NotDelivered> {
        if !pending.again(now) {
            return Err(NotDelivered::NoAnswer);
        }
        let member = roster.find(&pending.name).ok_or(NotDelivered::Left)?;
        let Some(address) = member.address else {
            if let Ok(name) = UserName::new(&member.name) {
                self.outputs.push_back(Output::Lookup(name));
            }
            return Ok(());
        };
        if address.key != Some(pending.peer) || pending.session != self.session {
            pending.resign(self.sign(member, &pending.letter.text)?);
        } else {
            pending.address = self.destination(address)?;
        }
        let octets = pending.octets.clone();
        self.outputs
            .push_back(Output::Send(pending.address, octets));
        Ok(())
    }

    /// Takes a datagram.
    pub(super) fn receive(
        &mut self,
        octets: &[u8],
        from: SocketAddr,
        roster: &Roster,
        now: Instant,
    ) {
        if !self.all.take(now) {
            return;
        }
        let native = matches!(self.me, Some(Me::Native(..)));
        match SignedDatagram::parse(octets) {
            Ok(signed) if native => self.receive_signed(signed, from, roster, now),
            // A broken or shortened one of ours is not worth being shown.
            Ok(_) => {}
            Err(_) if octets.starts_with(b"{\"type\":") => {}
            Err(_) => self.receive_bare(octets, from, roster, now),
        }
    }

    fn receive_signed(
        &mut self,
        signed: SignedDatagram,
        from: SocketAddr,
        roster: &Roster,
        now: Instant,
    ) {
        let claims = signed.claimed_from().clone();
        let Some(member) = roster.find(claims.as_str()) else {
            return self.suspect(from.ip(), claims, now);
        };
        let Some(address) = member.address else {
            // The sender repeats it: by then the answer is there.
            if self.lookups.take(now) {
                self.outputs.push_back(Output::Lookup(claims));
            }
            return;
        };
        let Some(Me::Native(name, _)) = &self.me else {
            return;
        };
        let name = name.clone();
        let verified = match self.channel(member, address) {
            Ok(channel) => signed.verify(&channel.pair, &name),
            Err(_) => return self.suspect(from.ip(), claims, now),
        };
        match verified {
            Ok(datagram) => self.accept(datagram, member, from, roster, now),
            Err(_) => self.suspect(from.ip(), claims, now),
        }
    }

    /// Takes what was verified.
    fn accept(
        &mut self,
        datagram: Datagram,
        member: &Member,
        from: SocketAddr,
        roster: &Roster,
        now: Instant,
    ) {
        let key = member.name.to_ascii_lowercase();
        let Some(channel) = self.channels.get_mut(&key) else {
            return;
        };
        let text = match &datagram.body {
            Body::Message(text) => text.clone(),
            Body::Ack => {
                let peer = channel.peer;
                let meant = |p: &Pending| p.peer == peer && p.number == datagram.id;
                if let Some(place) = self.pending.iter().position(meant) {
                    let Pending { letter, name, .. } = self.pending.swap_remove(place);
                    let (id, to) = (letter.id, name);
                    self.tell(Event::Delivered { id, to });
                    self.promote(roster, now);
                }
                return;
            }
        };
        let freshness = channel.window.note(datagram.id);
        let answer = match freshness {
            Freshness::Fresh => true,
            Freshness::Repeated => self.repeated.take(now),
            Freshness::Stale => false,
        };
        if answer && let Ok(octets) = datagram.ack().sign(&channel.pair) {
            self.outputs.push_back(Output::Send(from, octets));
        }
        if freshness == Freshness::Fresh {
            let from = datagram.from;
            self.tell(Event::Private { from, text });
        }
    }

    fn receive_bare(&mut self, octets: &[u8], from: SocketAddr, roster: &Roster, now: Instant) {
        let Some(text) = octets
            .get(..octets.len().min(MAX_DATAGRAM))
            .and_then(lab::text)
        else {
            return;
        };
        if self.bare.take(now) {
            let ip = from.ip().to_canonical();
            let names = roster.keyless_at(ip);
            self.tell(Event::Unverified { ip, names, text });
        }
    }

    fn suspect(&mut self, ip: IpAddr, claims: UserName, now: Instant) {
        self.suspicion = self.suspicion.saturating_add(1);
        if self.suspicion >= SUSPICIOUS && self.alarms.take(now) {
            let count = std::mem::take(&mut self.suspicion);
            self.tell(Event::Forged { ip, claims, count });
        }
    }

    /// The channel to a user, made anew if his key is another.
    fn channel(&mut self, member: &Member, address: Address) -> Result<&mut Channel, NotDelivered> {
        let Some(Me::Native(own, secret)) = &self.me else {
            return Err(NotDelivered::NotReady);
        };
        let peer = address.key.ok_or(NotDelivered::BadKey)?;
        let name = UserName::new(&member.name).map_err(|_| NotDelivered::NoSuchUser)?;
        let key = name.key();
        let known = self.channels.get(&key).is_some_and(|c| c.peer == peer);
        if !known {
            let pair = PairKey::derive(secret, own, &peer, &name);
            let pair = pair.map_err(|_| NotDelivered::BadKey)?;
            self.channels.insert(key.clone(), Channel::new(peer, pair));
        }
        self.channels.get_mut(&key).ok_or(NotDelivered::BadKey)
    }

    fn sign(&mut self, member: &Member, text: &ChatText) -> Result<Signed, NotDelivered> {
        let address = member.address.ok_or(NotDelivered::NoSuchUser)?;
        let to = self.destination(address)?;
        let session = self.session;
        let Some(Me::Native(own, _)) = &self.me else {
            return Err(NotDelivered::NotReady);
        };
        let from = own.clone();
        let channel = self.channel(member, address)?;
        let mut datagram = Datagram {
            from,
            to: UserName::new(&member.name).map_err(|_| NotDelivered::NoSuchUser)?,
            // The longest number first, so that a message that is too long uses none up.
            id: u64::MAX,
            body: Body::Message(text.clone()),
        };
        datagram
            .sign(&channel.pair)
            .map_err(|_| NotDelivered::TooLong)?;
        datagram.id = channel.number();
        Ok(Signed {
            peer: channel.peer,
            session,
            number: datagram.id,
            address: to,
            octets: datagram
                .sign(&channel.pair)
                .map_err(|_| NotDelivered::TooLong)?,
        })
    }

    fn destination(&self, address: Address) -> Result<SocketAddr, NotDelivered> {
        let here = self.here.ok_or(NotDelivered::NotReady)?;
        let port = address.udp.ok_or(NotDelivered::TakesNone)?;
        if !reaches(here, address.ip) {
            return Err(NotDelivered::OtherFamily);
        }
        Ok(match (address.ip, here) {
            // An address of this link alone needs to be told which link.
            (IpAddr::V6(ip), SocketAddr::V6(here)) if ip.is_unicast_link_local() => {
                SocketAddrV6::new(ip, port, 0, here.scope_id()).into()
            }
            (ip, _) => SocketAddr::new(ip, port),
        })
    }

    /// Whether the other's window would lose sight of an unacknowledged message.
    fn is_crowded(&self, member: &Member) -> bool {
        let Some(channel) = self.channels.get(&member.name.to_ascii_lowercase()) else {
            return false;
        };
        let mine = |p: &&Pending| p.peer == channel.peer && p.session == self.session;
        let oldest = self.pending.iter().filter(mine).map(|p| p.number).min();
        oldest.is_some_and(|oldest| channel.is_far_from(oldest))
    }

    fn promote(&mut self, roster: &Roster, now: Instant) {
        for letter in std::mem::take(&mut self.waiting) {
            self.give(letter, roster, now);
        }
    }

    fn fail(&mut self, letter: Letter, reason: NotDelivered) {
        let to = letter.to.clone();
        self.fail_as(letter, to, reason);
    }

    fn fail_as(&mut self, letter: Letter, to: String, reason: NotDelivered) {
        let Letter { id, text, .. } = letter;
        self.tell(Event::NotDelivered {
            id,
            to,
            text,
            reason,
        });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }
}
