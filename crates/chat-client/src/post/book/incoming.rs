//! Datagrams that arrive: verified, shown once, acknowledged.

use std::net::{IpAddr, SocketAddr};

use chat_proto::{Body, Datagram, Freshness, MAX_DATAGRAM, SignedDatagram, UserName, lab};
use tokio::time::Instant;

use super::{Book, Me, Output};
use crate::event::Event;
use crate::post::pending::Pending;
use crate::roster::{Member, Roster};

/// Datagrams that fail their check before it is told, so that one who just logged in anew, and
/// whose key is still on its way here, is not called a forger.
const SUSPICIOUS: u32 = 3;

impl Book {
    /// Takes a datagram.
    pub(in crate::post) fn receive(
        &mut self,
        octets: &[u8],
        from: SocketAddr,
        roster: &Roster,
        now: Instant,
    ) {
        // A flood from elsewhere must not use up what those with whom one talks may send.
        let known = self.places.get_mut(&canonical(from));
        if !known.is_some_and(|place| place.all.take(now)) && !self.all.take(now) {
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
        self.forget(roster);
        let claims = signed.claimed_from().clone();
        let Some(member) = roster.by_key(&claims.key()) else {
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
        let verified = match self.channel(member, address, now) {
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
            // Replays from elsewhere must not keep a repetition from being acknowledged.
            Freshness::Repeated => match self.places.get_mut(&canonical(from)) {
                Some(place) => place.repeated.take(now),
                None => self.repeated.take(now),
            },
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
        let ip = from.ip().to_canonical();
        let names = roster.keyless_at(ip);
        let meter = if names.is_empty() {
            &mut self.strangers
        } else {
            &mut self.bare
        };
        if meter.take(now) {
            return self.tell(Event::Unverified { ip, names, text });
        }
        self.unshown = self.unshown.saturating_add(1);
        if self.complaints.take(now) {
            let count = std::mem::take(&mut self.unshown);
            self.tell(Event::Unshown { ip, count });
        }
    }

    fn suspect(&mut self, ip: IpAddr, claims: UserName, now: Instant) {
        self.suspicion = self.suspicion.saturating_add(1);
        if self.suspicion >= SUSPICIOUS && self.alarms.take(now) {
            let count = std::mem::take(&mut self.suspicion);
            self.tell(Event::Forged { ip, claims, count });
        }
    }
}

/// An address as the roster tells it.
fn canonical(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}
