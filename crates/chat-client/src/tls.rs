//! TLS 1.3: whom to trust, the handshake, and why it fails.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chat_proto::scram::{ChannelBinding, TLS_EXPORTER_LABEL};
use rustls::client::Resumption;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, KeyLogFile, PeerIncompatible, RootCertStore,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What a file of authorities has at most, in octets: a system's has a quarter of it.
const MAX_FILE: u64 = 1024 * 1024;

/// Whom to trust for a server's certificate.
///
/// TLS 1.3 only, so that what a log-in is bound to is never the same on two connections (RFC 9266
/// §4.2). Sessions are not resumed.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
}

/// Why nobody is trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The system has no authorities.
    #[error("this system trusts no authorities: {reason}")]
    NoAuthorities {
        /// What was found instead.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// A file is not PEM.
    #[error("{} is not PEM: {error}", path.display())]
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
    /// A certificate is none.
    #[error("a certificate in {} is of no use: {error}", path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: rustls::Error,
    },
}

/// Why hands were not shaken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// What came back is not TLS.
    #[error("the server does not speak TLS")]
    NotTls,
    /// The server speaks an older version.
    #[error("the server does not speak TLS 1.3")]
    Version,
    /// Nobody who is trusted has signed the certificate.
    #[error("its certificate is signed by nobody who is trusted here")]
    Untrusted,
    /// The certificate is another server's.
    #[error("its certificate is not for {name}{}", presented(has))]
    WrongName {
        /// The name that the server was called by.
        name: String,
        /// The names that the certificate has.
        has: Vec<String>,
    },
    /// The certificate was good once.
    #[error("its certificate expired {} ago", days(*.0))]
    Expired(
        /// How long ago, by this machine's clock.
        Duration,
    ),
    /// The certificate is not good yet.
    #[error("its certificate is not valid before {} from now", days(*.0))]
    NotYetValid(
        /// In how long, by this machine's clock.
        Duration,
    ),
    /// An authority's own certificate, which no server may have for its own.
    #[error("its certificate is one of an authority, not of a server")]
    Authority,
    /// The certificate is of no use in another way.
    #[error("its certificate is of no use: {0}")]
    Certificate(CertificateError),
    /// No certificate can have the server's name.
    #[error("no certificate can be for {name}")]
    Name {
        /// The name.
        name: String,
    },
    /// The server says no.
    #[error("the server broke off the handshake: {0:?}")]
    Refused(AlertDescription),
    /// The server closed the connection before hands were shaken.
    #[error("the server closed the connection in the handshake")]
    Closed,
    /// The server did not answer.
    #[error("the server does not answer the handshake")]
    Silent,
    /// The connection broke, or the server does not keep to the protocol.
    #[error("{0}")]
    Other(#[source] io::Error),
}

/// What is known of a connection by TLS.
#[derive(Debug)]
pub(crate) struct Tunnel {
    /// The name that the certificate was checked by.
    pub(crate) name: String,
    pub(crate) binding: ChannelBinding,
}

impl Tls {
    /// Trusts the authorities that the system trusts.
    ///
    /// # Errors
    /// [`TlsError::NoAuthorities`] if there are none.
    pub fn of_the_system() -> Result<Self, TlsError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        // Some systems keep ones that nobody understands any more: the others count.
        let (good, _bad) = roots.add_parsable_certificates(found.certs);
        if good == 0 {
            let reason = match found.errors.first() {
                Some(error) => error.to_string(),
                None => "no certificates found".to_owned(),
            };
            return Err(TlsError::NoAuthorities { reason });
        }
        Self::new(roots).map_err(|error| TlsError::NoAuthorities {
            reason: error.to_string(),
        })
    }

    /// Trusts the authorities in a PEM file, and no others. A server's certificate that signs itself
    /// and is no authority's will also do.
    ///
    /// # Errors
    /// [`TlsError`] if the file cannot be read or has no certificates.
    pub fn with_authorities(path: &Path) -> Result<Self, TlsError> {
        let whose = || path.to_owned();
        let unusable = |error| TlsError::Unusable {
            path: whose(),
            error,
        };
        let octets = read(path).map_err(|error| TlsError::Read {
            path: whose(),
            error,
        })?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&octets) {
            let certificate = certificate.map_err(|error| TlsError::Pem {
                path: whose(),
                error,
            })?;
            roots.add(certificate).map_err(unusable)?;
        }
        if roots.is_empty() {
            return Err(TlsError::NoCertificate { path: whose() });
        }
        Self::new(roots).map_err(unusable)
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

    fn new(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Shakes hands with a server that is called by a name or an address.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<(TlsStream<TcpStream>, Tunnel), HandshakeError> {
        let name = name(host)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let shaken = connector.connect(name, stream).await;
        let stream = shaken.map_err(|error| explain(error, host))?;
        let (_, session) = stream.get_ref();
        let exported = session
            .export_keying_material([0; 32], TLS_EXPORTER_LABEL, None)
            .map_err(|error| HandshakeError::Other(io::Error::other(error)))?;
        let tunnel = Tunnel {
            name: host.to_owned(),
            binding: ChannelBinding::TlsExporter(exported),
        };
        Ok((stream, tunnel))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

/// A server's name or address as certificates have it: without the zone that an address has on this
/// machine alone.
fn name(host: &str) -> Result<ServerName<'static>, HandshakeError> {
    let address = host.split('%').next().unwrap_or_default();
    if let Ok(ip) = address.parse::<IpAddr>() {
        return Ok(ServerName::from(ip));
    }
    ServerName::try_from(host.to_owned()).map_err(|_| HandshakeError::Name {
        name: host.to_owned(),
    })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Why a handshake with a server that was called by a name failed.
fn explain(error: io::Error, host: &str) -> HandshakeError {
    use rustls::Error;
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return HandshakeError::Closed;
    }
    let told = error
        .get_ref()
        .and_then(|told| told.downcast_ref::<Error>());
    match told {
        Some(Error::InvalidMessage(_)) => HandshakeError::NotTls,
        Some(
            Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ),
        ) => HandshakeError::Version,
        Some(Error::AlertReceived(alert)) => HandshakeError::Refused(*alert),
        Some(Error::InvalidCertificate(error)) => distrust(error.clone(), host),
        _ => HandshakeError::Other(error),
    }
}

fn distrust(error: CertificateError, host: &str) -> HandshakeError {
    let between = |early: UnixTime, late: UnixTime| {
        Duration::from_secs(late.as_secs().saturating_sub(early.as_secs()))
    };
    match error {
        // An authority made anew under the name of the trusted one: its signature does not fit.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            HandshakeError::Untrusted
        }
        CertificateError::NotValidForName => HandshakeError::WrongName {
            name: host.to_owned(),
            has: Vec::new(),
        },
        CertificateError::NotValidForNameContext { presented, .. } => HandshakeError::WrongName {
            name: host.to_owned(),
            has: presented,
        },
        CertificateError::ExpiredContext { time, not_after } => {
            HandshakeError::Expired(between(not_after, time))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            HandshakeError::NotYetValid(between(time, not_before))
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            HandshakeError::Authority
        }
        error => HandshakeError::Certificate(error),
    }
}

/// Names of a certificate, for the end of a sentence; it may have hundreds.
fn presented(names: &[String]) -> String {
    const SHOWN: usize = 5;
    if names.is_empty() {
        return String::new();
    }
    let shown: Vec<&str> = names.iter().take(SHOWN).map(|name| plain(name)).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(", but for {}{more}", shown.join(", "))
}

/// A name as people write it: the library says `DnsName("a")` and `IpAddress(1.2.3.4)`.
fn plain(name: &str) -> &str {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

fn days(time: Duration) -> String {
    match time.as_secs() / 86_400 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
