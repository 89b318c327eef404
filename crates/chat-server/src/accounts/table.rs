//! The accounts' file: one SQLite table.

use std::collections::HashMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use chat_proto::UserName;
use chat_proto::scram::Credentials;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, TransactionBehavior, params};

use super::error::AccountError;
use super::file::{self, Place};

/// The accounts' file, opened. Several programs may have it open at once.
#[derive(Debug)]
pub struct AccountTable {
    file: Connection,
    place: Place,
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

impl AccountTable {
    /// Opens the file in a directory; makes both if they are missing, for their owner only.
    ///
    /// # Errors
    /// [`AccountError`] if it cannot be made, or if what is there is not such a file, whole. An empty or
    /// damaged file is never taken for a new one.
    pub fn open(directory: &Path) -> Result<Self, AccountError> {
        file::open(directory).map(|(file, place)| Self { file, place })
    }

    /// Opens the same file once more, for another thread.
    ///
    /// # Errors
    /// [`AccountError`] if it is gone meanwhile.
    pub(super) fn reopen(&self) -> Result<Self, AccountError> {
        let (file, place) = self.place.reopen()?;
        Ok(Self { file, place })
    }

    /// Looks whether the file is still where it was opened: otherwise what is written to it is lost.
    ///
    /// # Errors
    /// [`AccountError::Replaced`].
    pub(super) fn is_in_place(&self) -> Result<(), AccountError> {
        self.place.check()
    }

    /// The secret from which decoys are made: drawn once, then always the same.
    ///
    /// # Errors
    /// [`AccountError`] if it can neither be read nor made.
    pub fn secret(&mut self) -> Result<[u8; 32], AccountError> {
        if let Some(secret) = self.find_secret()? {
            return Ok(secret);
        }
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(AccountError::Random)?;
        // Another program may have been quicker.
        self.file.execute(
            "INSERT OR IGNORE INTO server VALUES (1, ?1)",
            params![fresh],
        )?;
        self.find_secret()?
            .ok_or_else(|| self.place.damaged("its secret is missing"))
    }

    fn find_secret(&self) -> Result<Option<[u8; 32]>, AccountError> {
        let secret: Option<Vec<u8>> = self
            .file
            .query_row("SELECT secret FROM server", [], |row| row.get(0))
            .optional()?;
        let damaged = |_| self.place.damaged("its secret is not 32 octets");
        secret
            .map(|secret| secret.try_into().map_err(damaged))
            .transpose()
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
            .query_row([name.key()], |row| Ok(self.account(row)))
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

    /// Adds several with one write to the disk, as long as there are fewer than `limit` in all; gives for each
    /// what became of it.
    ///
    /// # Errors
    /// [`AccountError`] if nothing could be written: then none was added.
    pub(super) fn add_all(
        &mut self,
        accounts: &[(UserName, Credentials)],
        limit: usize,
    ) -> Result<Vec<Result<(), AccountError>>, AccountError> {
        // Not a deferred one, which gives up without patience when another program writes meanwhile.
        let transaction = self
            .file
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut count = count(&transaction)?;
        let mut results = Vec::new();
        for (name, credentials) in accounts {
            if count >= limit {
                results.push(Err(AccountError::TooMany { limit }));
                continue;
            }
            match insert(&transaction, name, credentials) {
                Ok(()) => {
                    count = count.saturating_add(1);
                    results.push(Ok(()));
                }
                Err(AccountError::NameTaken) => results.push(Err(AccountError::NameTaken)),
                // The transaction may be over already, and with it what was added before.
                Err(error) => return Err(error),
            }
        }
        transaction.commit()?;
        Ok(results)
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

    /// How many accounts there are.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub fn count(&self) -> Result<usize, AccountError> {
        count(&self.file)
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

    fn account(&self, row: &Row<'_>) -> Result<Account, AccountError> {
        let damaged = |what| move |_| self.place.damaged(what);
        let name: String = row.get(0)?;
        let (stored_key, server_key): (Vec<u8>, Vec<u8>) = (row.get(3)?, row.get(4)?);
        Ok(Account {
            name: name
                .try_into()
                .map_err(|_| self.place.damaged("a name in it is none"))?,
            credentials: Credentials::from_parts(
                row.get(1)?,
                row.get(2)?,
                stored_key
                    .try_into()
                    .map_err(damaged("a stored key is not 32 octets"))?,
                server_key
                    .try_into()
                    .map_err(damaged("a server key is not 32 octets"))?,
            ),
            making: row.get(5)?,
        })
    }
}

fn count(file: &Connection) -> Result<usize, AccountError> {
    let count: i64 = file.query_row("SELECT count(*) FROM account", [], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
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

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::scram::Password;
    use std::fs;
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
        let results = table.add_all(&[new("a"), new("A"), new("b")], 100).unwrap();
        assert_eq!(
            results.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [true, false, true]
        );
        // And there is an end of accounts.
        let results = table.add_all(&[new("c"), new("d")], 3).unwrap();
        assert!(results[0].is_ok());
        assert!(matches!(
            results[1],
            Err(AccountError::TooMany { limit: 3 })
        ));
        assert_eq!(table.list().unwrap().len(), 3);
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
