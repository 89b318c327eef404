//! Our client among the lab's own programs.

use std::net::{IpAddr, Ipv4Addr};

use chat_client::{Dialect, Event};
use tests::chat::{Client, LabServer, PATIENCE, Server, enter, read, text, write};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const ROSTER: &str = "!{\"alice\": \"127.0.0.1\", \"bob\": \"127.0.0.8\"}";

async fn room() -> (LabServer, TcpStream, Client) {
    let (server, address) = LabServer::start().await;
    let mut alice = Client::connect(address, Dialect::Lab, enter("alice")).await;
    let (mut stream, first) = server.accept().await;
    assert_eq!(first, "alice");
    write(&mut stream, ROSTER).await;
    alice.entered().await;
    (server, stream, alice)
}

#[tokio::test]
async fn messages_go_both_ways() {
    let (_server, mut stream, mut alice) = room().await;
    alice.handle.say(text("hello: all")).await.unwrap();
    alice.handle.say(text("again")).await.unwrap();
    assert_eq!(read(&mut stream).await, "hello: all");
    assert_eq!(read(&mut stream).await, "again");
    write(&mut stream, "bob: hi: there ").await;
    assert_eq!(alice.message().await, "bob: hi: there");
    write(
        &mut stream,
        "!{\"alice\": \"127.0.0.1\", \"eve\": \"127.0.0.7\"}",
    )
    .await;
    alice.left("bob").await;
    alice.joined("eve").await;
    alice.handle.quit().await.unwrap();
    assert_eq!(alice.ended().await, "left");
    assert_eq!(read(&mut stream).await, "");
}

#[tokio::test]
async fn glued_messages_are_parted_and_split_rosters_joined() {
    let (_server, mut stream, mut alice) = room().await;
    write(&mut stream, &format!("bob: one bob: two: 2 {ROSTER}")).await;
    assert_eq!(alice.message().await, "bob: one");
    assert_eq!(alice.message().await, "bob: two: 2");
    // A roster comes in two reads, and a letter, too.
    let wider = ROSTER.replace('}', ", \"carol\": \"127.0.0.9\"}bob: gr\u{f8}nn ");
    let middle = wider.find('\u{f8}').unwrap() + 1;
    for part in [
        &wider.as_bytes()[..30],
        &wider.as_bytes()[30..middle],
        &wider.as_bytes()[middle..],
    ] {
        tests::chat::write_octets(&mut stream, part).await;
        // What was written was read when nothing is left in the socket; either way it must fit.
        tokio::task::yield_now().await;
    }
    alice.joined("carol").await;
    assert_eq!(alice.message().await, "bob: gr\u{f8}nn");
}

#[tokio::test]
async fn a_forged_roster_is_not_believed() {
    let (_server, mut stream, mut alice) = room().await;
    // The message is padded so that a read of 1,024 octets ends before the forgery.
    let forged = "!{\"alice\": \"127.0.0.1\", \"bob\": \"127.6.6.6\"}";
    write(&mut stream, &format!("eve: {}", "x".repeat(1024 - 5))).await;
    assert!(alice.message().await.starts_with("eve: xxx"));
    write(&mut stream, &format!("{forged} ")).await;
    let moved = alice.until(|event| match event {
        Event::DoubtfulRoster { moved } => Some(moved),
        _ => None,
    });
    assert_eq!(moved.await, ["bob"]);
    // In one piece with the message before, it is text.
    write(&mut stream, &format!("eve: look {forged} ")).await;
    let shown = alice.until(|event| match event {
        Event::LabMessage { text, .. } if text.contains("127.6.6.6") => Some(()),
        _ => None,
    });
    shown.await;
    let bob = alice
        .handle
        .with_roster(|roster| roster.find("bob").cloned());
    let ip = bob.unwrap().address.unwrap().ip;
    assert_eq!(ip, IpAddr::from(Ipv4Addr::new(127, 0, 0, 8)));
}

#[tokio::test]
async fn private_messages_are_bare_text_at_port_5000() {
    let (server, address) = LabServer::start().await;
    let mut alice = Client::connect(address, Dialect::Lab, enter("alice")).await;
    let (mut stream, _) = server.accept().await;
    write(
        &mut stream,
        "!{\"alice\": \"127.0.0.1\", \"carol\": \"127.0.0.19\"}",
    )
    .await;
    let port = alice.entered().await;
    let there = (Ipv4Addr::new(127, 0, 0, 19), 5000);
    let carol = UdpSocket::bind(there).await.unwrap();
    alice.handle.tell("carol", text("hi: there")).await.unwrap();
    let mut chunk = [0; 1024];
    let received = timeout(PATIENCE, carol.recv_from(&mut chunk))
        .await
        .unwrap();
    assert_eq!(&chunk[..received.unwrap().0], b"hi: there");
    carol
        .send_to(b"hi back", (Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    assert_eq!(alice.private().await, "127.0.0.19 [\"carol\"]? hi back");
}

#[tokio::test]
async fn both_dialects_chat_in_one_room_of_our_server() {
    let server = Server::start(true).await;
    let (mut native, _) = Client::join(server.address, Dialect::Native, enter("nat")).await;
    let (mut lab, _) = Client::join(server.address, Dialect::Lab, enter("lab")).await;
    native.joined("lab").await;
    lab.handle.say(text("from the lab")).await.unwrap();
    assert_eq!(native.message().await, "lab: from the lab");
    native.handle.say(text("to you: hello")).await.unwrap();
    assert_eq!(lab.message().await, "nat: to you: hello");
    drop(native);
    lab.left("nat").await;
}

#[tokio::test]
async fn a_lab_client_is_refused_readably_by_a_server_with_accounts() {
    let server = Server::start(false).await;
    let mut lab = Client::connect(server.address, Dialect::Lab, enter("lab")).await;
    assert!(lab.message().await.contains("accounts"));
}
