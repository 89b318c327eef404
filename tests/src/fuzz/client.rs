//! The client: whatever a server sends, in any pieces, it tells events and ends.

use std::sync::LazyLock;
use std::time::Duration;

use chat_client::{ChatText, Config, Dialect, Event, Handle, SignIn, UserName, connect};
use chat_proto::scram::Password;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::tape::Tape;

/// What a server may say, with text of the tape for `$`.
const LINES: [&str; 20] = [
    "{\"type\":\"hello\",\"version\":1,\"server\":\"$\",\"entry\":\"open\",\"iterations\":0}\n",
    "{\"type\":\"hello\",\"version\":1,\"server\":\"s\",\"entry\":\"password\",\"iterations\":4096}\n",
    "{\"type\":\"welcome\",\"name\":\"alice\",\"ip\":\"127.0.0.1\"}\n",
    "{\"type\":\"welcome\",\"name\":\"bob\",\"ip\":\"::\",\"scram\":\"v=$\"}\n",
    "{\"type\":\"challenge\",\"scram\":\"r=$,s=AAAA,i=4096\"}\n",
    "{\"type\":\"register_key\",\"key\":\"AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}\n",
    "{\"type\":\"registered\",\"name\":\"alice\"}\n",
    "{\"type\":\"roster\",\"users\":[{\"name\":\"bob\",\"ip\":\"127.0.0.1\",\"udp\":9,\
     \"key\":\"AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},\"carol\"],\"more\":false}\n",
    "{\"type\":\"joined\",\"users\":[{\"name\":\"$\",\"ip\":\"127.0.0.1\"}]}\n",
    "{\"type\":\"left\",\"users\":[\"bob\",\"alice\"],\"reason\":\"quit\"}\n",
    "{\"type\":\"message\",\"seq\":1,\"from\":\"bob\",\"text\":\"$\"}\n",
    "{\"type\":\"said\",\"id\":0,\"seq\":2}\n",
    "{\"type\":\"user\",\"user\":{\"name\":\"carol\",\"ip\":\"127.0.0.1\",\"udp\":9}}\n",
    "{\"type\":\"ping\",\"id\":1}\n",
    "{\"type\":\"error\",\"code\":\"name_taken\",\"text\":\"$\"}\n",
    "{\"type\":\"error\",\"code\":\"no_such_user\",\"text\":\"$\",\"id\":0}\n",
    "{\"type\":\"bye\",\"code\":\"kicked\",\"text\":\"$\"}\n",
    "{\"type\":\"$\"}\n",
    "!{\"alice\": \"127.0.0.1\", \"$\": \"127.0.0.2\"}",
    "bob: $ ",
];

/// How long a client may take to end: far more than it does.
const PATIENCE: Duration = Duration::from_mins(1);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
});

/// A server says what a tape says, and closes; the client has asked for something meanwhile.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let choice = tape.octet();
    let mut said: Vec<Vec<u8>> = Vec::new();
    while !tape.is_over() && said.len() < 60 {
        said.push(line(&mut tape));
    }
    RUNTIME.block_on(async {
        let served = async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let (handle, events) = {
                let (client, accepted) =
                    tokio::join!(connect(config(choice, port)), listener.accept());
                let (stream, _) = accepted.unwrap();
                // It is not dialled again: nobody listens any more.
                drop(listener);
                tokio::spawn(serve(stream, said, choice & 0x10 != 0));
                client.unwrap()
            };
            listen(handle, events).await;
        };
        let ended = tokio::time::timeout(PATIENCE, served).await;
        assert!(ended.is_ok(), "the client does not end");
    });
}

fn config(choice: u8, port: u16) -> Config {
    let mut config = Config::new(format!("127.0.0.1:{port}").parse().unwrap());
    let name = UserName::new("alice").unwrap();
    let password = Password::new("correct horse").unwrap();
    config.udp_port = 0;
    config.jitter = || 0;
    if choice & 4 != 0 {
        config.dialect = Dialect::Lab;
    }
    config.sign_in = Some(match choice & 3 {
        0 | 1 => SignIn::Enter { name },
        2 => SignIn::Login { name, password },
        _ => SignIn::Register { name, password },
    });
    config
}

/// What the server says at once.
fn line(tape: &mut Tape<'_>) -> Vec<u8> {
    match tape.below(24) {
        choice @ 0..20 => {
            let text = String::from_utf8_lossy(tape.short()).into_owned();
            LINES[choice].replace('$', &text).into_bytes()
        }
        20 => vec![tape.octet(); usize::from(tape.u16()) % 9000],
        _ => tape.short().to_vec(),
    }
}

async fn serve(stream: tokio::net::TcpStream, said: Vec<Vec<u8>>, apart: bool) {
    let (mut reader, mut writer) = stream.into_split();
    let reading = async {
        let mut octets = [0; 4096];
        while reader.read(&mut octets).await.is_ok_and(|count| count > 0) {}
    };
    let writing = async {
        for octets in said {
            if writer.write_all(&octets).await.is_err() {
                break;
            }
            if apart {
                // The client hears each by itself, mostly.
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
            }
        }
        drop(writer);
    };
    // Unread octets would turn the end into a reset.
    tokio::join!(reading, writing);
}

/// Listens to the end; everything that is told can be shown.
async fn listen(handle: Handle, mut events: chat_client::Events) {
    let text = ChatText::new("hello").unwrap();
    while let Some(event) = events.next().await {
        match event {
            Event::Entered { .. } => {
                let _gone = handle.say(text.clone()).await;
            }
            Event::Roster { .. } => {
                for member in handle.members() {
                    assert!(!member.name.is_empty() || member.address.is_some());
                }
                let _gone = handle.tell("bob", text.clone()).await;
            }
            Event::Message { text, .. } | Event::Private { text, .. } => {
                assert!(!text.to_string().contains(char::is_control));
            }
            Event::Disconnected { .. } | Event::SignInWanted { .. } => break,
            _ => {}
        }
    }
    // Who listens no more ends the client.
    drop(events);
    drop(handle);
}

/// What servers say, from the hello to the end.
pub fn seeds() -> Vec<Vec<u8>> {
    let open = [
        0, 0, 2, 0, 7, 0, 8, 3, b'd', b'a', b'n', 10, 2, b'h', b'i', 11, 0, 13, 0, 9, 0, 16, 3,
        b'b', b'y', b'e',
    ];
    let login = [1, 0, 4, 3, b'a', b'b', b'c', 3, 4, b'A', b'A', b'A', b'A'];
    let register = [1, 0, 5, 0, 6, 0, 4, 1, b'a'];
    let lab = [
        18, 3, b'b', b'o', b'b', 19, 2, b'h', b'i', 18, 1, b'x', 21, 2, b'!', b'{',
    ];
    let with = |choice: u8, said: &[u8]| [&[choice][..], said].concat();
    let mut seeds = vec![
        with(0x10, &open),
        with(0, &open),
        with(2, &login),
        with(3, &register),
        with(0x14, &lab),
        with(0, &[20, 0x20, 0, b'a']),
    ];
    for line in 0..20 {
        seeds.push(with(0x10, &[0, 0, 2, 0, line, 1, b'a']));
    }
    seeds
}
