//! `--tls-cert` and `--tls-key`, and whether somebody wants to read along.

use std::error::Error;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chat_server::Tls;

/// Reads certificate and key, if they are given.
///
/// # Errors
/// What is wrong with them, or with the file for the keys.
pub(super) fn read(files: Option<(&Path, &Path)>) -> Result<Option<Tls>, Box<dyn Error>> {
    let Some((certificate, key)) = files else {
        return Ok(None);
    };
    let tls = Tls::from_files(certificate, key)?;
    let log = std::env::var_os("SSLKEYLOGFILE").filter(|path| !path.is_empty());
    let Some(log) = log.map(PathBuf::from) else {
        return Ok(Some(tls));
    };
    // The library would pass over a file that it cannot write.
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).mode(0o600).open(&log);
    let log = log.display();
    opened.map_err(|error| format!("cannot write SSLKEYLOGFILE {log}: {error}"))?;
    tracing::warn!("SSLKEYLOGFILE is set: whoever reads {log} can read what is said over TLS");
    Ok(Some(tls.with_key_log()))
}
