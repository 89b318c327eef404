//! Who came and went: told to all, but not more often than the room can bear.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use chat_proto::{EndCode, UserFrames, UserName, lab};
use tokio::time::Instant;

use super::member::{Dialect, Member, SessionId};
use super::told;
use crate::config::Limits;

/// For each member of the room, changes wait this long after the last ones were told. The cost of
/// telling grows with the members; this keeps it a fraction of the time.
const APART: Duration = Duration::from_micros(10);

/// Lab clients' rosters are this far apart at least.
const LAB_APART: Duration = Duration::from_millis(100);

/// Changes that were not yet told.
#[derive(Debug)]
pub(super) struct Presence {
    detailed_users: usize,
    lab_roster_octets: usize,
    lab_roster_rate: usize,
    labs: usize,
    newcomers: usize,
    // Users who left and of whom the others knew, by reason.
    left: BTreeMap<&'static str, (EndCode, Vec<UserName>)>,
    next: Instant,
    lab_changed: bool,
    lab_next: Instant,
}

impl Presence {
    pub(super) fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        Self {
            detailed_users: limits.detailed_users,
            lab_roster_octets: limits.lab_roster_octets,
            lab_roster_rate: limits.lab_roster_rate.max(1),
            labs: 0,
            newcomers: 0,
            left: BTreeMap::new(),
            next: now,
            lab_changed: false,
            lab_next: now,
        }
    }

    /// Lab clients in the room.
    pub(super) fn labs(&self) -> usize {
        self.labs
    }

    pub(super) fn came(&mut self, member: &Member) {
        self.newcomers = self.newcomers.saturating_add(1);
        self.labs = self
            .labs
            .saturating_add(usize::from(member.dialect == Dialect::Lab));
        self.lab_changed = true;
    }

    /// A member gave way to a new session of the same user.
    pub(super) fn replaced(&mut self, member: &Member) {
        self.gone(member);
    }

    pub(super) fn left(&mut self, member: &Member, reason: EndCode) {
        self.gone(member);
        // Of whom nobody was told, nobody must be told that he left.
        if member.is_known() {
            let entry = self
                .left
                .entry(reason.text())
                .or_insert((reason, Vec::new()));
            entry.1.push(member.user.name.clone());
        }
    }

    fn gone(&mut self, member: &Member) {
        self.labs = self.labs.saturating_sub(usize::from(member.is_lab()));
        self.newcomers = self
            .newcomers
            .saturating_sub(usize::from(!member.announced));
        self.lab_changed = true;
    }

    /// Whether native clients have something to be told.
    pub(super) fn is_pending(&self) -> bool {
        self.newcomers > 0 || !self.left.is_empty()
    }

    /// When something is to be told next, if there is something.
    pub(super) fn due(&self) -> Option<Instant> {
        let native = self.is_pending().then_some(self.next);
        let lab = (self.lab_changed && self.labs > 0).then_some(self.lab_next);
        match (native, lab) {
            (Some(native), Some(lab)) => Some(native.min(lab)),
            (native, lab) => native.or(lab),
        }
    }

    /// Whether it is time; with `now`, native clients are told at once.
    pub(super) fn is_due(&mut self, now: bool) -> bool {
        if now && self.is_pending() {
            self.next = Instant::now();
        }
        self.due().is_some_and(|due| due <= Instant::now())
    }

    /// Tells what is due; gives those who are too slow.
    pub(super) fn tell(&mut self, members: &mut [Member]) -> Vec<SessionId> {
        let mut slow = Vec::new();
        let now = Instant::now();
        if self.is_pending() && self.next <= now {
            self.tell_native(members, &mut slow);
            let apart = APART.saturating_mul(u32::try_from(members.len()).unwrap_or(u32::MAX));
            self.next = now.checked_add(apart).unwrap_or(now);
        }
        if self.lab_changed && self.labs > 0 && self.lab_next <= now {
            let spent = self.tell_labs(members, &mut slow);
            let micros = spent
                .saturating_mul(1_000_000)
                .checked_div(self.lab_roster_rate);
            let apart = Duration::from_micros(u64::try_from(micros.unwrap_or(0)).unwrap_or(0));
            self.lab_next = now.checked_add(apart.max(LAB_APART)).unwrap_or(now);
        }
        slow
    }

    fn tell_native(&mut self, members: &mut [Member], slow: &mut Vec<SessionId>) {
        let detailed = members.len() <= self.detailed_users;
        let mut changes = Vec::new();
        let mut frames = 0_usize;
        for (reason, names) in std::mem::take(&mut self.left).into_values() {
            let mut left = UserFrames::left(reason);
            for name in &names {
                left.push_name(name);
            }
            changes.extend(left.finish());
            frames = frames.saturating_add(1);
        }
        let mut roster = UserFrames::roster();
        let mut joined = UserFrames::joined();
        if self.newcomers > 0 {
            for member in &*members {
                told(&member.user, detailed, &mut roster);
                if !member.announced {
                    told(&member.user, detailed, &mut joined);
                }
            }
            changes.extend(joined.finish());
            frames = frames.saturating_add(1);
        }
        let (changes, roster) = (Bytes::from(changes), Bytes::from(roster.finish()));
        for member in members {
            let octets = if member.announced {
                changes.clone()
            } else {
                roster.clone()
            };
            let new = !std::mem::replace(&mut member.announced, true);
            if member.is_lab() {
                continue;
            }
            if member
                .outbox
                .push(octets, if new { 1 } else { frames })
                .is_err()
            {
                slow.push(member.id);
            }
        }
        self.newcomers = 0;
    }

    /// Tells lab clients who is there; gives the octets that this took.
    fn tell_labs(&mut self, members: &[Member], slow: &mut Vec<SessionId>) -> usize {
        self.lab_changed = false;
        // Those who came first are told first: who does not fit is left out, and always the same.
        let mut users: Vec<&Member> = members.iter().collect();
        users.sort_by_key(|member| member.id);
        let entries = users
            .iter()
            .filter_map(|member| Some((&member.user.name, member.user.address?.ip)));
        let (octets, told) = lab::roster(entries, self.lab_roster_octets);
        if told < members.len() {
            tracing::debug!(
                told,
                members = members.len(),
                "roster for lab clients is cut"
            );
        }
        let octets = Bytes::from(octets);
        let mut spent = 0_usize;
        for member in members.iter().filter(|member| member.is_lab()) {
            spent = spent.saturating_add(octets.len());
            if member.outbox.push_alone(octets.clone()).is_err() {
                slow.push(member.id);
            }
        }
        spent
    }
}
