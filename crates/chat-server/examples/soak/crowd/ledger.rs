//! The accounts of the crowd: what was said, who must have heard it, who is in the room.

use std::collections::{BTreeMap, HashMap, HashSet};

use chat_proto::{ChatText, Event, User, UserName};

/// Octets of a long text.
pub(super) const LONG: usize = 3000;

/// Faults that are told; more are counted.
const TOLD: usize = 1000;

/// What was said and heard so far, and by whom.
#[derive(Default)]
pub(super) struct Ledger {
    names: Vec<UserName>,
    users: HashMap<String, usize>,
    said: Vec<Said>,
    /// Which message stands at each place in the room's order; the first is 1.
    order: HashMap<u64, usize>,
    /// The last place of which somebody had the receipt.
    acknowledged: u64,
    stays: HashMap<u64, Stay>,
    pub(super) counts: Counts,
}

/// How much happened.
#[derive(Default)]
pub(super) struct Counts {
    /// Messages of which the receipt came.
    pub(super) receipts: u64,
    /// Messages that honest clients heard.
    pub(super) deliveries: u64,
    /// Frames that told them who came or went.
    pub(super) changes: u64,
    /// Times that an honest client came into the room.
    pub(super) entered: u64,
    /// Ways in which they left it, and what the others did.
    pub(super) deeds: BTreeMap<&'static str, u64>,
    pub(super) faults: u64,
}

/// One message: whose it is and where it stands.
struct Said {
    by: usize,
    length: usize,
    place: Option<u64>,
    receipt: bool,
}

/// One honest client's time in the room.
struct Stay {
    user: usize,
    /// Whom it believes in the room, by user.
    view: Vec<bool>,
    rostered: bool,
    first: Option<u64>,
    last: u64,
    /// All messages from this number on were said after it came in.
    from: usize,
    /// Everything up to this place it must have heard before it goes.
    until: Option<u64>,
    /// Its messages of which the receipt did not come.
    open: HashSet<usize>,
}

impl Ledger {
    /// Takes up a user.
    pub(super) fn user(&mut self, name: &UserName) -> usize {
        let user = self.names.len();
        self.names.push(name.clone());
        self.users.insert(name.as_str().to_owned(), user);
        user
    }

    /// How many users there are, in the room or not.
    pub(super) fn users(&self) -> usize {
        self.names.len()
    }

    pub(super) fn find(&self, name: &UserName) -> Option<usize> {
        self.users.get(name.as_str()).copied()
    }

    pub(super) fn name(&self, user: usize) -> UserName {
        self.names[user].clone()
    }

    /// Messages that were given to the server.
    pub(super) fn said(&self) -> usize {
        self.said.len()
    }

    /// Honest clients in the room.
    pub(super) fn inside(&self) -> usize {
        self.stays.len()
    }

    /// Notes that something is not as it must be.
    pub(super) fn fault(&mut self, text: &str) {
        self.counts.faults += 1;
        let told = usize::try_from(self.counts.faults).unwrap();
        if told <= TOLD {
            println!("FAULT: {text}");
        }
    }

    /// Counts something that a client did.
    pub(super) fn deed(&mut self, deed: &'static str) {
        *self.counts.deeds.entry(deed).or_default() += 1;
    }

    /// An honest client is in the room; gives the number of its stay.
    pub(super) fn enter(&mut self, user: usize) -> u64 {
        let stay = Stay {
            user,
            view: vec![false; self.names.len()],
            rostered: false,
            first: None,
            last: 0,
            from: self.said.len(),
            until: None,
            open: HashSet::new(),
        };
        self.counts.entered += 1;
        self.stays.insert(self.counts.entered, stay);
        self.counts.entered
    }

    /// Makes a message: gives its number, which the receipt bears, and its text, which tells
    /// number and user.
    pub(super) fn say(&mut self, by: usize, stay: Option<u64>, long: bool) -> (u64, ChatText) {
        let number = self.said.len();
        let length = if long { LONG } else { 20 + number % 100 };
        let said = Said {
            by,
            length,
            place: None,
            receipt: false,
        };
        let text = ChatText::new(&said.text(number)).unwrap();
        self.said.push(said);
        if let Some(stay) = stay.and_then(|stay| self.stays.get_mut(&stay)) {
            stay.open.insert(number);
        }
        (u64::try_from(number).unwrap(), text)
    }

    /// The server's receipt of a message that somebody said.
    pub(super) fn receipt(&mut self, by: usize, id: u64, place: u64) {
        let number = usize::try_from(id).unwrap();
        let Some(said) = self.said.get_mut(number).filter(|said| said.by == by) else {
            return self.fault(&format!(
                "receipt of message {id} for one who did not say it"
            ));
        };
        if std::mem::replace(&mut said.receipt, true) {
            self.fault(&format!("second receipt of message {number}"));
        }
        self.counts.receipts += 1;
        self.acknowledged = self.acknowledged.max(place);
        self.stand(number, place);
    }

    /// A client in the room heard an event.
    pub(super) fn hear(&mut self, stay: u64, event: &Event) {
        let Some(mut this) = self.stays.remove(&stay) else {
            return;
        };
        match event {
            Event::Roster { users, more } => {
                if this.rostered {
                    self.fault(&format!("{} got a second roster", self.who(&this)));
                }
                self.come(&mut this, users);
                this.rostered = !more;
            }
            Event::Joined { users } => {
                if !this.rostered {
                    self.fault(&format!("{} heard of joins first", self.who(&this)));
                }
                self.counts.changes += 1;
                self.come(&mut this, users);
            }
            Event::Left { users, .. } => {
                self.counts.changes += 1;
                for name in users {
                    let user = self.users.get(name.as_str()).copied();
                    if user.is_none_or(|user| !std::mem::replace(&mut this.view[user], false)) {
                        let who = self.who(&this);
                        self.fault(&format!("{who} heard that {name} left, who was not there"));
                    }
                }
            }
            Event::Message { seq, from, text } => {
                self.counts.deliveries += 1;
                self.heard(&this, *seq, from, text);
                self.next_place(&mut this, *seq);
            }
            Event::Said { id, seq } => {
                self.receipt(this.user, *id, *seq);
                this.open.remove(&usize::try_from(*id).unwrap());
                self.next_place(&mut this, *seq);
            }
            _ => {}
        }
        self.stays.insert(stay, this);
    }

    fn come(&mut self, this: &mut Stay, users: &[User]) {
        for User { name, .. } in users {
            match self.users.get(name.as_str()) {
                Some(user) => this.view[*user] = true,
                None => self.fault(&format!("{name} is in the room and nobody of ours")),
            }
        }
    }

    fn heard(&mut self, this: &Stay, place: u64, from: &UserName, text: &ChatText) {
        let number = text.as_str().split(' ').next().unwrap_or_default();
        let number = number.parse().unwrap_or(usize::MAX);
        let by = self.users.get(from.as_str()).copied();
        match self.said.get(number) {
            Some(said) if Some(said.by) == by && said.text(number) == text.as_str() => {
                if !this.view[said.by] {
                    let who = self.who(this);
                    self.fault(&format!("{who} heard {from}, who was not there"));
                }
                self.stand(number, place);
            }
            _ => self.fault(&format!("{from} is heard with what he never said: {text}")),
        }
    }

    /// A message stands at a place: the same for all, and no other there.
    fn stand(&mut self, number: usize, place: u64) {
        let there = *self.order.entry(place).or_insert(number);
        let known = *self.said[number].place.get_or_insert(place);
        if there != number || known != place {
            self.fault(&format!(
                "message {number} is at {place} and {known}; at {place} is {there}"
            ));
        }
    }

    /// All who are in the room hear all that is said: no place is left out or comes twice.
    fn next_place(&mut self, this: &mut Stay, place: u64) {
        if this.first.is_some() && place != this.last + 1 {
            let (who, last) = (self.who(this), this.last);
            self.fault(&format!("{who} heard message {place} after {last}"));
        }
        this.first.get_or_insert(place);
        this.last = place;
    }

    /// A client is about to leave: all that is acknowledged by now it must hear before its end.
    pub(super) fn leaving(&mut self, stay: u64) {
        let until = Some(self.acknowledged);
        if let Some(stay) = self.stays.get_mut(&stay) {
            stay.until = until;
        }
    }

    /// A client is out of the room; `told` if the server had the last word, after everything else.
    pub(super) fn leave(&mut self, stay: u64, told: bool) {
        let Some(this) = self.stays.remove(&stay) else {
            return;
        };
        let who = self.who(&this);
        let after = |said: &Said| said.place.filter(|_| said.receipt);
        let places: Vec<u64> = self.said[this.from..]
            .iter()
            .take(1000)
            .filter_map(after)
            .collect();
        let until = this.until.unwrap_or(0);
        let missed = match this.first {
            Some(first) => places.iter().filter(|place| **place < first).count(),
            None if told => places.iter().filter(|place| **place <= until).count(),
            None => 0,
        };
        if missed > 0 {
            self.fault(&format!("{who} missed the first {missed} messages"));
        }
        if told && this.first.is_some() && this.last < until {
            let last = this.last;
            self.fault(&format!("{who} heard up to {last} and not up to {until}"));
        }
    }

    /// Whether everybody in the room has heard a message.
    pub(super) fn is_heard(&self, number: u64) -> bool {
        let said = &self.said[usize::try_from(number).unwrap()];
        said.place
            .is_some_and(|place| self.stays.values().all(|stay| stay.last >= place))
    }

    /// What the clients in the room believe that is not so; only good while nothing happens.
    pub(super) fn differences(&self) -> Vec<String> {
        let mut there = vec![false; self.names.len()];
        for stay in self.stays.values() {
            there[stay.user] = true;
        }
        let mut found = Vec::new();
        for stay in self.stays.values() {
            let who = self.who(stay);
            let wrong = (0..there.len()).filter(|user| stay.view[*user] != there[*user]);
            if let Some(user) = wrong.take(1).next() {
                let believed = stay.view[user];
                let name = &self.names[user];
                found.push(format!("{who} believes {name} in the room: {believed}"));
            }
            if !stay.open.is_empty() {
                found.push(format!("{who} lacks {} receipts", stay.open.len()));
            }
        }
        found
    }

    /// Messages without a receipt: heard nevertheless, and not heard by anybody. Their speakers went
    /// before the receipt came.
    pub(super) fn unreceipted(&self) -> (usize, usize) {
        let without = || self.said.iter().filter(|said| !said.receipt);
        let heard = without().filter(|said| said.place.is_some()).count();
        (heard, without().count() - heard)
    }

    fn who(&self, stay: &Stay) -> UserName {
        self.name(stay.user)
    }
}

impl Said {
    fn text(&self, number: usize) -> String {
        let head = format!("{number} {} ", self.by);
        let length = self.length.max(head.len() + 1);
        format!("{head:.<length$}")
    }
}
