//! TLS 1.3: certificate and key, and the handshake that comes before a session.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat_proto::scram::{ChannelBinding, TLS_EXPORTER_LABEL};
use chat_proto::{EndCode, Opening};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::{InconsistentKeys, KeyLogFile, ServerConfig};
use tokio::net::TcpStream;
use tokio::time::sleep_until;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::room::Dialect;
use crate::session::{self, Caller, Server};

/// What a file of certificates or keys has at most, in octets: a chain has some thousand.
const MAX_FILE: u64 = 1024 * 1024;

/// What TLS takes from an outbox before the socket takes it, in octets: a record's longest text. So
/// much may wait for a slow reader beside what its outbox holds.
const UNSENT: usize = 16 * 1024;

/// What a client is told that is one too many, before there is a handshake: a record with the fatal
/// alert `access_denied`.
///
/// # Source
/// RFC 8446 §5.1, §6
pub(crate) const ACCESS_DENIED: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 49];

/// A certificate and its private key.
///
/// TLS 1.3 only, so that what a log-in is bound to is never the same on two connections (RFC 9266
/// §4.2). Sessions are not resumed: nothing is kept of a connection that ended.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// A file is not PEM.
    #[error("{} is not PEM", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("no certificate in {}: needs PEM with BEGIN CERTIFICATE", path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// There is no private key in the file.
    #[error("no private key in {}: needs PEM with BEGIN PRIVATE KEY, without a passphrase", path.display())]
    NoKey {
        /// Which file.
        path: PathBuf,
    },
    /// The key is another certificate's.
    #[error("the key in {} does not fit the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// Certificate or key are of no use.
    #[error("cannot use certificate {} with key {}", certificate.display(), key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong with them.
        #[source]
        error: rustls::Error,
    },
}

impl Tls {
    /// Reads a certificate, with those that lead to its authority, and its private key: PEM files of
    /// X.509 and of PKCS#8, SEC1 or PKCS#1. Logs a warning if others may read the key.
    ///
    /// # Errors
    /// [`TlsError`] if a file cannot be read, has nothing of the kind, or the two do not fit.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = chain(certificate)?;
        let secret = secret(key)?;
        let unusable = |error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
            },
            error => TlsError::Unusable {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
                error,
            },
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, secret))
            .map_err(unusable)?;
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Writes the keys of every connection into the file that the environment variable
    /// `SSLKEYLOGFILE` names, if there is one: whoever has it can read what is said.
    #[must_use]
    pub fn with_key_log(self) -> Self {
        let mut config = Arc::unwrap_or_clone(self.config);
        config.key_log = Arc::new(KeyLogFile::new());
        Self {
            config: Arc::new(config),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let octets = read(path, |_| {})?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&octets).collect();
    let path = path.to_owned();
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::NoCertificate { path }),
        Ok(chain) => Ok(chain),
        Err(error) => Err(TlsError::Pem { path, error }),
    }
}

fn secret(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let octets = read(path, |mode| {
        if mode & 0o007 != 0 {
            let path = path.display();
            tracing::warn!(%path, "everybody on this machine may read the private key: chmod o= it");
        }
    })?;
    let path = path.to_owned();
    PrivateKeyDer::from_pem_slice(&octets).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey { path },
        error => TlsError::Pem { path, error },
    })
}

/// Reads a small file; its mode is looked at on the way.
fn read(path: &Path, look: impl FnOnce(u32)) -> Result<Vec<u8>, TlsError> {
    let read = || {
        let file = File::open(path)?;
        look(file.metadata()?.permissions().mode());
        let mut octets = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut octets)?;
        Ok(octets)
    };
    read().map_err(|error| TlsError::Read {
        path: path.to_owned(),
        error,
    })
}

/// Shakes hands with a client, within the time that it has to log in. `None`: it is over, and the
/// client was told if there was a way to.
pub(crate) async fn open(
    stream: TcpStream,
    mut caller: Box<Caller>,
    server: &Server,
) -> Option<(TlsStream<TcpStream>, Box<Caller>)> {
    let tls = server.config.tls.as_ref()?;
    let (ip, limits) = (caller.ip, &server.config.limits);
    let deadline = caller.deadline(limits);
    let mut stop = server.stop.clone();
    let hurried = async {
        tokio::select! {
            () = sleep_until(deadline) => EndCode::LoginTimeout,
            _ = stop.wait_for(|stop| *stop) => EndCode::Shutdown,
        }
    };
    let mut hurried = std::pin::pin!(hurried);
    let (dialect, code) = tokio::select! {
        opening = opening(&stream) => match opening {
            Some(Opening::Tls) => (Dialect::Silent, None),
            Some(Opening::Lab) => (Dialect::Lab, Some(EndCode::TlsRequired)),
            Some(Opening::Http) => (Dialect::Http, Some(EndCode::TlsRequired)),
            Some(_) => (Dialect::Native, Some(EndCode::TlsRequired)),
            None => (Dialect::Silent, Some(EndCode::Lost)),
        },
        code = &mut hurried => (Dialect::Silent, Some(code)),
    };
    if let Some(code) = code {
        tracing::info!(%ip, ?dialect, reason = ?code, "did not get into the room");
        if code != EndCode::Lost {
            let (reader, writer) = stream.into_split();
            session::turn_away(reader, writer, (dialect, code), limits).await;
        }
        return None;
    }
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
    let shaking = acceptor.accept_with(stream, |session| session.set_buffer_limit(Some(UNSENT)));
    let error = tokio::select! {
        shaken = shaking => match shaken.and_then(|stream| Ok((bound(&stream)?, stream))) {
            Ok((binding, stream)) => {
                caller.binding = binding;
                return Some((stream, caller));
            }
            Err(error) => error.to_string(),
        },
        // In the middle of a handshake there is no way to say why.
        code = hurried => code.text().to_owned(),
    };
    tracing::info!(%ip, %error, "TLS handshake failed");
    None
}

/// What a client says first, left in the socket; `None` if it closes.
async fn opening(stream: &TcpStream) -> Option<Opening> {
    // As long as the longest word that tells one language from another.
    let mut octets = [0; 8];
    let count = stream.peek(&mut octets).await.ok()?;
    Opening::of(octets.get(..count).unwrap_or_default())
}

fn bound(stream: &TlsStream<TcpStream>) -> io::Result<ChannelBinding> {
    let (_, session) = stream.get_ref();
    session
        .export_keying_material([0; 32], TLS_EXPORTER_LABEL, None)
        .map(ChannelBinding::TlsExporter)
        .map_err(io::Error::other)
}
