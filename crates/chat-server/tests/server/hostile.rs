//! Enemies. A witness chats on all the while and never notices.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::{EndCode, ErrorCode, Event, MAX_FRAME};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::peer::{Peer, Running, account_config, open_config};

/// Two who chat; each round trip proves that the room lives.
struct Witness {
    one: Peer,
    two: Peer,
}

impl Witness {
    async fn new(server: &Running) -> Self {
        let one = Peer::enter(server.address, "witness-one").await;
        let two = Peer::enter(server.address, "witness-two").await;
        Self { one, two }
    }

    async fn sees_nothing(&mut self) {
        self.one.text("still here?").await;
        loop {
            let (from, text) = self.two.message().await;
            if from == "witness-one" {
                assert_eq!(text, "still here?");
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_line_without_end_and_a_megabyte_at_once() {
    let server = Running::open().await;
    let mut witness = Witness::new(&server).await;
    for octets in [vec![b'{'; MAX_FRAME], vec![b'{'; 1 << 20]] {
        for entered in [false, true] {
            let mut peer = Peer::hello(server.address).await;
            if entered {
                peer.line(r#"{"type":"enter","name":"enemy"}"#).await;
                assert!(matches!(peer.event().await, Event::Welcome { .. }));
            }
            // The server may close while it is still being written to.
            let _written = peer.stream.write_all(&octets).await;
            assert_eq!(peer.bye().await, EndCode::FrameTooLong);
            witness.sees_nothing().await;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_command_is_answered_and_forgiven() {
    let server = Running::open().await;
    let mut witness = Witness::new(&server).await;
    let mut peer = Peer::enter(server.address, "enemy").await;
    let cases: [(&[u8], ErrorCode); 7] = [
        (
            b"{\"type\":\"say\",\"text\":\"\xff\xfe\"}\n",
            ErrorCode::BadFrame,
        ),
        (b"{\xf0\x28\x8c\x28\n", ErrorCode::BadFrame),
        (b"null\n", ErrorCode::BadFrame),
        (
            b"{\"type\":\"say\",\"text\":\"a\\u001b[2Jb\"}\n",
            ErrorCode::BadText,
        ),
        (
            b"{\"type\":\"say\",\"text\":\"a\\rb\"}\n",
            ErrorCode::BadText,
        ),
        (
            b"{\"type\":\"enter\",\"name\":\"two\"}\n",
            ErrorCode::OutOfTurn,
        ),
        (
            b"{\"type\":\"lookup\",\"name\":\"!{\"}\n",
            ErrorCode::BadName,
        ),
    ];
    for (octets, code) in cases {
        peer.octets(octets).await;
        let answer = loop {
            match peer.event().await {
                Event::Error { code, .. } => break code,
                Event::Message { .. } => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(answer, code);
        witness.sees_nothing().await;
    }
    // A sender cannot be chosen; overrides of direction pass and are the client's to show.
    peer.line("{\"type\":\"say\",\"from\":\"witness-one\",\"text\":\"\u{202e}spoof\"}")
        .await;
    let said = witness.two.message().await;
    assert_eq!(said, ("enemy".into(), "\u{202e}spoof".into()));
    server.stop().await;
}

#[tokio::test]
async fn half_a_frame_and_silence_or_an_octet_now_and_then_before_the_log_in() {
    let mut config = open_config();
    config.limits.login_time = Duration::from_millis(600);
    let server = Running::start(config).await;
    let mut witness = Witness::new(&server).await;
    let begin = Instant::now();
    let mut silent = Peer::connect(server.address).await;
    let mut half = Peer::connect(server.address).await;
    half.octets(b"{\"type\":\"hel").await;
    let mut slow = Peer::connect(server.address).await;
    let slowly = async {
        for octet in b"{\"type\":\"hello\",\"version\":1,\"client\":\"slow\"}"
            .iter()
            .cycle()
        {
            if slow.stream.write_all(&[*octet]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
            if begin.elapsed() > Duration::from_secs(2) {
                break;
            }
        }
        slow.bye().await
    };
    let (silent, half, slowly) = tokio::join!(silent.bye(), half.bye(), slowly);
    assert_eq!([silent, half, slowly], [EndCode::LoginTimeout; 3]);
    witness.sees_nothing().await;
    server.stop().await;
}

#[tokio::test]
async fn slow_in_every_state_before_the_room() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = account_config(directory.path());
    config.limits.login_time = Duration::from_secs(1);
    let server = Running::start(config).await;
    Peer::hello(server.address)
        .await
        .register("alice", "correct horse")
        .await;
    let login = r#"{"type":"login","scram":"n,,n=alice,r=abc"}"#;
    let register = r#"{"type":"register","name":"bob"}"#;
    // What is said whole, and of what only a part ever comes.
    let cases = [
        ("", ""),
        ("", r#"{"type":"hel"#),
        (register, ""),
        (register, r#"{"type":"registration","key":"#),
        (login, ""),
        (login, r#"{"type":"proof","scram":"c=biws,r="#),
    ];
    let mut slow = tokio::task::JoinSet::new();
    for (said, begun) in cases {
        for hello in [false, true] {
            let address = server.address;
            slow.spawn(async move {
                let mut peer = if hello {
                    Peer::hello(address).await
                } else {
                    Peer::connect(address).await
                };
                if !said.is_empty() {
                    peer.line(said).await;
                }
                peer.octets(begun.as_bytes()).await;
                (said, begun, peer.bye().await)
            });
        }
    }
    for (said, begun, code) in slow.join_all().await {
        assert_eq!(code, EndCode::LoginTimeout, "{said} {begun}");
    }
    server.stop().await;
}

#[tokio::test]
async fn much_is_said_before_logging_in_and_no_more_than_so_much_is_heard() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let frame = format!(
        "{{\"type\":\"ping\",\"id\":1,\"x\":\"{}\"}}",
        "x".repeat(8000)
    );
    for line in [
        r#"{"type":"register","name":"bob"}"#,
        r#"{"type":"login","scram":"n,,n=alice,r=abc"}"#,
        r#"{"type":"hello","version":1}"#,
        &frame,
    ] {
        let mut peer = Peer::hello(server.address).await;
        let mut answers = 0;
        let flood = format!("{line}\n").repeat(100);
        // The server may close while it is still being written to.
        let _written = peer.stream.write_all(flood.as_bytes()).await;
        let code = loop {
            match peer.next().await {
                Some(Event::Bye { code, .. }) => break Some(code),
                Some(_) => answers += 1,
                // What lay unread when it closed may have reset the connection.
                None => break None,
            }
        };
        assert!(
            matches!(code, None | Some(EndCode::TooManyTries)),
            "{code:?}"
        );
        // Of the 32, one was `hello`.
        assert!(answers <= 31, "{answers} answers");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_flood_is_read_slowly_and_nothing_of_it_is_lost() {
    let mut config = open_config();
    config.limits.commands_per_second = 100;
    config.limits.command_burst = 20;
    let server = Running::start(config).await;
    let mut witness = Witness::new(&server).await;
    let mut enemy = Peer::enter(server.address, "enemy").await;
    let begin = Instant::now();
    let mut flood = String::new();
    for number in 0..100 {
        writeln!(flood, r#"{{"type":"say","text":"{number}"}}"#).unwrap();
    }
    enemy.octets(flood.as_bytes()).await;
    witness.one.text("not drowned").await;
    let mut numbers = Vec::new();
    let mut others = 0;
    while numbers.len() < 100 {
        match witness.two.message().await {
            (from, text) if from == "enemy" => numbers.push(text.parse::<u32>().unwrap()),
            _ => others = numbers.len(),
        }
    }
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    // The witness did not have to wait for the flood to end.
    assert!(others < 90, "{others}");
    assert!(begin.elapsed() >= Duration::from_millis(700));
    server.stop().await;
}

#[tokio::test]
async fn a_thousand_connections_that_never_log_in() {
    let mut config = open_config();
    config.limits.clients = 1000;
    let server = Running::start(config).await;
    let mut witness = Witness::new(&server).await;
    let mut silent = Vec::new();
    for _ in 0..998 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    let mut refused = Peer::connect(server.address).await;
    assert_eq!(refused.bye().await, EndCode::ServerFull);
    witness.sees_nothing().await;
    drop(silent);
    // The places are free again as soon as the server has seen them go.
    loop {
        let mut peer = Peer::connect(server.address).await;
        peer.line(r#"{"type":"hello","version":1}"#).await;
        if matches!(peer.next().await, Some(Event::Hello { .. })) {
            break;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn too_many_connections_from_one_address() {
    let mut config = open_config();
    config.limits.clients_per_address = 3;
    let server = Running::start(config).await;
    let mut witness = Witness::new(&server).await;
    let _third = Peer::hello(server.address).await;
    let mut fourth = Peer::connect(server.address).await;
    assert_eq!(fourth.bye().await, EndCode::TooManyConnections);
    witness.sees_nothing().await;
    server.stop().await;
}

#[tokio::test]
async fn a_reader_that_never_reads_is_dropped_and_nobody_waits_for_it() {
    let mut config = open_config();
    config.limits.outbox_octets = 64 * 1024;
    config.limits.send_buffer = 16 * 1024;
    config.limits.linger = Duration::from_millis(200);
    let server = Running::start(config).await;
    let mut talker = Peer::enter(server.address, "talker").await;
    let mut listener = Peer::enter(server.address, "listener").await;
    let mut stalled = Peer::enter(server.address, "stalled").await;
    let text = "x".repeat(3000);
    let mut said = 0;
    // The listener reads each before the next is said; the stalled one reads nothing.
    let gone = loop {
        talker.text(&text).await;
        said += 1;
        match listener.event().await {
            Event::Message { .. } => {}
            Event::Joined { .. } => drop(listener.message().await),
            Event::Left { users, reason } => break (users, reason),
            other => panic!("{other:?}"),
        }
        assert!(said < 20_000, "the stalled reader is never dropped");
    };
    assert_eq!(gone, (vec![crate::peer::name("stalled")], EndCode::TooSlow));
    // What it reads now are whole frames, and maybe the last word.
    while let Some(event) = stalled.next().await {
        if let Event::Bye { code, .. } = event {
            assert_eq!(code, EndCode::TooSlow);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn one_of_twenty_stalls_and_nineteen_hear_everything() {
    let server = Running::open().await;
    let mut peers = Vec::new();
    for number in 0..20 {
        peers.push(Peer::enter(server.address, &format!("user{number}")).await);
    }
    let _stalled = peers.pop().unwrap();
    let mut talker = peers.swap_remove(0);
    // Each listener grants the talker what it has room for, as a person would by listening.
    let grants: Vec<Arc<Semaphore>> = peers
        .iter()
        .map(|_| Arc::new(Semaphore::new(200)))
        .collect();
    let count = 3000;
    let mut hearing = tokio::task::JoinSet::new();
    for (mut peer, grant) in peers.into_iter().zip(grants.clone()) {
        hearing.spawn(async move {
            for number in 0..count {
                let (_, text) = peer.message().await;
                assert_eq!(text.split(' ').next().unwrap(), number.to_string());
                grant.add_permits(1);
            }
        });
    }
    let talk = async {
        for number in 0..count {
            for grant in &grants {
                grant.acquire().await.unwrap().forget();
            }
            talker.text(&format!("{number} {}", "x".repeat(1000))).await;
        }
        talker
    };
    let (_talker, _all) = tokio::join!(talk, hearing.join_all());
    server.stop().await;
}

#[tokio::test]
async fn disconnecting_in_the_middle_of_a_broadcast() {
    let server = Running::open().await;
    let mut witness = Witness::new(&server).await;
    for round in 0..20 {
        let mut enemies = Vec::new();
        for number in 0..5 {
            enemies.push(Peer::enter(server.address, &format!("enemy{number}")).await);
        }
        for enemy in &mut enemies {
            enemy.text("hit").await;
        }
        for (number, enemy) in enemies.into_iter().enumerate() {
            if number % 2 == round % 2 {
                // A reset rather than a close.
                socket2::SockRef::from(&enemy.stream)
                    .set_linger(Some(Duration::ZERO))
                    .unwrap();
            }
        }
        witness.sees_nothing().await;
        let mut gone = 0;
        while gone < 5 {
            if let Event::Left { users, .. } = witness.one.event().await {
                gone += users.len();
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn other_protocols_get_an_answer_that_can_be_read() {
    let server = Running::open().await;
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /{} HTTP/1.0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
        assert!(answer.ends_with("Use chat-client.\n"));
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("no_tls"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn two_hundred_log_ins_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = account_config(directory.path());
    config.limits.registrations_per_minute = 1000;
    let server = Running::start(config).await;
    let mut peers = tokio::task::JoinSet::new();
    for number in 0..200 {
        let address = server.address;
        peers.spawn(async move {
            let who = format!("user{number}");
            let mut peer = Peer::hello(address).await;
            assert!(matches!(
                peer.register(&who, "correct horse").await,
                Event::Registered { .. }
            ));
            assert!(matches!(
                peer.log_in(&who, "correct horse").await,
                Event::Welcome { .. }
            ));
            peer
        });
    }
    let mut peers = peers.join_all().await;
    let mut last = peers.pop().unwrap();
    last.text("hi").await;
    for peer in &mut peers {
        assert_eq!(peer.message().await.1, "hi");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_kernel_looks_after_a_peer_that_is_gone_without_a_word() {
    // A lab client cannot be pinged. That the probes end it takes two minutes; that there are any, the
    // kernel tells: timer 2 of its table.
    let server = Running::open().await;
    let mut lab = TcpStream::connect(server.address).await.unwrap();
    lab.write_all(b"lab").await.unwrap();
    lab.read_exact(&mut [0; 2]).await.unwrap();
    let ours = format!(":{:04X} ", lab.local_addr().unwrap().port());
    let theirs = format!(":{:04X} {}", server.address.port(), "0100007F");
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let line = table
        .lines()
        .find(|line| line.contains(&format!("{theirs}{ours}")))
        .expect("the server's end of the connection");
    let timer = line.split_whitespace().nth(5).unwrap();
    assert!(timer.starts_with("02:"), "{line}");
    server.stop().await;
}
