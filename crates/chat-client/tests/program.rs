//! The program in a pipe, with a server that does what a test tells it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test is a test"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command as Program, Output, Stdio};
use std::thread::{JoinHandle, spawn};

use chat_proto::{Command, Entry, ErrorCode, Event, User};

/// The far end of the program's connection.
struct Far {
    reader: BufReader<TcpStream>,
}

impl Far {
    fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        Self {
            reader: BufReader::new(stream),
        }
    }

    fn hear(&mut self) -> Command {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        Command::parse(line.trim_end().as_bytes()).unwrap()
    }

    fn say(&mut self, said: &Event) {
        let octets = said.encode().unwrap();
        self.reader.get_mut().write_all(&octets).unwrap();
    }

    fn greet(&mut self, entry: Entry) {
        assert!(matches!(self.hear(), Command::Hello { .. }));
        self.say(&Event::Hello {
            version: 1,
            server: "test".to_owned(),
            entry,
            iterations: 4096,
            bindings: Vec::new(),
        });
    }

    fn admit(&mut self) {
        self.greet(Entry::Open);
        let Command::Enter { name, .. } = self.hear() else {
            panic!("did not enter");
        };
        self.say(&Event::Welcome {
            name: name.clone(),
            ip: "127.0.0.1".parse().unwrap(),
            scram: None,
        });
        let address = None;
        self.say(&Event::Roster {
            users: vec![User { name, address }],
            more: false,
        });
    }
}

/// A server that serves one connection, and its address.
fn serve<T: Send + 'static>(
    act: impl FnOnce(Far) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, spawn(move || act(Far::accept(&listener))))
}

fn program(arguments: &[&str]) -> Program {
    let mut program = Program::new(env!("CARGO_BIN_EXE_chat-client"));
    program.args(arguments).args(["--udp-port", "0"]);
    program.env_clear();
    program.stdin(Stdio::piped());
    program.stdout(Stdio::piped());
    program.stderr(Stdio::piped());
    program
}

fn run(mut program: Program, input: &str) -> (i32, String, String) {
    let mut child = program.spawn().unwrap();
    // It may end before it reads.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    outcome(child.wait_with_output().unwrap())
}

fn outcome(output: Output) -> (i32, String, String) {
    let text = |octets| String::from_utf8(octets).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Everything said until the client leaves.
fn said(mut far: Far) -> Vec<String> {
    far.admit();
    let mut texts = Vec::new();
    loop {
        match far.hear() {
            Command::Say { id: Some(id), text } => {
                texts.push(text.as_str().to_owned());
                let seq = id;
                far.say(&Event::Said { id, seq });
            }
            Command::Quit => {
                far.say(&Event::bye(chat_proto::EndCode::Quit));
                return texts;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn lines_in_are_said_and_the_end_of_the_input_leaves() {
    let (address, server) = serve(said);
    let input = "hello: all\r\n\n  \n#nice\na\x1b[2Jb\u{202e}\nlast";
    let (status, stdout, stderr) = run(program(&[&address, "--name", "alice"]), input);
    let texts = server.join().unwrap();
    assert_eq!(texts, ["hello: all", "#nice", "a␛[2Jb\u{202e}", "last"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert!(stdout.contains("* you are alice"), "{stdout}");
    assert!(!stdout.contains('\x1b'));
}

#[test]
fn commands_answer_on_standard_output_and_failures_in_the_status() {
    let (address, server) = serve(said);
    let input = format!(
        "#ls\n#help\n@nobody: x\n@nobody\n{}\n#quit\nnever said\n",
        "x".repeat(5000)
    );
    let (status, stdout, _) = run(program(&[&address, "--name", "alice"]), &input);
    assert_eq!(server.join().unwrap(), Vec::<String>::new());
    for expected in [
        "alice  address asked for when needed  (you)",
        "#quit",
        "* not delivered to nobody: nobody of that name is in the room: x",
        "not sent: a private message is written @name: text",
        "not sent: longer than 4000 octets",
    ] {
        assert!(stdout.contains(expected), "{expected}\n{stdout}");
    }
    assert_eq!(status, 1, "something did not arrive");
}

#[test]
fn what_others_say_is_one_harmless_line() {
    let (address, server) = serve(|mut far: Far| {
        far.admit();
        // The octets are the hostile server's own: a checked text could not hold them.
        let line =
            b"{\"type\":\"message\",\"seq\":1,\"from\":\"bob\",\"text\":\"a\\u202eb\\u2066c\"}\n";
        far.reader.get_mut().write_all(line).unwrap();
        let refusal = Event::Error {
            code: ErrorCode::Internal,
            text: "\x1b]0;owned\x07\r\n* bob left".to_owned(),
            id: None,
        };
        far.say(&refusal);
        far.say(&Event::bye(chat_proto::EndCode::TakenOver));
    });
    let mut child = program(&[&address, "--name", "alice"]).spawn().unwrap();
    let open: Option<ChildStdin> = child.stdin.take();
    let (status, stdout, stderr) = outcome(child.wait_with_output().unwrap());
    drop(open);
    server.join().unwrap();
    assert!(stdout.contains("\nbob: a<U+202E>b<U+2066>c\n"), "{stdout}");
    assert!(
        stdout.contains("\n* refused: ␛]0;owned␇␍␊* bob left\n"),
        "{stdout}"
    );
    assert_eq!(status, 1);
    assert!(
        stderr.starts_with("chat-client: you logged in from elsewhere"),
        "{stderr}"
    );
    assert!(stderr.contains("\nhint: "), "{stderr}");
}

#[test]
fn the_name_and_the_password_come_from_the_environment_and_never_cross() {
    let (address, server) = serve(|mut far: Far| {
        far.greet(Entry::Password);
        let Command::Login { scram } = far.hear() else {
            panic!("no login");
        };
        far.say(&Event::Error {
            code: ErrorCode::LoginFailed,
            text: "user and password do not fit together".to_owned(),
            id: None,
        });
        let mut rest = String::new();
        far.reader.read_to_string(&mut rest).unwrap();
        scram + &rest
    });
    let mut program = program(&[]);
    program.envs([
        ("CHAT_SERVER", address.as_str()),
        ("CHAT_NAME", "alice"),
        ("CHAT_PASSWORD", "wrong password"),
    ]);
    let (status, _, stderr) = run(program, "hello\n");
    assert_eq!(status, 4);
    assert_eq!(
        stderr,
        "chat-client: user and password do not fit together\nhint: without an account yet, use --register\n"
    );
    let heard = server.join().unwrap();
    assert!(heard.starts_with("n,,n=alice,r="), "{heard}");
    assert!(!heard.contains("wrong password"));
}

#[test]
fn unusable_arguments_are_status_2_and_unreachable_servers_3() {
    let (status, _, stderr) = run(program(&["127.0.0.1:1"]), "");
    assert_eq!(
        (status, stderr.starts_with("chat-client: no name\nhint: ")),
        (2, true)
    );
    let (status, ..) = run(program(&["--name", "a b", "127.0.0.1"]), "");
    assert_eq!(status, 2);
    let missing = [
        "--name",
        "a",
        "--password-file",
        "/nonexistent",
        "127.0.0.1",
    ];
    let (status, _, stderr) = run(program(&missing), "");
    assert_eq!(
        (
            status,
            stderr.starts_with("chat-client: cannot read /nonexistent: ")
        ),
        (2, true)
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap().to_string();
    drop(listener);
    let (status, _, stderr) = run(program(&["--name", "alice", &closed]), "");
    assert_eq!(status, 3);
    let expected = format!("chat-client: cannot connect to {closed}: connection refused\nhint: ");
    assert!(stderr.starts_with(&expected), "{stderr}");
}

#[test]
fn the_lab_is_spoken_with_in_a_pipe() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut chunk = [0; 1024];
        let mut read = |stream: &mut TcpStream| {
            let count = stream.read(&mut chunk).unwrap();
            String::from_utf8_lossy(&chunk[..count]).into_owned()
        };
        let name = read(&mut stream);
        stream.write_all(b"!{\"alice\": \"127.0.0.1\"}").unwrap();
        [
            name,
            read(&mut stream),
            read(&mut stream),
            read(&mut stream),
        ]
    });
    let child: Child = {
        let mut child = program(&[&address, "--lab", "--name", "alice"])
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(b"one\ntwo\n")
            .unwrap();
        child
    };
    let (status, ..) = outcome(child.wait_with_output().unwrap());
    assert_eq!(server.join().unwrap(), ["alice", "one", "two", ""]);
    assert_eq!(status, 0);
}
