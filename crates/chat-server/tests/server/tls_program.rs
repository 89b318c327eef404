//! The program with `--tls-cert` and `--tls-key`: what it refuses, and who else speaks TLS to it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{Program, server};
use crate::tls::Authority;

fn refusal(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_chat-server"))
        .args(["--open", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines()
        .find(|line| line.starts_with("chat-server: ") || line.starts_with("error: "))
        .unwrap_or_default()
        .to_owned()
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_is_wrong_with_the_files_is_told() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("one");
    let (_, other) = authority.sign("two");
    let file = |name: &str, text: &str| {
        let path = authority.path(name);
        fs::write(&path, text).unwrap();
        path
    };
    let empty = file("empty.pem", "");
    let torn = file("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let junk = file(
        "junk.pem",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    );
    let locked = file(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let missing = authority.path("missing.pem");
    let both = |certificate: &Path, key: &Path| {
        let arguments = ["--tls-cert", shown(certificate), "--tls-key", shown(key)];
        refusal(&arguments)
    };
    let expect = |text: String, parts: &[&str]| {
        for part in parts {
            assert!(text.contains(part), "{text}");
        }
    };
    expect(
        refusal(&["--tls-cert", shown(&certificate)]),
        &["required arguments were not provided"],
    );
    expect(
        refusal(&["--tls-key", shown(&key)]),
        &["required arguments were not provided"],
    );
    expect(
        both(&missing, &key),
        &["cannot read", "missing.pem: No such file"],
    );
    expect(
        both(authority.path("").as_path(), &key),
        &["cannot read", "directory"],
    );
    expect(both(&empty, &key), &["no certificate in", "empty.pem"]);
    // The two exchanged.
    expect(both(&key, &certificate), &["no certificate in", "one.key"]);
    expect(both(&torn, &key), &["torn.pem is not PEM"]);
    expect(both(&junk, &key), &["cannot use certificate", "junk.pem"]);
    expect(
        both(&certificate, &empty),
        &["no private key in", "empty.pem"],
    );
    expect(
        both(&certificate, &locked),
        &["no private key in", "without a passphrase"],
    );
    expect(
        both(&certificate, &other),
        &[
            "the key in",
            "two.key does not fit the certificate in",
            "one.pem",
        ],
    );
}

#[test]
fn a_key_that_everybody_may_read_is_told() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("server");
    for (mode, warned) in [(0o644, true), (0o640, false), (0o600, false)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let mut command = server(directory.path());
        command.args(["--tls-cert", shown(&certificate), "--tls-key", shown(&key)]);
        let program = Program::start(command);
        let told = program.begun.contains("everybody on this machine may read");
        assert_eq!(told, warned, "{}", program.begun);
    }
}

/// OpenSSL as a client: the hello, a name, a line, and leaving.
#[test]
fn a_foreign_client_chats() {
    let Some(openssl) = openssl() else { return };
    let authority = Authority::new();
    let (certificate, key) = authority.sign("server");
    let directory = tempfile::tempdir().unwrap();
    let mut command = server(directory.path());
    command.args([
        "--open",
        "--tls-cert",
        shown(&certificate),
        "--tls-key",
        shown(&key),
    ]);
    let program = Program::start(command);
    let talk = |version: &str| {
        let mut child = Command::new(openssl)
            .args(["s_client", "-quiet", "-verify_return_error", version])
            .args(["-servername", "localhost", "-verify_hostname", "localhost"])
            .arg("-CAfile")
            .arg(authority.path("ca.pem"))
            .args(["-connect", &program.address.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = "{\"type\":\"hello\",\"version\":1}\n{\"type\":\"enter\",\"name\":\"alice\"}\n\
                    {\"type\":\"say\",\"id\":1,\"text\":\"hei\"}\n{\"type\":\"quit\"}\n";
        let mut input = child.stdin.take().unwrap();
        let _refused = std::io::Write::write_all(&mut input, said.as_bytes());
        // Held open: the server ends it.
        let output = child.wait_with_output().unwrap();
        drop(input);
        let text = |octets| String::from_utf8(octets).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (heard, log) = talk("-tls1_3");
    for part in [
        r#""bindings":["tls-exporter"]"#,
        r#"{"type":"said","id":1,"seq":1}"#,
        r#"{"type":"bye","code":"quit","text":"left"}"#,
    ] {
        assert!(heard.contains(part), "{heard}{log}");
    }
    // Older versions are refused, and the client's program says why.
    let (heard, log) = talk("-tls1_2");
    assert_eq!(heard, "");
    assert!(log.contains("alert protocol version"), "{log}");
}

/// Each form in which OpenSSL writes a key.
#[test]
fn keys_of_each_form_are_read() {
    let Some(openssl) = openssl() else { return };
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &str| {
        let status = Command::new(openssl)
            .args(arguments.split(' '))
            .current_dir(directory.path())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{arguments}");
    };
    run("ecparam -name prime256v1 -genkey -noout -out sec1.key");
    run("genrsa -traditional -out pkcs1.key 2048");
    run("genpkey -algorithm ed25519 -out pkcs8.key");
    for (form, begins) in [
        ("sec1", "-----BEGIN EC PRIVATE KEY-----"),
        ("pkcs1", "-----BEGIN RSA PRIVATE KEY-----"),
        ("pkcs8", "-----BEGIN PRIVATE KEY-----"),
    ] {
        let path = |ending| directory.path().join(format!("{form}.{ending}"));
        let text = fs::read_to_string(path("key")).unwrap();
        assert!(text.starts_with(begins), "{text}");
        run(&format!(
            "req -x509 -key {form}.key -subj /CN=x -out {form}.pem"
        ));
        chat_server::Tls::from_files(&path("pem"), &path("key")).unwrap();
    }
    drop(authority);
}

/// `openssl`, or a line that says that it is not there.
fn openssl() -> Option<&'static str> {
    let found = Command::new("openssl").arg("version").output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some("openssl");
    }
    eprintln!("skipped: no openssl here");
    None
}
