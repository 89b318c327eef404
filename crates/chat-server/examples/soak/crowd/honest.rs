//! A client that does nothing wrong: it registers once, comes and goes, talks, asks, and is never
//! thrown out.

use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use chat_proto::scram::Password;
use chat_proto::{Command, EndCode, ErrorCode, Event, UserName};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::dice::Dice;
use super::peer::{Account, Login, Outcome, Peer, port};
use super::world::{Phase, World};

/// No log-in, and no farewell, takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// One such client.
pub(super) struct Honest {
    pub(super) world: Rc<World>,
    pub(super) account: Account,
    pub(super) dice: Dice,
}

/// The client's connection while it is in the room.
struct Inside {
    peer: Peer,
    user: usize,
    stay: u64,
    // What was asked and not yet answered.
    lookups: VecDeque<UserName>,
    pings: VecDeque<u64>,
}

impl Honest {
    /// Lives until all are told to leave.
    pub(super) async fn live(mut self) {
        let world = Rc::clone(&self.world);
        let mut phase = world.phase.clone();
        let mut rest = self.dice.wait(world.ramp / 2);
        let mut inside: Option<Inside> = None;
        let mut timer = pin!(sleep(Duration::ZERO));
        loop {
            let Some(this) = &mut inside else {
                tokio::select! {
                    _ = phase.changed() => {}
                    () = sleep(rest), if world.is(Phase::Live) => {
                        inside = self.come_in().await;
                        timer.as_mut().reset(self.next_deed());
                    }
                }
                rest = self.dice.wait(world.pace);
                if world.is(Phase::Leave) && inside.is_none() {
                    return;
                }
                continue;
            };
            tokio::select! {
                biased;
                end = this.next(&world) => if let Some(code) = end {
                    let name = &self.account.name;
                    world.ledger().fault(&format!("{name} was thrown out: {code:?}"));
                    world.ledger().leave(this.stay, false);
                    inside = None;
                },
                _ = phase.changed() => if world.is(Phase::Leave) && let Some(this) = inside.take() {
                    this.quit(&world).await;
                    return;
                },
                () = &mut timer, if world.is(Phase::Live) => {
                    if let Some(this) = inside.take() {
                        inside = self.act(this).await;
                    }
                    timer.as_mut().reset(self.next_deed());
                }
            }
        }
    }

    /// Stays in the room and says something whenever it is told to; gives back each message's number.
    pub(super) async fn herald(
        mut self,
        mut orders: mpsc::Receiver<()>,
        numbers: mpsc::Sender<u64>,
    ) {
        let world = Rc::clone(&self.world);
        let Some(mut inside) = self.come_in().await else {
            return;
        };
        loop {
            tokio::select! {
                end = inside.next(&world) => if let Some(code) = end {
                    world.ledger().fault(&format!("the herald was thrown out: {code:?}"));
                    return;
                },
                order = orders.recv() => {
                    if order.is_none() {
                        return inside.quit(&world).await;
                    }
                    let number = inside.say(&world);
                    numbers.send(number).await.unwrap();
                }
            }
        }
    }

    fn next_deed(&mut self) -> Instant {
        Instant::now() + self.dice.wait(self.world.pace)
    }

    async fn come_in(&mut self) -> Option<Inside> {
        let world = Rc::clone(&self.world);
        let _busy = world.busy();
        let came = timeout(PATIENCE, self.try_come_in());
        match came.await.unwrap_or_else(|_| Err("timed out".to_owned())) {
            Ok(inside) => Some(inside),
            Err(error) => {
                let name = &self.account.name;
                let text = format!("{name} did not get in: {error}");
                world.ledger().fault(&text);
                None
            }
        }
    }

    async fn try_come_in(&mut self) -> Outcome<Inside> {
        let mut peer = Peer::connect(self.account.here, self.world.server).await?;
        if self.account.registered && self.dice.percent(5) {
            // Everybody mistypes now and then.
            peer.hello().await?;
            let (name, contact) = (&self.account.name, self.account.contact);
            let typed = Password::new("pasword").unwrap();
            let login = peer.log_in(name, &typed, contact, &mut self.dice).await?;
            if login == Login::In {
                return Err("a wrong password was taken".to_owned());
            }
            peer = Peer::connect(self.account.here, self.world.server).await?;
        }
        peer.enter(&mut self.account, &mut self.dice).await?;
        let user = self.account.user;
        Ok(Inside {
            peer,
            user,
            stay: self.world.ledger().enter(user),
            lookups: VecDeque::new(),
            pings: VecDeque::new(),
        })
    }

    /// Does something; gives the connection back unless it was left.
    async fn act(&mut self, mut this: Inside) -> Option<Inside> {
        let world = Rc::clone(&self.world);
        match self.dice.below(100) {
            0..25 => {
                this.say(&world);
            }
            25..60 => {
                let user = self.dice.below(world.ledger().users());
                let name = world.ledger().name(user);
                this.peer.say(&Command::Lookup { name: name.clone() });
                this.lookups.push_back(name);
            }
            60..82 => {
                let id = u64::from_le_bytes(self.dice.octets());
                this.peer.say(&Command::Ping { id });
                this.pings.push_back(id);
            }
            82..89 => {
                this.quit(&world).await;
                return None;
            }
            89..96 => {
                let how = self.dice.below(3);
                this.vanish(&world, how).await;
                return None;
            }
            _ => return self.move_over(this).await,
        }
        Some(this)
    }

    /// Logs in a second time, which ends the first.
    async fn move_over(&mut self, mut first: Inside) -> Option<Inside> {
        let world = Rc::clone(&self.world);
        world.ledger().leaving(first.stay);
        let (end, second) = tokio::join!(first.end(&world), self.come_in());
        if end != Some(EndCode::TakenOver) {
            let name = &self.account.name;
            let text = format!("{name} was not taken over: {end:?}");
            world.ledger().fault(&text);
        }
        world.ledger().leave(first.stay, true);
        world.ledger().deed("was taken over by the next session");
        second
    }
}

impl Inside {
    /// Takes the next event; gives why the stay is over, if it is. Cancelling it loses nothing.
    async fn next(&mut self, world: &World) -> Option<EndCode> {
        let event = match self.peer.next().await {
            Ok(Some(event)) => event,
            Ok(None) => return Some(EndCode::Lost),
            Err(error) => {
                world.ledger().fault(&error);
                return Some(EndCode::Lost);
            }
        };
        match &event {
            Event::Ping { id } => self.peer.say(&Command::Pong { id: *id }),
            Event::Bye { code, .. } => return Some(*code),
            Event::Pong { id } if self.pings.pop_front() == Some(*id) => {}
            Event::User { user } => {
                let asked = self.lookups.pop_front();
                let there = user.address.and_then(|address| address.udp);
                let known = world.ledger().find(&user.name).map(port);
                if asked.as_ref() != Some(&user.name) || there.is_none() || there != known {
                    let text = format!("asked for {asked:?}, told of {user:?}");
                    world.ledger().fault(&text);
                }
            }
            Event::Error {
                code: ErrorCode::NoSuchUser,
                ..
            } if self.lookups.pop_front().is_some() => {}
            Event::Roster { .. }
            | Event::Joined { .. }
            | Event::Left { .. }
            | Event::Message { .. }
            | Event::Said { .. } => world.ledger().hear(self.stay, &event),
            other => {
                let text = format!("unexpected: {other:?}");
                world.ledger().fault(&text);
            }
        }
        None
    }

    /// Hears everything to the end; `None` if it does not come.
    async fn end(&mut self, world: &World) -> Option<EndCode> {
        let end = async {
            loop {
                if let Some(code) = self.next(world).await {
                    return code;
                }
            }
        };
        timeout(PATIENCE, end).await.ok()
    }

    fn say(&mut self, world: &World) -> u64 {
        let (id, text) = world.ledger().say(self.user, Some(self.stay), false);
        self.peer.say(&Command::Say { id: Some(id), text });
        id
    }

    /// Leaves in order.
    async fn quit(mut self, world: &World) {
        let _busy = world.busy();
        world.ledger().leaving(self.stay);
        self.peer.say(&Command::Quit);
        let end = self.end(world).await;
        if end != Some(EndCode::Quit) {
            world.ledger().fault(&format!("quit, and was told {end:?}"));
        }
        world.ledger().leave(self.stay, end.is_some());
        world.ledger().deed("left in order");
    }

    /// Is gone without a word.
    async fn vanish(mut self, world: &World, how: usize) {
        let _busy = world.busy();
        match how {
            0 => world.ledger().deed("closed the connection without a word"),
            1 => {
                self.peer.reset();
                world.ledger().deed("reset the connection");
            }
            _ => {
                self.peer.half_close();
                world.ledger().deed("closed its half of the connection");
                let end = self.end(world).await;
                if end != Some(EndCode::Lost) {
                    let text = format!("closed its half, and was told {end:?}");
                    world.ledger().fault(&text);
                }
            }
        }
        world.ledger().leave(self.stay, false);
    }
}
