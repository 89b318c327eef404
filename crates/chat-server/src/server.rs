//! The server: a listener, a room, and what holds them together.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::EndCode;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use crate::accounts::AccountError;
use crate::config::Config;
use crate::farewell;
use crate::gate::Ticket;
use crate::room::Dialect;
use crate::running::Running;
use crate::session::{self, Caller, Server};
use crate::tls;

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The accounts cannot be opened.
    #[error(transparent)]
    Accounts(#[from] AccountError),
    /// A thread of the accounts panicked, or did not end in time.
    #[error("the accounts' threads did not end in order")]
    AccountsThread,
    /// The room's task panicked.
    #[error("the room ended by a mistake of this program")]
    Room,
}

/// How long a client's machine may acknowledge nothing of what it is sent: as long as the probes of a silent one
/// take.
const UNACKNOWLEDGED: Duration = Duration::from_mins(2);

/// How long the accept loop rests when the machine has no file descriptor left.
const REST: Duration = Duration::from_millis(200);

/// Serves clients from a listener until `shutdown` is ready; then tells all of them, closes the accounts, and
/// returns.
///
/// # Errors
/// [`ServerError`] if the accounts cannot be opened or closed. No client's mistake is an error.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    let (open, tls) = (config.open, config.tls.is_some());
    let mut running = Running::start(config)?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, open, tls, "listening");
        if open && tls {
            tracing::info!("the lab's own programs cannot come: they speak no TLS");
        }
    }
    let server = running.server();
    let failure = tokio::select! {
        () = shutdown => None,
        () = accept(&listener, &server) => None,
        failure = running.failed() => Some(failure),
    };
    drop((listener, server));
    running.stop().await?;
    failure.map_or(Ok(()), Err)
}

async fn accept(listener: &TcpListener, server: &Arc<Server>) {
    let mut warned: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => admit(stream, peer.ip().to_canonical(), server),
            Err(error) => {
                // A connection that broke while it waited, or no file descriptor left. In the second
                // case the connection still waits, and asking again at once would only burn time.
                if !is_of_the_connection(&error) {
                    if warned.is_none_or(|at| at.elapsed() > Duration::from_secs(10)) {
                        tracing::warn!(%error, "cannot accept connections for now");
                        warned = Some(Instant::now());
                    }
                    sleep(REST).await;
                }
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

fn admit(stream: TcpStream, ip: IpAddr, server: &Arc<Server>) {
    match server.gate.admit(ip) {
        Ok(ticket) => {
            if let Err(error) = prepare(&stream, server.config.limits.send_buffer) {
                tracing::debug!(%ip, %error, "connection broke at once");
                return;
            }
            let (caller, server) = (Box::new(Caller::new(ip)), Arc::clone(server));
            if server.config.tls.is_some() {
                tokio::spawn(serve_tls(stream, caller, server, ticket));
            } else {
                tokio::spawn(serve(stream, caller, server, ticket));
            }
        }
        Err(code) => refuse(&stream, ip, code, server.config.tls.is_some()),
    }
}

async fn serve(stream: TcpStream, caller: Box<Caller>, server: Arc<Server>, ticket: Ticket) {
    let (reader, writer) = stream.into_split();
    session::run(reader, writer, caller, server).await;
    drop(ticket);
}

async fn serve_tls(stream: TcpStream, caller: Box<Caller>, server: Arc<Server>, ticket: Ticket) {
    // What is needed for the handshake only is given back after it.
    let opened = Box::pin(tls::open(stream, caller, &server)).await;
    if let Some((stream, caller)) = opened {
        let (reader, writer) = tokio::io::split(stream);
        session::run(reader, writer, caller, server).await;
    }
    drop(ticket);
}

fn prepare(stream: &TcpStream, send_buffer: usize) -> io::Result<()> {
    // The room gathers what belongs together; the kernel must not wait for more.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    // Or a reader that never reads could make the kernel keep megabytes for it.
    socket.set_send_buffer_size(send_buffer)?;
    // Finds lab clients whose machine is gone: they cannot be pinged.
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_mins(1))
        .with_interval(Duration::from_secs(20))
        .with_retries(3);
    socket.set_tcp_keepalive(&probes)?;
    // While something waits to be acknowledged there are no probes, and the kernel would repeat it for a
    // quarter of an hour.
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))
}

/// Tells a connection that is one too many, without a task of its own.
fn refuse(stream: &TcpStream, ip: IpAddr, code: EndCode, tls: bool) {
    tracing::info!(%ip, reason = ?code, "connection refused");
    let word = if tls {
        tls::ACCESS_DENIED.to_vec()
    } else {
        farewell::last_word(Dialect::Silent, code)
    };
    // A fresh socket takes it; if not, the client sees a closed connection.
    let _taken = stream.try_write(&word);
    let _shut = SockRef::from(stream).shutdown(std::net::Shutdown::Write);
}
