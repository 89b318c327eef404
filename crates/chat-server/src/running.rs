//! What a server is without its listener.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::accounts::{AccountError, Accounts, Threads};
use crate::config::Config;
use crate::farewell;
use crate::gate::Gate;
use crate::room::{self, Dialect, Request};
use crate::server::ServerError;
use crate::session::{self, Caller, Server};

/// A server without a listener: it serves the connections that it is given, which need not be sockets.
#[derive(Debug)]
pub struct Running {
    server: Arc<Server>,
    stop: watch::Sender<bool>,
    room: JoinHandle<()>,
    threads: Option<Threads>,
}

impl Running {
    /// Opens the accounts and the room. Call it within a runtime.
    ///
    /// # Errors
    /// [`ServerError::Accounts`] if the accounts cannot be opened.
    pub fn start(config: Config) -> Result<Self, ServerError> {
        let (stop, stopped) = watch::channel(false);
        let (requests, room) = room::new(&config.limits);
        let (accounts, threads) = open_accounts(&config, &requests)?;
        // One round of the room writes to everybody: tokio's budget would stop it after a hundred.
        let room = tokio::spawn(tokio::task::unconstrained(room.run(stopped.clone())));
        let server = Arc::new(Server {
            gate: Gate::new(&config.limits),
            config,
            accounts,
            room: requests,
            stop: stopped,
            sessions: AtomicU64::new(0),
        });
        Ok(Self {
            server,
            stop,
            room,
            threads,
        })
    }

    /// What its sessions share. Let go of it before [`stop`](Self::stop), which waits for that.
    pub(crate) fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server)
    }

    /// Serves one client, without TLS, until its connection ends; it is told if there are too many.
    pub fn serve<R, W>(
        &self,
        reader: R,
        mut writer: W,
        ip: IpAddr,
    ) -> impl Future<Output = ()> + use<R, W>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let server = self.server();
        async move {
            match server.gate.admit(ip) {
                Ok(ticket) => {
                    session::run(reader, writer, Box::new(Caller::new(ip)), server).await;
                    drop(ticket);
                }
                Err(code) => {
                    let word = farewell::last_word(Dialect::Silent, code);
                    // Whether the client takes it or not, it is over.
                    let _taken = writer.write_all(&word).await;
                    let _shut = writer.shutdown().await;
                }
            }
        }
    }

    /// Waits until the room or the accounts' threads end.
    ///
    /// Neither ends while it is needed, unless by a mistake of this program. Without them a server is
    /// worth nothing: who started it can start it again.
    pub(crate) async fn failed(&mut self) -> ServerError {
        tokio::select! {
            _ended = &mut self.room => ServerError::Room,
            () = ended(self.threads.as_ref()) => ServerError::AccountsThread,
        }
    }

    /// Tells all clients, closes the accounts, and returns.
    ///
    /// # Errors
    /// [`ServerError::AccountsThread`] if the accounts were not closed in order.
    pub async fn stop(self) -> Result<(), ServerError> {
        let Self {
            server,
            stop,
            room,
            threads,
        } = self;
        let linger = server.config.limits.linger;
        let sessions = server.sessions.load(Ordering::Relaxed);
        // The room, a session for each connection, and whatever else the program has.
        let tasks = Handle::current().metrics().num_alive_tasks();
        tracing::info!(sessions, tasks, "stopping");
        // Without receivers there would be nobody to tell.
        let _nobody = stop.send(true);
        // The room ends when the last session has let go of it.
        drop(server);
        let patience = linger.saturating_add(Duration::from_secs(1));
        if !room.is_finished() && timeout(patience, room).await.is_err() {
            tracing::warn!("some clients did not let go in time");
        }
        if let Some(threads) = threads {
            let closed = tokio::task::spawn_blocking(move || threads.join());
            if !timeout(patience, closed)
                .await
                .is_ok_and(|joined| joined.unwrap_or(false))
            {
                return Err(ServerError::AccountsThread);
            }
        }
        Ok(())
    }
}

/// Waits until the accounts' threads end; for ever if there are none.
async fn ended(threads: Option<&Threads>) {
    match threads {
        Some(threads) => threads.ended().await,
        None => std::future::pending().await,
    }
}

fn open_accounts(
    config: &Config,
    requests: &mpsc::Sender<Request>,
) -> Result<(Option<Accounts>, Option<Threads>), AccountError> {
    if config.open {
        return Ok((None, None));
    }
    // Weak, or the accounts' thread would keep the room alive.
    let requests = requests.downgrade();
    let limit = config.limits.accounts;
    let (accounts, threads) = Accounts::open(&config.data, limit, move |accounts| {
        if let Some(requests) = requests.upgrade() {
            // If the room is gone, so are the sessions.
            let _gone = requests.blocking_send(Request::Accounts(accounts));
        }
    })?;
    Ok((Some(accounts), Some(threads)))
}
