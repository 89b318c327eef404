//! `--tls` and `--ca`, whether somebody wants to read along, and what helps when hands were not shaken.

use std::fs::OpenOptions;
use std::path::PathBuf;

use chat_client::{HandshakeError, Tls};
use chat_proto::visible;
use rustls::AlertDescription;

use super::failure::{Failure, Status};
use super::options::Options;

/// Whom to trust; `None` without `--tls`.
pub(super) fn trusted(options: &Options) -> Result<Option<Tls>, Failure> {
    let unusable = |text: String| Failure::new(Status::Unusable, text);
    match (options.tls, &options.ca) {
        (false, None) => return Ok(None),
        (false, Some(_)) => return Err(unusable("--ca is of no use without --tls".to_owned())),
        (true, _) if options.lab => {
            let text = "--tls and --lab do not go together: servers of the lab speak no TLS";
            return Err(unusable(text.to_owned()));
        }
        (true, _) => {}
    }
    let tls = match &options.ca {
        Some(path) => Tls::with_authorities(path),
        None => Tls::of_the_system(),
    };
    let tls = tls.map_err(|error| {
        let hint = "give a PEM file with the authority's certificate: --ca FILE";
        unusable(error.to_string()).with_hint(hint)
    })?;
    let log = std::env::var_os("SSLKEYLOGFILE").filter(|path| !path.is_empty());
    let Some(log) = log.map(PathBuf::from) else {
        return Ok(Some(tls));
    };
    let tls = tls.with_key_log();
    // The library would pass over a file that it cannot write.
    if let Err(error) = OpenOptions::new().append(true).open(&log) {
        let text = format!("cannot write SSLKEYLOGFILE {}: {error}", log.display());
        return Err(unusable(text));
    }
    let log = log.to_string_lossy();
    eprintln!(
        "chat-client: SSLKEYLOGFILE is set: whoever reads {} can read what is said over TLS",
        visible(&log)
    );
    Ok(Some(tls))
}

/// What helps when hands were not shaken.
pub(super) fn hint(error: &HandshakeError) -> &'static str {
    match error {
        HandshakeError::NotTls => "leave out --tls, or check the server's name and port",
        HandshakeError::Version => "the server must speak TLS 1.3",
        HandshakeError::Untrusted => {
            "give the certificate of the authority that signed it: --ca FILE"
        }
        HandshakeError::WrongName { .. } => "connect by a name that the certificate has",
        HandshakeError::Expired(_) => "have it renewed at the server, or set this machine's clock",
        HandshakeError::NotYetValid(_) => "set this machine's clock",
        HandshakeError::Authority => {
            "make the server one of its own, with basicConstraints CA:FALSE"
        }
        HandshakeError::Name { .. } => "give the server's name as its certificate has it",
        HandshakeError::Closed | HandshakeError::Silent => {
            "it may not speak TLS: leave out --tls, or check the server's name and port"
        }
        HandshakeError::Refused(AlertDescription::AccessDenied) => {
            "the server may be full, or have too many connections from your address: try again later"
        }
        _ => "check the server's name and port, and look into its log",
    }
}
