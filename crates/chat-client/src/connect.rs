//! Finding the server and connecting to it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::config::Config;
use crate::event::Events;
use crate::handle::Handle;
use crate::link::{Dial, Dialled, Link};
use crate::post;
use crate::roster::SharedRoster;
use crate::server_name::ServerName;
use crate::tls::{HandshakeError, Tls};

/// How long one address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long what was sent may stay without an acknowledgement of TCP before the connection counts as
/// broken. The system would wait for a quarter of an hour, in which nobody knows whether anything
/// that he says arrives.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// How long a connection is silent before TCP asks whether the other end is still there. The session
/// asks sooner where the dialect has a word for it.
const SILENT: Duration = Duration::from_secs(90);

/// Events that wait for a reader; then nothing more is read from the network.
const EVENTS: usize = 1024;

/// Requests that wait to be sent; then who asks waits.
const REQUESTS: usize = 64;

/// Why the server cannot be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The system's DNS does not give an address for the name.
    #[error("cannot resolve {host}: {}", cause(error))]
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
    /// The address answers, but not as the server that is meant does by TLS.
    #[error("cannot connect to {address} by TLS: {error}")]
    Tls {
        /// The last address that was tried.
        address: SocketAddr,
        /// What went wrong.
        #[source]
        error: HandshakeError,
    },
}

/// Connects and gives what speaks and what listens; signing in and all that follows are told as
/// events. When the connection ends later, it is dialled again by itself.
///
/// # Errors
/// [`ConnectError`] if the name does not resolve or none of its addresses answers.
pub async fn connect(config: Config) -> Result<(Handle, Events), ConnectError> {
    let mut tcp = TcpDialler {
        server: config.server.clone(),
    };
    let Some(tls) = config.tls.clone() else {
        let first = tcp.dial().await?;
        return Ok(start(config, tcp, first));
    };
    let mut dialler = TlsDialler { tcp, tls };
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
                        tunnel: None,
                    });
                }
                Err(error) => failed = ConnectError::Connect { address, error },
            }
        }
        Err(failed)
    }
}

/// Dials by TCP and shakes hands.
struct TlsDialler {
    tcp: TcpDialler,
    tls: Tls,
}

impl Dial for TlsDialler {
    type Stream = TlsStream<TcpStream>;

    async fn dial(&mut self) -> Result<Dialled<Self::Stream>, ConnectError> {
        let Dialled {
            stream,
            address,
            local,
            ..
        } = self.tcp.dial().await?;
        let shaken = timeout(
            PATIENCE,
            self.tls.shake_hands(stream, self.tcp.server.host()),
        )
        .await;
        let (stream, tunnel) = shaken
            .unwrap_or(Err(HandshakeError::Silent))
            .map_err(|error| ConnectError::Tls { address, error })?;
        Ok(Dialled {
            stream,
            address,
            local,
            tunnel: Some(tunnel),
        })
    }
}

async fn open(address: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let stream = timeout(PATIENCE, TcpStream::connect(address))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENT))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    let local = stream.local_addr()?;
    Ok((stream, local))
}

/// What the system says, in lower case and without its number.
pub(crate) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut => "no answer".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".to_owned(),
        io::ErrorKind::UnexpectedEof => "it was cut off".to_owned(),
        io::ErrorKind::HostUnreachable => "host unreachable".to_owned(),
        _ => error.to_string(),
    }
}

/// Why there is no address, without what the library puts in front of the system's words.
fn cause(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::TimedOut {
        return "the name server does not answer".to_owned();
    }
    let text = error.to_string();
    match text.split_once(": ") {
        Some((_, cause)) => cause.to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_name_has_no_address_is_told_in_few_words() {
        let text = |error| {
            let host = "www.ttm4200.com".to_owned();
            ConnectError::Resolve { host, error }.to_string()
        };
        let library = "failed to lookup address information: Temporary failure in name resolution";
        for (error, expected) in [
            (
                io::Error::other(library),
                "temporary failure in name resolution",
            ),
            (io::Error::other("no address"), "no address"),
            (
                io::ErrorKind::TimedOut.into(),
                "the name server does not answer",
            ),
        ] {
            let expected = format!("cannot resolve www.ttm4200.com: {expected}");
            assert_eq!(text(error), expected);
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_dead_connection_is_noticed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stream, _) = open(listener.local_addr().unwrap()).await.unwrap();
        let socket = SockRef::from(&stream);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED));
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), SILENT);
    }
    /// A server that takes the connection and says nothing.
    #[tokio::test(start_paused = true)]
    async fn a_handshake_that_is_not_answered_ends() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap().to_string().parse().unwrap();
        let authority = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), authority.cert.pem()).unwrap();
        let tls = Tls::with_authorities(file.path()).unwrap();
        let tcp = TcpDialler { server };
        let error = TlsDialler { tcp, tls }.dial().await.unwrap_err();
        let error = error.to_string();
        assert!(
            error.ends_with("by TLS: the server does not answer the handshake"),
            "{error}"
        );
    }
}
