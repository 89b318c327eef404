//! Clients in one room: messages, the roster, private messages.

use chat_client::{Dialect, Event, NotDelivered};
use tests::chat::{Client, Server, enter, text};

const NATIVE: Dialect = Dialect::Native;

async fn room() -> (Server, Client, Client) {
    let server = Server::start(true).await;
    let (mut alice, _) = Client::join(server.address, NATIVE, enter("alice")).await;
    let (bob, _) = Client::join(server.address, NATIVE, enter("Bob")).await;
    alice.joined("Bob").await;
    (server, alice, bob)
}

#[tokio::test]
async fn messages_arrive_in_order_with_receipts() {
    let (_server, mut alice, mut bob) = room().await;
    for number in 0..30 {
        let said = text(&format!("number {number}: a:b"));
        alice.handle.say(said).await.unwrap();
    }
    for number in 0..30 {
        assert_eq!(bob.message().await, format!("alice: number {number}: a:b"));
    }
    let mut receipts = 0;
    alice
        .until(|event| {
            receipts += u32::from(matches!(event, Event::Said { .. }));
            (receipts == 30).then_some(())
        })
        .await;
}

#[tokio::test]
async fn the_roster_follows_who_comes_and_goes() {
    let (server, mut alice, bob) = room().await;
    let (mut carol, _) = Client::join(server.address, NATIVE, enter("carol")).await;
    alice.joined("carol").await;
    let names = |client: &Client| -> Vec<String> {
        client
            .handle
            .members()
            .into_iter()
            .map(|m| m.name)
            .collect()
    };
    assert_eq!(names(&alice), ["alice", "Bob", "carol"]);
    drop(bob);
    alice.left("Bob").await;
    carol.left("Bob").await;
    assert_eq!(names(&alice), ["alice", "carol"]);
    assert_eq!(names(&alice), names(&carol));
}

#[tokio::test]
async fn bidirectional_overrides_reach_nobody_unseen() {
    let (_server, alice, mut bob) = room().await;
    let said = text("user\u{202e}nimda\u{2066} tab\there");
    alice.handle.say(said.clone()).await.unwrap();
    alice.handle.tell("bob", said).await.unwrap();
    let mut heard = Vec::new();
    bob.until(|event| {
        match event {
            Event::Message { from, text, .. } | Event::Private { from, text } => {
                heard.push(format!("{from}: {text}"));
            }
            _ => {}
        }
        (heard.len() == 2).then_some(())
    })
    .await;
    let shown = "alice: user<U+202E>nimda<U+2066> tab here";
    assert_eq!(heard, [shown, shown]);
}

#[tokio::test]
async fn private_messages_go_both_ways_and_are_acknowledged() {
    let (_server, mut alice, mut bob) = room().await;
    let id = alice.handle.tell("BOB", text("hi: there")).await.unwrap();
    assert_eq!(bob.private().await, "alice: hi: there");
    let delivered = alice.until(|event| match event {
        Event::Delivered { id, to } => Some((id, to)),
        _ => None,
    });
    assert_eq!(delivered.await, (id, "Bob".to_owned()));
    bob.handle.tell("alice", text("hi back")).await.unwrap();
    assert_eq!(alice.private().await, "Bob: hi back");
    alice.handle.tell("nobody", text("x")).await.unwrap();
    let reason = alice.until(|event| match event {
        Event::NotDelivered { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reason.await, NotDelivered::NoSuchUser);
}

#[tokio::test]
async fn leaving_waits_for_private_messages_on_their_way() {
    let (_server, mut alice, mut bob) = room().await;
    for number in 0..100 {
        let said = text(&number.to_string());
        alice.handle.tell("bob", said).await.unwrap();
    }
    alice.handle.quit().await.unwrap();
    let mut delivered = 0;
    alice
        .until(|event| {
            delivered += u32::from(matches!(event, Event::Delivered { .. }));
            matches!(event, Event::Ended { .. }).then_some(())
        })
        .await;
    assert_eq!(delivered, 100);
    let mut numbers = Vec::new();
    for _ in 0..100 {
        numbers.push(bob.private().await);
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 100, "each was shown once");
}
