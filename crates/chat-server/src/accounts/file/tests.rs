use super::*;
use crate::accounts::AccountTable;
use chat_proto::scram::{Credentials, Password};
use std::io::{Seek as _, SeekFrom, Write as _};

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn credentials() -> Credentials {
    Credentials::derive(&Password::new("correct horse").unwrap(), &[7; 16], 4096)
}

/// Puts something where the file belongs.
type Make = Box<dyn Fn(&Path)>;

/// A directory with the file of so many accounts, closed.
fn filled(count: u32) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let mut table = AccountTable::open(directory.path()).unwrap();
    let same = credentials();
    let new = |number| (name(&format!("user{number}")), same.clone());
    let accounts: Vec<_> = (0..count).map(new).collect();
    for result in table.add_all(&accounts, usize::MAX).unwrap() {
        result.unwrap();
    }
    table.secret().unwrap();
    drop(table);
    let path = directory.path().join(FILE);
    (directory, path)
}

fn refusal(directory: &Path) -> String {
    let error = AccountTable::open(directory).unwrap_err();
    assert!(error.hint().is_some(), "{error:?}");
    error.to_string()
}

#[test]
fn what_is_no_file_of_accounts_is_refused_and_left_alone() {
    let sqlite = |statements: &'static str| {
        move |path: &Path| {
            let file = Connection::open(path).unwrap();
            file.execute_batch(statements).unwrap();
        }
    };
    let cases: [(Make, &str); 7] = [
        (
            Box::new(|path| fs::write(path, "").unwrap()),
            "is damaged: it is empty",
        ),
        (
            Box::new(|path| fs::write(path, "alice,secret\n".repeat(500)).unwrap()),
            "it is no database of SQLite",
        ),
        (
            Box::new(|path| fs::create_dir(path).unwrap()),
            "it is no regular file",
        ),
        (
            Box::new(sqlite("CREATE TABLE song (title TEXT)")),
            "it has other tables",
        ),
        (
            Box::new(sqlite(
                "CREATE TABLE account (key TEXT); CREATE TABLE server (id INTEGER, secret BLOB)",
            )),
            "it has other tables",
        ),
        (
            Box::new(sqlite("CREATE TABLE x (y); PRAGMA application_id = 7")),
            "it is another program's",
        ),
        (
            Box::new(sqlite(
                "CREATE TABLE x (y); PRAGMA application_id = 1667785076; PRAGMA user_version = 2",
            )),
            "it has version 2, later than 1",
        ),
    ];
    for (make, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        make(&path);
        let before = fs::read(&path).ok();
        let text = refusal(directory.path());
        assert!(text.ends_with(expected), "{text}");
        assert_eq!(fs::read(&path).ok(), before, "{expected}");
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "{expected}"
        );
    }
}

#[test]
fn a_file_that_is_missing_beside_its_log_is_not_begun_anew() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("accounts.sqlite3-wal"), "x").unwrap();
    let text = refusal(directory.path());
    assert!(text.ends_with("its write-ahead log is there"), "{text}");
}

#[test]
fn a_file_is_made_whole_and_nothing_else_is_left() {
    let (directory, path) = filled(3);
    let names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(names, [path]);
}

#[test]
fn a_truncated_file_is_refused() {
    let (directory, path) = filled(1000);
    let whole = fs::read(&path).unwrap();
    for length in [
        1,
        99,
        100,
        4095,
        4096,
        20_000,
        whole.len() - 4096,
        whole.len() - 1,
    ] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = AccountTable::open(directory.path());
        assert!(error.is_err(), "{length} of {} octets", whole.len());
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(
        AccountTable::open(directory.path())
            .unwrap()
            .count()
            .unwrap(),
        1000
    );
}

#[test]
fn overwritten_pages_are_noticed() {
    let (directory, path) = filled(1000);
    let whole = fs::read(&path).unwrap();
    let pages = whole.len() / 4096;
    for page in (0..pages).step_by(4) {
        fs::write(&path, &whole).unwrap();
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(4096 * page as u64)).unwrap();
        file.write_all(&[0x5a; 4096]).unwrap();
        drop(file);
        let text = refusal(directory.path());
        assert!(
            text.contains("is damaged") || page == 0,
            "page {page}: {text}"
        );
    }
}

#[test]
fn a_file_that_is_deleted_or_replaced_is_noticed_and_may_come_back() {
    let (directory, path) = filled(1);
    let table = AccountTable::open(directory.path()).unwrap();
    table.is_in_place().unwrap();
    let away = directory.path().join("away");
    fs::rename(&path, &away).unwrap();
    let gone =
        |table: &AccountTable| matches!(table.is_in_place(), Err(AccountError::Replaced { .. }));
    assert!(gone(&table));
    let (_other, other_path) = filled(1);
    std::os::unix::fs::symlink(&other_path, &path).unwrap();
    assert!(gone(&table));
    fs::remove_file(&path).unwrap();
    fs::copy(&away, &path).unwrap();
    assert!(gone(&table));
    fs::rename(&away, &path).unwrap();
    table.is_in_place().unwrap();
}

#[test]
fn a_file_that_another_program_holds_is_waited_for_and_then_given_up() {
    let (directory, path) = filled(1);
    let mut table = AccountTable::open(directory.path()).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Reading goes on.
    assert!(table.find(&name("user0")).unwrap().is_some());
    let adding = std::thread::spawn(move || {
        let result = table.add_all(&[(name("bob"), credentials())], 10);
        (table, result)
    });
    let (mut table, result) = adding.join().unwrap();
    assert!(matches!(result, Err(AccountError::Busy)));
    other.execute_batch("COMMIT").unwrap();
    table
        .add_all(&[(name("bob"), credentials())], 10)
        .unwrap()
        .remove(0)
        .unwrap();
}

#[test]
fn accounts_of_the_first_version_get_their_new_looks() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    let old = Connection::open(&path).unwrap();
    old.execute_batch(SCHEMA).unwrap();
    // Each with the look that it had; two of them look alike by now.
    for (key, look, created) in [
        ("alice", "alice", 2),
        ("allce", "allce", 1),
        ("morn", "morn", 3),
    ] {
        old.execute(
            "INSERT INTO account VALUES (?1, ?2, ?1, x'00', 4096, ?3, ?3, 7, ?4)",
            params![key, look, [1_u8; 32], created],
        )
        .unwrap();
    }
    drop(old);
    for _ in 0..2 {
        let table = AccountTable::open(directory.path()).unwrap();
        assert_eq!(table.count().unwrap(), 3);
        for (known, clashes) in [
            ("alice", true),
            ("ALLCE", true),
            ("a1ice", true),
            ("mom", true),
            ("bob", false),
        ] {
            assert_eq!(table.clashes(&name(known)).unwrap(), clashes, "{known}");
        }
        assert_eq!(table.find(&name("alice")).unwrap().unwrap().making, 7);
    }
}
