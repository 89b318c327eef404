//! The program: signals, accounts from the command line, no file descriptor left.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use chat_proto::{EndCode, Event};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::peer::Peer;

pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// What the log says up to the address.
    pub(crate) begun: String,
}

impl Program {
    pub(crate) fn start(command: Command) -> Self {
        let (program, log) = Self::start_with_log(command);
        // Somebody must read it, or most of it would be left out.
        std::thread::spawn(move || for _ in log.lines() {});
        program
    }

    /// Starts it, and gives the log from where it says the address.
    pub(crate) fn start_with_log(mut command: Command) -> (Self, BufReader<ChildStderr>) {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut begun = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(
                log.read_line(&mut line).unwrap(),
                0,
                "the program did not start: {begun}"
            );
            begun.push_str(&line);
            if let Some((_, rest)) = line.split_once("address=") {
                break rest.split(' ').next().unwrap().parse().unwrap();
            }
        };
        let program = Self {
            child,
            address,
            begun,
        };
        (program, log)
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn program(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-server"));
    command.arg("--data").arg(data);
    command
}

pub(crate) fn server(data: &Path) -> Command {
    let mut command = program(data);
    command.args(["--listen", "127.0.0.1:0", "--iterations", "4096"]);
    command.args(["--registrations-per-minute", "10000"]);
    command
}

#[tokio::test]
async fn signals_end_it_in_order() {
    for signal in ["-TERM", "-INT"] {
        let directory = tempfile::tempdir().unwrap();
        let mut program = Program::start(server(directory.path()));
        let mut peer = Peer::hello(program.address).await;
        peer.register("alice", "correct horse").await;
        peer.log_in("alice", "correct horse").await;
        program.signal(signal);
        assert_eq!(peer.bye().await, EndCode::Shutdown);
        drop(peer);
        assert!(program.child.wait().unwrap().success());
        // Closed in order, SQLite leaves one file.
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn accounts_change_while_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    let running = Program::start(server(directory.path()));
    let accounts = |arguments: &[&str], password: &str| {
        let output = program(directory.path())
            .arg("accounts")
            .args(arguments)
            .env("CHAT_PASSWORD", password)
            .env("CHAT_ITERATIONS", "4096")
            .output()
            .unwrap();
        let text = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        String::from_utf8(text).unwrap()
    };
    assert_eq!(accounts(&["list"], ""), "");
    assert_eq!(
        accounts(&["add", "alice"], "correct horse"),
        "added alice\n"
    );
    assert!(accounts(&["add", "bob"], "short").contains("at least 8"));
    assert!(accounts(&["add", "ALICE"], "correct horse").contains("taken"));
    assert_eq!(accounts(&["list"], ""), "alice\n");
    let mut alice = Peer::hello(running.address).await;
    assert!(matches!(
        alice.log_in("alice", "correct horse").await,
        Event::Welcome { .. }
    ));
    assert!(accounts(&["reset-password", "alice"], "battery staple").contains("reset"));
    assert_eq!(alice.bye().await, EndCode::AccountChanged);
    let mut alice = Peer::hello(running.address).await;
    assert!(matches!(
        alice.log_in("alice", "correct horse").await,
        Event::Error { .. }
    ));
    assert!(matches!(
        alice.log_in("alice", "battery staple").await,
        Event::Welcome { .. }
    ));
    assert_eq!(accounts(&["remove", "alice"], ""), "removed alice\n");
    assert_eq!(alice.bye().await, EndCode::AccountChanged);
    assert!(accounts(&["remove", "alice"], "").contains("no account"));
}

#[tokio::test]
async fn without_file_descriptors_it_neither_dies_nor_spins_and_accounts_work_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = server(directory.path());
    command.args(["--clients-per-address", "1000"]);
    let program = Program::start(command);
    let id = program.child.id();
    let mut peers = Vec::new();
    for who in ["one", "two"] {
        let mut peer = Peer::hello(program.address).await;
        peer.register(who, "correct horse").await;
        let answer = peer.log_in(who, "correct horse").await;
        assert!(matches!(answer, Event::Welcome { .. }), "{answer:?}");
        peers.push(peer);
    }
    let [one, two] = &mut peers[..] else { panic!() };
    // Connected, and about to do what needs the accounts' file.
    let mut three = Peer::hello(program.address).await;
    // It counted on more: now `accept` itself fails.
    let open = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
    let limit = format!("--nofile={}", open + 5);
    assert!(
        Command::new("prlimit")
            .args(["--pid", &id.to_string(), &limit])
            .status()
            .unwrap()
            .success()
    );
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(TcpStream::connect(program.address).await.unwrap());
    }
    let before = cpu_seconds(id);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(1) {
        one.text("still here?").await;
        assert_eq!(two.message().await.1, "still here?");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let used = cpu_seconds(id) - before;
    assert!(used < 0.5, "{used} s of CPU in one second");
    let answer = three.register("three", "correct horse").await;
    assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
    let answer = three.log_in("three", "correct horse").await;
    assert!(matches!(answer, Event::Welcome { .. }), "{answer:?}");
    drop(silent);
    let mut four = Peer::hello(program.address).await;
    let answer = four.register("four", "correct horse").await;
    assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
}

fn cpu_seconds(id: u32) -> f64 {
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut File::open(format!("/proc/{id}/schedstat")).unwrap(),
        &mut text,
    )
    .unwrap();
    let nanoseconds: u64 = text.split(' ').next().unwrap().parse().unwrap();
    Duration::from_nanos(nanoseconds).as_secs_f64()
}
