//! What a log-in is bound to, so that nobody can carry it from one connection to another.

use std::fmt;

use crate::bytes::encode;

/// The type of channel binding that both sides speak, as a server's hello names it.
///
/// # Source
/// RFC 9266
pub const TLS_EXPORTER: &str = "tls-exporter";

/// The label under which TLS exports the octets of [`ChannelBinding::TlsExporter`]; there is no context.
///
/// # Source
/// RFC 9266 §2
pub const TLS_EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// What a log-in is bound to.
///
/// Who stands between client and server, trusted by the client for a server, has two TLS connections
/// with two different exports: a proof made for the one is none for the other.
///
/// # Source
/// RFC 5802 §6, RFC 9266
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelBinding {
    /// Nothing: a connection without TLS.
    #[default]
    None,
    /// Nothing, though this side could: a client on TLS whose server offers no binding. A server that
    /// did offer one learns from it that somebody took the offer away.
    NotOffered,
    /// The TLS connection, by what it exports under [`TLS_EXPORTER_LABEL`].
    TlsExporter([u8; 32]),
}

impl ChannelBinding {
    /// The header of SCRAM's first message, repeated in the last.
    pub(super) fn header(&self) -> &'static str {
        match self {
            Self::None => "n,,",
            Self::NotOffered => "y,,",
            Self::TlsExporter(_) => "p=tls-exporter,,",
        }
    }

    /// The attribute `c` of the last message: a header, and the octets of the binding if that header
    /// says so.
    pub(super) fn repeated(&self, header: &str) -> String {
        let mut octets = header.as_bytes().to_vec();
        if let Self::TlsExporter(exported) = self
            && header.starts_with("p=")
        {
            octets.extend_from_slice(exported);
        }
        encode(&octets)
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::NotOffered => "NotOffered",
            Self::TlsExporter(_) => "TlsExporter(..)",
        })
    }
}
