//! `chatpcap chat` as its users run it.

use serde_json::Value;
use tests::frames::{Link, datagram};
use tests::golden::compare;
use tests::program::{chatpcap, project};
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};
use tests::schema::schema;

const THREE: [&str; 3] = ["chatserver.pcap", "client1.pcap", "client2.pcap"];

/// What the program prints on captures of the lab.
fn lab(captures: &[&str], options: &[&str]) -> Vec<u8> {
    let arguments = [&["chat"], captures, options].concat();
    let output = chatpcap(&project().join("captures/python-lab"), &arguments, b"");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    output.stdout
}

/// The story of a recording.
fn story(recording: &Recording, options: &[&str]) -> String {
    let arguments = [&["chat"], options, &["-"]].concat();
    let output = chatpcap(&project(), &arguments, &recording.pcap());
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

/// The events of a recording of one kind, as JSON.
fn events(recording: &Recording, kind: &str) -> Vec<Value> {
    let printed: Value = serde_json::from_str(&story(recording, &["--format", "json"])).unwrap();
    let events = printed["events"].as_array().unwrap().iter();
    events
        .filter(|event| event["kind"] == kind)
        .cloned()
        .collect()
}

/// A connection whose handshake is recorded.
fn opened(recording: &mut Recording, client: std::net::SocketAddr) -> Connection {
    let mut connection = Connection::new(client, 1000, SERVER, 9000);
    connection.open(recording);
    connection
}

/// A native session: alice registers and logs in, bob is refused and then enters, they talk, alice's
/// log-in elsewhere ends the session.
fn native() -> Recording {
    let mut recording = Recording::new(Link::Ethernet);
    let mut alice = opened(&mut recording, CLIENT1);
    let mut bob = opened(&mut recording, CLIENT2);
    let scram = r#""scram":"n,,n=alice,r=AQEBAQEBAQEBAQEBAQEBAQEB""#;
    let key = "pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk";
    let user = |name: &str, host: u8| {
        format!(r#"{{"name":"{name}","ip":"10.20.30.{host}","udp":5000,"key":"{key}"}}"#)
    };
    let mut client = |connection: &mut Connection, line: &str| {
        recording.add(&connection.client_says(format!("{line}\n").as_bytes()));
    };
    client(&mut alice, r#"{"type":"hello","version":1}"#);
    client(&mut alice, &format!(r#"{{"type":"login",{scram}}}"#));
    let mut server = |connection: &mut Connection, line: &str| {
        recording.add(&connection.server_says(format!("{line}\n").as_bytes()));
    };
    server(&mut alice, r#"{"type":"registered","name":"alice"}"#);
    server(
        &mut alice,
        r#"{"type":"welcome","name":"alice","ip":"10.20.30.11","scram":"v=x"}"#,
    );
    server(
        &mut alice,
        &format!(
            r#"{{"type":"roster","users":[{}],"more":false}}"#,
            user("alice", 11)
        ),
    );
    server(
        &mut bob,
        r#"{"type":"error","code":"login_failed","text":"user and password do not fit together"}"#,
    );
    server(
        &mut bob,
        r#"{"type":"welcome","name":"bob","ip":"10.20.30.12"}"#,
    );
    server(
        &mut alice,
        &format!(r#"{{"type":"joined","users":[{}]}}"#, user("bob", 12)),
    );
    // A line in two segments, and two lines in one.
    recording.add(&alice.client_says(br#"{"type":"say","id":1,"te"#));
    recording.add(
        &alice.client_says(b"xt\":\"hi\"}\n{\"type\":\"say\",\"id\":2,\"text\":\"again: hi\"}\n"),
    );
    let copies = "{\"type\":\"message\",\"seq\":1,\"from\":\"alice\",\"text\":\"hi\"}\n{\"type\":\"message\",\"seq\":2,\"from\":\"alice\",\"text\":\"again: hi\"}\n";
    recording.add(&bob.server_says(copies.as_bytes()));
    recording.add(&alice.server_says(b"{\"type\":\"said\",\"id\":1,\"seq\":1}\n"));
    let mac = "QTOPtiXjNFNID3DrZSBUypXfLNcQ/gSvyfS84/WmXuw=";
    let private = format!(
        r#"{{"type":"message","from":"alice","to":"bob","id":1,"text":"psst","mac":"{mac}"}}"#
    );
    let ack = format!(r#"{{"type":"ack","from":"bob","to":"alice","id":1,"mac":"{mac}"}}"#);
    let (here, there) = (on_port(CLIENT1, 5000), on_port(CLIENT2, 5000));
    recording.add(&datagram(here, there, 1, private.as_bytes()));
    recording.wait(250);
    recording.add(&datagram(here, there, 2, private.as_bytes()));
    recording.add(&datagram(there, here, 3, ack.as_bytes()));
    recording.add(&alice.server_says(
        b"{\"type\":\"bye\",\"code\":\"taken_over\",\"text\":\"you logged in from elsewhere\"}\n",
    ));
    recording.add(
        &bob.server_says(b"{\"type\":\"left\",\"users\":[\"alice\"],\"reason\":\"taken_over\"}\n"),
    );
    recording
}

#[test]
fn golden_files() {
    compare("chat-three.txt", &lab(&THREE, &[]));
    compare(
        "chat-client1-80.txt",
        &lab(&["client1.pcap"], &["--width", "80", "--ascii"]),
    );
    compare("chat-three.md", &lab(&THREE, &["--format", "markdown"]));
    compare("chat-three.csv", &lab(&THREE, &["--format", "csv"]));
    compare(
        "chat-client2.json",
        &lab(&["client2.pcap"], &["--format", "json"]),
    );
    compare(
        "chat-colour.txt",
        &lab(&["chatserver.pcap"], &["--color", "always"]),
    );
    let accounts = chatpcap(
        &project().join("captures/accounts"),
        &[&["chat"], &THREE[..]].concat(),
        b"",
    );
    compare("chat-accounts.txt", &accounts.stdout);
    compare("chat-native.txt", story(&native(), &[]).as_bytes());
    compare("chat-help.txt", &lab(&[], &["--help"]));
}

#[test]
fn the_json_form_is_valid_under_its_schema() {
    let schema = schema("chat-1");
    for printed in [
        lab(&THREE, &["--format", "json"]),
        story(&native(), &["--format", "json"]).into_bytes(),
    ] {
        let printed: Value = serde_json::from_slice(&printed).unwrap();
        if let Err(error) = schema.validate(&printed) {
            panic!("{error}\n{printed:#}");
        }
    }
}

#[test]
fn room_messages_find_their_copies_and_receipts() {
    let room = events(&native(), "room");
    assert_eq!(room.len(), 2);
    assert_eq!(
        (&room[0]["text"], &room[1]["text"]),
        (&"hi".into(), &"again: hi".into())
    );
    for (seq, message) in (1..).zip(&room) {
        assert_eq!(
            (&message["from"], &message["seq"]),
            (&"alice".into(), &seq.into())
        );
        assert_eq!(message["told"][0]["name"], "bob");
        assert_eq!(message["told"][0]["delay_seconds"], 0.001);
        assert_eq!(message["guessed"], false);
    }
    assert_eq!(room[0]["receipt_seconds"], 0.002);
    assert_eq!(room[1]["receipt_seconds"], Value::Null);
}

#[test]
fn private_messages_have_repeats_acks_and_proof() {
    let private = events(&native(), "private");
    assert_eq!(private.len(), 1);
    let message = &private[0];
    assert_eq!(
        (&message["sender"], &message["receiver"]),
        (&"10.20.30.11:5000".into(), &"10.20.30.12:5000".into())
    );
    assert_eq!(message["repeats"][0]["delay_seconds"], 0.251);
    assert_eq!(message["acks"][0]["delay_seconds"], 0.252);
    assert_eq!(message["in_roster"], true);
    assert_eq!(
        message["proof"],
        "from client to client: neither end is the server 10.20.30.3"
    );
}

#[test]
fn frames_captured_twice_are_one_message() {
    let mut recording = Recording::new(Link::Sll).doubled();
    let mut alice = opened(&mut recording, CLIENT1);
    recording.add(&alice.client_says(b"alice"));
    recording.add(&alice.client_says(b"hello"));
    recording.add(&datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        7,
        b"psst",
    ));
    assert_eq!(events(&recording, "room").len(), 1);
    assert_eq!(events(&recording, "private").len(), 1);
    // Said twice is said twice.
    recording.wait(1000);
    recording.add(&alice.client_says(b"hello"));
    recording.add(&datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        8,
        b"psst",
    ));
    assert_eq!(events(&recording, "room").len(), 2);
    assert_eq!(events(&recording, "private").len(), 2);
}

#[test]
fn the_dialect_sticks_together_and_is_torn() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut alice = opened(&mut recording, CLIENT1);
    let mut bob = opened(&mut recording, CLIENT2);
    recording.add(&alice.client_says(b"alice"));
    recording.add(&bob.client_says(b"bob"));
    recording.add(&bob.server_says(br#"!{"alice": "10.20.30.11", "bob": "10.20.30.12"}"#));
    // Two writes that the server reads at once.
    recording.add(&alice.client_says(b"one"));
    recording.add(&alice.client_says(b"two"));
    recording.add(&bob.server_says(b"alice: onetwo "));
    // Two messages and a roster that the client reads at once.
    recording.add(&alice.client_says(b"three"));
    recording.add(&alice.client_says(b"four"));
    recording.add(&bob.server_says(br#"alice: three alice: four !{"bob": "10.20.30.12"}"#));
    let room = events(&recording, "room");
    let told: Vec<_> = room
        .iter()
        .map(|message| {
            let copies = message["told"].as_array().unwrap().len();
            (
                message["text"].as_str().unwrap(),
                copies,
                message["segments"].as_u64().unwrap(),
                message["guessed"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("onetwo", 1, 2, true),
            ("three", 1, 1, false),
            ("four", 1, 1, false)
        ]
    );
    assert_eq!(
        events(&recording, "roster").last().unwrap()["went"],
        serde_json::json!(["alice"])
    );
}

#[test]
fn a_capture_that_starts_in_the_middle_and_text_that_a_terminal_would_obey() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut alice = Connection::new(CLIENT1, 1000, SERVER, 9000);
    recording.add(&alice.server_says(b"bob: \xe2\x80\xaehi\tthere "));
    recording.add(&alice.client_says(b"who"));
    let told = story(&recording, &[]);
    assert!(told.contains(r"bob: \u{202e}hi\tthere"), "{told}");
    assert!(told.contains("10.20.30.11:50748: who"), "{told}");
    assert!(told.contains("a guess"), "{told}");
    assert!(!told.contains(['\u{202e}', '\u{1b}']), "{told}");
}

#[test]
fn a_display_filter_leaves_out_what_it_does_not_select() {
    let told = lab(&["client1.pcap"], &["-Y", "udp"]);
    let told = String::from_utf8(told).unwrap();
    assert!(
        told.contains("0 room messages with 0 copies; 2 private messages"),
        "{told}"
    );
    let output = chatpcap(&project(), &["chat", "-Y", "tcp.port ==", "x.pcap"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

#[test]
fn nothing_to_tell() {
    let mut recording = Recording::new(Link::Ethernet);
    Connection::new(CLIENT1, 1, on_port(SERVER, 80), 2).open(&mut recording);
    assert!(story(&recording, &[]).contains("no chat here"));
    let output = chatpcap(&project(), &["chat", "no-such-file"], b"");
    assert_eq!(output.status.code(), Some(2));
}

/// A server on another port, and everybody on one host.
#[test]
fn on_one_host() {
    let mut recording = Recording::new(Link::Loop);
    let (server, client) = (
        "127.0.0.1:6000".parse().unwrap(),
        "127.0.0.1:40000".parse().unwrap(),
    );
    let mut alice = Connection::new(client, 1, server, 2);
    alice.open(&mut recording);
    recording.add(&alice.client_says(b"alice"));
    recording.add(&datagram(
        "127.0.0.1:5000".parse().unwrap(),
        "127.0.0.1:5001".parse().unwrap(),
        1,
        b"psst",
    ));
    let told = story(&recording, &["--server", "127.0.0.1:6000"]);
    assert!(told.contains("alice enters by name alone"), "{told}");
    assert!(
        told.contains("share one host: the ports tell, 5000 to 5001"),
        "{told}"
    );
}

#[test]
fn what_is_said_in_tls_is_told_to_be_unreadable() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut alice = opened(&mut recording, CLIENT1);
    // The beginning of a client's hello, of a server's, and a record of each that nobody can read.
    recording.add(&alice.client_says(b"\x16\x03\x01\x00\xf0\x01\x00\x00\xec\x03\x03"));
    recording.add(&alice.server_says(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"));
    recording.add(&alice.client_says(b"\x17\x03\x03\x00\x04{\"}\n"));
    recording.add(&alice.server_says(b"\x17\x03\x03\x00\x04abcd"));
    alice.close(&mut recording);
    // Lines are broken where the terminal ends.
    let told = story(&recording, &[])
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let notice = "notice: -: TLS on TCP port 5000, first at frame 4: what is said in it cannot be read \
                  without its keys (SSLKEYLOGFILE, and Wireshark); its segments can";
    assert!(told.ends_with(notice), "{told}");
    let printed: Value = serde_json::from_str(&story(&recording, &["--format", "json"])).unwrap();
    assert_eq!(printed["events"].as_array().unwrap().len(), 0, "{printed}");

    // A server that answers in plain text is heard.
    let mut recording = Recording::new(Link::Ethernet);
    let mut alice = opened(&mut recording, CLIENT1);
    recording.add(&alice.client_says(b"\x16\x03\x01\x00\xf0\x01\x00\x00\xec\x03\x03"));
    recording.add(&alice.server_says(
        b"{\"type\":\"bye\",\"code\":\"no_tls\",\"text\":\"this server does not speak TLS\"}\n",
    ));
    let told = story(&recording, &[]);
    assert!(told.contains("this server does not speak TLS"), "{told}");
    assert!(
        told.contains("TLS on TCP port 5000, first at frame 4"),
        "{told}"
    );
}
