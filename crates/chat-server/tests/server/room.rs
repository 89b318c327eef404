//! What the server is for.

use chat_proto::scram::{ClientLogin, Credentials, Password};
use chat_proto::{Command, Contact, EndCode, ErrorCode, Event};
use chat_server::AccountTable;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::peer::{Peer, Running, account_config, name, open_config};

#[tokio::test]
async fn register_log_in_and_chat() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut alice = Peer::hello(server.address).await;
    let registered = alice.register("Alice", "correct horse").await;
    assert_eq!(
        registered,
        Event::Registered {
            name: name("Alice")
        }
    );
    assert!(
        matches!(alice.log_in("ALICE", "correct horse").await, Event::Welcome { name, .. } if name.as_str() == "Alice")
    );
    let mut bob = Peer::hello(server.address).await;
    bob.register("bob", "battery staple").await;
    bob.log_in("bob", "battery staple").await;
    assert!(matches!(alice.event().await, Event::Joined { users } if users[0].name == name("bob")));

    bob.line(r#"{"type":"say","id":7,"text":"hei: på deg"}"#)
        .await;
    let Event::Said { id: 7, seq } = bob.event().await else {
        panic!()
    };
    let Event::Message {
        seq: heard,
        from,
        text,
    } = alice.event().await
    else {
        panic!()
    };
    assert_eq!(
        (heard, from.as_str(), text.as_str()),
        (seq, "bob", "hei: på deg")
    );

    alice.line(r#"{"type":"lookup","name":"BOB"}"#).await;
    assert!(
        matches!(alice.event().await, Event::User { user } if user.name == name("bob") && user.address.is_some())
    );
    alice.line(r#"{"type":"lookup","name":"carol"}"#).await;
    assert_eq!(alice.error().await, ErrorCode::NoSuchUser);
    alice.line(r#"{"type":"ping","id":3}"#).await;
    assert_eq!(alice.event().await, Event::Pong { id: 3 });
    alice.line(r#"{"type":"say","id":8,"text":"ha det"}"#).await;
    alice.line(r#"{"type":"quit"}"#).await;
    assert!(matches!(alice.event().await, Event::Said { id: 8, .. }));
    assert_eq!(alice.bye().await, EndCode::Quit);
    assert_eq!(bob.message().await, ("Alice".into(), "ha det".into()));
    let left = Event::Left {
        users: vec![name("Alice")],
        reason: EndCode::Quit,
    };
    assert_eq!(bob.event().await, left);
    server.stop().await;
    assert_eq!(bob.bye().await, EndCode::Shutdown);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_look_alike() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut peer = Peer::hello(server.address).await;
    peer.register("alice", "correct horse").await;
    let mut seen = Vec::new();
    for (who, password) in [("alice", "wrong horse"), ("nobody", "wrong horse")] {
        let mut peer = Peer::hello(server.address).await;
        peer.line(&format!(r#"{{"type":"login","scram":"n,,n={who},r=abc"}}"#))
            .await;
        let Event::Challenge { scram } = peer.event().await else {
            panic!()
        };
        let shape: Vec<usize> = scram.split(',').map(str::len).collect();
        let answer = peer.log_in(who, password).await;
        seen.push((shape, answer));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(matches!(
        &seen[0].1,
        Event::Error {
            code: ErrorCode::LoginFailed,
            ..
        }
    ));
    // The false salt of a user who does not exist is always the same.
    let mut salts = Vec::new();
    for _ in 0..2 {
        peer.line(r#"{"type":"login","scram":"n,,n=nobody,r=abc"}"#)
            .await;
        let Event::Challenge { scram } = peer.event().await else {
            panic!()
        };
        salts.push(scram.split(',').nth(1).unwrap().to_owned());
    }
    assert_eq!(salts[0], salts[1]);
    server.stop().await;
}

#[tokio::test]
async fn the_right_password_takes_the_name_over() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut old = Peer::hello(server.address).await;
    old.register("alice", "correct horse").await;
    old.log_in("alice", "correct horse").await;
    let mut bob = Peer::hello(server.address).await;
    bob.register("bob", "battery staple").await;
    bob.log_in("bob", "battery staple").await;
    let mut new = Peer::hello(server.address).await;
    assert!(matches!(
        new.log_in("Alice", "wrong horse").await,
        Event::Error { .. }
    ));
    assert!(matches!(
        new.log_in("Alice", "correct horse").await,
        Event::Welcome { .. }
    ));
    assert_eq!(old.bye().await, EndCode::TakenOver);
    // The others see a new session, not somebody leaving.
    assert!(matches!(bob.event().await, Event::Joined { users } if users[0].name == name("alice")));
    new.text("hi").await;
    assert_eq!(bob.message().await, ("alice".into(), "hi".into()));
    server.stop().await;
}

#[tokio::test]
async fn a_password_that_was_reset_after_the_challenge_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut peer = Peer::hello(server.address).await;
    peer.register("alice", "correct horse").await;
    let (login, scram) = ClientLogin::new(&name("alice"), [9; 18]);
    peer.say(&Command::Login { scram }).await;
    let Event::Challenge { scram } = peer.event().await else {
        panic!("not a challenge")
    };
    let old = Password::new("correct horse").unwrap();
    let (_, proof) = login.prove(&scram, &old).unwrap();
    let fresh = Password::new("battery staple").unwrap();
    AccountTable::open(directory.path())
        .unwrap()
        .reset(&name("alice"), &Credentials::derive(&fresh, &[8; 16], 4096))
        .unwrap();
    peer.say(&Command::Proof {
        scram: proof,
        contact: Contact::default(),
    })
    .await;
    assert_eq!(peer.error().await, ErrorCode::LoginFailed);
    assert!(matches!(
        peer.log_in("alice", "battery staple").await,
        Event::Welcome { .. }
    ));
    server.stop().await;
}

#[tokio::test]
async fn names_that_look_alike_are_one_name() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut peer = Peer::hello(server.address).await;
    peer.register("alice", "correct horse").await;
    let alike = [
        "alice", "ALICE", "aIice", "a1ice", "ALlCE", "alice.", "_alice",
    ];
    // These pose as the server or as who runs it.
    let reserved = [
        "server",
        "chatserver",
        "Chat-Server",
        "admin",
        "ADMlN",
        "r00t",
    ];
    for who in alike.into_iter().chain(reserved) {
        let answer = peer.register(who, "correct horse").await;
        assert!(
            matches!(
                answer,
                Event::Error {
                    code: ErrorCode::NameTaken,
                    ..
                }
            ),
            "{who}"
        );
    }
    server.stop().await;
    let server = Running::open().await;
    let _alice = Peer::enter(server.address, "alice").await;
    for who in alike.into_iter().chain(reserved) {
        let mut peer = Peer::hello(server.address).await;
        peer.line(&format!(r#"{{"type":"enter","name":"{who}"}}"#))
            .await;
        assert_eq!(peer.error().await, ErrorCode::NameTaken, "{who}");
    }
    let mut lab = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    lab.write_all(b"chatserver").await.unwrap();
    let mut answer = String::new();
    lab.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("your name is taken"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn accounts_outlive_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut peer = Peer::hello(server.address).await;
    peer.register("alice", "correct horse").await;
    server.stop().await;
    let server = Running::start(account_config(directory.path())).await;
    let mut peer = Peer::hello(server.address).await;
    assert!(matches!(
        peer.log_in("alice", "correct horse").await,
        Event::Welcome { .. }
    ));
    server.stop().await;
}

#[tokio::test]
async fn each_command_has_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut peer = Peer::connect(server.address).await;
    peer.line(r#"{"type":"enter","name":"a"}"#).await;
    assert_eq!(peer.error().await, ErrorCode::OutOfTurn);
    let mut peer = Peer::hello(server.address).await;
    let cases = [
        (r#"{"type":"enter","name":"a"}"#, ErrorCode::LoginRequired),
        (r#"{"type":"say","text":"x"}"#, ErrorCode::OutOfTurn),
        (r#"{"type":"proof","scram":"x"}"#, ErrorCode::OutOfTurn),
        (
            r#"{"type":"login","scram":"n,,n=!{,r=a"}"#,
            ErrorCode::BadName,
        ),
        (
            r#"{"type":"login","scram":"p=x,,n=a,r=a"}"#,
            ErrorCode::BadField,
        ),
        (r#"{"type":"dance"}"#, ErrorCode::UnknownCommand),
    ];
    for (line, code) in cases {
        peer.line(line).await;
        assert_eq!(peer.error().await, code, "{line}");
    }
    let mut old = Peer::connect(server.address).await;
    old.line(r#"{"type":"hello","version":2}"#).await;
    assert_eq!(old.bye().await, EndCode::BadVersion);
    server.stop().await;
}

#[tokio::test]
async fn a_room_is_told_once_who_is_there_and_then_what_changes() {
    let mut config = open_config();
    config.limits.detailed_users = 5;
    let server = Running::start(config).await;
    let mut peers = Vec::new();
    for number in 0..20 {
        peers.push(Peer::enter(server.address, &format!("user{number}")).await);
    }
    // The first heard of all others, each once; in a large room by name only.
    let mut heard = Vec::new();
    let mut bare = 0;
    while heard.len() < 19 {
        let Event::Joined { users } = peers[0].event().await else {
            panic!()
        };
        bare += users.iter().filter(|user| user.address.is_none()).count();
        heard.extend(users.into_iter().map(|user| user.name));
    }
    heard.sort();
    heard.dedup();
    assert_eq!((heard.len(), bare), (19, 15));
    server.stop().await;
}
