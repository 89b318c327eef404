//! Time-outs, on tokio's paused clock and connections in memory.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadBuf, ReadHalf, duplex,
    split,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Caller, Server, run};
use crate::config::Config;
use crate::gate::Gate;
use crate::room;

/// An open server without a listener.
struct Room {
    server: Arc<Server>,
    // Dropped, it would tell the sessions nothing.
    _stop: watch::Sender<bool>,
}

impl Room {
    fn new(config: Config) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (requests, room) = room::new(&config.limits);
        tokio::spawn(tokio::task::unconstrained(room.run(stopped.clone())));
        let gate = Gate::new(&config.limits);
        let sessions = AtomicU64::new(0);
        let server = Server {
            config,
            accounts: None,
            gate,
            room: requests,
            stop: stopped,
            sessions,
        };
        Self {
            server: Arc::new(server),
            _stop: stop,
        }
    }

    fn connect(&self, capacity: usize) -> DuplexStream {
        self.connect_through(capacity, |reader| reader)
    }

    fn connect_through<R: AsyncRead + Send + Sync + Unpin + 'static>(
        &self,
        capacity: usize,
        wrap: impl FnOnce(ReadHalf<DuplexStream>) -> R,
    ) -> DuplexStream {
        let (ours, theirs) = duplex(capacity);
        let (reader, writer) = split(theirs);
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let server = Arc::clone(&self.server);
        tokio::spawn(run(wrap(reader), writer, Box::new(Caller::new(ip)), server));
        ours
    }

    async fn enter(&self, name: &str, capacity: usize) -> DuplexStream {
        self.lead_in(self.connect(capacity), name).await
    }

    async fn lead_in(&self, mut stream: DuplexStream, name: &str) -> DuplexStream {
        let words = format!(
            "{{\"type\":\"hello\",\"version\":1}}\n{{\"type\":\"enter\",\"name\":\"{name}\"}}\n"
        );
        stream.write_all(words.as_bytes()).await.unwrap();
        read_until(&mut stream, "\"more\":false}\n").await;
        stream
    }
}

async fn read_until(stream: &mut DuplexStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut octet = [0];
        assert_eq!(
            stream.read(&mut octet).await.unwrap(),
            1,
            "ended after {text}"
        );
        text.push(char::from(octet[0]));
    }
    text
}

async fn read_to_end(stream: &mut DuplexStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

fn config() -> Config {
    Config {
        open: true,
        ..Config::default()
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_to_log_in_is_not_extended_by_octets() {
    let room = Room::new(config());
    let mut stream = room.connect(4096);
    let begin = Instant::now();
    let (mut reader, mut writer) = split(stream);
    let writing = tokio::spawn(async move {
        for octet in b"{\"type\":\"hello\",\"version\":1}\n".iter().cycle() {
            if writer.write_all(&[*octet]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    });
    let mut text = String::new();
    reader.read_to_string(&mut text).await.unwrap();
    assert!(
        text.ends_with("\"code\":\"login_timeout\",\"text\":\"you did not log in in time\"}\n")
    );
    assert_eq!(begin.elapsed().as_secs(), 60);
    writing.abort();
    stream = room.connect(4096);
    assert!(read_to_end(&mut stream).await.contains("login_timeout"));
    assert_eq!(begin.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_pinged_and_then_dropped() {
    let room = Room::new(config());
    let mut stream = room.enter("alice", 4096).await;
    let begin = Instant::now();
    assert_eq!(
        read_until(&mut stream, "\n").await,
        "{\"type\":\"ping\",\"id\":1}\n"
    );
    assert_eq!(begin.elapsed().as_secs(), 120);
    // Who answers stays.
    stream
        .write_all(b"{\"type\":\"pong\",\"id\":1}\n")
        .await
        .unwrap();
    assert_eq!(
        read_until(&mut stream, "\n").await,
        "{\"type\":\"ping\",\"id\":1}\n"
    );
    assert_eq!(begin.elapsed().as_secs(), 240);
    assert!(read_to_end(&mut stream).await.contains("\"code\":\"idle\""));
    assert_eq!(begin.elapsed().as_secs(), 270);
}

#[tokio::test(start_paused = true)]
async fn half_a_frame_in_the_room_is_silence_or_has_an_end() {
    let room = Room::new(config());
    let mut silent = room.enter("silent", 4096).await;
    let begin = Instant::now();
    silent
        .write_all(b"{\"type\":\"say\",\"text\":\"")
        .await
        .unwrap();
    assert!(read_to_end(&mut silent).await.contains("\"code\":\"idle\""));
    assert_eq!(begin.elapsed().as_secs(), 150);
    // An octet a minute is somebody who is there; his frame is no longer than others.
    let slow = room.enter("slow", 4096).await;
    let (mut reader, mut writer) = split(slow);
    let writing = tokio::spawn(async move {
        let mut count = 0;
        while writer.write_all(b"x").await.is_ok() {
            count += 1;
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        count
    });
    let mut text = String::new();
    reader.read_to_string(&mut text).await.unwrap();
    assert!(
        text.ends_with("\"a line is longer than 8192 octets\"}\n"),
        "{text}"
    );
    drop(reader);
    assert!((8192..8200).contains(&writing.await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_read_at_the_rate_that_is_allowed() {
    let room = Room::new(config());
    let mut stream = room.enter("alice", 65536).await;
    let begin = Instant::now();
    let flood = "{\"type\":\"ping\",\"id\":9}\n".repeat(140);
    stream.write_all(flood.as_bytes()).await.unwrap();
    for _ in 0..140 {
        read_until(&mut stream, "\n").await;
    }
    // 40 at once and 10 a second.
    let seconds = begin.elapsed().as_secs_f64();
    assert!((9.9..10.2).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads_is_told_after_its_last_whole_frame() {
    let mut config = config();
    config.limits.outbox_octets = 1000;
    let room = Room::new(config);
    let mut stalled = room.enter("stalled", 64).await;
    let mut talker = room.enter("talker", 65536).await;
    for _ in 0..20 {
        talker
            .write_all(b"{\"type\":\"say\",\"text\":\"a text of some length\"}\n")
            .await
            .unwrap();
    }
    let left = read_until(&mut talker, "\"]}\n").await;
    assert!(
        left.contains("\"reason\":\"too_slow\",\"users\":[\"stalled\"]"),
        "{left}"
    );
    let text = read_to_end(&mut stalled).await;
    for line in text.lines() {
        chat_proto::Event::parse(line.as_bytes()).unwrap();
    }
    assert!(text.lines().last().unwrap().contains("too_slow"));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_reader_holds_its_place_no_longer_than_the_linger() {
    let mut config = config();
    config.limits.outbox_octets = 1000;
    let room = Room::new(config);
    let stalled = room.enter("stalled", 64).await;
    let mut talker = room.enter("talker", 65536).await;
    for _ in 0..20 {
        talker
            .write_all(b"{\"type\":\"say\",\"text\":\"a text of some length\"}\n")
            .await
            .unwrap();
    }
    read_until(&mut talker, "\"]}\n").await;
    let before = Arc::strong_count(&room.server);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(Arc::strong_count(&room.server), before - 1);
    drop(stalled);
}

#[tokio::test(start_paused = true)]
async fn a_roster_stands_alone_for_a_lab_client() {
    let room = Room::new(config());
    let mut alice = room.enter("alice", 65536).await;
    let mut bob = room.connect(65536);
    bob.write_all(b"bob").await.unwrap();
    let mut space = [0; 1024];
    let mut next = async || {
        let count = bob.read(&mut space).await.unwrap();
        String::from_utf8(space[..count].to_vec()).unwrap()
    };
    assert_eq!(
        next().await,
        r#"!{"alice": "127.0.0.1", "bob": "127.0.0.1"}"#
    );
    alice
        .write_all(b"{\"type\":\"say\",\"text\":\"bye\"}\n{\"type\":\"quit\"}\n")
        .await
        .unwrap();
    let said = Instant::now();
    assert_eq!(next().await, "alice: bye ");
    assert_eq!(next().await, r#"!{"bob": "127.0.0.1"}"#);
    assert!(said.elapsed() >= Duration::from_millis(20));
}

/// A client's octets, of which `boom` is a mistake of ours.
struct Mined(ReadHalf<DuplexStream>);

impl AsyncRead for Mined {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.0).poll_read(cx, buffer);
        assert!(
            !buffer.filled().starts_with(b"boom"),
            "this panic is the test's"
        );
        read
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_panics_leaves_the_room_and_nobody_else_notices() {
    let room = Room::new(config());
    let mut alice = room.enter("alice", 4096).await;
    let stream = room.connect_through(4096, Mined);
    let mut bob = room.lead_in(stream, "bob").await;
    assert!(read_until(&mut alice, "\n").await.contains("joined"));
    bob.write_all(b"boom").await.unwrap();
    let left = read_until(&mut alice, "\n").await;
    assert!(
        left.contains("\"reason\":\"lost\",\"users\":[\"bob\"]"),
        "{left}"
    );
    // His name is free again, and the chat goes on.
    let mut bob = room.enter("bob", 4096).await;
    bob.write_all(b"{\"type\":\"say\",\"text\":\"back\"}\n")
        .await
        .unwrap();
    assert!(
        read_until(&mut alice, "\"back\"}\n")
            .await
            .contains("\"from\":\"bob\"")
    );
}
