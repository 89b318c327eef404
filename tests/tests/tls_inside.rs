//! TLS with the programs themselves: the README's commands, and what tshark and chatpcap read of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::authority::Authority;
use tests::program::{chatpcap, program, project};

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// Ends with the test.
struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An open server on any port, whose files are in a folder; `keys` is where it writes its keys.
fn serve(folder: &Path, certificate: &str, key: &str, keys: Option<&str>) -> Running {
    let mut command = Command::new(program("chat-server"));
    command
        .args(["--open", "--listen", "127.0.0.1:0"])
        .args(["--tls-cert", certificate, "--tls-key", key])
        .env_remove("SSLKEYLOGFILE")
        .envs(keys.map(|keys| ("SSLKEYLOGFILE", keys)));
    let mut child = command
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut begun = String::new();
    let port = loop {
        let line = log.next().unwrap_or_else(|| panic!("{begun}")).unwrap();
        begun += &line;
        if let Some((_, rest)) = line.split_once("address=127.0.0.1:") {
            break rest.split(' ').next().unwrap().parse().unwrap();
        }
    };
    let warns = begun.contains("SSLKEYLOGFILE is set: whoever reads");
    assert_eq!(warns, keys.is_some(), "{begun}");
    std::thread::spawn(move || log.for_each(drop));
    Running { child, port }
}

/// A client that says one line and leaves; what it shows.
fn chat(folder: &Path, server: &Running, ca: &str, keys: Option<&str>, line: &str) -> String {
    let mut child = Command::new(program("chat-client"))
        .args(["--tls", "--ca", ca, "--name", "alice", "--udp-port", "0"])
        .arg(format!("localhost:{}", server.port))
        .env_remove("SSLKEYLOGFILE")
        .envs(keys.map(|keys| ("SSLKEYLOGFILE", keys)))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{line}").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors.contains("SSLKEYLOGFILE is set"), keys.is_some());
    String::from_utf8(output.stdout).unwrap()
}

/// The commands of README's section on TLS that make certificates, one list a block.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(project().join("README.md")).unwrap();
    let (_, section) = readme.split_once("### TLS\n").unwrap();
    let section = section.split("\n#").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let blocks = blocks.map(|block| {
        let block = block.replace("\\\n", " ");
        let lines = block.lines().filter(|line| line.starts_with("openssl "));
        lines.collect::<Vec<_>>().join("\n")
    });
    blocks.filter(|block| !block.is_empty()).collect()
}

#[test]
fn the_readmes_commands_make_certificates_that_clients_trust() {
    if !is_there("openssl", "version") {
        return;
    }
    let commands = commands();
    assert_eq!(commands.len(), 2);
    for (commands, ca) in commands.iter().zip(["server.pem", "ca.pem"]) {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new("sh")
            .args(["-e", "-c", commands])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{log}");
        let server = serve(folder.path(), "server.pem", "server.key", None);
        let shown = chat(folder.path(), &server, ca, None, "hei");
        let expected = format!(
            "* connected to 127.0.0.1:{}, TLS 1.3, certificate of localhost\n",
            server.port
        );
        assert!(shown.starts_with(&expected), "{shown}");
    }
}

#[test]
fn wireshark_reads_it_with_the_keys_and_chatpcap_says_that_it_cannot() {
    if !(is_there("tcpdump", "--version") && is_there("tshark", "--version") && is_root()) {
        return;
    }
    let authority = Authority::new();
    authority.sign("server");
    let folder = authority.folder();
    for (of_server, of_client) in [(Some("server.log"), None), (None, Some("client.log"))] {
        let server = serve(folder, "server.pem", "server.key", of_server);
        let mut dump = Dump::start(folder, server.port);
        let shown = chat(folder, &server, "ca.pem", of_client, "can you read this?");
        assert!(shown.contains(", TLS 1.3, certificate of localhost"));
        dump.stop();
        let follow = |keys: Option<&str>| {
            let keys = keys.map(|keys| format!("tls.keylog_file:{keys}"));
            let mut command = Command::new("tshark");
            command.args(["-r", "tls.pcap", "-d"]);
            command.arg(format!("tcp.port=={},tls", server.port));
            command.args(keys.iter().flat_map(|keys| ["-o", keys]));
            command.args(["-q", "-z", "follow,tls,ascii,0"]);
            let output = command.current_dir(folder).output().unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let read = follow(of_server.or(of_client));
        for part in [
            r#"{"type":"enter","name":"alice""#,
            r#""text":"can you read this?"}"#,
            r#"{"type":"bye","code":"quit","text":"left"}"#,
        ] {
            assert!(read.contains(part), "{part}: {read}");
        }
        assert!(!follow(None).contains("can you read this?"));

        let at = format!("127.0.0.1:{}", server.port);
        let told = |arguments: &[&str]| {
            let arguments = [arguments, &["--server", &at, "tls.pcap"]].concat();
            let output = chatpcap(folder, &arguments, b"");
            String::from_utf8(output.stdout).unwrap()
        };
        let frame = rows(folder, "tls.handshake.type==1", server.port, "frame.number");
        let expected = format!("TLS on TCP port {}, first at frame {frame}", server.port);
        for command in ["analyze", "chat", "doctor"] {
            // Lines are broken where the terminal ends.
            let told = told(&[command]);
            let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.contains(&expected), "{command}: {told}");
            assert!(!told.contains("alice"), "{command}: {told}");
        }
        // What is asked of the handshake is answered as ever.
        let answers: Value = serde_json::from_str(&told(&["analyze", "--format", "json"])).unwrap();
        let syn = rows(
            folder,
            "tcp.flags.syn==1 && tcp.flags.ack==0",
            server.port,
            "tcp.seq_raw",
        );
        let answer = &answers["answers"]["SYN_sequence_number"];
        assert_eq!(answer.to_string(), syn);
        let notices = answers["captures"][0]["notices"].to_string();
        assert!(notices.contains(&expected), "{notices}");
    }
}

/// tshark's value of a field in the first frame that a filter selects.
fn rows(folder: &Path, filter: &str, port: u16, field: &str) -> String {
    let output = Command::new("tshark")
        .args(["-r", "tls.pcap", "-Y", filter, "-T", "fields", "-e", field])
        .args(["-d", &format!("tcp.port=={port},tls")])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

/// tcpdump on the loopback interface, writing `tls.pcap`.
struct Dump {
    child: Child,
    path: std::path::PathBuf,
    port: u16,
}

impl Dump {
    fn start(folder: &Path, port: u16) -> Self {
        let path = folder.join("tls.pcap");
        let mut child = Command::new("tcpdump")
            .args(["-i", "lo", "-U", "--immediate-mode", "-Z", "root", "-w"])
            .arg(&path)
            .arg(format!("tcp port {port}"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert_ne!(
                log.read_line(&mut line).unwrap(),
                0,
                "tcpdump did not start"
            );
        }
        std::thread::spawn(move || drop(log.read_to_end(&mut Vec::new())));
        Self { child, path, port }
    }

    /// Stops it when it has written the end of the connection.
    fn stop(&mut self) {
        let begin = Instant::now();
        let fin = "tcp.flags.fin==1";
        while rows(self.path.parent().unwrap(), fin, self.port, "frame.number").is_empty() {
            assert!(begin.elapsed() < PATIENCE, "the connection does not end");
        }
        let id = self.child.id().to_string();
        let stopped = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(stopped.success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_there(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        println!("skipped: no {program} here");
    }
    is_there
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    if id != b"0\n" {
        println!("skipped: only root may capture here");
    }
    id == b"0\n"
}
