//! Client and server by TLS: what they say, what survives a restart, who is not let between them.

use std::net::SocketAddr;

use chat_client::{Config, ConnectError, Dialect, Event, HandshakeError, SignIn, Tls};
use tests::authority::Authority;
use tests::chat::{Client, Server, enter, login, register, text};

fn config(address: SocketAddr, authority: &Authority) -> Config {
    let mut config = Config::new(address.to_string().parse().unwrap());
    config.tls = Some(Tls::with_authorities(&authority.certificate()).unwrap());
    config
}

async fn join(address: SocketAddr, authority: &Authority, sign_in: SignIn) -> Client {
    let mut client = Client::connect_with(config(address, authority), sign_in).await;
    client.entered().await;
    client
}

#[tokio::test]
async fn two_chat_by_tls_and_privately_past_it() {
    let authority = Authority::new();
    let server = Server::start_with(false, Some(authority.tls("server"))).await;
    let config = config(server.address, &authority);
    let mut alice = Client::connect_with(config, register("alice", "long enough")).await;
    let certificate = alice.until(|event| match event {
        Event::Connected { certificate, .. } => Some(certificate),
        _ => None,
    });
    assert_eq!(certificate.await.as_deref(), Some("127.0.0.1"));
    alice.entered().await;
    let mut bob = join(server.address, &authority, register("bob", "long enough")).await;
    alice.joined("bob").await;
    alice.handle.say(text("hei")).await.unwrap();
    assert_eq!(bob.message().await, "alice: hei");
    bob.handle.tell("alice", text("psst")).await.unwrap();
    assert_eq!(alice.private().await, "bob: psst");
    bob.handle.quit().await.unwrap();
    assert_eq!(bob.ended().await, "left");
    alice.left("bob").await;
    // The account is the same however one comes.
    let bob = join(server.address, &authority, login("bob", "long enough")).await;
    bob.handle.say(text("back")).await.unwrap();
    assert_eq!(alice.message().await, "bob: back");
}

#[tokio::test]
async fn a_lot_is_said_by_both_at_once() {
    let authority = Authority::new();
    let server = Server::start_with(true, Some(authority.tls("server"))).await;
    let mut alice = join(server.address, &authority, enter("alice")).await;
    let mut bob = join(server.address, &authority, enter("bob")).await;
    alice.joined("bob").await;
    let long = "x".repeat(3900);
    for number in 0..30 {
        let said = text(&format!("{number} {long}"));
        alice.handle.say(said.clone()).await.unwrap();
        bob.handle.say(said).await.unwrap();
    }
    for number in 0..30 {
        assert_eq!(bob.message().await, format!("alice: {number} {long}"));
        assert_eq!(alice.message().await, format!("bob: {number} {long}"));
    }
}

#[tokio::test]
async fn a_restarted_server_is_found_again_by_tls_and_by_nothing_else() {
    let authority = Authority::new();
    let mut server = Server::start_with(false, Some(authority.tls("server"))).await;
    let mut alice = join(server.address, &authority, register("alice", "long enough")).await;
    server.stop().await;
    let gone = alice.until(|event| match event {
        Event::Disconnected { reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert_eq!(gone.await, "the server stops");
    // Meanwhile another answers at its place, whom nobody vouches for.
    let stranger = Authority::new();
    let mut false_server = Server::start_at(server.address, Some(stranger.tls("server"))).await;
    alice
        .until(|event| match event {
            Event::Disconnected { reason, .. } => reason
                .to_string()
                .contains("nobody who is trusted")
                .then_some(()),
            Event::Entered { .. } => panic!("entered a stranger's room"),
            _ => None,
        })
        .await;
    false_server.stop().await;
    server.start_again().await;
    alice.entered().await;
    alice.handle.say(text("back")).await.unwrap();
    alice
        .until(|event| matches!(event, Event::Said { .. }).then_some(()))
        .await;
}

#[tokio::test]
async fn one_speaks_tls_and_the_other_does_not() {
    let authority = Authority::new();
    let plain = Server::start(true).await;
    let error = chat_client::connect(config(plain.address, &authority)).await;
    let Err(ConnectError::Tls { error, .. }) = error else {
        panic!("{error:?}");
    };
    assert!(matches!(error, HandshakeError::NotTls), "{error}");
    let tls = Server::start_with(true, Some(authority.tls("server"))).await;
    let mut client = Client::connect(tls.address, Dialect::Native, enter("alice")).await;
    let expected = "this server speaks TLS: use chat-client --tls";
    assert_eq!(client.ended().await, expected);
}
