//! Letters on their way: sent, repeated, given up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use chat_proto::{Address, Body, ChatText, Datagram, UserName, lab};
use tokio::time::Instant;

use super::{Book, Me, Output};
use crate::event::{Event, NotDelivered};
use crate::post::Letter;
use crate::post::pending::{Pending, Signed};
use crate::post::socket::reaches;
use crate::roster::{Member, Roster};

/// How long the server may take to say where a user is.
const LOOKUP: Duration = Duration::from_secs(5);

impl Book {
    /// Sends a letter, or finds out why not.
    pub(in crate::post) fn give(&mut self, letter: Letter, roster: &Roster, now: Instant) {
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
        match self.sign(member, &letter.text, now) {
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
    pub(in crate::post) fn found(&mut self, name: &UserName, roster: &Roster, now: Instant) {
        for letter in self.looked_for(name) {
            self.give(letter, roster, now);
        }
    }

    /// A user is not there.
    pub(in crate::post) fn missing(&mut self, name: &UserName) {
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
    pub(in crate::post) fn tick(&mut self, roster: &Roster, now: Instant) {
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
            pending.resign(self.sign(member, &pending.letter.text, now)?);
        } else {
            pending.address = self.destination(address)?;
        }
        let octets = pending.octets.clone();
        self.outputs
            .push_back(Output::Send(pending.address, octets));
        Ok(())
    }

    fn sign(
        &mut self,
        member: &Member,
        text: &ChatText,
        now: Instant,
    ) -> Result<Signed, NotDelivered> {
        let address = member.address.ok_or(NotDelivered::NoSuchUser)?;
        let to = self.destination(address)?;
        let session = self.session;
        let Some(Me::Native(own, _)) = &self.me else {
            return Err(NotDelivered::NotReady);
        };
        let from = own.clone();
        let channel = self.channel(member, address, now)?;
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
        // One message to many hosts is nothing that a roster may ask for.
        let all = IpAddr::from(Ipv4Addr::BROADCAST);
        if address.ip.is_multicast() || address.ip.is_unspecified() || address.ip == all {
            return Err(NotDelivered::NoHost);
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

    pub(super) fn promote(&mut self, roster: &Roster, now: Instant) {
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
}
