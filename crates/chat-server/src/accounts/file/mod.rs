//! The accounts' file: made whole or not at all, checked when it is opened, and watched.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chat_proto::UserName;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, params};

use super::error::AccountError;

/// The file's name in its directory.
const FILE: &str = "accounts.sqlite3";

/// How long one program waits for another that holds the file: our client gives the server 10 s.
const BUSY: Duration = Duration::from_secs(5);

/// Whose file it is: SQLite's `application_id`, "chat".
const APPLICATION: i32 = 0x6368_6174;

/// Which version of the schema it has: SQLite's `user_version`. Version 0 had another
/// [look](UserName::look) and neither of the two numbers.
const VERSION: i32 = 1;

const SCHEMA: &str = "
CREATE TABLE account (
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
CREATE TABLE server (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL          -- makes the decoys of users who don't exist
);";

/// Fails on a file without these columns.
const COLUMNS: &str = "
SELECT key, look, name, salt, iterations, stored_key, server_key, making, created, id, secret
FROM account, server LIMIT 0";

/// Where the file is, and which one it is.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Opens the file in a directory, and makes both if they are missing.
///
/// # Errors
/// [`AccountError`] if what is there is not a file of accounts, whole.
pub(super) fn open(directory: &Path) -> Result<(Connection, Place), AccountError> {
    fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    let path = directory.join(FILE);
    match fs::metadata(&path) {
        Ok(found) if !found.is_file() => {
            return Err(foreign(&path, "it is no regular file"));
        }
        // What this program makes is never empty, not even for a moment.
        Ok(found) if found.len() == 0 => return Err(damaged(&path, "it is empty")),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if side_file(&path, "-wal").exists() {
                let what = "it is missing, but its write-ahead log is there";
                return Err(damaged(&path, what));
            }
            create(&path)?;
        }
        Err(error) => return Err(failed(&path, error)),
    }
    // Two programs that open a file at once can be in each other's way for a moment, and SQLite's own
    // patience does not cover the change to write-ahead logging.
    let deadline = Instant::now() + BUSY;
    loop {
        // What is another program's is left as it is.
        let opened = connect(&path).and_then(|mut file| {
            check(&file, &path)?;
            set_up(&file)?;
            upgrade(&mut file)?;
            Ok(file)
        });
        match opened {
            Ok(file) => return Ok((file, Place::of(path)?)),
            Err(AccountError::Busy) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error),
        }
    }
}

impl Place {
    fn of(path: PathBuf) -> Result<Self, AccountError> {
        let found = fs::metadata(&path).map_err(|error| failed(&path, error))?;
        Ok(Self {
            path,
            device: found.dev(),
            inode: found.ino(),
        })
    }

    /// Opens the same file once more.
    pub(super) fn reopen(&self) -> Result<(Connection, Self), AccountError> {
        let file = connect(&self.path)?;
        set_up(&file)?;
        self.check()?;
        let place = Self {
            path: self.path.clone(),
            ..*self
        };
        Ok((file, place))
    }

    /// Whether the file is still there.
    pub(super) fn check(&self) -> Result<(), AccountError> {
        let found = fs::metadata(&self.path);
        if found.is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode)) {
            return Ok(());
        }
        let path = self.path.clone();
        Err(AccountError::Replaced { path })
    }

    pub(super) fn damaged(&self, what: &str) -> AccountError {
        damaged(&self.path, what)
    }
}

/// Makes the file under another name first, so that it is there whole or not at all.
fn create(path: &Path) -> Result<(), AccountError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(AccountError::Random)?;
    let fresh = side_file(path, &format!(".new-{:016x}", u64::from_ne_bytes(random)));
    // SQLite gives its side files the same mode.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(|error| failed(&fresh, error))?;
    let made = fill(&fresh).and_then(|()| {
        // Unlike a rename, a link leaves alone what another program made meanwhile.
        match fs::hard_link(&fresh, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(_) if !path.exists() => fs::rename(&fresh, path),
            linked => linked,
        }
        .map_err(|error| failed(path, error))
    });
    // After a rename it is gone already.
    let _removed = fs::remove_file(&fresh);
    made?;
    let directory = path.parent().unwrap_or(path);
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| failed(directory, error))
}

fn fill(path: &Path) -> Result<(), AccountError> {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    file.pragma_update(None, "synchronous", "FULL")?;
    let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};");
    file.execute_batch(&format!("BEGIN; {SCHEMA} {marks} COMMIT;"))?;
    file.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, AccountError> {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|error| explain(path, error))?;
    file.busy_timeout(BUSY)?;
    Ok(file)
}

fn set_up(file: &Connection) -> Result<(), AccountError> {
    file.pragma_update(None, "journal_mode", "WAL")?;
    // In this mode a commit returns when it is on the disk: it outlives a power failure.
    file.pragma_update(None, "synchronous", "FULL")?;
    Ok(())
}

/// Checks that a file is one of accounts, of a version that is known, and whole.
///
/// The check reads all of it: less than 0.1 s for 100,000 accounts.
fn check(file: &Connection, path: &Path) -> Result<(), AccountError> {
    let looked = || -> Result<(i32, i32, String), rusqlite::Error> {
        let number = |name| file.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        // What a crash left of a page is written again from the log, if there is one.
        let length = fs::metadata(path).map_or(0, |found| found.len());
        let page = u64::try_from(number("page_size")?).unwrap_or(1).max(1);
        let log = fs::metadata(side_file(path, "-wal")).map_or(0, |found| found.len());
        if !length.is_multiple_of(page) && log == 0 {
            return Ok((application, version, "its last page is cut off".to_owned()));
        }
        let health = file.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((application, version, health))
    };
    let (application, version, health) = looked().map_err(|error| explain(path, error))?;
    if health != "ok" {
        return Err(damaged(path, &health.replace('\n', " ")));
    }
    match (application, version) {
        (0, 0) | (APPLICATION, VERSION) => {}
        (APPLICATION, later) => {
            return Err(foreign(
                path,
                &format!("it has version {later}, later than {VERSION}"),
            ));
        }
        _ => return Err(foreign(path, "it is another program's")),
    }
    match file.prepare(COLUMNS) {
        Ok(_) => Ok(()),
        Err(error)
            if matches!(error, rusqlite::Error::SqlInputError { .. })
                || error.sqlite_error_code() == Some(ErrorCode::Unknown) =>
        {
            Err(foreign(path, "it has other tables"))
        }
        Err(error) => Err(explain(path, error)),
    }
}

/// Brings a file of version 0 up to date.
fn upgrade(file: &mut Connection) -> Result<(), AccountError> {
    let version = |file: &Connection| {
        file.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0))
    };
    if version(file)? == VERSION {
        return Ok(());
    }
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another program may have been quicker.
    if version(&transaction)? != VERSION {
        // First out of each other's way. Of accounts that look alike only now, one keeps such a look: it
        // stands, and clashes with nobody.
        transaction.execute("UPDATE account SET look = char(0) || key", [])?;
        let names: Vec<String> = transaction
            .prepare("SELECT name FROM account ORDER BY created, key")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut update =
            transaction.prepare("UPDATE OR IGNORE account SET look = ?2 WHERE key = ?1")?;
        for name in names.iter().flat_map(|name| UserName::new(name)) {
            update.execute(params![name.key(), name.look()])?;
        }
        drop(update);
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

/// What SQLite says of a file that is being opened, in our words where it means the file.
fn explain(path: &Path, error: rusqlite::Error) -> AccountError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => foreign(path, "it is no database of SQLite"),
        Some(ErrorCode::DatabaseCorrupt) => damaged(path, "its pages do not fit together"),
        _ => error.into(),
    }
}

fn failed(path: &Path, source: io::Error) -> AccountError {
    AccountError::File {
        path: path.to_owned(),
        source,
    }
}

fn damaged(path: &Path, what: &str) -> AccountError {
    AccountError::Damaged {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

fn foreign(path: &Path, what: &str) -> AccountError {
    AccountError::Foreign {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

/// The path with something appended to its last name.
fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;
