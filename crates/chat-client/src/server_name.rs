//! Where the server is, as a user writes it.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A host, by name or address, and a TCP port.
///
/// Written `host`, `host:port`, `10.20.30.3:5000`, `::1` or `[::1]:5000`.
///
/// ```
/// use chat_client::ServerName;
///
/// let server: ServerName = "www.ttm4200.com".parse()?;
/// assert_eq!((server.host(), server.port()), ("www.ttm4200.com", 5000));
/// # Ok::<(), chat_client::ServerNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    host: String,
    port: u16,
}

/// Why a text names no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerNameError {
    /// There is no host in it, or white space.
    #[error("server {text:?} has no host: needs HOST or HOST:PORT")]
    Host {
        /// The text.
        text: String,
    },
    /// What stands after the colon is no port.
    #[error("port {port:?} is not a number from 1 to 65535")]
    Port {
        /// What stands there.
        port: String,
    },
}

impl ServerName {
    /// The port if none is written.
    pub const PORT: u16 = 5000;

    /// The host, by name or address; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for ServerName {
    type Err = ServerNameError;

    fn from_str(text: &str) -> Result<Self, ServerNameError> {
        let (host, port) = split(text);
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(ServerNameError::Host {
                text: text.to_owned(),
            });
        }
        let port = match port {
            None => Self::PORT,
            Some(port) => port
                .parse()
                .ok()
                .filter(|number| *number != 0)
                .ok_or_else(|| ServerNameError::Port {
                    port: port.to_owned(),
                })?,
        };
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    if text.parse::<Ipv6Addr>().is_ok() {
        return (text, None);
    }
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => ("", None),
        };
    }
    match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, host, port) in [
            ("www.ttm4200.com", "www.ttm4200.com", 5000),
            ("localhost:6000", "localhost", 6000),
            ("10.20.30.3:1", "10.20.30.3", 1),
            ("::1", "::1", 5000),
            ("[::1]", "::1", 5000),
            ("[fe80::1%eth0]:7", "fe80::1%eth0", 7),
        ] {
            let server: ServerName = text.parse().unwrap();
            assert_eq!((server.host(), server.port()), (host, port), "{text}");
        }
        assert_eq!(
            "::1".parse::<ServerName>().unwrap().to_string(),
            "[::1]:5000"
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            ":5000",
            "a b",
            "host:",
            "host:0",
            "host:65536",
            "host:x",
            "[::1]5",
            "[]",
        ] {
            assert!(text.parse::<ServerName>().is_err(), "{text}");
        }
    }
}
