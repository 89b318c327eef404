//! Time-outs, waits and endings, with the clock paused and streams in memory.

mod far;

use std::time::Duration;

use chat_proto::scram::Password;
use chat_proto::{ChatText, Command, EndCode, Entry, ErrorCode, Event as Said, User, UserName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::far::{Dialler, Far};
use crate::connect::start;
use crate::link::Dial as _;
use crate::{Config, Dialect, EndReason, Event, Events, Handle, NotDelivered, NotSaid, SignIn};

struct Client {
    handle: Handle,
    events: Events,
    servers: mpsc::UnboundedReceiver<Far>,
}

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn text(text: &str) -> ChatText {
    ChatText::new(text).unwrap()
}

async fn client(dialect: Dialect, sign_in: Option<SignIn>) -> Client {
    let mut config = Config::new("127.0.0.1:5000".parse().unwrap());
    config.dialect = dialect;
    config.sign_in = sign_in;
    config.jitter = || 0;
    let (sender, servers) = mpsc::unbounded_channel();
    let mut dialler = Dialler(sender);
    let first = dialler.dial().await.unwrap();
    let (handle, events) = start(config, dialler, first);
    Client {
        handle,
        events,
        servers,
    }
}

async fn alice(dialect: Dialect) -> Client {
    let name = name("alice");
    client(dialect, Some(SignIn::Enter { name })).await
}

/// Alice in the room of a native server.
async fn in_the_room() -> (Client, Far) {
    let mut client = alice(Dialect::Native).await;
    let mut server = client.server().await;
    server.admit().await;
    client.entered().await;
    (client, server)
}

impl Client {
    async fn server(&mut self) -> Far {
        self.servers.recv().await.unwrap()
    }

    /// The first event that is wanted; those before it are dropped.
    async fn until<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        loop {
            let event = self.events.next().await.expect("no such event came");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    async fn entered(&mut self) {
        self.until(|event| matches!(event, Event::Roster { .. }).then_some(()))
            .await;
    }

    async fn disconnected(&mut self) -> (String, u32, u128) {
        self.until(|event| match event {
            Event::Disconnected {
                reason,
                attempt,
                wait,
            } => Some((reason.to_string(), *attempt, wait.as_millis())),
            _ => None,
        })
        .await
    }

    async fn ended(&mut self) -> String {
        let ended = self
            .until(|event| match event {
                Event::Ended { reason } => Some(reason.to_string()),
                _ => None,
            })
            .await;
        assert!(self.events.next().await.is_none());
        ended
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_after_ten_seconds() {
    let mut client = alice(Dialect::Native).await;
    let _silent = client.server().await;
    let begin = Instant::now();
    let (reason, attempt, _) = client.disconnected().await;
    assert_eq!(reason, "the server did not answer for 10 s");
    assert_eq!((attempt, begin.elapsed().as_secs()), (1, 10));
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_waited_for_longer_each_time_and_entered_again() {
    let (mut client, mut server) = in_the_room().await;
    server.say(Said::bye(EndCode::Shutdown)).await;
    let mut waits = vec![client.disconnected().await];
    for _ in 0..6 {
        // The connection stands and breaks.
        drop(client.server().await);
        waits.push(client.disconnected().await);
    }
    assert_eq!(waits[0], ("the server stops".to_owned(), 1, 500));
    let waits: Vec<u128> = waits.into_iter().map(|(_, _, wait)| wait).collect();
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    let mut server = client.server().await;
    server.admit().await;
    client.entered().await;
    // A session that held begins the waits anew.
    tokio::time::sleep(Duration::from_secs(30)).await;
    drop(server);
    assert_eq!(client.disconnected().await.2, 500);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_is_dialled_for_ever_until_the_user_leaves() {
    let mut client = alice(Dialect::Native).await;
    drop(client.server().await);
    client.servers.close();
    for attempt in 1..50 {
        assert_eq!(client.disconnected().await.1, attempt);
    }
    client.handle.say(text("hello?")).await.unwrap();
    let reason = client.until(|event| match event {
        Event::NotSaid { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason.await, NotSaid::Offline);
    client.handle.quit().await.unwrap();
    assert_eq!(client.ended().await, "left");
    assert!(client.handle.quit().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_pinged_and_then_given_up() {
    let (mut client, mut server) = in_the_room().await;
    let begin = Instant::now();
    let Some(Command::Ping { id }) = server.hear().await else {
        panic!("no ping");
    };
    assert_eq!(begin.elapsed().as_secs(), 60);
    server.say(Said::Pong { id }).await;
    assert!(matches!(server.hear().await, Some(Command::Ping { .. })));
    assert_eq!(begin.elapsed().as_secs(), 120);
    let (reason, ..) = client.disconnected().await;
    assert_eq!(reason, "the server did not answer for 90 s");
    assert_eq!(begin.elapsed().as_secs(), 150);
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_unknown_events_passed_over() {
    let mut client = alice(Dialect::Native).await;
    let mut server = client.server().await;
    server.admit().await;
    server
        .stream
        .write_all(b"{\"type\":\"weather\"}\n")
        .await
        .unwrap();
    server.say(Said::Ping { id: 99 }).await;
    assert_eq!(server.hear().await, Some(Command::Pong { id: 99 }));
    client.entered().await;
}

#[tokio::test(start_paused = true)]
async fn a_take_over_ends_it_for_good() {
    let (mut client, mut server) = in_the_room().await;
    client.handle.say(text("unconfirmed")).await.unwrap();
    assert!(matches!(server.hear().await, Some(Command::Say { .. })));
    server.say(Said::bye(EndCode::TakenOver)).await;
    let lost = client.until(|event| match event {
        Event::NotSaid { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(lost.await, NotSaid::Unconfirmed);
    assert!(
        client
            .ended()
            .await
            .starts_with("you logged in from elsewhere")
    );
    assert!(client.servers.recv().await.is_none(), "dialled again");
}

#[tokio::test(start_paused = true)]
async fn the_name_that_our_own_broken_session_holds_is_waited_for() {
    let (mut client, server) = in_the_room().await;
    drop(server);
    assert_eq!(
        client.disconnected().await.0,
        "the server closed the connection"
    );
    let mut server = client.server().await;
    server.greet(Entry::Open).await;
    assert!(matches!(server.hear().await, Some(Command::Enter { .. })));
    server.refuse(ErrorCode::NameTaken, "taken").await;
    assert!(client.disconnected().await.0.contains("older session"));
    client.server().await.admit().await;
    client.entered().await;
}

#[tokio::test(start_paused = true)]
async fn who_was_in_and_is_not_let_in_for_now_tries_again() {
    let (mut client, server) = in_the_room().await;
    drop(server);
    client.disconnected().await;
    for code in [ErrorCode::TryLater, ErrorCode::Internal] {
        let mut server = client.server().await;
        server.greet(Entry::Open).await;
        assert!(matches!(server.hear().await, Some(Command::Enter { .. })));
        server.refuse(code, "wait a moment").await;
        assert!(
            client
                .disconnected()
                .await
                .0
                .ends_with("now: wait a moment")
        );
    }
    client.server().await.admit().await;
    client.entered().await;
}

#[tokio::test(start_paused = true)]
async fn who_types_the_password_for_long_is_connected_again_with_it() {
    let mut client = client(Dialect::Native, None).await;
    let mut server = client.server().await;
    server.greet(Entry::Password).await;
    server.say(Said::bye(EndCode::LoginTimeout)).await;
    let asked = |event: &Event| matches!(event, Event::SignInWanted { .. }).then_some(());
    client.until(asked).await;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert!(client.servers.try_recv().is_err());
    let (name, password) = (name("alice"), Password::new("password").unwrap());
    client
        .handle
        .sign_in(SignIn::Login { name, password })
        .await
        .unwrap();
    let mut server = client.server().await;
    server.greet(Entry::Password).await;
    assert!(matches!(server.hear().await, Some(Command::Login { .. })));
    server.refuse(ErrorCode::LoginFailed, "no").await;
    let refused = client.until(|event| match event {
        Event::SignInWanted { refused, .. } => refused.clone(),
        _ => None,
    });
    assert_eq!(refused.await.code, ErrorCode::LoginFailed);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_the_account_is_not_believed() {
    let (name, password) = (name("alice"), Password::new("password").unwrap());
    let mut client = client(Dialect::Native, Some(SignIn::Login { name, password })).await;
    let mut server = client.server().await;
    server.greet(Entry::Password).await;
    let Some(Command::Login { scram }) = server.hear().await else {
        panic!("no login");
    };
    let nonce = scram.rsplit_once("r=").unwrap().1;
    let scram = format!("r={nonce}server,s=AAECAwQFBgcICQoLDA0ODw==,i=4096");
    server.say(Said::Challenge { scram }).await;
    let Some(Command::Proof { .. }) = server.hear().await else {
        panic!("no proof");
    };
    let scram = Some(format!("v={}=", "A".repeat(43)));
    let ip = "127.0.0.1".parse().unwrap();
    server
        .say(Said::Welcome {
            name: self::name("alice"),
            ip,
            scram,
        })
        .await;
    let ended = client.ended().await;
    assert!(ended.contains("could not prove"), "{ended}");
}

#[tokio::test(start_paused = true)]
async fn leaving_does_not_wait_for_a_mute_server_for_long() {
    let (mut client, mut server) = in_the_room().await;
    client.handle.say(text("bye")).await.unwrap();
    client.handle.quit().await.unwrap();
    assert!(matches!(server.hear().await, Some(Command::Say { .. })));
    assert_eq!(server.hear().await, Some(Command::Quit));
    let begin = Instant::now();
    assert_eq!(client.ended().await, "left");
    assert_eq!(begin.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_no_question_is_asked_no_more() {
    let (mut client, mut server) = in_the_room().await;
    let address = None;
    let name = name("bob");
    server
        .say(Said::Joined {
            users: vec![User { name, address }],
        })
        .await;
    client
        .until(|event| matches!(event, Event::Joined { .. }).then_some(()))
        .await;
    let handle = client.handle.clone();
    let letters = tokio::spawn(async move {
        for _ in 0..300 {
            handle.tell("bob", text("where are you?")).await.unwrap();
        }
    });
    let mut reasons = Vec::new();
    while reasons.len() < 300 {
        let reason = client.until(|event| match event {
            Event::NotDelivered { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        reasons.push(reason.await);
    }
    letters.await.unwrap();
    let unanswered = |reason: &&NotDelivered| **reason == NotDelivered::NoAnswer;
    assert_eq!(reasons.iter().filter(unanswered).count(), 256);
    client.handle.quit().await.unwrap();
    let mut asked = 0;
    while let Some(Command::Lookup { .. }) = server.hear().await {
        asked += 1;
    }
    assert_eq!(asked, 256);
}

#[tokio::test(start_paused = true)]
async fn an_unread_stream_of_events_stops_the_reading() {
    let mut client = alice(Dialect::Native).await;
    let mut server = client.server().await;
    server.admit().await;
    let message = Said::Message {
        seq: 1,
        from: name("bob"),
        text: text(&"x".repeat(4000)),
    };
    let frame = message.encode().unwrap();
    let mut written = 0;
    // 1,024 events, what was read, and what the stream holds: then nothing more is taken.
    while tokio::time::timeout(Duration::from_secs(1), server.stream.write_all(&frame))
        .await
        .is_ok()
    {
        written += 1;
        assert!(written < 1100);
    }
    client.entered().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_chat_server_is_named_so() {
    for (octets, lab) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], false),
        (b"!{\"{}\": \"127.0.0.1\"}", true),
        (b"{\"type\":12}\n", false),
    ] {
        let mut client = alice(Dialect::Native).await;
        let mut server = client.server().await;
        server.stream.write_all(octets).await.unwrap();
        let found = client.until(|event| match event {
            Event::Ended {
                reason: EndReason::NotAServer { lab, .. },
            } => Some(*lab),
            _ => None,
        });
        assert_eq!(found.await, lab);
    }
}

#[tokio::test(start_paused = true)]
async fn the_lab_hears_the_name_alone_and_each_message_alone() {
    let mut client = alice(Dialect::Lab).await;
    let mut server = client.server().await.stream;
    let mut chunk = [0; 1024];
    let count = server.read(&mut chunk).await.unwrap();
    assert_eq!(&chunk[..count], b"alice");
    tokio::time::sleep(Duration::from_secs(5)).await;
    server
        .write_all(b"!{\"alice\": \"127.0.0.1\"}")
        .await
        .unwrap();
    client.entered().await;
    let begin = Instant::now();
    for said in ["one", "two", "three"] {
        client.handle.say(text(said)).await.unwrap();
    }
    for said in ["one", "two", "three"] {
        let count = server.read(&mut chunk).await.unwrap();
        assert_eq!(&chunk[..count], said.as_bytes());
    }
    assert_eq!(begin.elapsed().as_millis(), 200);
    client.handle.say(text(&"x".repeat(1001))).await.unwrap();
    let reason = client.until(|event| match event {
        Event::NotSaid { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason.await, NotSaid::TooLong(1001));
    client.handle.quit().await.unwrap();
    assert_eq!(client.ended().await, "left");
}

#[tokio::test(start_paused = true)]
async fn a_lab_server_without_a_roster_is_given_up() {
    let mut client = alice(Dialect::Lab).await;
    let server = client.server().await;
    let begin = Instant::now();
    assert!(client.ended().await.ends_with("it sent no roster"));
    assert_eq!(begin.elapsed().as_secs(), 10);
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn half_a_roster_is_text_after_a_second() {
    let mut client = alice(Dialect::Lab).await;
    let mut server = client.server().await.stream;
    server
        .write_all(b"!{\"alice\": \"127.0.0.1\"}")
        .await
        .unwrap();
    client.entered().await;
    server.write_all(b"!{\"bob\": ").await.unwrap();
    let begin = Instant::now();
    let said = client.until(|event| match event {
        Event::LabMessage { from: _, text } => Some(text.clone()),
        _ => None,
    });
    assert_eq!(said.await, "!{\"bob\":");
    assert_eq!(begin.elapsed().as_secs(), 1);
}
