//! A client and its account: registering, logging in, being refused, being thrown out, coming back.

use chat_client::{Dialect, Event};
use tests::chat::{Client, Server, login, name, register, text};

const NATIVE: Dialect = Dialect::Native;

#[tokio::test]
async fn who_registered_logs_in_again() {
    let server = Server::start(false).await;
    let mut alice = Client::connect(server.address, NATIVE, register("Alice", "long enough")).await;
    let registered = alice.until(|event| match event {
        Event::Registered { name } => Some(name),
        _ => None,
    });
    assert_eq!(registered.await, name("Alice"));
    alice.entered().await;
    alice.handle.quit().await.unwrap();
    assert_eq!(alice.ended().await, "left");

    let (mut alice, _) = Client::join(server.address, NATIVE, login("alice", "long enough")).await;
    let own = alice
        .handle
        .with_roster(|roster| roster.own().map(str::to_owned));
    assert_eq!(own.as_deref(), Some("Alice"), "as the account spells it");
    alice.handle.quit().await.unwrap();
    assert_eq!(alice.ended().await, "left");
}

#[tokio::test]
async fn wrong_password_and_unknown_user_are_refused_alike() {
    let server = Server::start(false).await;
    let (_alice, _) = Client::join(server.address, NATIVE, register("alice", "long enough")).await;
    let mut wrong = Client::connect(server.address, NATIVE, login("alice", "long enouhg")).await;
    let mut unknown = Client::connect(server.address, NATIVE, login("bob", "long enough")).await;
    assert_eq!(wrong.refused().await, unknown.refused().await);
    // The same connection is good for another try.
    wrong
        .handle
        .sign_in(login("alice", "long enough"))
        .await
        .unwrap();
    wrong.entered().await;
}

#[tokio::test]
async fn a_taken_name_is_refused() {
    let server = Server::start(false).await;
    let (_alice, _) = Client::join(server.address, NATIVE, register("alice", "long enough")).await;
    for taken in ["ALICE", "aIice"] {
        let sign_in = register(taken, "long enough");
        let mut other = Client::connect(server.address, NATIVE, sign_in).await;
        assert!(other.refused().await.contains("taken"), "{taken}");
    }
}

#[tokio::test]
async fn the_right_password_takes_over_and_the_older_session_ends_for_good() {
    let server = Server::start(false).await;
    let (mut older, _) =
        Client::join(server.address, NATIVE, register("alice", "long enough")).await;
    let (mut bob, _) = Client::join(server.address, NATIVE, register("bob", "long enough")).await;
    let (mut newer, _) = Client::join(server.address, NATIVE, login("alice", "long enough")).await;
    assert!(older.ended().await.contains("logged in from elsewhere"));
    newer.handle.say(text("it is me now")).await.unwrap();
    assert_eq!(bob.message().await, "alice: it is me now");
    // The key in bob's roster is the new session's.
    bob.handle.tell("alice", text("which one?")).await.unwrap();
    assert_eq!(newer.private().await, "bob: which one?");
}

#[tokio::test]
async fn a_restarted_server_is_found_again_by_itself() {
    let mut server = Server::start(false).await;
    let (mut alice, _) =
        Client::join(server.address, NATIVE, register("alice", "long enough")).await;
    let (mut bob, _) = Client::join(server.address, NATIVE, register("bob", "long enough")).await;
    alice.joined("bob").await;
    server.stop().await;
    let lost = |event| match event {
        Event::Disconnected { reason, .. } => Some(reason.to_string()),
        _ => None,
    };
    assert_eq!(alice.until(lost).await, "the server stops");
    bob.until(lost).await;
    // Private messages need no server.
    alice
        .handle
        .tell("bob", text("still there?"))
        .await
        .unwrap();
    assert_eq!(bob.private().await, "alice: still there?");
    server.start_again().await;
    alice.entered().await;
    bob.entered().await;
    bob.handle.say(text("back")).await.unwrap();
    assert_eq!(alice.message().await, "bob: back");
    alice
        .handle
        .tell("bob", text("with a new key"))
        .await
        .unwrap();
    assert_eq!(bob.private().await, "alice: with a new key");
}
