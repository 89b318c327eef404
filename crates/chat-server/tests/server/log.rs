//! A log that cannot be written harms nobody.

use std::fs::File;
use std::io::BufRead as _;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::peer::Peer;
use crate::program::{Program, program};

/// Strangers that come and go: each leaves a line of about 100 octets in the log, and a pipe holds 64 KiB.
const STRANGERS: usize = 1500;

fn open_server(address: &str) -> Command {
    let mut command = program(std::path::Path::new("unused"));
    command.args(["--open", "--listen", address]);
    command.args(["--clients-per-address", "1000"]);
    command
}

/// Two chat while strangers come and go.
async fn chat_among_strangers(address: SocketAddr) {
    let mut one = Peer::enter(address, "one").await;
    let mut two = Peer::enter(address, "two").await;
    for number in 0..STRANGERS {
        let mut stranger = TcpStream::connect(address).await.unwrap();
        stranger.shutdown_now().await;
        if number % 100 == 0 {
            one.text("still here?").await;
            assert_eq!(two.message().await.1, "still here?");
        }
    }
}

trait Shut {
    async fn shutdown_now(&mut self);
}

impl Shut for TcpStream {
    /// Closes the sending side, and waits until the server has done so, too.
    async fn shutdown_now(&mut self) {
        self.shutdown().await.unwrap();
        self.read_to_end(&mut Vec::new()).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_reads_the_log() {
    let (program, mut log) = Program::start_with_log(open_server("127.0.0.1:0"));
    chat_among_strangers(program.address).await;
    // What is read late is whole lines, and it ends in order although nobody reads the rest.
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert!(line.ends_with('\n'), "{line}");
    ends_in_order(program);
}

#[tokio::test]
async fn the_logs_reader_is_gone_or_its_disk_is_full() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    for log in [
        Stdio::from(closed),
        Stdio::from(File::create("/dev/full").unwrap()),
    ] {
        // Where it listens is not read anywhere.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = open_server(&address.to_string())
            .stderr(log)
            .spawn()
            .unwrap();
        let program = Program {
            child,
            address,
            begun: String::new(),
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).await.is_err() {
            assert!(Instant::now() < deadline, "it does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        chat_among_strangers(address).await;
        ends_in_order(program);
    }
}

fn ends_in_order(mut program: Program) {
    let id = program.child.id().to_string();
    assert!(Command::new("kill").arg(&id).status().unwrap().success());
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn an_error_that_nobody_reads_still_has_its_status() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("accounts.sqlite3"), "").unwrap();
    let mut command = program(directory.path());
    command.stderr(File::create("/dev/full").unwrap());
    assert_eq!(command.status().unwrap().code(), Some(2));
}

#[tokio::test]
async fn a_flood_of_strangers_does_not_flood_the_log() {
    let (program, log) = Program::start_with_log(open_server("127.0.0.1:0"));
    let reading = std::thread::spawn(move || log.lines().count());
    let begin = Instant::now();
    for _ in 0..5000 {
        let mut stranger = TcpStream::connect(program.address).await.unwrap();
        stranger.shutdown_now().await;
    }
    let seconds = usize::try_from(begin.elapsed().as_secs()).unwrap();
    ends_in_order(program);
    // 2,000 at once and 20 a second; a few of the server itself.
    let lines = reading.join().unwrap();
    let most = 2100 + 20 * seconds;
    assert!(
        (1000..most).contains(&lines),
        "{lines} lines in {seconds} s"
    );
}

#[tokio::test]
async fn nobody_writes_lines_of_his_own_into_the_log() {
    let mut command = open_server("127.0.0.1:0");
    command.args(["--log", "trace"]);
    let (program, mut log) = Program::start_with_log(command);
    let address = program.address;
    let forged = r"\n2026-11-24T00:00:00Z  INFO forged\u001b[2J\u009b2J\u2028\r";
    let mut peer = Peer::connect(address).await;
    peer.line(&format!(
        r#"{{"type":"hello","version":1,"client":"{forged}"}}"#
    ))
    .await;
    peer.line(&format!(r#"{{"type":"enter","name":"{forged}"}}"#))
        .await;
    peer.line(&format!(r#"{{"type":"{forged}"}}"#)).await;
    peer.line(r#"{"type":"enter","name":"alice"}"#).await;
    peer.line(&format!(r#"{{"type":"say","text":"{forged}"}}"#))
        .await;
    peer.line(r#"{"type":"quit"}"#).await;
    peer.bye().await;
    let mut stranger = TcpStream::connect(program.address).await.unwrap();
    stranger
        .write_all(b"GET /\x1b[2J\nforged HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    stranger.shutdown_now().await;
    ends_in_order(program);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut log, &mut rest).unwrap();
    assert!(rest.contains("name=alice"), "{rest}");
    for line in rest.lines() {
        let is_clean = line
            .chars()
            .all(|character| !character.is_control() && character != '\u{2028}');
        assert!(
            is_clean && line.starts_with("20") && !line.contains("INFO forged\u{1b}"),
            "{line:?}"
        );
        // Said as what a client calls itself, not as a line.
        assert!(
            !line.contains("Z  INFO forged") || line.contains("client="),
            "{line:?}"
        );
    }
}
