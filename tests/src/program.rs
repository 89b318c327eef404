//! The project's programs, run as their users run them.

use std::env;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;

/// The path of one of the project's programs, built from the current sources.
///
/// Cargo builds the programs of a package only for that package's own tests; this asks it for those
/// of another one, into the same target folder and with the same profile.
pub fn program(name: &str) -> PathBuf {
    static BUILT: Mutex<Vec<String>> = Mutex::new(Vec::new());
    // <target>/<profile>/deps/<test>
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let mut built = BUILT.lock().unwrap();
    if !built.iter().any(|done| done == name) {
        let mut cargo = Command::new(env!("CARGO"));
        // Of the whole workspace, or each program's libraries would be built anew with other features.
        cargo.args(["build", "--quiet", "--locked", "--workspace", "--bin", name]);
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(project()).status().unwrap();
        assert!(status.success(), "{name} does not build");
        built.push(name.to_owned());
    }
    path
}

/// The root of the project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Runs `chatpcap` in `folder` with `input` on standard input, and an environment that says nothing
/// of terminals and colours.
pub fn chatpcap(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(program("chatpcap"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Beside the reading, so that neither side waits for the other. A program that needs no input
    // may close it early.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Runs `chatpcap` in `folder` for a reader who goes away at once.
pub fn unread(folder: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new(program("chatpcap"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap()
}

/// `chatpcap` while its capture still comes by standard input.
#[derive(Debug)]
pub struct Live {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it prints; the next line is waited for.
    pub lines: Lines<BufReader<ChildStdout>>,
}

impl Live {
    /// Starts it.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(program("chatpcap"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// Sends more of the capture, and leaves its standard input open.
    pub fn send(&mut self, octets: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(octets).unwrap();
        stdin.flush().unwrap();
    }

    /// Sends the rest of the capture.
    pub fn send_last(&mut self, octets: &[u8]) {
        self.send(octets);
        self.stdin = None;
    }

    /// Waits for its end; whether all was well.
    pub fn succeeds(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}
