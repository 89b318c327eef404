//! One session with a native server: hello, signing in, the room, leaving.

mod entry;
mod room;
mod wire;

use std::collections::VecDeque;
use std::time::Duration;

use chat_proto::scram::{ChannelBinding, TLS_EXPORTER};
use chat_proto::{Command, Contact, EndCode, Entry, Event as Said, SecretKey, UserName, VERSION};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::end::EndReason;
use crate::link::{Link, Request};
use crate::random;
use wire::Wire;

/// How long a server may take to say hello.
const HELLO: Duration = Duration::from_secs(10);

/// After this long without a word the server is pinged.
const IDLE: Duration = Duration::from_mins(1);

/// This long after the ping a silent server is given up.
const PONG: Duration = Duration::from_secs(30);

/// How long a server may be silent after a quit.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long the connection may take to say that it ends.
const CLOSING: Duration = Duration::from_millis(100);

/// Runs one session on a connection that stands; `udp` is the port for private messages, `binding`
/// what a log-in can be bound to.
pub(crate) async fn run<S>(
    stream: S,
    link: &mut Link,
    udp: Option<u16>,
    binding: ChannelBinding,
) -> EndReason
where
    S: AsyncRead + AsyncWrite,
{
    let secret = match random::octets() {
        Ok(octets) => SecretKey::from_random(octets),
        Err(error) => return error.into(),
    };
    let mut session = Session {
        link,
        wire: Wire::new(stream),
        contact: Contact {
            udp,
            key: Some(secret.public()),
        },
        secret,
        binding,
        pinged: None,
        stay: Stay::Open,
        lookups: VecDeque::new(),
    };
    let reason = match session.go().await {
        Ok(never) => match never {},
        Err(reason) => reason,
    };
    // It is over, whether the server takes it or not.
    let closed = tokio::time::timeout(CLOSING, session.wire.close()).await;
    closed.unwrap_or_default();
    reason
}

/// One session.
struct Session<'a, S> {
    link: &'a mut Link,
    wire: Wire<S>,
    contact: Contact,
    secret: SecretKey,
    binding: ChannelBinding,
    // When the last ping was sent, if nothing was heard since.
    pinged: Option<Instant>,
    stay: Stay,
    // Names asked for, in the order in which the server answers.
    lookups: VecDeque<UserName>,
}

/// Whether one is leaving.
enum Stay {
    Open,
    /// Private messages are still on their way.
    Settling(oneshot::Receiver<()>),
    /// The server was told; since when.
    Leaving(Instant),
}

/// What happened first.
enum Turn {
    Heard(Said),
    Asked(Request),
}

/// A session never ends well: it ends for a reason.
enum Never {}

impl<S: AsyncRead + AsyncWrite> Session<'_, S> {
    async fn go(&mut self) -> Result<Never, EndReason> {
        let (entry, iterations) = self.hello().await?;
        self.sign_in(entry, iterations).await?;
        self.room().await
    }

    async fn hello(&mut self) -> Result<(Entry, u32), EndReason> {
        self.send(&Command::Hello {
            version: VERSION,
            client: concat!("chat-client ", env!("CARGO_PKG_VERSION")).to_owned(),
        })?;
        let answer = tokio::time::timeout(HELLO, self.answer())
            .await
            .unwrap_or(Err(EndReason::Silent(HELLO)))?;
        match answer {
            Said::Hello {
                entry,
                iterations,
                bindings,
                ..
            } => {
                // Somebody on the way may have taken the offer away: the log-in says that one could.
                let is_tls = self.binding != ChannelBinding::None;
                if is_tls && !bindings.iter().any(|name| name == TLS_EXPORTER) {
                    self.binding = ChannelBinding::NotOffered;
                }
                Ok((entry, iterations))
            }
            _ => Err(EndReason::NotAServer {
                reason: "it does not say hello".to_owned(),
                lab: false,
            }),
        }
    }

    /// The next event that is no ping. What is asked meanwhile is refused, as one is not in the room.
    async fn answer(&mut self) -> Result<Said, EndReason> {
        loop {
            match self.turn().await? {
                Turn::Heard(said) => return Ok(said),
                Turn::Asked(Request::Quit) => self.leave()?,
                Turn::Asked(request) => {
                    if !self.link.refuse(request).await {
                        return Err(EndReason::Quit);
                    }
                }
            }
        }
    }

    /// Waits for what the server says or the user asks; answers pings and keeps the times.
    async fn turn(&mut self) -> Result<Turn, EndReason> {
        loop {
            let asking = self.wire.has_room() && !matches!(self.stay, Stay::Leaving(_));
            let deadline = self.deadline();
            tokio::select! {
                said = self.wire.next() => match said? {
                    Said::Ping { id } => self.send(&Command::Pong { id })?,
                    Said::Pong { .. } => {}
                    Said::Bye { code: EndCode::Quit, .. } => return Err(EndReason::Quit),
                    Said::Bye { code, text } => return Err(EndReason::Bye { code, text }),
                    said => return Ok(Turn::Heard(said)),
                },
                asked = self.link.requests.recv(), if asking => {
                    return Ok(Turn::Asked(asked.unwrap_or(Request::Quit)));
                }
                () = settled(&mut self.stay) => self.leave()?,
                () = sleep_until(deadline) => self.overdue()?,
            }
        }
    }

    /// When silence must be broken, or ends the session.
    fn deadline(&self) -> Instant {
        let heard = self.wire.heard();
        match (&self.stay, self.pinged) {
            (Stay::Leaving(since), _) => heard.max(*since) + FAREWELL,
            (_, Some(pinged)) if pinged > heard => pinged + PONG,
            _ => heard + IDLE,
        }
    }

    fn overdue(&mut self) -> Result<(), EndReason> {
        let now = Instant::now();
        if self.deadline() > now {
            return Ok(());
        }
        let heard = self.wire.heard();
        match (&self.stay, self.pinged) {
            (Stay::Leaving(_), _) => Err(EndReason::Quit),
            (_, Some(pinged)) if pinged > heard => Err(EndReason::Silent(IDLE + PONG)),
            _ => {
                self.pinged = Some(now);
                self.send(&Command::Ping { id: 1 })
            }
        }
    }

    fn send(&mut self, command: &Command) -> Result<(), EndReason> {
        self.wire.send(command)
    }

    /// Tells the server that one leaves; its answer ends the session.
    fn leave(&mut self) -> Result<(), EndReason> {
        if !matches!(self.stay, Stay::Leaving(_)) {
            self.stay = Stay::Leaving(Instant::now());
            self.send(&Command::Quit)?;
        }
        Ok(())
    }

    async fn emit(&mut self, event: crate::Event) -> Result<(), EndReason> {
        if self.link.emit(event).await {
            Ok(())
        } else {
            Err(EndReason::Quit)
        }
    }
}

/// Waits for the private messages on their way, if one wants to leave after them.
async fn settled(stay: &mut Stay) {
    match stay {
        // An error means that there is no post any more, which is settled, too.
        Stay::Settling(receiver) => {
            let _settled = receiver.await;
        }
        Stay::Open | Stay::Leaving(_) => std::future::pending().await,
    }
}
