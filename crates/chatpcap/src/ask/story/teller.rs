//! From messages to events.

use super::clients::Clients;
use super::private::Privates;
use super::room::{Room, Saying};
use super::sightings::Heard;
use super::{Entry, MAX_TOLD, Story, Told, Way, What};
use crate::flow::Endpoint;
use crate::packet::chat::{ChatKind, ChatMessage, ChatUser, Dialect, Speaker};

/// Events back to which one is compared, to know what several clients are told.
const LOOK_BACK: usize = 32;

/// Tells a story while messages come.
#[derive(Debug, Default)]
pub(super) struct Teller {
    entries: Vec<Entry>,
    clients: Clients,
    room: Room,
    privates: Privates,
    others: u64,
    /// The last roster of the lab dialect, in order of the names.
    roster: Option<Vec<String>>,
}

impl Teller {
    /// Takes the next message.
    pub(super) fn hear(&mut self, heard: &Heard<'_>) {
        let said = heard.said;
        match said.speaker {
            Some(Speaker::Client) => self.hear_client(heard, said.from, said.to),
            Some(Speaker::Server) => self.hear_server(heard, said.to, said.from),
            None if said.message.kind == ChatKind::Ack => {
                if !self.privates.ack(heard, &mut self.entries) {
                    self.others = self.others.saturating_add(1);
                }
            }
            None => self
                .privates
                .message(heard, &self.clients, &mut self.entries),
        }
    }

    /// The whole story, in order of times.
    pub(super) fn finish(self) -> Story {
        let Self {
            mut entries,
            clients,
            others,
            ..
        } = self;
        // What became part of another event is told there.
        entries.retain(|entry| !matches!(entry.what, What::Room { segments: 0, .. }));
        entries.sort_by_key(|entry| entry.time);
        Story {
            entries,
            names: clients.names(),
            others,
        }
    }

    fn hear_client(&mut self, heard: &Heard<'_>, client: Endpoint, server: Endpoint) {
        let message = &heard.said.message;
        match message.kind {
            ChatKind::Name => {
                let name = message.from.clone().unwrap_or_default();
                self.clients.reset(client, server);
                self.clients.get_mut(client, server).name = Some(name.clone());
                self.push(
                    heard,
                    What::Entered {
                        name,
                        client,
                        way: Way::Name,
                    },
                );
            }
            ChatKind::Say => {
                let from = self.clients.name(client, server);
                self.room.say(
                    Saying {
                        from,
                        client,
                        heard,
                    },
                    &mut self.entries,
                );
            }
            ChatKind::Hello => {
                self.clients.reset(client, server);
                self.skip();
            }
            ChatKind::Register | ChatKind::Login | ChatKind::Enter => {
                let known = self.clients.get_mut(client, server);
                known.claimed.clone_from(&message.from);
                known.with_password |= message.kind == ChatKind::Login;
                known.without_password |= message.kind == ChatKind::Enter;
                self.skip();
            }
            ChatKind::Unreadable | ChatKind::Part => self.unclear(heard),
            _ => self.skip(),
        }
    }

    fn hear_server(&mut self, heard: &Heard<'_>, client: Endpoint, server: Endpoint) {
        let message = &heard.said.message;
        let text = || message.text.clone().unwrap_or_default();
        let code = || message.code.clone().unwrap_or_default();
        match message.kind {
            ChatKind::Registered => {
                let name = message.to.clone().unwrap_or_default();
                self.push(heard, What::Registered { name, client });
            }
            ChatKind::Welcome => {
                let name = message.to.clone().unwrap_or_default();
                self.clients.learn(&message.users);
                let known = self.clients.get_mut(client, server);
                known.name = Some(name.clone());
                let way = match (known.with_password, known.without_password) {
                    (true, _) => Way::Password,
                    (false, true) => Way::Open,
                    (false, false) => Way::Unknown,
                };
                self.push(heard, What::Entered { name, client, way });
            }
            ChatKind::Error => {
                let known = self.clients.get_mut(client, server);
                let inside = known.name.is_some();
                let name = known.name.clone().or_else(|| known.claimed.clone());
                self.push(
                    heard,
                    What::Refused {
                        name,
                        client,
                        code: code(),
                        text: text(),
                        inside,
                    },
                );
            }
            ChatKind::Bye => {
                let name = self.clients.name(client, server);
                self.push(
                    heard,
                    What::Ended {
                        name,
                        client,
                        code: code(),
                        text: text(),
                    },
                );
            }
            ChatKind::Roster | ChatKind::Joined | ChatKind::Left => {
                self.news(heard, client, server);
            }
            ChatKind::Message => {
                let from = message.from.clone();
                let told = self.told(heard, client, server);
                self.room.copy(
                    Saying {
                        from,
                        client,
                        heard,
                    },
                    told,
                    &mut self.entries,
                );
            }
            ChatKind::Said => self.receipt(heard, client),
            ChatKind::User => {
                self.clients.learn(&message.users);
                self.skip();
            }
            ChatKind::Unreadable | ChatKind::Part => self.unclear(heard),
            _ => self.skip(),
        }
    }

    /// What the server tells of who is in the room: one event, however many are told.
    fn news(&mut self, heard: &Heard<'_>, client: Endpoint, server: Endpoint) {
        let message = &heard.said.message;
        let told = self.told(heard, client, server);
        let is_lab = message.dialect == Dialect::Lab;
        let is_known = |entry: &&mut Entry| {
            let what = &entry.what;
            is_same_news(what, message)
                && what.told().len() < MAX_TOLD
                && what.told().iter().all(|other| other.client != client)
        };
        let mut latest = self.entries.iter_mut().rev().take(LOOK_BACK);
        // A native roster is told to one.
        let shared = message.kind != ChatKind::Roster || is_lab;
        let known = if shared { latest.find(is_known) } else { None };
        if let Some(told_before) = known.and_then(|entry| entry.what.told_mut()) {
            told_before.push(told);
            return;
        }
        let names = |users: &[ChatUser]| -> Vec<String> {
            users.iter().map(|user| user.name.clone()).collect()
        };
        let users = message.users.clone();
        let told = vec![told];
        let what = match message.kind {
            ChatKind::Joined => {
                self.clients.learn(&users);
                What::Came { users, told }
            }
            ChatKind::Left => {
                self.clients.forget(&names(&users));
                What::Went {
                    users,
                    code: message.code.clone(),
                    told,
                }
            }
            _ => {
                let (mut came, mut went) = (Vec::new(), Vec::new());
                if is_lab {
                    let now = names(&users);
                    // The first roster tells who is there, not who came.
                    if let Some(before) = self.roster.replace(now.clone()) {
                        came.extend(now.iter().filter(|name| !before.contains(name)).cloned());
                        went.extend(before.into_iter().filter(|name| !now.contains(name)));
                    }
                    self.clients.forget(&went);
                }
                self.clients.learn(&users);
                What::Roster {
                    users,
                    came,
                    went,
                    told,
                }
            }
        };
        self.push(heard, what);
    }

    /// A receipt belongs to the last message of the client with its number.
    fn receipt(&mut self, heard: &Heard<'_>, client: Endpoint) {
        let message = &heard.said.message;
        let of_client = self
            .entries
            .iter_mut()
            .rev()
            .take(LOOK_BACK * LOOK_BACK)
            .find_map(|entry| match &mut entry.what {
                What::Room {
                    client: from,
                    id,
                    seq,
                    receipt,
                    ..
                } if *from == Some(client) && *id == message.id && receipt.is_empty() => {
                    Some((seq, receipt))
                }
                _ => None,
            });
        if let Some((seq, receipt)) = of_client {
            *seq = seq.or(message.seq);
            receipt.clone_from(&heard.seen);
        } else {
            self.skip();
        }
    }

    fn unclear(&mut self, heard: &Heard<'_>) {
        let said = heard.said;
        self.push(
            heard,
            What::Unclear {
                from: said.from,
                to: said.to,
                text: said.message.text.clone().unwrap_or_default(),
                is_part: said.message.kind == ChatKind::Part,
            },
        );
    }

    fn told(&self, heard: &Heard<'_>, client: Endpoint, server: Endpoint) -> Told {
        Told {
            client,
            name: self.clients.name(client, server),
            seen: heard.seen.clone(),
        }
    }

    fn push(&mut self, heard: &Heard<'_>, what: What) {
        self.entries.push(Entry {
            time: heard.said.time,
            seen: heard.seen.clone(),
            dialect: heard.said.message.dialect,
            guessed: heard.said.message.guessed,
            what,
        });
    }

    const fn skip(&mut self) {
        self.others = self.others.saturating_add(1);
    }
}

/// Whether a message tells what an event tells.
fn is_same_news(what: &What, message: &ChatMessage) -> bool {
    match (what, message.kind) {
        (What::Roster { users, .. }, ChatKind::Roster)
        | (What::Came { users, .. }, ChatKind::Joined) => *users == message.users,
        (What::Went { users, code, .. }, ChatKind::Left) => {
            *users == message.users && *code == message.code
        }
        _ => false,
    }
}
