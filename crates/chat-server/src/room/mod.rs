//! The room: one task that knows who is there, gives every message its place, and waits for nobody.

mod member;
mod presence;
mod round;

use std::collections::HashMap;
use std::time::Duration;

use chat_proto::{ChatText, EndCode, ErrorCode, Event, User, UserName};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use member::Member;
pub(crate) use member::{Dialect, Newcomer, SessionId};
use presence::Presence;
use round::Round;

use crate::config::Limits;
use crate::farewell;
use crate::outbox::Overflow;

/// Commands that may wait for the room; who has more to say waits, the room does not.
const WAITING: usize = 4096;

/// Requests that one round takes at most.
const ROUND: usize = 512;

/// A room whose rounds take this long gathers what is said for a moment before the next one.
const LONG_ROUND: Duration = Duration::from_millis(1);

/// That moment, as short as tokio's timer can.
const GATHER: Duration = Duration::from_millis(1);

/// What sessions ask of the room.
#[derive(Debug)]
pub(crate) enum Request {
    /// Comes in.
    Enter {
        newcomer: Newcomer,
        /// Whether the newcomer may take the name from an older session.
        take_over: bool,
        /// Said to the newcomer first of all.
        welcome: Vec<u8>,
        reply: oneshot::Sender<Result<(), NameTaken>>,
    },
    /// Says something to all others.
    Say {
        id: SessionId,
        text: ChatText,
        receipt: Option<u64>,
    },
    /// Wants to know a user's address.
    Lookup { id: SessionId, name: UserName },
    /// Goes.
    Leave { id: SessionId, reason: EndCode },
    /// The accounts changed: who has one of another making must go. By the names' keys.
    Accounts(HashMap<String, i64>),
}

/// Another has the name, or one that looks like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameTaken;

/// Makes the way into a room and the room itself.
pub(crate) fn new(limits: &Limits) -> (mpsc::Sender<Request>, Room) {
    let (sender, requests) = mpsc::channel(WAITING);
    let room = Room {
        requests,
        members: Vec::new(),
        places: HashMap::new(),
        names: HashMap::new(),
        looks: HashMap::new(),
        seq: 0,
        round: Round::default(),
        last_round: None,
        presence: Presence::new(limits),
    };
    (sender, room)
}

/// Who is there.
#[derive(Debug)]
pub(crate) struct Room {
    requests: mpsc::Receiver<Request>,
    members: Vec<Member>,
    // Where in `members` a session is.
    places: HashMap<SessionId, usize>,
    names: HashMap<String, SessionId>,
    looks: HashMap<String, SessionId>,
    seq: u64,
    round: Round,
    // When the last round in which something was said began, and how long its writing took.
    last_round: Option<(Instant, Duration)>,
    presence: Presence,
}

impl Room {
    /// Runs until nobody can ask anything any more; when `stop` says so, tells all and lets nobody in.
    ///
    /// Run it without tokio's budget: one round may write to thousands.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::new();
        let mut stopping = false;
        loop {
            let due = self.presence.due();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    self.end_all();
                }
                count = self.requests.recv_many(&mut batch, ROUND) => {
                    if count == 0 {
                        return;
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
            if self.is_busy()
                && batch
                    .iter()
                    .any(|request| matches!(request, Request::Say { .. }))
            {
                tokio::time::sleep(GATHER).await;
                while batch.len() < ROUND
                    && let Ok(request) = self.requests.try_recv()
                {
                    batch.push(request);
                }
            }
            // One round: all that waited is said with one write to each.
            for request in batch.drain(..) {
                self.obey(request, stopping);
            }
            self.end_round();
            self.tell_changes(false);
            // The sessions' turn: what they read now makes the next round.
            tokio::task::yield_now().await;
        }
    }

    fn obey(&mut self, request: Request, stopping: bool) {
        match request {
            Request::Say { id, text, receipt } => self.say(id, &text, receipt),
            Request::Enter {
                newcomer,
                take_over,
                welcome,
                reply,
            } => {
                // What was said before is not for the newcomer.
                self.end_round();
                if stopping {
                    let word = farewell::last_word(newcomer.dialect, EndCode::Shutdown);
                    newcomer.outbox.end(EndCode::Shutdown, word);
                }
                let answer = self.enter(newcomer, take_over, welcome);
                // The session may be gone already; then it says so with `Leave`.
                let _gone = reply.send(answer);
            }
            Request::Lookup { id, name } => {
                self.end_round();
                self.look_up(id, &name);
            }
            Request::Leave { id, reason } => {
                self.end_round();
                self.remove(id, reason);
            }
            Request::Accounts(accounts) => self.check_accounts(&accounts),
        }
    }

    fn say(&mut self, id: SessionId, text: &ChatText, receipt: Option<u64>) {
        // Nobody hears from a user before hearing of him.
        if self.presence.is_pending() {
            self.tell_changes(true);
        }
        let Some(member) = self
            .places
            .get(&id)
            .and_then(|place| self.members.get_mut(*place))
        else {
            return;
        };
        self.seq = self.seq.saturating_add(1);
        self.round
            .say(member, self.seq, text, receipt, self.presence.labs() > 0);
        if self.round.is_large() {
            self.end_round();
        }
    }

    /// Writes what was said in this round.
    fn end_round(&mut self) {
        if let Some(spoken) = self.round.end() {
            let begin = Instant::now();
            let slow = spoken.write(&mut self.members);
            self.drop_slow(&slow);
            self.last_round = Some((begin, begin.elapsed()));
        }
    }

    /// Whether the last round was long and not long ago: then a round for each message would cost
    /// more than it gains, and a moment's wait halves the writes. A room that is not busy never waits.
    fn is_busy(&self) -> bool {
        self.last_round.is_some_and(|(begin, took)| {
            took >= LONG_ROUND && begin.elapsed() < took.saturating_mul(4)
        })
    }

    /// Tells who came and went, if it is time or `now` says so.
    fn tell_changes(&mut self, now: bool) {
        if self.presence.is_due(now) {
            self.end_round();
            let slow = self.presence.tell(&mut self.members);
            self.drop_slow(&slow);
        }
    }

    fn enter(
        &mut self,
        newcomer: Newcomer,
        take_over: bool,
        welcome: Vec<u8>,
    ) -> Result<(), NameTaken> {
        let (key, look) = (newcomer.user.name.key(), newcomer.user.name.look());
        let by_name = self.names.get(&key).copied();
        // Of accounts that look alike only the first was opened: one that is there may come in.
        let by_look = match newcomer.account {
            Some(_) => None,
            None => self.looks.get(&look).copied(),
        };
        let mut inherited = false;
        if let Some(other) = by_name.or(by_look) {
            // Only the same user's older session gives way.
            if !take_over || by_name.is_none() || by_look.is_some_and(|id| id != other) {
                return Err(NameTaken);
            }
            inherited = self.replace(other);
        }
        let id = newcomer.id;
        let member = Member::new(newcomer, inherited);
        if member.outbox.push(welcome.into(), 1).is_err() {
            member.outbox.end(
                EndCode::TooSlow,
                farewell::last_word(member.dialect, EndCode::TooSlow),
            );
        }
        self.presence.came(&member);
        self.names.insert(key, id);
        self.looks.insert(look, id);
        self.places.insert(id, self.members.len());
        self.members.push(member);
        Ok(())
    }

    /// Ends an older session of a user who comes in anew: nobody is told that he left. Gives
    /// whether the others know him.
    fn replace(&mut self, id: SessionId) -> bool {
        self.take(id).is_some_and(|member| {
            self.presence.replaced(&member);
            member.end(EndCode::TakenOver);
            member.is_known()
        })
    }

    fn remove(&mut self, id: SessionId, reason: EndCode) {
        if let Some(member) = self.take(id) {
            self.presence.left(&member, reason);
            member.end(reason);
        }
    }

    fn take(&mut self, id: SessionId) -> Option<Member> {
        let place = self.places.remove(&id)?;
        if place >= self.members.len() {
            return None;
        }
        let member = self.members.swap_remove(place);
        if let Some(moved) = self.members.get(place) {
            self.places.insert(moved.id, place);
        }
        self.names.remove(&member.user.name.key());
        self.looks.remove(&member.user.name.look());
        Some(member)
    }

    fn drop_slow(&mut self, slow: &[SessionId]) {
        for id in slow {
            self.remove(*id, EndCode::TooSlow);
        }
    }

    fn look_up(&mut self, id: SessionId, name: &UserName) {
        let found = self
            .names
            .get(&name.key())
            .and_then(|id| self.places.get(id))
            .and_then(|place| self.members.get(*place))
            .map(|member| member.user.clone());
        let answer = match found {
            Some(user) => Event::User { user },
            None => Event::Error {
                code: ErrorCode::NoSuchUser,
                text: format!("{name} is not in the room"),
                id: None,
            },
        };
        let asker = self
            .places
            .get(&id)
            .and_then(|place| self.members.get(*place));
        if asker.is_some_and(|member| member.outbox.say(&answer) == Err(Overflow)) {
            self.remove(id, EndCode::TooSlow);
        }
    }

    fn check_accounts(&mut self, accounts: &HashMap<String, i64>) {
        let changed: Vec<SessionId> = self
            .members
            .iter()
            .filter(|member| {
                member.account.is_some()
                    && accounts.get(&member.user.name.key()).copied() != member.account
            })
            .map(|member| member.id)
            .collect();
        for id in changed {
            self.remove(id, EndCode::AccountChanged);
        }
    }

    fn end_all(&mut self) {
        self.end_round();
        for member in self.members.drain(..) {
            member.end(EndCode::Shutdown);
        }
        self.places.clear();
        self.names.clear();
        self.looks.clear();
    }
}

/// A user in the room as the roster tells it.
fn told(user: &User, detailed: bool, frames: &mut chat_proto::UserFrames) {
    if detailed {
        frames.push(user);
    } else {
        frames.push_name(&user.name);
    }
}
