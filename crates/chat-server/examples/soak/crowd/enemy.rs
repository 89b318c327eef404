//! A client that misbehaves, one way after the other, and checks that the server's answer is the
//! one that it should be.

use std::rc::Rc;
use std::time::Duration;

use chat_proto::scram::Password;
use chat_proto::{Command, EndCode, ErrorCode, Event};
use tokio::time::{sleep, timeout};

use super::dice::Dice;
use super::peer::{Account, Login, Outcome, Peer};
use super::world::{Phase, World};

/// Connections that one address may have, as the server's default is.
const EACH: usize = 100;

/// Octets of the receive buffer of one who does not read: the kernel makes it a little more.
const SMALL: u32 = 4096;

/// One such client.
pub(super) struct Enemy {
    pub(super) world: Rc<World>,
    pub(super) account: Account,
    pub(super) dice: Dice,
    /// Users whose names it misuses.
    pub(super) victims: usize,
}

impl Enemy {
    /// Lives until all are told to leave; keeps away while all are to be still.
    pub(super) async fn live(mut self) {
        let world = Rc::clone(&self.world);
        let mut phase = world.phase.clone();
        let mut rest = self.dice.wait(world.ramp / 2);
        loop {
            if world.is(Phase::Live) {
                tokio::select! {
                    _ = phase.changed() => {}
                    () = sleep(rest) => tokio::select! {
                        _ = phase.changed() => {}
                        () = self.misbehave() => {}
                    }
                }
            } else if world.is(Phase::Leave) || phase.changed().await.is_err() {
                return;
            }
            rest = self.dice.wait(world.pace);
        }
    }

    async fn misbehave(&mut self) {
        let world = Rc::clone(&self.world);
        // No misdeed takes ten times the server's patience.
        let patience = world.patience * 10 + Duration::from_mins(1);
        let deed = self.dice.below(100);
        let (name, done) = match deed {
            0..7 => ("never spoke", timeout(patience, self.silence(b"")).await),
            7..14 => {
                let half = br#"{"type":"hello","ver"#;
                (
                    "sent half a frame",
                    timeout(patience, self.silence(half)).await,
                )
            }
            14..19 => (
                "sent an octet now and then",
                timeout(patience, self.trickle()).await,
            ),
            19..25 => (
                "sent a line without end",
                timeout(patience, self.long_line()).await,
            ),
            25..33 => (
                "sent random octets",
                timeout(patience, self.garbage()).await,
            ),
            33..36 => ("spoke HTTP", timeout(patience, self.http()).await),
            36..42 => (
                "sent nonsense before the room",
                timeout(patience, self.nonsense()).await,
            ),
            42..48 => ("guessed passwords", timeout(patience, self.guess()).await),
            48..54 => (
                "registered another's name",
                timeout(patience, self.squat()).await,
            ),
            54..60 => (
                "reset the connection before the room",
                timeout(patience, self.reset()).await,
            ),
            60..66 => (
                "closed its half before the room",
                timeout(patience, self.half_close()).await,
            ),
            66..68 => (
                "opened 105 connections",
                timeout(patience, self.many()).await,
            ),
            68..84 => (
                "stopped reading in the room",
                timeout(patience, self.stall()).await,
            ),
            84..90 => ("answered no ping", timeout(patience, self.mute()).await),
            90..94 => (
                "flooded the room",
                timeout(patience, self.flood(false)).await,
            ),
            94..96 => (
                "flooded the room with long texts",
                timeout(patience, self.flood(true)).await,
            ),
            _ => (
                "sent nonsense in the room",
                timeout(patience, self.insolence()).await,
            ),
        };
        let done = done.unwrap_or_else(|_| Err("took too long".to_owned()));
        let mut ledger = world.ledger();
        ledger.deed(name);
        if let Err(error) = done {
            let who = &self.account.name;
            ledger.fault(&format!("{who} {name}: {error}"));
        }
    }

    async fn connect(&self) -> Outcome<Peer> {
        Peer::connect(self.account.here, self.world.server).await
    }

    async fn enter(&mut self, buffer: Option<u32>) -> Outcome<Peer> {
        let mut peer = Peer::connect_with(self.account.here, self.world.server, buffer).await?;
        peer.enter(&mut self.account, &mut self.dice).await?;
        Ok(peer)
    }

    /// Says this and nothing more.
    async fn silence(&mut self, first: &[u8]) -> Outcome<()> {
        let mut peer = self.connect().await?;
        peer.octets(first).await;
        expect(peer.end().await?, &[Some(EndCode::LoginTimeout)])
    }

    async fn trickle(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        let pause = self.world.patience / 20;
        let line = br#"{"type":"hello","version":1,"client":"slow slow slow slow slow slow"}"#;
        for octet in line {
            peer.octets(&[*octet]).await;
            if let Ok(end) = timeout(pause, peer.end()).await {
                return expect(end?, &[Some(EndCode::LoginTimeout)]);
            }
        }
        Err("was not thrown out".to_owned())
    }

    async fn long_line(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        peer.hello().await?;
        let length = 8192 + self.dice.below(1 << 18);
        peer.octets(&vec![b'x'; length]).await;
        // What the server had not read when it closed resets the connection, the last word with it.
        expect(peer.end().await?, &[Some(EndCode::FrameTooLong), None])
    }

    async fn garbage(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        let octets: [u8; 700] = self.dice.octets();
        peer.octets(&octets[..=self.dice.below(699)]).await;
        // Whatever it is taken for, it is not let in.
        peer.half_close();
        peer.drain().await;
        Ok(())
    }

    async fn http(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        peer.octets(b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n").await;
        peer.drain().await;
        Ok(())
    }

    async fn nonsense(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        peer.hello().await?;
        for _ in 0..40 {
            peer.octets(self.line()).await;
        }
        expect(peer.end().await?, &[Some(EndCode::TooManyTries), None])
    }

    async fn guess(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        peer.hello().await?;
        let victim = self.victim();
        let contact = self.account.contact;
        for round in 0..20 {
            let guess = Password::new(&format!("guess {round}")).unwrap();
            match peer
                .log_in(&victim, &guess, contact, &mut self.dice)
                .await?
            {
                Login::In => return Err("got in".to_owned()),
                Login::Refused => {}
                // Each answer comes later than the one before.
                Login::ThrownOut(code) => {
                    let expected = [EndCode::TooManyTries, EndCode::LoginTimeout];
                    return expect(Some(code), &expected.map(Some));
                }
            }
        }
        Err("was not thrown out".to_owned())
    }

    async fn squat(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        peer.hello().await?;
        let victim = self.victim();
        peer.say(&Command::Register { name: victim });
        match peer.next().await? {
            // Or the victim has not come yet; the name stays free.
            Some(
                Event::Error {
                    code: ErrorCode::NameTaken,
                    ..
                }
                | Event::RegisterKey { .. },
            ) => Ok(()),
            other => Err(format!("not refused: {other:?}")),
        }
    }

    async fn reset(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        if self.dice.percent(50) {
            peer.hello().await?;
        }
        peer.reset();
        Ok(())
    }

    async fn half_close(&mut self) -> Outcome<()> {
        let mut peer = self.connect().await?;
        if self.dice.percent(50) {
            peer.hello().await?;
        }
        peer.half_close();
        expect(peer.end().await?, &[None])
    }

    async fn many(&mut self) -> Outcome<()> {
        let mut peers = Vec::new();
        for _ in 0..EACH {
            peers.push(self.connect().await?);
        }
        for _ in 0..5 {
            let mut peer = self.connect().await?;
            expect(peer.end().await?, &[Some(EndCode::TooManyConnections)])?;
        }
        drop(peers);
        // Until the server has noticed, the address has no connection left for the next misdeed.
        sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    /// Stops reading in the room, for longer than the server's buffers last if the room is loud.
    async fn stall(&mut self) -> Outcome<()> {
        let mut peer = self.enter(Some(SMALL)).await?;
        sleep(self.world.patience * 9).await;
        // Idle, or too slow, or broken in the middle of what was not read any more.
        peer.drain().await;
        Ok(())
    }

    async fn mute(&mut self) -> Outcome<()> {
        let mut peer = self.enter(None).await?;
        expect(peer.end().await?, &[Some(EndCode::Idle)])
    }

    async fn flood(&mut self, long: bool) -> Outcome<()> {
        let mut peer = self.enter(None).await?;
        let (count, user) = (if long { 30 } else { 60 }, self.account.user);
        let mut flood = Vec::new();
        for _ in 0..count {
            let (id, text) = self.world.ledger().say(user, None, long);
            let command = Command::Say { id: Some(id), text };
            flood.extend_from_slice(&command.encode().unwrap());
        }
        let mut receipts = 0;
        peer.octets(&flood).await;
        while receipts < count {
            match peer.next().await? {
                Some(Event::Said { id, seq }) => {
                    self.world.ledger().receipt(user, id, seq);
                    receipts += 1;
                }
                Some(Event::Ping { id }) => peer.say(&Command::Pong { id }),
                None | Some(Event::Bye { .. }) => {
                    return Err(format!("was thrown out after {receipts} receipts"));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    async fn insolence(&mut self) -> Outcome<()> {
        let mut peer = self.enter(None).await?;
        for _ in 0..20 {
            peer.octets(self.line()).await;
        }
        let mut errors = 0;
        while errors < 20 {
            match peer.next().await? {
                Some(Event::Error { .. }) => errors += 1,
                Some(Event::Bye { .. }) | None => return Err("was thrown out".to_owned()),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// A line that is no command, or none for now, before the room as in it.
    fn line(&mut self) -> &'static [u8] {
        const LINES: [&[u8]; 8] = [
            b"{\"type\":\"say\",\"text\":\"a\\u001b[2Jb\"}\n",
            b"{\"type\":\"registration\",\"key\":1}\n",
            b"{\xf0\x28\x8c\x28\n",
            b"null\n",
            b"{\"type\":\"enter\"}\n",
            b"{\"type\":\"fly\",\"id\":99999999999999999999}\n",
            b"{\"type\":\"lookup\",\"name\":\"!{\"}\n",
            b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
        ];
        LINES[self.dice.below(LINES.len())]
    }

    fn victim(&mut self) -> chat_proto::UserName {
        let victim = self.dice.below(self.victims);
        self.world.ledger().name(victim)
    }
}

fn expect(end: Option<EndCode>, expected: &[Option<EndCode>]) -> Outcome<()> {
    if expected.contains(&end) {
        Ok(())
    } else {
        Err(format!("ended with {end:?}, not {expected:?}"))
    }
}
