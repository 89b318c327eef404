//! Who is written to and what arrived: the state of the private messages, without socket or clock.

mod incoming;
mod outgoing;

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use chat_proto::{Address, PairKey, SecretKey, UserName};
use tokio::time::Instant;

use super::Letter;
use super::channel::Channel;
use super::meter::Meter;
use super::pending::Pending;
use crate::event::{Event, NotDelivered};
use crate::roster::{Member, Roster};

/// Messages that are on their way at once; more wait.
const ON_THE_WAY: usize = 32;

/// What is to be done.
#[derive(Debug)]
pub(in crate::post) enum Output {
    Send(SocketAddr, Vec<u8>),
    Tell(Event),
    Lookup(UserName),
}

/// The state of the private messages.
#[derive(Debug)]
pub(in crate::post) struct Book {
    me: Option<Me>,
    // Counts our sessions: each has another key.
    session: u64,
    here: Option<SocketAddr>,
    // By name in lower case. Of users who left some are kept: see `forget`.
    channels: HashMap<String, Channel>,
    // Where those users are.
    places: HashMap<SocketAddr, Place>,
    pending: Vec<Pending>,
    // Letters that wait because too many are unacknowledged, and those whose user is looked up.
    waiting: VecDeque<Letter>,
    looking: Vec<(Letter, Instant)>,
    outputs: VecDeque<Output>,
    suspicion: u32,
    // Bare texts that were not shown.
    unshown: u32,
    all: Meter,
    bare: Meter,
    strangers: Meter,
    repeated: Meter,
    alarms: Meter,
    complaints: Meter,
    lookups: Meter,
}

/// What a place may do that strangers cannot use up.
#[derive(Debug)]
struct Place {
    all: Meter,
    repeated: Meter,
}

/// Who one is in the present session.
#[derive(Debug)]
enum Me {
    Native(UserName, SecretKey),
    Lab,
}

impl Book {
    pub(in crate::post) fn new(now: Instant) -> Self {
        let every = |millis| Duration::from_millis(millis);
        Self {
            me: None,
            session: 0,
            here: None,
            channels: HashMap::new(),
            places: HashMap::new(),
            pending: Vec::new(),
            waiting: VecDeque::new(),
            looking: Vec::new(),
            outputs: VecDeque::new(),
            suspicion: 0,
            unshown: 0,
            // In all 5,000 datagrams a second are looked at: some percent of one processor.
            all: Meter::new(1000, Duration::from_micros(200), now),
            bare: Meter::new(20, every(100), now),
            // From where nobody is who would send bare text: more of it would only be in the way.
            strangers: Meter::new(5, every(5000), now),
            repeated: Meter::new(100, every(10), now),
            alarms: Meter::new(1, every(10_000), now),
            complaints: Meter::new(1, every(10_000), now),
            // Far fewer than a server reads in a second, or forgers could hold up what the user says.
            lookups: Meter::new(20, every(500), now),
        }
    }

    /// A native session began.
    pub(in crate::post) fn enter(&mut self, name: UserName, secret: SecretKey) {
        self.me = Some(Me::Native(name, secret));
        self.begin();
    }

    /// A session of the lab dialect began.
    pub(in crate::post) fn enter_lab(&mut self) {
        self.me = Some(Me::Lab);
        self.begin();
    }

    fn begin(&mut self) {
        self.session = self.session.saturating_add(1);
        self.channels.clear();
        self.places.clear();
    }

    /// Where the socket is.
    pub(in crate::post) fn set_here(&mut self, here: SocketAddr) {
        self.here = Some(here);
    }

    /// The next thing to be done.
    pub(in crate::post) fn output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether another letter may be given.
    pub(in crate::post) fn wants_letters(&self) -> bool {
        let busy = self.pending.len().saturating_add(self.looking.len());
        self.waiting.is_empty() && busy < ON_THE_WAY
    }

    /// Whether every letter was delivered or given up.
    pub(in crate::post) fn is_settled(&self) -> bool {
        self.pending.is_empty() && self.waiting.is_empty() && self.looking.is_empty()
    }

    /// When [`tick`](Self::tick) is due.
    pub(in crate::post) fn due(&self) -> Option<Instant> {
        let pending = self.pending.iter().map(|pending| pending.due);
        let looking = self.looking.iter().map(|(_, due)| *due);
        pending.chain(looking).min()
    }

    /// The channel to a user, made anew if his key is another.
    fn channel(
        &mut self,
        member: &Member,
        address: Address,
        now: Instant,
    ) -> Result<&mut Channel, NotDelivered> {
        let Some(Me::Native(own, secret)) = &self.me else {
            return Err(NotDelivered::NotReady);
        };
        let peer = address.key.ok_or(NotDelivered::BadKey)?;
        let name = UserName::new(&member.name).map_err(|_| NotDelivered::NoSuchUser)?;
        let key = name.key();
        let place = address.udp.map(|port| SocketAddr::new(address.ip, port));
        let known = self.channels.get(&key).map(|c| (c.peer, c.place));
        if known.is_none_or(|(known, _)| known != peer) {
            let pair = PairKey::derive(secret, own, &peer, &name);
            let pair = pair.map_err(|_| NotDelivered::BadKey)?;
            let channel = Channel::new(peer, pair, place);
            self.channels.insert(key.clone(), channel);
        }
        if known != Some((peer, place)) {
            if let Some(before) = known.and_then(|(_, place)| place) {
                self.places.remove(&before);
            }
            if let Some(place) = place {
                self.places.insert(place, Place::new(now));
            }
        }
        let channel = self.channels.get_mut(&key).ok_or(NotDelivered::BadKey)?;
        channel.place = place;
        Ok(channel)
    }

    /// Forgets the channels of users who left, once they are many: a name that comes back has another
    /// key.
    fn forget(&mut self, roster: &Roster) {
        if self.channels.len() <= roster.len().saturating_mul(2).saturating_add(64) {
            return;
        }
        self.channels.retain(|name, channel| {
            let address = roster.by_key(name).and_then(|member| member.address);
            address.is_some_and(|address| address.key == Some(channel.peer))
        });
        let places: HashSet<SocketAddr> = self.channels.values().filter_map(|c| c.place).collect();
        self.places.retain(|place, _| places.contains(place));
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }
}

impl Place {
    fn new(now: Instant) -> Self {
        Self {
            all: Meter::new(200, Duration::from_millis(5), now),
            repeated: Meter::new(100, Duration::from_millis(10), now),
        }
    }
}

#[cfg(test)]
mod tests;
