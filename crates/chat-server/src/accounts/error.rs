//! Why accounts cannot be read or changed.

use std::io;
use std::path::PathBuf;

/// Why accounts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The directory or the file cannot be made or looked at.
    #[error("cannot open {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite failed.
    #[error("cannot use the accounts' file")]
    Sqlite(#[source] rusqlite::Error),
    /// Another program holds the file.
    #[error("another program holds the accounts' file")]
    Busy,
    /// The disk is full.
    #[error("the disk of the accounts' file is full")]
    DiskFull,
    /// An account has this name or one that looks like it.
    #[error("the name is taken, or looks like one that is")]
    NameTaken,
    /// No account has this name.
    #[error("no account has this name")]
    NoSuchAccount,
    /// There are as many accounts as there may be.
    #[error("there are {limit} accounts already, which is the limit")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// The file is not as this program leaves it.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file is another program's, or a later version's.
    #[error("{path} is not a file of accounts that this version reads: {what}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The file that was opened is not in its place any more.
    #[error("{path} was deleted or replaced while the server ran")]
    Replaced {
        /// Where it was.
        path: PathBuf,
    },
    /// The machine gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    /// The thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// What was asked together with others failed with them; the log says why.
    #[error("the account could not be written")]
    NotWritten,
    /// More is asked of the accounts than they can do.
    #[error("too many wait for the accounts")]
    Overrun,
    /// The thread has ended.
    #[error("the accounts are closed")]
    Closed,
}

impl AccountError {
    /// What the operator can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Damaged { .. } => Some(
                "restore it from a copy; or move it away with its -wal and -shm, to begin without accounts",
            ),
            Self::Foreign { .. } => Some("--data names the directory of the accounts"),
            Self::Busy => Some("end the program that has it open, then try again"),
            Self::Replaced { .. } => Some("put it back, or restart the server"),
            _ => None,
        }
    }

    /// Whether it may be gone in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Busy | Self::Overrun)
    }
}

impl From<rusqlite::Error> for AccountError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Sqlite(error),
        }
    }
}
