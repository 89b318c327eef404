//! One session with a server of the lab dialect.
//!
//! The name is sent first, and nothing else before a roster came: a server that read both at once
//! would take them for the name. For the same reason messages are sent with a pause between them.

use std::time::Duration;

use chat_proto::lab::{LabEvent, LabRoster, LabSplitter};
use chat_proto::{Entry, UserName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};

use crate::end::EndReason;
use crate::event::{Event, NotSaid};
use crate::link::{Link, Request};
use crate::pipe::Pipe;

/// How long a server may take to send the first roster.
const FIRST_ROSTER: Duration = Duration::from_secs(10);

/// The pause after each message, so that a server reads it by itself.
const PAUSE: Duration = Duration::from_millis(100);

/// How long half a roster or character waits for the rest.
const HALF: Duration = Duration::from_secs(1);

/// The longest message, in octets: a lab server reads 1,024 and its clients get the name, too.
const LONGEST: usize = 1000;

/// How much is read at once, in octets.
const CHUNK: usize = 8192;

/// Runs one session on a connection that stands; `udp` is the port for private messages.
pub(crate) async fn run<S>(stream: S, link: &mut Link, udp: Option<u16>) -> EndReason
where
    S: AsyncRead + AsyncWrite,
{
    let mut session = Session {
        link,
        pipe: Pipe::new(stream),
        splitter: LabSplitter::new(),
        udp,
        entered: false,
        next_write: Instant::now(),
    };
    let reason = match session.go().await {
        Ok(never) => match never {},
        Err(reason) => reason,
    };
    if let Some(last) = session.splitter.finish() {
        // The end follows anyhow.
        let _told = session.heard(last).await;
    }
    reason
}

struct Session<'a, S> {
    link: &'a mut Link,
    pipe: Pipe<S>,
    splitter: LabSplitter,
    udp: Option<u16>,
    entered: bool,
    // When the server may be expected to have read the last message.
    next_write: Instant,
}

/// A session never ends well: it ends for a reason.
enum Never {}

impl<S: AsyncRead + AsyncWrite> Session<'_, S> {
    async fn go(&mut self) -> Result<Never, EndReason> {
        let name = self.name().await?;
        self.link.roster.with(|roster| roster.set_own(&name));
        self.pipe.push(name.as_str().as_bytes());
        self.next_write = Instant::now() + PAUSE;
        let first = Instant::now() + FIRST_ROSTER;
        let mut chunk = vec![0; CHUNK];
        loop {
            let now = Instant::now();
            let writable = self.entered && self.pipe.is_flushed() && now >= self.next_write;
            let half = self.pipe.heard() + HALF;
            tokio::select! {
                read = self.pipe.read(&mut chunk) => {
                    let count = read.map_err(EndReason::Broken)?;
                    if count == 0 {
                        return Err(EndReason::Closed);
                    }
                    let read = chunk.get(..count).unwrap_or_default();
                    for event in self.splitter.push(read) {
                        self.heard(event).await?;
                    }
                }
                // Before the roster only to leave: what is said then is refused.
                asked = self.link.requests.recv(), if writable || !self.entered => {
                    self.asked(asked.unwrap_or(Request::Quit)).await?;
                }
                () = sleep_until(self.next_write), if now < self.next_write => {}
                () = sleep_until(half), if self.splitter.is_holding() => {
                    if let Some(text) = self.splitter.finish() {
                        self.heard(text).await?;
                    }
                }
                () = sleep_until(first), if !self.entered => return Err(EndReason::NotAServer {
                    reason: "it sent no roster".to_owned(),
                    lab: false,
                }),
            }
        }
    }

    async fn name(&mut self) -> Result<UserName, EndReason> {
        if self.link.sign_in.is_none() && !self.link.want_sign_in(Entry::Open, None).await {
            return Err(EndReason::Quit);
        }
        loop {
            if let Some(sign_in) = &self.link.sign_in {
                return Ok(sign_in.name().clone());
            }
            let request = self.link.requests.recv().await.unwrap_or(Request::Quit);
            if !self.link.refuse(request).await {
                return Err(EndReason::Quit);
            }
        }
    }

    async fn asked(&mut self, request: Request) -> Result<(), EndReason> {
        match request {
            Request::Say { id, text } if self.entered => {
                let octets = text.as_str().as_bytes();
                if octets.len() > LONGEST {
                    let reason = NotSaid::TooLong(octets.len());
                    return self.emit(Event::NotSaid { id, text, reason }).await;
                }
                self.pipe.push(octets);
                self.next_write = Instant::now() + PAUSE;
                Ok(())
            }
            Request::Quit => {
                if self.entered {
                    self.link.post.settle().await.unwrap_or_default();
                }
                // What waits, the name at most, is of no use to the server without us.
                let ended = timeout(PAUSE, self.pipe.shutdown()).await;
                ended.unwrap_or_default();
                Err(EndReason::Quit)
            }
            other => {
                if self.link.refuse(other).await {
                    Ok(())
                } else {
                    Err(EndReason::Quit)
                }
            }
        }
    }

    async fn heard(&mut self, event: LabEvent) -> Result<(), EndReason> {
        match event {
            LabEvent::Roster(roster) => self.roster(roster).await,
            LabEvent::Doubtful(roster) => {
                let moved = self.link.roster.with(|known| known.moved(&roster));
                self.emit(Event::DoubtfulRoster { moved }).await
            }
            LabEvent::Message { from, text } => self.emit(Event::LabMessage { from, text }).await,
            _ => Ok(()),
        }
    }

    async fn roster(&mut self, roster: LabRoster) -> Result<(), EndReason> {
        let users = roster.len();
        let (came, went) = self.link.roster.with(|known| known.replace_lab(roster));
        if !self.entered {
            self.entered = true;
            self.link.was_in = true;
            self.link.post.enter_lab();
            if let Some(name) = self.link.sign_in.as_ref().map(|s| s.name().clone()) {
                let udp = self.udp;
                self.emit(Event::Entered { name, udp }).await?;
            }
            return self.emit(Event::Roster { users }).await;
        }
        if !went.is_empty() {
            let (names, reason) = (went, None);
            self.emit(Event::Left { names, reason }).await?;
        }
        if !came.is_empty() {
            self.emit(Event::Joined { names: came }).await?;
        }
        Ok(())
    }

    async fn emit(&mut self, event: Event) -> Result<(), EndReason> {
        if self.link.emit(event).await {
            Ok(())
        } else {
            Err(EndReason::Quit)
        }
    }
}
