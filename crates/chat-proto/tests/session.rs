//! The session that PROTOCOL.md writes out is a real one: every line is read, and the keys fit.
#![expect(clippy::unwrap_used, reason = "a helper of a test is a test")]

use chat_proto::scram::{ClientLogin, Credentials, LoginRequest, Password};
use chat_proto::{Command, Event, SealedRegistration, SecretKey, UserName};

const DOCUMENT: &str = include_str!("../PROTOCOL.md");

struct Session {
    commands: Vec<Command>,
    refused: usize,
    events: Vec<Event>,
}

fn documented() -> Session {
    let mut session = Session {
        commands: Vec::new(),
        refused: 0,
        events: Vec::new(),
    };
    for line in DOCUMENT.lines() {
        if let Some(command) = line.strip_prefix("C {").map(|rest| format!("{{{rest}")) {
            match Command::parse(command.as_bytes()) {
                Ok(command) => session.commands.push(command),
                Err(_) => session.refused += 1,
            }
        } else if let Some(event) = line.strip_prefix("S ") {
            let event = Event::parse(event.as_bytes()).unwrap();
            assert_eq!(
                String::from_utf8(event.encode().unwrap())
                    .unwrap()
                    .trim_end()
                    .len(),
                line.len() - 2,
                "{line}"
            );
            session.events.push(event);
        }
    }
    session
}

#[test]
fn every_line_is_read() {
    let session = documented();
    assert_eq!(
        (
            session.commands.len(),
            session.refused,
            session.events.len()
        ),
        (9, 1, 14)
    );
}

#[test]
fn the_registration_and_the_log_in_fit() {
    let session = documented();
    let name = UserName::new("alice").unwrap();
    let password = Password::new("correct horse").unwrap();
    let salt: Vec<u8> = (0..16).collect();
    let credentials = Credentials::derive(&password, &salt, 600_000);
    let (client, server) = (
        SecretKey::from_random([3; 32]),
        SecretKey::from_random([4; 32]),
    );
    let sealed = SealedRegistration::seal(&client, &server.public(), &name, &credentials).unwrap();
    let expected = Command::Registration {
        sealed: sealed.clone(),
    };
    assert!(
        session.commands.contains(&expected),
        "{}\n{}",
        server.public(),
        String::from_utf8(expected.encode().unwrap()).unwrap()
    );
    assert!(session.events.contains(&Event::RegisterKey {
        key: server.public()
    }));
    let stored = sealed.open(&server, &name).unwrap();

    let (login, first) = ClientLogin::new(&name, [1; 18]);
    assert!(session.commands.contains(&Command::Login {
        scram: first.clone()
    }));
    let (challenge, text) = LoginRequest::parse(&first)
        .unwrap()
        .challenge(stored, [2; 18]);
    assert!(session.events.contains(&Event::Challenge {
        scram: text.clone()
    }));
    let (proof, last) = login.prove(&text, &password).unwrap();
    let said =
        |command: &Command| matches!(command, Command::Proof { scram, .. } if *scram == last);
    assert!(session.commands.iter().any(said));
    let v = challenge.verify(&last).unwrap();
    let told =
        |event: &Event| matches!(event, Event::Welcome { scram: Some(scram), .. } if *scram == v);
    assert!(session.events.iter().any(told));
    proof.confirm(&v).unwrap();
}
