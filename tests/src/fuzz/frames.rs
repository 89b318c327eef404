//! The chat's frames: any chunking gives the same ones, and what they say can be said again.

use chat_proto::{Command, Event, FrameDecoder, MAX_FRAME, Opening};

use super::tape::Tape;
use crate::random::Random;

/// Cuts what a tape says into frames, at once and in pieces, as the naive reader does.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let mut sizes = Random::new(tape.octet().into());
    let most = 1 + tape.below(64) * tape.below(256);
    let stream = stream(&mut tape);
    let expected = lines(&stream);
    assert_eq!(decoded([&stream[..]].into_iter()), expected);
    let mut rest = &stream[..];
    let pieces = std::iter::from_fn(|| {
        let size = (1 + sizes.below(most)).min(rest.len());
        let (piece, behind) = rest.split_at(size);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    });
    assert_eq!(decoded(pieces), expected);
    for end in 0..stream.len().min(40) {
        opening(&stream[..end]);
    }
    for frame in &expected.frames {
        say_again(frame);
    }
}

/// Frames, and whether the stream ends with one that is too long.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cut {
    frames: Vec<Vec<u8>>,
    is_too_long: bool,
}

/// Octets from a tape, with runs: the limit of a frame is more than a fuzzer writes.
fn stream(tape: &mut Tape<'_>) -> Vec<u8> {
    let mut stream = Vec::new();
    while !tape.is_over() && stream.len() < 4 * MAX_FRAME {
        match tape.below(8) {
            0 => {
                let octet = tape.octet();
                let count = usize::from(tape.u16()) % (MAX_FRAME + 2);
                stream.resize(stream.len() + count, octet);
            }
            1 => stream.push(b'\n'),
            2 => stream.extend(b"\r\n"),
            _ => stream.extend(tape.short()),
        }
    }
    stream
}

fn decoded<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Cut {
    let mut decoder = FrameDecoder::new();
    let mut cut = Cut::default();
    for mut piece in pieces {
        loop {
            match decoder.pull(&mut piece) {
                Ok(Some(frame)) => cut.frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(_) => {
                    assert!(decoder.pull(&mut piece).is_err(), "an error stays");
                    cut.is_too_long = true;
                    return cut;
                }
            }
        }
        assert!(piece.is_empty());
        assert!(decoder.buffered() < MAX_FRAME);
    }
    cut
}

/// The naive reader, which has the whole stream.
fn lines(stream: &[u8]) -> Cut {
    let mut cut = Cut::default();
    let mut lines = stream.split(|octet| *octet == b'\n').peekable();
    while let Some(line) = lines.next() {
        if line.len() >= MAX_FRAME {
            cut.is_too_long = true;
            break;
        }
        let is_whole = lines.peek().is_some();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if is_whole && !line.is_empty() {
            cut.frames.push(line.to_vec());
        }
    }
    cut
}

/// Any octets say a language, and this one's are those of an object.
fn opening(octets: &[u8]) {
    let opening = Opening::of(octets);
    assert_eq!(opening.is_some(), !octets.is_empty());
    let is_object = octets.first() == Some(&b'{');
    assert_eq!(opening == Some(Opening::Native), is_object, "{octets:?}");
}

/// A command or event that was read is written and read as the same.
fn say_again(frame: &[u8]) {
    match Command::parse(frame) {
        Ok(command) => {
            if let Ok(line) = command.encode() {
                let again = line.strip_suffix(b"\n").unwrap();
                assert_eq!(Command::parse(again).as_ref(), Ok(&command));
            }
        }
        Err(error) => assert!(
            !error.reason.contains(|c: char| c.is_control()),
            "{error:?}"
        ),
    }
    if let Ok(event) = Event::parse(frame)
        && let Ok(line) = event.encode()
    {
        let again = line.strip_suffix(b"\n").unwrap();
        assert_eq!(Event::parse(again), Ok(event));
    }
}

/// A frame of each kind, and lines around the limit.
pub fn seeds() -> Vec<Vec<u8>> {
    let key = "\"key\":\"AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    let lines = [
        "{\"type\":\"hello\",\"version\":1,\"client\":\"me\"}".to_owned(),
        "{\"type\":\"register\",\"name\":\"alice\"}".to_owned(),
        format!("{{\"type\":\"registration\",{key},\"sealed\":\"AAAA\"}}"),
        "{\"type\":\"login\",\"scram\":\"n,,n=alice,r=abc\"}".to_owned(),
        format!("{{\"type\":\"proof\",\"scram\":\"c=biws,r=abc,p=AAAA\",\"udp\":5000,{key}}}"),
        "{\"type\":\"enter\",\"name\":\"bob\",\"udp\":1}".to_owned(),
        "{\"type\":\"say\",\"id\":1,\"text\":\"hi\\u0041\"}".to_owned(),
        "{\"type\":\"lookup\",\"name\":\"bob\"}".to_owned(),
        "{\"type\":\"ping\",\"id\":7}".to_owned(),
        "{\"type\":\"pong\",\"id\":7}".to_owned(),
        "{\"type\":\"quit\"}".to_owned(),
        "{\"type\":\"hello\",\"version\":1,\"server\":\"s\",\"entry\":\"open\",\"iterations\":0}"
            .to_owned(),
        format!("{{\"type\":\"register_key\",{key}}}"),
        "{\"type\":\"registered\",\"name\":\"alice\"}".to_owned(),
        "{\"type\":\"challenge\",\"scram\":\"r=abcd,s=AAAA,i=4096\"}".to_owned(),
        "{\"type\":\"welcome\",\"name\":\"alice\",\"ip\":\"::1\",\"scram\":\"v=AAAA\"}".to_owned(),
        format!(
            "{{\"type\":\"roster\",\"users\":[{{\"name\":\"a\",\"ip\":\"1.2.3.4\",\"udp\":1,{key}}}],\"more\":true}}"
        ),
        "{\"type\":\"joined\",\"users\":[\"bob\"]}".to_owned(),
        "{\"type\":\"left\",\"users\":[\"bob\"],\"reason\":\"lost\"}".to_owned(),
        "{\"type\":\"message\",\"seq\":1,\"from\":\"bob\",\"text\":\"hi\"}".to_owned(),
        "{\"type\":\"said\",\"id\":1,\"seq\":2}".to_owned(),
        "{\"type\":\"user\",\"user\":{\"name\":\"a\",\"ip\":\"1.2.3.4\"}}".to_owned(),
        "{\"type\":\"error\",\"code\":\"bad_text\",\"text\":\"no\",\"id\":1}".to_owned(),
        "{\"type\":\"bye\",\"code\":\"quit\",\"text\":\"bye\"}".to_owned(),
        "!{\"alice\": \"10.20.30.11\"}".to_owned(),
        "GET / HTTP/1.1".to_owned(),
    ];
    let said = |line: &String| {
        let length = u8::try_from(line.len()).unwrap();
        [&[3, length][..], line.as_bytes(), &[1]].concat()
    };
    let mut seeds: Vec<Vec<u8>> = lines
        .iter()
        .map(|line| [&[1, 3, 5][..], &said(line)].concat())
        .collect();
    seeds.push(
        [
            &[2, 5, 9][..],
            &lines.iter().map(said).collect::<Vec<_>>().concat(),
        ]
        .concat(),
    );
    for count in 8190..8193_u16 {
        let [high, low] = count.to_be_bytes();
        seeds.push(vec![
            3, 60, 99, 0, b'a', high, low, 1, 3, 1, b'b', 2, 3, 1, b'c',
        ]);
    }
    seeds
}
