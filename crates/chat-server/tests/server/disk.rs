//! Accounts on a disk in trouble: full, held by another program, damaged, gone.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chat_proto::{ErrorCode, Event};

use crate::peer::{Peer, Running, account_config};
use crate::program::{Program, program, server};

const PASSWORD: &str = "correct horse";

fn code(answer: &Event) -> Option<ErrorCode> {
    match answer {
        Event::Error { code, .. } => Some(*code),
        _ => None,
    }
}

async fn register(address: std::net::SocketAddr, who: &str) -> Event {
    Peer::hello(address).await.register(who, PASSWORD).await
}

async fn logged_in(address: std::net::SocketAddr, who: &str) -> Peer {
    let mut peer = Peer::hello(address).await;
    let answer = peer.log_in(who, PASSWORD).await;
    assert!(matches!(answer, Event::Welcome { .. }), "{who}: {answer:?}");
    peer
}

/// A file system of its own, of one megabyte; gone when this is dropped.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where this user may not mount one.
    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "none"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        is_mounted.then_some(Self { directory })
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Makes it one to be read only.
    fn remount_read_only(&self) {
        let mut mount = Command::new("mount");
        let mount = mount.args(["-o", "remount,ro"]).arg(self.path()).status();
        assert!(mount.unwrap().success());
    }

    /// Fills the disk, but for some octets.
    fn fill(&self, rest: u64) -> PathBuf {
        let path = self.path().join("ballast");
        let mut ballast = File::create(&path).unwrap();
        for size in [65_536, 4096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length - rest).unwrap();
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server may still have its file open.
        drop(
            Command::new("umount")
                .arg("--lazy")
                .arg(self.path())
                .status(),
        );
    }
}

/// Registers until the disk is full; gives who was registered.
async fn register_until_refused(address: std::net::SocketAddr, prefix: &str) -> Vec<String> {
    let mut registered = Vec::new();
    loop {
        let who = format!("{prefix}{}", registered.len());
        match register(address, &who).await {
            Event::Registered { .. } => registered.push(who),
            refused => {
                assert_eq!(code(&refused), Some(ErrorCode::Internal), "{refused:?}");
                return registered;
            }
        }
    }
}

#[tokio::test]
async fn on_a_full_disk_users_chat_on_and_nothing_registered_is_lost() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: only root may mount a small disk");
        return;
    };
    let mut registered = Vec::new();
    let program = Program::start(server(disk.path()));
    registered.push("alice".to_owned());
    register(program.address, "alice").await;
    let mut alice = logged_in(program.address, "alice").await;
    for (round, rest) in [100_000, 0, 50_000].into_iter().enumerate() {
        let ballast = disk.fill(rest);
        registered.extend(register_until_refused(program.address, &format!("user{round}-")).await);
        // All of them log in, and chat on.
        let last = registered.last().unwrap();
        let mut bob = logged_in(program.address, last).await;
        if last == "alice" {
            alice = bob;
        } else {
            bob.text("on a full disk").await;
            assert_eq!(alice.message().await.1, "on a full disk");
        }
        // As soon as there is room again, one registers again.
        fs::remove_file(ballast).unwrap();
        let who = format!("later{round}");
        let answer = register(program.address, &who).await;
        assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
        registered.push(who);
    }
    // It dies on a full disk, and is started again when there is room.
    let ballast = disk.fill(30_000);
    registered.extend(register_until_refused(program.address, "last").await);
    drop(program);
    let output = program_output(disk.path());
    assert!(
        output.contains("chat-server: ") || output.is_empty(),
        "{output}"
    );
    fs::remove_file(ballast).unwrap();
    let program = Program::start(server(disk.path()));
    for who in &registered {
        logged_in(program.address, who).await;
    }
    println!(
        "{} accounts registered around four full disks, none lost",
        registered.len()
    );
}

/// What `accounts list` says on standard error.
fn program_output(data: &Path) -> String {
    let output = program(data).args(["accounts", "list"]).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_start_on_a_full_disk_or_one_to_be_read_only() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: only root may mount a small disk");
        return;
    };
    // It makes no file that is not whole.
    let ballast = disk.fill(0);
    let listed = program_output(disk.path());
    assert_eq!(
        listed,
        "chat-server: the disk of the accounts' file is full\n"
    );
    fs::remove_file(ballast).unwrap();
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
    let program = Program::start(server(disk.path()));
    register(program.address, "alice").await;
    drop(program);
    // Where there are accounts, those can log in.
    let ballast = disk.fill(0);
    let program = Program::start(server(disk.path()));
    logged_in(program.address, "alice").await;
    drop(program);
    fs::remove_file(ballast).unwrap();
    // So can they where nothing can be written.
    disk.remount_read_only();
    let program = Program::start(server(disk.path()));
    logged_in(program.address, "alice").await;
    let answer = register(program.address, "bob").await;
    assert_eq!(code(&answer), Some(ErrorCode::Internal), "{answer:?}");
}

#[tokio::test]
async fn when_files_may_not_grow_registering_fails_and_the_rest_goes_on() {
    // Another kind of full disk, for which nobody need be root. The signal that goes with it kills no program
    // that ignores it.
    let directory = tempfile::tempdir().unwrap();
    let inner = server(directory.path());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
    command.arg(inner.get_program()).args(inner.get_args());
    let program = Program::start(command);
    register(program.address, "alice").await;
    let id = program.child.id().to_string();
    let limit = |bytes: &str| {
        let limited = Command::new("prlimit").args(["--pid", &id, bytes]).status();
        assert!(limited.unwrap().success());
    };
    limit("--fsize=40000:unlimited");
    let mut registered = register_until_refused(program.address, "user").await;
    registered.push("alice".to_owned());
    logged_in(program.address, "alice").await;
    limit("--fsize=unlimited:unlimited");
    let answer = register(program.address, "bob").await;
    assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
    for who in registered {
        logged_in(program.address, &who).await;
    }
}

#[tokio::test]
async fn while_another_program_holds_the_file_users_log_in_and_who_registers_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    register(server.address, "alice").await;
    let other = rusqlite::Connection::open(directory.path().join("accounts.sqlite3")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let address = server.address;
    let registering = tokio::spawn(async move { register(address, "bob").await });
    // Before that one is answered.
    for _ in 0..5 {
        logged_in(address, "alice").await;
    }
    assert!(!registering.is_finished());
    let answer = registering.await.unwrap();
    assert_eq!(code(&answer), Some(ErrorCode::TryLater), "{answer:?}");
    other.execute_batch("COMMIT").unwrap();
    let answer = register(address, "bob").await;
    assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_is_deleted_under_the_server_takes_no_accounts_that_would_be_lost() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    register(server.address, "alice").await;
    let mut alice = logged_in(server.address, "alice").await;
    let mut chats = async |id: u64| {
        alice
            .line(&format!(r#"{{"type":"say","id":{id},"text":"hi"}}"#))
            .await;
        assert!(matches!(alice.event().await, Event::Said { id: said, .. } if said == id));
    };
    chats(1).await;
    let path = directory.path().join("accounts.sqlite3");
    let away = directory.path().join("away");
    fs::rename(&path, &away).unwrap();
    let mut bob = Peer::hello(server.address).await;
    let answer = bob.register("bob", PASSWORD).await;
    assert_eq!(code(&answer), Some(ErrorCode::Internal), "{answer:?}");
    // Who is in the room chats on.
    chats(2).await;
    fs::rename(&away, &path).unwrap();
    let answer = bob.register("bob", PASSWORD).await;
    assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_is_damaged_under_the_server_is_told_and_no_account_seems_missing() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = account_config(directory.path());
    config.limits.registrations_per_minute = 1000;
    let server = Running::start(config).await;
    for number in 0..200 {
        register(server.address, &format!("user{number}")).await;
    }
    let path = directory.path().join("accounts.sqlite3");
    // Out of the log into the file, which is then overwritten but for its first page.
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let length = fs::metadata(&path).unwrap().len();
    let file = File::options().write(true).open(&path).unwrap();
    let junk = vec![0x5a; usize::try_from(length - 4096).unwrap()];
    std::os::unix::fs::FileExt::write_all_at(&file, &junk, 4096).unwrap();
    let mut peer = Peer::hello(server.address).await;
    // Neither "wrong password" nor "registered": what it still has in memory it may use.
    let mut troubles = 0;
    for number in 0..25 {
        peer.line(&format!(
            r#"{{"type":"login","scram":"n,,n=user{number},r=abc"}}"#
        ))
        .await;
        match peer.event().await {
            Event::Challenge { .. } => {}
            answer => {
                assert_eq!(code(&answer), Some(ErrorCode::Internal), "{answer:?}");
                troubles += 1;
            }
        }
    }
    println!("{troubles} of 25 could not be read");
    server.stop().await;
    // And it does not start with it.
    let output = program(directory.path())
        .args(["--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("accounts.sqlite3 is damaged: "), "{text}");
    assert!(text.contains("\nhint: restore it from a copy"), "{text}");
}

#[tokio::test]
async fn a_server_has_room_for_so_many_accounts_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = account_config(directory.path());
    config.limits.accounts = 2;
    let server = Running::start(config).await;
    for who in ["alice", "bob"] {
        let answer = register(server.address, who).await;
        assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
    }
    let answer = register(server.address, "carol").await;
    assert_eq!(code(&answer), Some(ErrorCode::NoMoreAccounts), "{answer:?}");
    logged_in(server.address, "alice").await;
    server.stop().await;
}
