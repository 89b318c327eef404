//! The accounts' file: one SQLite table.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chat_proto::UserName;
use chat_proto::scram::Credentials;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, params};

/// The file's name in its directory.
const FILE: &str = "accounts.sqlite3";

/// How long one program waits for another that holds the file.
const BUSY: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS account (
    key TEXT PRIMARY KEY,         -- the name in lower case
    look TEXT NOT NULL UNIQUE,    -- the name as a hurried reader sees it
    name TEXT NOT NULL,           -- the name as its owner spells it
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    making INTEGER NOT NULL,      -- random, anew whenever the password is set
    created INTEGER NOT NULL      -- seconds since the Unix epoch
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS server (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL          -- makes the decoys of users who don't exist
);";

/// The accounts' file, opened. Several programs may have it open at once.
#[derive(Debug)]
pub struct AccountTable {
    file: Connection,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name as its owner spells it.
    pub name: UserName,
    /// What is kept of the password.
    pub credentials: Credentials,
    /// Changes whenever the password is set: a session of another making is over.
    pub making: i64,
}

/// What an operator sees of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The name as its owner spells it.
    pub name: String,
    /// When it was made, in seconds since the Unix epoch.
    pub created: i64,
    /// The PBKDF2 iterations of its password.
    pub iterations: u32,
}

/// Why accounts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The directory or the file cannot be made.
    #[error("cannot make {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite failed.
    #[error("cannot use the accounts' file")]
    Sqlite(#[from] rusqlite::Error),
    /// An account has this name or one that looks like it.
    #[error("the name is taken, or looks like one that is")]
    NameTaken,
    /// No account has this name.
    #[error("no account has this name")]
    NoSuchAccount,
    /// The file holds what this program did not write.
    #[error("the accounts' file is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// The machine gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    /// The thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The thread has ended.
    #[error("the accounts are closed")]
    Closed,
}

impl AccountTable {
    /// Opens the file in a directory; makes both if they are missing, for their owner only.
    ///
    /// # Errors
    /// [`AccountError`] if it cannot be made or is not such a file.
    pub fn open(directory: &Path) -> Result<Self, AccountError> {
        let failed = |path: &Path, source| AccountError::File {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
        let path = directory.join(FILE);
        // SQLite gives its side files the same mode.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed(&path, error))?;
        // Two programs that open a new file at once can be in each other's way for a moment, and
        // SQLite's own patience does not cover the change to write-ahead logging.
        let deadline = Instant::now() + BUSY;
        loop {
            match set_up(&path) {
                Ok(file) => return Ok(Self { file }),
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The secret from which decoys are made: drawn once, then always the same.
    ///
    /// # Errors
    /// [`AccountError`] if it can neither be read nor made.
    pub fn secret(&mut self) -> Result<[u8; 32], AccountError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(AccountError::Random)?;
        self.file.execute(
            "INSERT OR IGNORE INTO server VALUES (1, ?1)",
            params![fresh],
        )?;
        let secret: Vec<u8> = self
            .file
            .query_row("SELECT secret FROM server", [], |row| row.get(0))?;
        secret.try_into().map_err(|_| AccountError::Damaged {
            what: "secret is not 32 octets",
        })
    }

    /// The account of this name in any spelling.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub fn find(&self, name: &UserName) -> Result<Option<Account>, AccountError> {
        self.file
            .prepare_cached(
                "SELECT name, salt, iterations, stored_key, server_key, making
                 FROM account WHERE key = ?1",
            )?
            .query_row([name.key()], |row| Ok(account(row)))
            .optional()?
            .transpose()
    }

    /// Whether an account has this name or one that looks like it.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub fn clashes(&self, name: &UserName) -> Result<bool, AccountError> {
        let mut statement = self
            .file
            .prepare_cached("SELECT 1 FROM account WHERE key = ?1 OR look = ?2")?;
        Ok(statement.exists([name.key(), name.look()])?)
    }

    /// Adds an account; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`AccountError::NameTaken`], or that the file cannot be written.
    pub fn add(&mut self, name: &UserName, credentials: &Credentials) -> Result<(), AccountError> {
        insert(&self.file, name, credentials)
    }

    /// Adds several with one write to the disk; gives for each what became of it.
    pub(super) fn add_all(
        &mut self,
        accounts: &[(UserName, Credentials)],
    ) -> Vec<Result<(), AccountError>> {
        let mut together = || -> Result<Vec<_>, AccountError> {
            let transaction = self.file.transaction()?;
            let results = accounts
                .iter()
                .map(|(name, credentials)| insert(&transaction, name, credentials))
                .collect();
            transaction.commit()?;
            Ok(results)
        };
        together().unwrap_or_else(|error| {
            tracing::error!(%error, "cannot write the accounts");
            accounts.iter().map(|_| Err(AccountError::Closed)).collect()
        })
    }

    /// Removes an account.
    ///
    /// # Errors
    /// [`AccountError::NoSuchAccount`], or that the file cannot be written.
    pub fn remove(&mut self, name: &UserName) -> Result<(), AccountError> {
        one(self
            .file
            .execute("DELETE FROM account WHERE key = ?1", [name.key()])?)
    }

    /// Gives an account another password.
    ///
    /// # Errors
    /// [`AccountError::NoSuchAccount`], or that the file cannot be written.
    pub fn reset(
        &mut self,
        name: &UserName,
        credentials: &Credentials,
    ) -> Result<(), AccountError> {
        one(self.file.execute(
            "UPDATE account SET salt = ?2, iterations = ?3, stored_key = ?4, server_key = ?5,
             making = ?6 WHERE key = ?1",
            params![
                name.key(),
                credentials.salt(),
                credentials.iterations(),
                credentials.stored_key(),
                credentials.server_key(),
                making()?
            ],
        )?)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub fn list(&self) -> Result<Vec<Summary>, AccountError> {
        let mut statement = self
            .file
            .prepare("SELECT name, created, iterations FROM account ORDER BY key")?;
        let rows = statement.query_map([], |row| {
            Ok(Summary {
                name: row.get(0)?,
                created: row.get(1)?,
                iterations: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A number that changes when another program changes the file.
    pub(super) fn version(&self) -> Result<i64, AccountError> {
        Ok(self
            .file
            .pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Which making each account is of, by the name's key.
    pub(super) fn makings(&self) -> Result<HashMap<String, i64>, AccountError> {
        let mut statement = self
            .file
            .prepare_cached("SELECT key, making FROM account")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn set_up(path: &Path) -> Result<Connection, rusqlite::Error> {
    let file = Connection::open(path)?;
    file.busy_timeout(BUSY)?;
    file.pragma_update(None, "journal_mode", "WAL")?;
    // In this mode a commit returns when it is on the disk.
    file.pragma_update(None, "synchronous", "FULL")?;
    file.execute_batch(SCHEMA)?;
    Ok(file)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn insert(
    file: &Connection,
    name: &UserName,
    credentials: &Credentials,
) -> Result<(), AccountError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let result = file
        .prepare_cached("INSERT INTO account VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute(params![
            name.key(),
            name.look(),
            name.as_str(),
            credentials.salt(),
            credentials.iterations(),
            credentials.stored_key(),
            credentials.server_key(),
            making()?,
            i64::try_from(now).unwrap_or(i64::MAX),
        ]);
    match result {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(AccountError::NameTaken)
        }
        Err(error) => Err(error.into()),
    }
}

fn one(changed: usize) -> Result<(), AccountError> {
    if changed == 0 {
        Err(AccountError::NoSuchAccount)
    } else {
        Ok(())
    }
}

fn making() -> Result<i64, AccountError> {
    let mut octets = [0; 8];
    getrandom::fill(&mut octets).map_err(AccountError::Random)?;
    Ok(i64::from_ne_bytes(octets))
}

fn account(row: &Row<'_>) -> Result<Account, AccountError> {
    let damaged = |what| move |_| AccountError::Damaged { what };
    let name: String = row.get(0)?;
    let (stored_key, server_key): (Vec<u8>, Vec<u8>) = (row.get(3)?, row.get(4)?);
    Ok(Account {
        name: name.try_into().map_err(|_| AccountError::Damaged {
            what: "name is none",
        })?,
        credentials: Credentials::from_parts(
            row.get(1)?,
            row.get(2)?,
            stored_key
                .try_into()
                .map_err(damaged("stored key is not 32 octets"))?,
            server_key
                .try_into()
                .map_err(damaged("server key is not 32 octets"))?,
        ),
        making: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::scram::Password;
    use std::os::unix::fs::PermissionsExt as _;

    fn credentials(password: &str) -> Credentials {
        Credentials::derive(&Password::new(password).unwrap(), &[7; 16], 4096)
    }

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    #[test]
    fn accounts_are_kept_found_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let mut table = AccountTable::open(&directory.path().join("new")).unwrap();
        table.add(&name("Alice"), &credentials("one")).unwrap();
        let secret = table.secret().unwrap();
        drop(table);
        let mut table = AccountTable::open(&directory.path().join("new")).unwrap();
        assert_eq!(table.secret().unwrap(), secret);
        let found = table.find(&name("ALICE")).unwrap().unwrap();
        assert_eq!(
            (found.name, found.credentials),
            (name("Alice"), credentials("one"))
        );
        for taken in ["alice", "AIice", "a1ice"] {
            assert!(table.clashes(&name(taken)).unwrap());
            let error = table.add(&name(taken), &credentials("two")).unwrap_err();
            assert!(matches!(error, AccountError::NameTaken), "{taken}: {error}");
        }
        table.reset(&name("alice"), &credentials("three")).unwrap();
        let reset = table.find(&name("alice")).unwrap().unwrap();
        assert_ne!(reset.making, found.making);
        assert_eq!(reset.credentials, credentials("three"));
        assert_eq!(table.list().unwrap().len(), 1);
        table.remove(&name("aLICE")).unwrap();
        assert!(table.find(&name("alice")).unwrap().is_none());
        assert!(matches!(
            table.remove(&name("alice")),
            Err(AccountError::NoSuchAccount)
        ));
    }

    #[test]
    fn several_programs_may_open_a_new_file_at_once() {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = directory.path();
                scope.spawn(move || {
                    let mut table = AccountTable::open(path).unwrap();
                    table.secret().unwrap();
                    table
                        .add(&name(&format!("user-{number}")), &credentials("x"))
                        .unwrap();
                });
            }
        });
        assert_eq!(
            AccountTable::open(directory.path())
                .unwrap()
                .list()
                .unwrap()
                .len(),
            8
        );
    }

    #[test]
    fn a_name_taken_spoils_no_other_of_the_same_write() {
        let directory = tempfile::tempdir().unwrap();
        let mut table = AccountTable::open(directory.path()).unwrap();
        let new = |text: &str| (name(text), credentials("x"));
        let results = table.add_all(&[new("a"), new("A"), new("b")]);
        assert_eq!(
            results.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [true, false, true]
        );
        assert_eq!(table.list().unwrap().len(), 2);
    }

    #[test]
    fn only_the_owner_may_read_the_file_and_no_password_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let mut table = AccountTable::open(directory.path()).unwrap();
        table
            .add(&name("alice"), &credentials("correct horse"))
            .unwrap();
        for entry in fs::read_dir(directory.path()).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600,
                "{path:?}"
            );
            let octets = fs::read(&path).unwrap();
            assert!(!octets.windows(13).any(|window| window == b"correct horse"));
        }
    }
}
