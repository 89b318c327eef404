//! The program with `--tls`: what it says of servers that are not to be trusted, or speak no TLS.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test is a test"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command as Program, Stdio};
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};

use chat_proto::{Command, EndCode, Entry, Event, User};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

/// An authority, and the folder with its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
    own: Certified,
}

/// A certificate and its key.
type Certified = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let own = (certificate.der().clone(), key.serialize_der().try_into());
        Self {
            issuer: Issuer::new(params, key),
            folder,
            own: (own.0, own.1.unwrap()),
        }
    }

    /// The path of its certificate.
    fn ca(&self) -> String {
        self.file("ca.pem")
    }

    fn file(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn sign(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certified {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        (
            signed.der().clone(),
            key.serialize_der().try_into().unwrap(),
        )
    }
}

/// A server of one connection, and its address.
fn serve<T: Send + 'static>(
    act: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, spawn(move || act(listener.accept().unwrap().0)))
}

fn over_tls(
    (certificate, key): Certified,
    stream: TcpStream,
) -> impl std::io::Read + std::io::Write {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

/// An open room with nobody else in it, until the client quits.
fn room(stream: impl std::io::Read + std::io::Write) {
    room_until(stream, |_| false);
}

/// The same, cut off when it has answered the command that is named.
fn room_until(stream: impl std::io::Read + std::io::Write, last: fn(&Command) -> bool) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 0 {
        let command = Command::parse(line.trim_end().as_bytes()).unwrap();
        let is_last = last(&command);
        let answers = match command {
            Command::Hello { .. } => vec![Event::Hello {
                version: 1,
                server: "test".to_owned(),
                entry: Entry::Open,
                iterations: 0,
                bindings: Vec::new(),
            }],
            Command::Enter { name, .. } => {
                let (ip, scram, address) = ("127.0.0.1".parse().unwrap(), None, None);
                let users = vec![User {
                    name: name.clone(),
                    address,
                }];
                let welcome = Event::Welcome { name, ip, scram };
                vec![welcome, Event::Roster { users, more: false }]
            }
            Command::Quit => vec![Event::bye(EndCode::Quit)],
            other => panic!("{other:?}"),
        };
        for answer in answers {
            let octets = answer.encode().unwrap();
            reader.get_mut().write_all(&octets).unwrap();
        }
        if is_last {
            return;
        }
        line.clear();
    }
}

fn program(arguments: &[&str]) -> Program {
    let mut program = Program::new(env!("CARGO_BIN_EXE_chat-client"));
    program.args(arguments);
    program.args(["--udp-port", "0", "--name", "alice"]);
    program.env_clear();
    program.stdin(Stdio::null());
    program
}

/// Status, standard output, standard error.
fn run(mut program: Program) -> (i32, String, String) {
    let output = program.output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    let status = output.status.code().unwrap();
    (status, text(output.stdout), text(output.stderr))
}

#[test]
fn it_says_whether_there_is_tls() {
    let authority = Authority::new("one");
    let certified = authority.sign(&["127.0.0.1"], |_| {});
    let (address, server) = serve(|stream| room(over_tls(certified, stream)));
    let (status, stdout, stderr) = run(program(&[&address, "--tls", "--ca", &authority.ca()]));
    server.join().unwrap();
    let expected = format!("* connected to {address}, TLS 1.3, certificate of 127.0.0.1\n");
    assert!(stdout.starts_with(&expected), "{stdout}");
    assert_eq!((status, stderr.as_str()), (0, ""));

    let (address, server) = serve(room);
    let (status, stdout, _) = run(program(&[&address]));
    server.join().unwrap();
    let expected = format!("* connected to {address}, in plain text\n");
    assert!(stdout.starts_with(&expected), "{stdout}");
    assert_eq!(status, 0);
}

#[test]
fn without_a_file_those_are_trusted_whom_the_system_trusts() {
    let authority = Authority::new("one");
    let certified = authority.sign(&["localhost"], |_| {});
    let (address, server) = serve(|stream| room(over_tls(certified, stream)));
    let port = address.rsplit(':').next().unwrap();
    let mut trusting = program(&[&format!("localhost:{port}"), "--tls"]);
    trusting.env("SSL_CERT_FILE", authority.ca());
    let (status, stdout, stderr) = run(trusting);
    assert!(
        stdout.contains(", TLS 1.3, certificate of localhost\n"),
        "{stdout}{stderr}"
    );
    assert_eq!(status, 0);
    server.join().unwrap();

    let mut trusting = program(&["127.0.0.1:1", "--tls"]);
    trusting.env("SSL_CERT_FILE", authority.file("nothing.pem"));
    trusting.env("SSL_CERT_DIR", authority.folder.path().join("nothing"));
    let (status, _, stderr) = run(trusting);
    assert_eq!(status, 2);
    assert!(
        stderr.starts_with("chat-client: this system trusts no authorities: "),
        "{stderr}"
    );
    assert!(
        stderr.ends_with("hint: give a PEM file with the authority's certificate: --ca FILE\n")
    );
}

#[test]
fn who_is_not_to_be_trusted_gets_no_word() {
    let (authority, other) = (Authority::new("one"), Authority::new("two"));
    let long_ago = |params: &mut CertificateParams| params.not_after = date_time_ymd(2020, 1, 1);
    let later = |params: &mut CertificateParams| params.not_before = date_time_ymd(2200, 1, 1);
    let own = (authority.own.0.clone(), authority.own.1.clone_key());
    let cases = [
        (
            other.sign(&["127.0.0.1"], |_| {}),
            [
                "its certificate is signed by nobody who is trusted here",
                "--ca FILE",
            ],
        ),
        (
            authority.sign(&["www.ttm4200.com", "10.20.30.3"], |_| {}),
            [
                "its certificate is not for 127.0.0.1, but for www.ttm4200.com, 10.20.30.3",
                "connect by a name that the certificate has",
            ],
        ),
        (
            authority.sign(&["127.0.0.1"], long_ago),
            [
                "its certificate expired ",
                "have it renewed at the server, or set this machine's clock",
            ],
        ),
        (
            authority.sign(&["127.0.0.1"], later),
            [
                "its certificate is not valid before ",
                "set this machine's clock",
            ],
        ),
        (
            own,
            [
                "its certificate is one of an authority, not of a server",
                "basicConstraints CA:FALSE",
            ],
        ),
    ];
    for (certified, parts) in cases {
        let (address, server) = serve(|stream| {
            let mut heard = Vec::new();
            let ended = over_tls(certified, stream).read_to_end(&mut heard);
            (heard, ended.is_err())
        });
        let (status, _, stderr) = run(program(&[&address, "--tls", "--ca", &authority.ca()]));
        let text = format!(
            "chat-client: cannot connect to {address} by TLS: {}",
            parts[0]
        );
        assert!(stderr.starts_with(&text), "{stderr}");
        let hint = stderr.lines().nth(1).unwrap_or_default();
        assert!(
            hint.starts_with("hint: ") && hint.contains(parts[1]),
            "{stderr}"
        );
        assert_eq!((status, stderr.lines().count()), (3, 2));
        assert_eq!(server.join().unwrap(), (Vec::new(), true));
    }
}

#[test]
fn what_speaks_no_tls_is_told() {
    let authority = Authority::new("one");
    let alert = |description| [0x15, 3, 3, 0, 2, 2, description];
    let plain = Event::bye(EndCode::NoTls).encode().unwrap();
    let cases: [(Vec<u8>, &str); 6] = [
        (
            plain,
            "the server does not speak TLS\nhint: leave out --tls",
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "the server does not speak TLS\nhint: leave out --tls",
        ),
        (
            alert(70).to_vec(),
            "the server does not speak TLS 1.3\nhint: the server must speak TLS 1.3",
        ),
        (
            alert(40).to_vec(),
            "the server broke off the handshake: HandshakeFailure\nhint: ",
        ),
        (
            alert(49).to_vec(),
            "the server broke off the handshake: AccessDenied\nhint: the server may be full",
        ),
        (
            Vec::new(),
            "the server closed the connection in the handshake\nhint: it may not speak TLS",
        ),
    ];
    for (answer, expected) in cases {
        let (address, server) = serve(move |mut stream| {
            let mut hello = [0; 4096];
            assert!(stream.read(&mut hello).unwrap() > 5);
            assert_eq!(hello[..2], [0x16, 3]);
            stream.write_all(&answer).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            // Until the client has gone: a reset would take the answer away.
            let _gone = stream.read(&mut hello);
        });
        let (status, _, stderr) = run(program(&[&address, "--tls", "--ca", &authority.ca()]));
        server.join().unwrap();
        let expected = format!("chat-client: cannot connect to {address} by TLS: {expected}");
        assert!(stderr.starts_with(&expected), "{stderr}");
        assert_eq!(status, 3);
    }
}

#[test]
fn a_plain_client_is_told_that_the_server_speaks_tls() {
    let bye = Event::bye(EndCode::TlsRequired).encode().unwrap();
    let alert = vec![0x15, 3, 3, 0, 2, 2, 10];
    let cases = [
        (bye, "this server speaks TLS: use chat-client --tls\n"),
        (alert, "the server speaks TLS\nhint: use --tls\n"),
    ];
    for (answer, expected) in cases {
        let (address, server) = serve(move |mut stream| {
            stream.write_all(&answer).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut rest = Vec::new();
            let _gone = stream.read_to_end(&mut rest);
        });
        let (status, _, stderr) = run(program(&[&address]));
        server.join().unwrap();
        let expected = format!("chat-client: {expected}");
        assert_eq!((status, stderr), (1, expected));
    }
}

/// TCP ends and TLS does not: whoever is on the way can do that.
#[test]
fn a_connection_that_is_cut_off_is_no_good_end() {
    let authority = Authority::new("one");
    let certified = authority.sign(&["127.0.0.1"], |_| {});
    let entering = |command: &Command| matches!(command, Command::Enter { .. });
    let (address, server) = serve(move |stream| room_until(over_tls(certified, stream), entering));
    let mut program = program(&[&address, "--tls", "--ca", &authority.ca()]);
    program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let shown = BufReader::new(child.stdout.take().unwrap());
    let cut = "* the connection broke: it was cut off; trying again in ";
    assert!(shown.lines().any(|line| line.unwrap().starts_with(cut)));
    server.join().unwrap();
    // The end of its input ends it.
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn options_that_do_not_fit_are_told() {
    let authority = Authority::new("one");
    let file = |name: &str, text: &str| {
        fs::write(authority.file(name), text).unwrap();
        authority.file(name)
    };
    let empty = file("empty.pem", "");
    let torn = file("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let junk = file(
        "junk.pem",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    );
    let ca = authority.ca();
    let cases: [(&[&str], &str); 7] = [
        (&["--ca", &ca], "--ca is of no use without --tls\n"),
        (
            &["--tls", "--lab"],
            "--tls and --lab do not go together: servers of the lab speak no TLS\n",
        ),
        (
            &["--tls", "--ca", "/nowhere.pem"],
            "cannot read /nowhere.pem: No such file",
        ),
        (&["--tls", "--ca", "/"], "cannot read /: Is a directory"),
        (&["--tls", "--ca", &empty], "no certificate in "),
        (&["--tls", "--ca", &torn], &format!("{torn} is not PEM: ")),
        (
            &["--tls", "--ca", &junk],
            &format!("a certificate in {junk} is of no use: "),
        ),
    ];
    for (arguments, expected) in cases {
        let (status, _, stderr) = run(program(&[&["127.0.0.1:1"], arguments].concat()));
        let expected = format!("chat-client: {expected}");
        assert!(stderr.starts_with(&expected), "{stderr}");
        assert_eq!(status, 2);
    }
}

#[test]
fn keys_are_written_where_the_environment_says_and_it_is_told() {
    let authority = Authority::new("one");
    let log = authority.file("keys.log");
    let start = |log: &str| {
        let certified = authority.sign(&["127.0.0.1"], |_| {});
        let (address, server) = serve(|stream| room(over_tls(certified, stream)));
        let mut program = program(&[&address, "--tls", "--ca", &authority.ca()]);
        program.env("SSLKEYLOGFILE", log);
        (run(program), server)
    };
    let ((status, _, stderr), server) = start(&log);
    let told = format!(
        "chat-client: SSLKEYLOGFILE is set: whoever reads {log} can read what is said over TLS\n"
    );
    assert_eq!((status, stderr), (0, told));
    server.join().unwrap();
    let keys = fs::read_to_string(&log).unwrap();
    assert!(keys.contains("CLIENT_TRAFFIC_SECRET_0 "), "{keys}");
    let mode = fs::metadata(Path::new(&log)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let ((status, _, stderr), _server) = start("/nowhere/keys.log");
    let expected = "chat-client: cannot write SSLKEYLOGFILE /nowhere/keys.log: No such file";
    assert!(stderr.starts_with(expected), "{stderr}");
    assert_eq!(status, 2);
}
