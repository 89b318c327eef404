//! One client from its first octet to its last.

mod chat;
mod lab;
mod login;

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_proto::scram::ChannelBinding;
use chat_proto::{EndCode, Opening};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::accounts::Accounts;
use crate::config::{Config, Limits};
use crate::connection::{Connection, Wake};
use crate::farewell;
use crate::gate::Gate;
use crate::outbox::{Outbox, OutboxLimits};
use crate::room::{Dialect, NameTaken, Newcomer, Request, SessionId};
use crate::throttle::Bucket;

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) config: Config,
    /// `None` if the server is open.
    pub(crate) accounts: Option<Accounts>,
    pub(crate) gate: Gate,
    pub(crate) room: mpsc::Sender<Request>,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) sessions: AtomicU64,
}

impl Server {
    /// Asks the room; if it is busy, who asks waits for it.
    ///
    /// # Errors
    /// The server stops.
    async fn ask(&self, request: Request) -> Result<(), EndCode> {
        let asked = self.room.send(request).await;
        asked.map_err(|_| EndCode::Shutdown)
    }

    /// Leads a newcomer into the room, unless the name is taken.
    ///
    /// # Errors
    /// The server stops.
    async fn let_in(
        &self,
        newcomer: Newcomer,
        take_over: bool,
        welcome: Vec<u8>,
    ) -> Result<Result<(), NameTaken>, EndCode> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Enter {
            newcomer,
            take_over,
            welcome,
            reply,
        };
        self.ask(request).await?;
        answer.await.map_err(|_| EndCode::Shutdown)
    }
}

/// One who came in.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    id: SessionId,
    name: chat_proto::UserName,
}

/// What is known of a client before it says anything; boxed, since nobody needs it in the room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) ip: IpAddr,
    /// When it connected.
    pub(crate) since: Instant,
    /// What its log-in can be bound to.
    pub(crate) binding: ChannelBinding,
}

impl Caller {
    /// One who has connected just now, without TLS.
    pub(crate) fn new(ip: IpAddr) -> Self {
        Self {
            ip,
            since: Instant::now(),
            binding: ChannelBinding::None,
        }
    }

    /// When it must be in the room.
    pub(crate) fn deadline(&self, limits: &Limits) -> Instant {
        let deadline = self.since.checked_add(limits.login_time);
        deadline.unwrap_or_else(Instant::now)
    }
}

/// Takes a session out of the room if its task panics: that must not leave a member whom nobody serves.
struct Guard {
    id: SessionId,
    room: mpsc::Sender<Request>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (id, room) = (self.id, self.room.clone());
            let reason = EndCode::Lost;
            tokio::spawn(async move {
                // Without a room there is nothing to leave.
                let _left = room.send(Request::Leave { id, reason }).await;
            });
        }
    }
}

/// Tells a client that it must go, and closes.
pub(crate) async fn turn_away<R, W>(reader: R, writer: W, word: (Dialect, EndCode), limits: &Limits)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Send + 'static,
{
    let (dialect, code) = word;
    let outbox = outbox(writer, limits);
    outbox.end(code, farewell::last_word(dialect, code));
    let until = Instant::now().checked_add(limits.linger);
    let connection = Connection::new(reader, outbox);
    connection.close(until.unwrap_or_else(Instant::now)).await;
}

fn outbox<W: AsyncWrite + Send + 'static>(writer: W, limits: &Limits) -> Arc<Outbox> {
    let limits = OutboxLimits {
        frames: limits.outbox_frames,
        octets: limits.outbox_octets,
    };
    Arc::new(Outbox::new(Box::pin(writer), limits))
}

/// Serves one client until its connection ends.
///
/// Over any two halves of a connection, so that time-outs are tested without a socket.
pub(crate) async fn run<R, W>(reader: R, writer: W, caller: Box<Caller>, server: Arc<Server>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Send + 'static,
{
    let ip = caller.ip;
    let limits = &server.config.limits;
    let deadline = caller.deadline(limits);
    let outbox = outbox(writer, limits);
    let mut connection = Connection::new(reader, Arc::clone(&outbox));
    let mut dialect = Dialect::Silent;
    let id = SessionId(server.sessions.fetch_add(1, Ordering::Relaxed));
    let _guard = Guard {
        id,
        room: server.room.clone(),
    };
    // What is needed only before the room is given back before the room.
    let entering = Box::pin(enter(&mut connection, &mut dialect, id, caller, &server));
    let mut stop = server.stop.clone();
    let entered = tokio::select! {
        entered = entering => entered,
        () = sleep_until(deadline) => Err(EndCode::LoginTimeout),
        _ = stop.wait_for(|stop| *stop) => Err(EndCode::Shutdown),
    };
    drop(stop);
    let code = match entered {
        Ok(entered) => {
            tracing::info!(name = %entered.name, %ip, ?dialect, "in the room");
            let code = match dialect {
                Dialect::Lab => lab::chat(&mut connection, entered.id, &server).await,
                _ => chat::chat(&mut connection, entered.id, &server).await,
            };
            let request = Request::Leave {
                id: entered.id,
                reason: code,
            };
            if server.room.send(request).await.is_ok() {
                // The room ends the outbox, after answering all that was asked before.
                let until = Instant::now().checked_add(limits.linger);
                let _ended = connection
                    .sleep_until(until.unwrap_or_else(Instant::now))
                    .await;
            }
            tracing::info!(name = %entered.name, %ip, reason = ?code, "left the room");
            code
        }
        Err(code) => {
            // It may be in the room without knowing it, if time ran out just then.
            let _gone = server.room.send(Request::Leave { id, reason: code }).await;
            tracing::info!(%ip, ?dialect, reason = ?code, "did not get into the room");
            code
        }
    };
    if code != EndCode::Lost {
        outbox.end(code, farewell::last_word(dialect, code));
        let until = Instant::now().checked_add(server.config.limits.linger);
        connection.close(until.unwrap_or_else(Instant::now)).await;
    }
}

/// Finds out the client's language and leads it to the room.
async fn enter<R: AsyncRead + Unpin>(
    connection: &mut Connection<R>,
    dialect: &mut Dialect,
    id: SessionId,
    caller: Box<Caller>,
    server: &Server,
) -> Result<Entered, EndCode> {
    let opening = loop {
        if let Some(opening) = Opening::of(connection.peek()) {
            break opening;
        }
        connection.read().await?;
    };
    match opening {
        Opening::Native => {
            *dialect = Dialect::Native;
            login::enter(connection, id, *caller, server).await
        }
        Opening::Lab => {
            *dialect = Dialect::Lab;
            if !server.config.open {
                return Err(EndCode::WrongProtocol);
            }
            lab::enter(connection, id, caller.ip, server).await
        }
        Opening::Http => {
            *dialect = Dialect::Http;
            Err(EndCode::WrongProtocol)
        }
        Opening::Tls => Err(EndCode::NoTls),
        Opening::Foreign => Err(EndCode::WrongProtocol),
    }
}

/// Waits until something arrives, pinging when it takes long.
///
/// # Errors
/// Why the connection ends.
pub(crate) async fn read<R: AsyncRead + Unpin>(
    connection: &mut Connection<R>,
    server: &Server,
    ping: bool,
) -> Result<(), EndCode> {
    let limits = &server.config.limits;
    let at = |heard: Instant, more| heard.checked_add(more).unwrap_or(heard);
    let idle_at = at(connection.heard, limits.idle_time);
    let mut pinged = false;
    let mut timer = pin!(sleep_until(idle_at));
    loop {
        match connection.wait(true, Some(timer.as_mut())).await? {
            Wake::Read => return Ok(()),
            Wake::Timer if pinged => return Err(EndCode::Idle),
            Wake::Timer => {
                // A lab client cannot be asked: the kernel's own probes find a dead one.
                if ping {
                    pinged = true;
                    let event = chat_proto::Event::Ping { id: 1 };
                    connection
                        .outbox
                        .say(&event)
                        .map_err(|_| EndCode::TooSlow)?;
                }
                let next = if ping {
                    limits.pong_time
                } else {
                    limits.idle_time
                };
                timer.as_mut().reset(at(Instant::now(), next));
            }
        }
    }
}

/// A client's turns to say something: who says too much is read more slowly; that is all.
pub(crate) struct Turns(Bucket);

impl Turns {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Bucket::new(
            Instant::now(),
            limits.commands_per_second,
            Duration::from_secs(1),
            limits.command_burst,
        ))
    }

    /// Waits for the next turn.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(crate) async fn wait<R: AsyncRead + Unpin>(
        &mut self,
        connection: &mut Connection<R>,
    ) -> Result<(), EndCode> {
        while let Err(until) = self.0.take(Instant::now()) {
            connection.sleep_until(until).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
