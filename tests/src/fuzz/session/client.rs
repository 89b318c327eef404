//! A client of the server, which judges whatever it hears.

use chat_proto::scram::ClientLogin;
use chat_proto::{Event, FrameDecoder, PublicKey, UserName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::{JoinHandle, yield_now};

use super::TURNS;

/// A client, and what it may expect.
pub(super) struct Client {
    pub(super) stream: Option<DuplexStream>,
    pub(super) session: JoinHandle<()>,
    decoder: FrameDecoder,
    /// What it said first, by which the server knows its language.
    pub(super) first: Option<u8>,
    /// Whether it said what leads into the room, and who it is there.
    pub(super) is_entitled: bool,
    /// Whether it was told that it is in the room.
    is_in: bool,
    /// Whether it was told to go.
    pub(super) is_told: bool,
    pub(super) challenge: Option<String>,
    pub(super) register_key: Option<PublicKey>,
    pub(super) login: Option<(UserName, ClientLogin)>,
    /// Whose password it knew.
    pub(super) proved: Option<UserName>,
    pub(super) pongs: Vec<u64>,
    /// How many were in the room when it came in.
    pub(super) users: Option<usize>,
}

impl Client {
    pub(super) fn new(stream: DuplexStream, session: JoinHandle<()>) -> Self {
        Self {
            stream: Some(stream),
            session,
            decoder: FrameDecoder::new(),
            first: None,
            is_entitled: false,
            is_in: false,
            is_told: false,
            challenge: None,
            register_key: None,
            login: None,
            proved: None,
            pongs: Vec::new(),
            users: None,
        }
    }

    /// Writes as far as there is room, after hearing what the server says; gives what is left.
    pub(super) async fn write<'o>(&mut self, octets: &'o [u8]) -> &'o [u8] {
        let mut rest = octets;
        for _ in 0..4 * TURNS {
            let Some(stream) = self.stream.as_mut().filter(|_| !rest.is_empty()) else {
                break;
            };
            let written = tokio::select! {
                biased;
                written = stream.write(rest) => written,
                () = yield_now() => Ok(0),
            };
            let Ok(count) = written else {
                break;
            };
            self.first = self.first.or(rest[..count].first().copied());
            rest = &rest[count..];
            self.read().await;
        }
        rest
    }

    /// What the server says, as far as it is there.
    async fn take(&mut self) -> Vec<u8> {
        let mut octets = [0; 1024];
        let Some(stream) = &mut self.stream else {
            return Vec::new();
        };
        let count = tokio::select! {
            biased;
            count = stream.read(&mut octets) => count.unwrap_or(0),
            () = yield_now() => 0,
        };
        octets[..count].to_vec()
    }

    /// Judges what the server says.
    pub(super) async fn read(&mut self) {
        let octets = self.take().await;
        if self.first != Some(b'{') {
            return;
        }
        let mut input = &octets[..];
        while let Some(frame) = self.decoder.pull(&mut input).unwrap() {
            let event = Event::parse(frame).unwrap_or_else(|error| {
                panic!("{error}: {}", frame.escape_ascii());
            });
            assert!(!self.is_told, "{event:?} after the last word");
            match event {
                Event::Welcome { name, .. } => {
                    assert!(self.is_entitled, "came in without the right proof");
                    let is_own = |own: &UserName| own.is_same_user(&name);
                    assert!(self.proved.as_ref().is_none_or(is_own), "came in as {name}");
                    assert!(!self.is_in, "came in twice");
                    self.is_in = true;
                }
                Event::Roster { users, more: false } => {
                    assert!(self.is_in, "a roster outside of the room");
                    self.users = Some(users.len());
                }
                Event::Roster { .. }
                | Event::Joined { .. }
                | Event::Left { .. }
                | Event::Message { .. }
                | Event::Said { .. }
                | Event::User { .. } => assert!(self.is_in, "{event:?} outside of the room"),
                Event::Challenge { scram } => self.challenge = Some(scram),
                Event::RegisterKey { key } => self.register_key = Some(key),
                Event::Pong { id } => self.pongs.push(id),
                Event::Bye { .. } => self.is_told = true,
                _ => {}
            }
        }
    }

    /// Says no more, but listens.
    pub(super) async fn shut(&mut self) {
        if let Some(stream) = &mut self.stream {
            let _gone = stream.shutdown().await;
        }
    }
}
