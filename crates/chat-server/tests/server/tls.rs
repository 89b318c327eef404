//! TLS: who comes in by it, who stands between, and who abuses it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::scram::{ChannelBinding, TLS_EXPORTER, TLS_EXPORTER_LABEL};
use chat_proto::{EndCode, ErrorCode, Event};
use chat_server::{Config, Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::peer::{Peer, Running, account_config, open_config};

pub(crate) type TlsPeer = Peer<TlsStream<TcpStream>>;

/// An authority, and certificates of localhost that it signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    directory: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let whose = &mut params.distinguished_name;
        whose.push(DnType::CommonName, "an authority of this test");
        let certificate = params.self_signed(&key).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            directory,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Signs a new certificate of localhost; gives the files of it and of its key.
    pub(crate) fn sign(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = (
            self.path(&format!("{name}.pem")),
            self.path(&format!("{name}.key")),
        );
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }

    fn tls(&self) -> Tls {
        let (certificate, key) = self.sign("server");
        Tls::from_files(&certificate, &key).unwrap()
    }

    /// A server that has a certificate of this authority's.
    async fn serve(&self, config: Config) -> Running {
        let tls = Some(self.tls());
        Running::start(Config { tls, ..config }).await
    }

    fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> TlsPeer {
        self.connect_on(TcpStream::connect(address).await.unwrap())
            .await
    }

    async fn connect_on(&self, stream: TcpStream) -> TlsPeer {
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = self.connector().connect(name, stream).await.unwrap();
        let (_, session) = stream.get_ref();
        let exported = session
            .export_keying_material([0; 32], TLS_EXPORTER_LABEL, None)
            .unwrap();
        let mut peer = Peer::on(stream);
        peer.binding = ChannelBinding::TlsExporter(exported);
        peer
    }

    async fn hello(&self, address: SocketAddr) -> TlsPeer {
        let mut peer = self.connect(address).await;
        assert_eq!(peer.greet().await, [TLS_EXPORTER]);
        peer
    }

    async fn enter(&self, address: SocketAddr, who: &str) -> TlsPeer {
        let mut peer = self.hello(address).await;
        peer.come_in(who).await;
        peer
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[tokio::test]
async fn two_register_log_in_and_chat_and_are_told_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let server = authority.serve(account_config(directory.path())).await;
    let mut peers = Vec::new();
    for who in ["alice", "bob"] {
        let mut peer = authority.hello(server.address).await;
        let registered = peer.register(who, "correct horse").await;
        assert!(matches!(registered, Event::Registered { .. }));
        let refused = peer.log_in(who, "wrong horse").await;
        let code = ErrorCode::LoginFailed;
        assert!(matches!(refused, Event::Error { code: had, .. } if had == code));
        let welcome = peer.log_in(who, "correct horse").await;
        assert!(matches!(welcome, Event::Welcome { .. }), "{welcome:?}");
        peers.push(peer);
    }
    let (mut bob, mut alice) = (peers.pop().unwrap(), peers.pop().unwrap());
    alice.text("hei").await;
    assert_eq!(bob.message().await, ("alice".into(), "hei".into()));
    bob.line(r#"{"type":"quit"}"#).await;
    assert_eq!(bob.bye().await, EndCode::Quit);
    // The end is TLS's own, not that of a connection cut off.
    assert_eq!(bob.stream.read(&mut [0]).await.unwrap(), 0);
    let stopping = tokio::spawn(server.stop());
    assert_eq!(alice.bye().await, EndCode::Shutdown);
    assert_eq!(alice.stream.read(&mut [0]).await.unwrap(), 0);
    drop(alice);
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_client_that_is_cut_off_has_left() {
    let authority = Authority::new();
    let server = authority.serve(open_config()).await;
    let mut alice = authority.enter(server.address, "alice").await;
    let bob = authority.enter(server.address, "bob").await;
    assert!(matches!(alice.event().await, Event::Joined { .. }));
    // TCP ends, TLS does not say so.
    let (stream, _session) = bob.stream.into_inner();
    drop(stream);
    let Event::Left { reason, .. } = alice.event().await else {
        panic!("bob did not leave");
    };
    assert_eq!(reason, EndCode::Lost);
    server.stop().await;
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_to() {
    let mut config = open_config();
    config.limits.login_time = Duration::from_secs(2);
    let authority = Authority::new();
    let server = authority.serve(config).await;
    let mut peer = Peer::connect(server.address).await;
    peer.line(r#"{"type":"hello","version":1}"#).await;
    let Event::Bye { code, text } = peer.event().await else {
        panic!("not a bye");
    };
    assert_eq!(code, EndCode::TlsRequired);
    assert_eq!(text, "this server speaks TLS: use chat-client --tls");
    assert_eq!(peer.next().await, None);
    for (said, expected) in [
        (
            "alice",
            "chatserver: this server speaks TLS: use chat-client --tls ",
        ),
        ("GET / HTTP/1.1\r\n\r\n", "Use chat-client --tls.\n"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with(expected), "{answer}");
    }
    let mut silent = Peer::connect(server.address).await;
    assert_eq!(silent.bye().await, EndCode::LoginTimeout);
    server.stop().await;
}

#[tokio::test]
async fn a_server_without_tls_says_so() {
    let authority = Authority::new();
    let server = Running::open().await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let error = authority
        .connector()
        .connect(name, stream)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("InvalidContentType"), "{error}");
    server.stop().await;
}

/// The room writes to TLS, which takes more than its socket does. What it took must arrive although
/// nobody says anything after it.
#[tokio::test]
async fn what_is_said_arrives_however_late_it_is_read() {
    let mut config = open_config();
    config.limits.send_buffer = 8 * 1024;
    let authority = Authority::new();
    let server = authority.serve(config).await;
    let mut alice = authority.enter(server.address, "alice").await;
    // Reads little at once, so that a few messages fill all there is between the two.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let mut bob = authority.connect_on(stream).await;
    bob.greet().await;
    bob.come_in("bob").await;
    assert!(matches!(alice.event().await, Event::Joined { .. }));
    let padding = "x".repeat(1500);
    // Each count leaves another rest in TLS when the socket is full.
    for count in 1..40 {
        for id in 0..count {
            let line = format!(r#"{{"type":"say","id":{id},"text":"{id} {padding}"}}"#);
            alice.line(&line).await;
            assert!(matches!(alice.event().await, Event::Said { .. }));
        }
        for id in 0..count {
            let (_, text) = bob.message().await;
            assert_eq!(text.split(' ').next().unwrap(), id.to_string());
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_reader_that_never_reads_is_dropped_and_nobody_waits_for_it() {
    let mut config = open_config();
    config.limits.outbox_octets = 64 * 1024;
    config.limits.send_buffer = 16 * 1024;
    config.limits.linger = Duration::from_millis(200);
    let authority = Authority::new();
    let server = authority.serve(config).await;
    let mut talker = authority.enter(server.address, "talker").await;
    let mut stalled = authority.enter(server.address, "stalled").await;
    let text = "x".repeat(3000);
    let mut said = 0;
    let reason = loop {
        talker
            .line(&format!(r#"{{"type":"say","id":1,"text":"{text}"}}"#))
            .await;
        match talker.event().await {
            Event::Said { .. } | Event::Joined { .. } => {}
            Event::Left { reason, .. } => break reason,
            other => panic!("{other:?}"),
        }
        said += 1;
        assert!(said < 20_000, "the stalled reader is never dropped");
    };
    assert_eq!(reason, EndCode::TooSlow);
    while let Some(event) = stalled.next().await {
        if let Event::Bye { code, .. } = event {
            assert_eq!(code, EndCode::TooSlow);
        }
    }
    server.stop().await;
}

/// Stands between a client and the server, with a certificate that the client trusts, and passes on
/// all that is said; the hello of the server in another wording.
async fn stand_between(
    authority: &Authority,
    server: SocketAddr,
    reword: fn(&str) -> String,
) -> SocketAddr {
    let (certificate, key) = authority.sign("enemy");
    let chain = CertificateDer::pem_file_iter(certificate).unwrap();
    let chain = chain.collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let far = authority.connect(server).await.stream;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let near = acceptor.accept(stream).await.unwrap();
        let (mut near_reader, mut near_writer) = tokio::io::split(near);
        let (mut far_reader, mut far_writer) = tokio::io::split(far);
        tokio::spawn(async move {
            drop(tokio::io::copy(&mut near_reader, &mut far_writer).await);
        });
        let mut chunk = [0; 8192];
        while let Ok(count @ 1..) = far_reader.read(&mut chunk).await {
            let text = reword(std::str::from_utf8(&chunk[..count]).unwrap());
            near_writer.write_all(text.as_bytes()).await.unwrap();
            near_writer.flush().await.unwrap();
        }
    });
    address
}

/// The password is right, the certificate is trusted, and the log-in fails all the same.
#[tokio::test]
async fn who_stands_between_two_connections_lets_nobody_in() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let server = authority.serve(account_config(directory.path())).await;
    let mut alice = authority.hello(server.address).await;
    alice.register("alice", "correct horse").await;
    let is_told = |event: &Event| {
        let code = ErrorCode::WrongBinding;
        matches!(event, Event::Error { code: had, .. } if *had == code)
    };

    let enemy = stand_between(&authority, server.address, str::to_owned).await;
    let mut victim = authority.hello(enemy).await;
    let refused = victim.log_in("alice", "correct horse").await;
    assert!(is_told(&refused), "{refused:?}");

    // It takes the offer of a binding away: the client says that it could have taken it.
    let without = |text: &str| text.replace(r#","bindings":["tls-exporter"]"#, "");
    let enemy = stand_between(&authority, server.address, without).await;
    let mut victim = authority.connect(enemy).await;
    assert!(victim.greet().await.is_empty());
    victim.binding = ChannelBinding::NotOffered;
    let refused = victim.log_in("alice", "correct horse").await;
    assert!(is_told(&refused), "{refused:?}");

    // A client that knows of no binding is let in, and has no such protection.
    let mut simple = authority.hello(server.address).await;
    simple.binding = ChannelBinding::None;
    let welcome = simple.log_in("alice", "correct horse").await;
    assert!(matches!(welcome, Event::Welcome { .. }));
    drop((alice, victim, simple));
    server.stop().await;
}

#[tokio::test]
async fn one_too_many_is_told_by_an_alert() {
    let mut config = open_config();
    config.limits.clients_per_address = 1;
    let authority = Authority::new();
    let server = authority.serve(config).await;
    let one = authority.enter(server.address, "one").await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, [0x15, 3, 3, 0, 2, 2, 49]);
    drop(one);
    server.stop().await;
}

/// Two who chat by TLS; each round trip proves that the room lives.
async fn sees_nothing(one: &mut TlsPeer, two: &mut TlsPeer) {
    one.text("still here?").await;
    while two.message().await.1 != "still here?" {}
}

/// The beginning of a handshake, as a client sends it.
fn client_hello(authority: &Authority) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let config = Arc::clone(authority.connector().config());
    let mut session = rustls::ClientConnection::new(config, name).unwrap();
    let mut octets = Vec::new();
    session.write_tls(&mut octets).unwrap();
    octets
}

#[tokio::test]
async fn two_hundred_handshakes_that_never_end() {
    let mut config = open_config();
    config.limits.login_time = Duration::from_secs(3);
    let authority = Authority::new();
    let server = authority.serve(config).await;
    let mut one = authority.enter(server.address, "one").await;
    let mut two = authority.enter(server.address, "two").await;
    let hello = client_hello(&authority);
    let mut halves = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // Half of a hello, or a whole one and no answer to what comes back.
        let end = if number % 2 == 0 {
            hello.len() / 2
        } else {
            hello.len()
        };
        stream.write_all(&hello[..end]).await.unwrap();
        halves.push(stream);
    }
    sees_nothing(&mut one, &mut two).await;
    for mut stream in halves {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
    }
    sees_nothing(&mut one, &mut two).await;
    server.stop().await;
}

#[tokio::test]
async fn garbage_under_tls_ends_the_connection_that_it_is_on() {
    let authority = Authority::new();
    let server = authority.serve(open_config()).await;
    let mut one = authority.enter(server.address, "one").await;
    let mut two = authority.enter(server.address, "two").await;
    let mut forged = vec![0x17, 3, 3, 0, 40];
    forged.extend([7; 40]);
    let garbage: [&[u8]; 5] = [
        // Plain text in the middle.
        b"{\"type\":\"say\",\"text\":\"hei\"}\n",
        // A record longer than records are.
        &[0x17, 3, 3, 0xff, 0xff],
        // A record that nobody's key has made.
        &forged,
        // A second hello, as if to negotiate again.
        &client_hello(&authority),
        &[0; 4096],
    ];
    for octets in garbage {
        let enemy = authority.enter(server.address, "enemy").await;
        let (mut stream, _session) = enemy.stream.into_inner();
        stream.write_all(octets).await.unwrap();
        let mut rest = Vec::new();
        // An alert and the end, or a reset if the server has not read all.
        let _ended = stream.read_to_end(&mut rest).await;
        loop {
            if let Event::Left { reason, .. } = one.event().await {
                assert_eq!(reason, EndCode::Lost, "{octets:?}");
                break;
            }
        }
        sees_nothing(&mut one, &mut two).await;
    }
    for octets in [
        &b"\x16\x03\x01\xff\xff"[..],
        &[0x16; 9000],
        b"\x16\x03\x01\x00\x00",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(octets).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ended = stream.read_to_end(&mut rest).await;
        sees_nothing(&mut one, &mut two).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_new_keys_ends_the_connection_that_it_is_on() {
    let authority = Authority::new();
    let server = authority.serve(open_config()).await;
    let mut one = authority.enter(server.address, "one").await;
    let mut two = authority.enter(server.address, "two").await;
    let mut enemy = authority.enter(server.address, "enemy").await;
    for _ in 0..10_000 {
        let (_, session) = enemy.stream.get_mut();
        if session.refresh_traffic_keys().is_err() || enemy.stream.flush().await.is_err() {
            break;
        }
    }
    loop {
        if let Event::Left { reason, .. } = one.event().await {
            assert_eq!(reason, EndCode::Lost);
            break;
        }
    }
    sees_nothing(&mut one, &mut two).await;
    server.stop().await;
}

#[tokio::test]
async fn a_few_new_keys_change_nothing() {
    let authority = Authority::new();
    let server = authority.serve(open_config()).await;
    let mut one = authority.enter(server.address, "one").await;
    let mut two = authority.enter(server.address, "two").await;
    for _ in 0..5 {
        let (_, session) = one.stream.get_mut();
        session.refresh_traffic_keys().unwrap();
        sees_nothing(&mut one, &mut two).await;
        sees_nothing(&mut two, &mut one).await;
    }
    server.stop().await;
}
