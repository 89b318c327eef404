//! One of the generator's clients: what it says and what it has heard.

use std::io::{ErrorKind, Read as _, Write as _};

use crate::Protocol;
use crate::stream::Stream;

/// Octets of a message's text.
pub(crate) const TEXT: usize = 128;

pub(crate) struct Client {
    pub(crate) stream: Stream,
    pub(crate) protocol: Protocol,
    /// Users that it knows of, itself included.
    pub(crate) known: usize,
    pub(crate) heard: u64,
    pub(crate) last: u64,
    pub(crate) closed: bool,
    rest: Vec<u8>,
}

/// A message as it was heard: its number and when it was said.
pub(crate) struct Heard {
    pub(crate) number: u64,
    pub(crate) said_at: u64,
}

impl Client {
    pub(crate) fn new(stream: Stream, protocol: Protocol) -> Self {
        Self {
            stream,
            protocol,
            known: 0,
            heard: 0,
            last: 0,
            closed: false,
            rest: Vec::new(),
        }
    }

    pub(crate) fn enter(&mut self, index: usize) {
        let words = match self.protocol {
            Protocol::Native => format!(
                "{{\"type\":\"hello\",\"version\":1}}\n{{\"type\":\"enter\",\"name\":\"u{index}\",\"udp\":5000}}\n"
            ),
            Protocol::Irc => format!("NICK u{index}\r\nUSER u 0 * :u\r\n"),
            Protocol::Bare => String::new(),
        };
        self.write(words.as_bytes());
    }

    /// Says a message: its number and the time, filled up to [`TEXT`] octets.
    pub(crate) fn say(&mut self, number: u64, now: u64) {
        let text = format!("{number:010} {now:020} {:x<1$}", "", TEXT - 32);
        let words = match self.protocol {
            Protocol::Native => {
                format!("{{\"type\":\"say\",\"id\":{number},\"text\":\"{text}\"}}\n")
            }
            Protocol::Irc => format!("PRIVMSG #room :{text}\r\n"),
            Protocol::Bare => format!("{text}\n"),
        };
        self.write(words.as_bytes());
    }

    fn write(&mut self, octets: &[u8]) {
        // So little always fits the socket.
        assert_eq!(self.stream.write(octets).unwrap(), octets.len());
    }

    /// Reads all that is there and gives each message to `heard`.
    pub(crate) fn read(&mut self, space: &mut [u8], heard: &mut impl FnMut(Heard)) {
        loop {
            let count = match self.stream.read(space) {
                Ok(0) => {
                    self.closed = true;
                    return;
                }
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.closed = true;
                    return;
                }
            };
            let mut octets = &space[..count];
            if !self.rest.is_empty() {
                let Some(end) = octets.iter().position(|octet| *octet == b'\n') else {
                    self.rest.extend_from_slice(octets);
                    continue;
                };
                let mut line = std::mem::take(&mut self.rest);
                line.extend_from_slice(&octets[..end]);
                octets = &octets[end + 1..];
                self.line(&line, heard);
            }
            while let Some(end) = find_end(octets) {
                let line = &octets[..end];
                octets = &octets[end + 1..];
                self.line(line, heard);
            }
            self.rest = octets.to_vec();
            // TLS gives a record at a time, and more may be here.
            if count < space.len() && matches!(self.stream, Stream::Plain(_)) {
                return;
            }
        }
    }

    fn line(&mut self, line: &[u8], heard: &mut impl FnMut(Heard)) {
        match self.protocol {
            Protocol::Native => {
                if line.starts_with(b"{\"type\":\"message\"") {
                    self.message(&line[..line.len() - 2], heard);
                } else if line.starts_with(b"{\"type\":\"roster\"")
                    || line.starts_with(b"{\"type\":\"joined\"")
                {
                    self.known += count_users(line);
                } else if line.starts_with(b"{\"type\":\"bye\"")
                    || line.starts_with(b"{\"type\":\"error\"")
                {
                    eprintln!("server: {}", String::from_utf8_lossy(line));
                }
            }
            Protocol::Irc => self.irc(line.strip_suffix(b"\r").unwrap_or(line), heard),
            Protocol::Bare => self.message(line, heard),
        }
    }

    fn irc(&mut self, line: &[u8], heard: &mut impl FnMut(Heard)) {
        let mut words = line.splitn(3, |octet| *octet == b' ');
        let (first, second) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        match second {
            b"PRIVMSG" => self.message(line, heard),
            b"001" => self.write(b"JOIN #room\r\n"),
            b"JOIN" => self.known += 1,
            // The names before one's own JOIN was counted, oneself among them.
            b"353" => {
                let names = line.rsplit(|octet| *octet == b':').next().unwrap();
                let names = String::from_utf8_lossy(names);
                self.known += names.split_whitespace().count();
            }
            b"366" => self.known -= 1,
            _ if first == b"PING" => {
                let answer = String::from_utf8_lossy(line).replacen("PING", "PONG", 1);
                self.write(format!("{answer}\r\n").as_bytes());
            }
            _ => {}
        }
    }

    fn message(&mut self, line: &[u8], heard: &mut impl FnMut(Heard)) {
        let text = &line[line.len() - TEXT..];
        let (number, said_at) = (digits(&text[..10]), digits(&text[11..31]));
        self.heard += 1;
        heard(Heard { number, said_at });
        if self.protocol == Protocol::Native {
            // Each message's place in the room, which only grows.
            let from = b"{\"type\":\"message\",\"seq\":".len();
            let end = line[from..]
                .iter()
                .position(|octet| *octet == b',')
                .unwrap();
            let seq = digits(&line[from..from + end]);
            assert!(seq > self.last, "message {seq} after {}", self.last);
            self.last = seq;
        }
    }
}

fn find_end(octets: &[u8]) -> Option<usize> {
    octets.iter().position(|octet| *octet == b'\n')
}

fn digits(text: &[u8]) -> u64 {
    text.iter()
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

fn count_users(line: &[u8]) -> usize {
    let begin = line.iter().position(|octet| *octet == b'[').unwrap();
    let users = &line[begin..];
    if users.get(1) == Some(&b'{') {
        return users
            .windows(8)
            .filter(|window| window == b"{\"name\":")
            .count();
    }
    let end = users.iter().position(|octet| *octet == b']').unwrap();
    users[..end].split(|octet| *octet == b',').count()
}
