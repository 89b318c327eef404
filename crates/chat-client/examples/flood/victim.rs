//! The program `chat-client`, run in a pipe and measured from outside.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

/// The program.
pub(crate) struct Victim {
    child: Child,
    stdin: ChildStdin,
    shown: Arc<Mutex<Shown>>,
}

/// What it printed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shown {
    /// Private messages that were shown as from bob, and those that he never wrote.
    pub(crate) genuine: Vec<String>,
    pub(crate) forged: Vec<String>,
    pub(crate) unverified: u64,
    pub(crate) warnings: u64,
    pub(crate) delivered: u64,
    pub(crate) not_delivered: u64,
}

impl Victim {
    pub(crate) fn start(program: &Path, server: SocketAddr) -> Self {
        let mut command = Command::new(program);
        command.args(["--name", "alice", "--udp-port", "0", &server.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let shown = Arc::new(Mutex::new(Shown::default()));
        let seen = Arc::clone(&shown);
        std::thread::spawn(move || {
            for line in lines {
                seen.lock().unwrap().take(&line.unwrap());
            }
        });
        Self {
            child,
            stdin,
            shown,
        }
    }

    pub(crate) fn line(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    pub(crate) fn shown(&self) -> Shown {
        self.shown.lock().unwrap().clone()
    }

    /// CPU time so far in seconds, and memory in the machine in kibibytes.
    pub(crate) fn gauge(&self) -> (f64, u64) {
        let text = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.child.id()));
        let stat = text("stat").unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks = fields[11..13]
            .iter()
            .map(|ticks| ticks.parse::<f64>().unwrap());
        let status = text("status").unwrap();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let rss = rss.and_then(|rss| rss.split_whitespace().next()?.parse().ok());
        (ticks.sum::<f64>() / 100.0, rss.unwrap())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

impl Shown {
    fn take(&mut self, line: &str) {
        if let Some(text) = line.strip_prefix("bob (private): ") {
            if text.starts_with("genuine ") {
                self.genuine.push(text.to_owned());
            } else {
                self.forged.push(line.to_owned());
            }
        } else if line.contains("(private):") {
            self.forged.push(line.to_owned());
        } else if line.contains("private, unverified") {
            self.unverified += 1;
        } else if line.starts_with("* delivered to") {
            self.delivered += 1;
        } else if line.starts_with("* not delivered to") {
            self.not_delivered += 1;
        } else {
            self.warnings += 1;
        }
    }
}

/// Datagrams that the kernel dropped at a UDP port because its buffer was full.
pub(crate) fn dropped(port: u16) -> u64 {
    let sockets = fs::read_to_string("/proc/net/udp").unwrap();
    let here = format!(":{port:04X} ");
    sockets
        .lines()
        .find(|line| {
            line.split_whitespace()
                .nth(1)
                .is_some_and(|at| format!("{at} ").ends_with(&here))
        })
        .and_then(|line| line.split_whitespace().last()?.parse().ok())
        .unwrap_or(0)
}
