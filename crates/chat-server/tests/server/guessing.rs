//! Guessing passwords, over sockets from many addresses of this host; the rates themselves are tested where
//! they are made.

use std::net::SocketAddr;

use chat_proto::scram::{ClientLogin, Password};
use chat_proto::{Command, Contact, EndCode, ErrorCode, Event};

use crate::peer::{Peer, Running, account_config, name};

const HOME: [u8; 4] = [127, 0, 0, 1];
const NEW: [u8; 4] = [127, 0, 0, 2];
const ENEMY: [u8; 4] = [127, 0, 66, 6];

/// What there is at once for one stranger's address: of its own, and of what all strangers have.
const AT_ONCE: usize = 3 + 10;

async fn registered(address: SocketAddr, who: &str) {
    let mut peer = Peer::hello_from(HOME, address).await;
    let answer = peer.register(who, "correct horse").await;
    assert!(matches!(answer, Event::Registered { .. }), "{answer:?}");
}

async fn guess(source: [u8; 4], address: SocketAddr, password: &str) -> Event {
    let mut peer = Peer::hello_from(source, address).await;
    peer.log_in("alice", password).await
}

fn code(answer: &Event) -> Option<ErrorCode> {
    match answer {
        Event::Error { code, .. } => Some(*code),
        _ => None,
    }
}

/// Guesses fifty times at once from one address; tells how many of them were answered as wrong.
async fn attack(source: [u8; 4], address: SocketAddr) -> usize {
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        guesses.spawn(async move { code(&guess(source, address, "wrong horse").await) });
    }
    let answers = guesses.join_all().await;
    let count = |code| {
        answers
            .iter()
            .filter(|answer| **answer == Some(code))
            .count()
    };
    let (wrong, later) = (count(ErrorCode::LoginFailed), count(ErrorCode::TryLater));
    assert_eq!(wrong + later, 50, "{answers:?}");
    wrong
}

#[tokio::test]
async fn guesses_in_parallel_count_and_the_owner_is_let_in_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let address = server.address;
    registered(address, "alice").await;
    let is_in = |answer: Event| matches!(answer, Event::Welcome { .. });
    assert!(is_in(guess(HOME, address, "correct horse").await));
    let begin = std::time::Instant::now();
    let wrong = attack(ENEMY, address).await;
    // One more each two seconds, of which waiting takes at most a few.
    let more = usize::try_from(begin.elapsed().as_secs() / 2 + 1).unwrap();
    assert!((AT_ONCE..=AT_ONCE + more).contains(&wrong), "{wrong}");
    // Guesses go on from many addresses; the owner is at home, and then somewhere else.
    let mut enemies = tokio::task::JoinSet::new();
    for number in 0..20 {
        enemies.spawn(attack([127, 0, 67, number], address));
    }
    for source in [HOME, NEW] {
        let answer = guess(source, address, "correct horse").await;
        assert!(is_in(answer), "from {source:?}");
    }
    enemies.abort_all();
    // Whose address the enemy's is waits there only if he has not been in from there.
    registered(address, "bob").await;
    let mut bob = Peer::hello_from(ENEMY, address).await;
    let answer = bob.log_in("bob", "correct horse").await;
    assert!(matches!(answer, Event::Welcome { .. }), "{answer:?}");
    server.stop().await;
}

#[tokio::test]
async fn who_hangs_up_without_waiting_for_the_answer_has_guessed_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    registered(server.address, "alice").await;
    for _ in 0..AT_ONCE {
        let mut peer = Peer::hello_from(ENEMY, server.address).await;
        let (login, scram) = ClientLogin::new(&name("alice"), [9; 18]);
        peer.say(&Command::Login { scram }).await;
        let Event::Challenge { scram } = peer.event().await else {
            panic!("not a challenge")
        };
        let wrong = Password::new("wrong horse").unwrap();
        let (_, scram) = login.prove(&scram, &wrong).unwrap();
        let contact = Contact::default();
        peer.say(&Command::Proof { scram, contact }).await;
    }
    // Those that went before were counted: hardly any is left for all these.
    let wrong = attack(ENEMY, server.address).await;
    assert!(wrong < AT_ONCE, "{wrong}");
    server.stop().await;
}

#[tokio::test]
async fn a_hundred_log_in_rightly_from_one_address_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = account_config(directory.path());
    config.limits.registrations_per_minute = 1000;
    let server = Running::start(config.clone()).await;
    for number in 0..100 {
        registered(server.address, &format!("user{number}")).await;
    }
    server.stop().await;
    let server = Running::start(config).await;
    let address = server.address;
    let mut peers = tokio::task::JoinSet::new();
    for number in 0..100 {
        peers.spawn(async move {
            let mut peer = Peer::hello_from(HOME, address).await;
            let answer = peer.log_in(&format!("user{number}"), "correct horse").await;
            assert!(
                matches!(answer, Event::Welcome { .. }),
                "{number}: {answer:?}"
            );
            peer
        });
    }
    peers.join_all().await;
    server.stop().await;
}

#[tokio::test]
async fn tries_on_one_connection_and_new_accounts_are_limited() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = account_config(directory.path());
    config.limits.login_failures = 3;
    config.limits.registrations_per_minute = 1;
    let server = Running::start(config).await;
    registered(server.address, "alice").await;
    let mut peer = Peer::hello(server.address).await;
    let answer = peer.register("bob", "correct horse").await;
    assert_eq!(code(&answer), Some(ErrorCode::TryLater));
    for _ in 0..2 {
        let answer = peer.log_in("alice", "wrong horse").await;
        assert_eq!(code(&answer), Some(ErrorCode::LoginFailed));
    }
    let answer = peer.log_in("alice", "wrong horse").await;
    let ended = EndCode::TooManyTries;
    assert!(
        matches!(answer, Event::Bye { code, .. } if code == ended),
        "{answer:?}"
    );
    server.stop().await;
}
