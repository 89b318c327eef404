//! Finding the server and connecting to it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::config::Config;
use crate::event::Events;
use crate::handle::Handle;
use crate::link::{Dial, Dialled, Link};
use crate::post;
use crate::roster::SharedRoster;
use crate::server_name::ServerName;

/// How long one address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Events that wait for a reader; then nothing more is read from the network.
const EVENTS: usize = 1024;

/// Requests that wait to be sent; then who asks waits.
const REQUESTS: usize = 64;

/// Why the server cannot be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The system's DNS does not give an address for the name.
    #[error("cannot resolve {host}: {error}")]
    Resolve {
        /// The name.
        host: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The address does not answer as a server would.
    #[error("cannot connect to {address}: {}", words(error))]
    Connect {
        /// The last address that was tried.
        address: SocketAddr,
        /// What the system says.
        #[source]
        error: io::Error,
    },
}

/// Connects and gives what speaks and what listens; signing in and all that follows are told as
/// events. When the connection ends later, it is dialled again by itself.
///
/// # Errors
/// [`ConnectError`] if the name does not resolve or none of its addresses answers.
pub async fn connect(config: Config) -> Result<(Handle, Events), ConnectError> {
    let mut dialler = TcpDialler {
        server: config.server.clone(),
    };
    let first = dialler.dial().await?;
    Ok(start(config, dialler, first))
}

/// Starts the tasks on a connection that stands.
pub(crate) fn start<D>(config: Config, dialler: D, first: Dialled<D::Stream>) -> (Handle, Events)
where
    D: Dial + Send + 'static,
    D::Stream: Send,
{
    let (event_sender, event_receiver) = mpsc::channel(EVENTS);
    let (request_sender, request_receiver) = mpsc::channel(REQUESTS);
    let (letter_sender, letter_receiver) = mpsc::channel(REQUESTS);
    let roster = SharedRoster::default();
    let post = post::start(
        roster.clone(),
        letter_receiver,
        event_sender.clone(),
        request_sender.downgrade(),
    );
    let link = Link::new(config, roster.clone(), event_sender, request_receiver, post);
    tokio::spawn(link.run(dialler, first));
    let handle = Handle::new(request_sender, letter_sender, roster);
    (handle, Events::new(event_receiver))
}

/// Dials by TCP, resolving the name anew each time.
struct TcpDialler {
    server: ServerName,
}

impl Dial for TcpDialler {
    type Stream = TcpStream;

    async fn dial(&mut self) -> Result<Dialled<TcpStream>, ConnectError> {
        let host = self.server.host().to_owned();
        let unresolved = |error| ConnectError::Resolve {
            host: host.clone(),
            error,
        };
        let found = timeout(PATIENCE, lookup_host((host.as_str(), self.server.port())))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(unresolved)?;
        let mut failed = unresolved(io::Error::new(io::ErrorKind::NotFound, "no address"));
        for address in found {
            match open(address).await {
                Ok((stream, local)) => {
                    return Ok(Dialled {
                        stream,
                        address,
                        local: Some(local),
                    });
                }
                Err(error) => failed = ConnectError::Connect { address, error },
            }
        }
        Err(failed)
    }
}

async fn open(address: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let stream = timeout(PATIENCE, TcpStream::connect(address))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    Ok((stream, local))
}

/// What the system says, in lower case and without its number.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut => "no answer".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".to_owned(),
        io::ErrorKind::HostUnreachable => "host unreachable".to_owned(),
        _ => error.to_string(),
    }
}
