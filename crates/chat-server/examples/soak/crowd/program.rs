//! The server's program: started, read and measured from outside, ended.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// A server that runs, with accounts in a directory of its own.
pub(super) struct Program {
    pub(super) address: SocketAddr,
    child: Child,
    log: Arc<Mutex<Log>>,
    reader: Option<JoinHandle<()>>,
    data: TempDir,
}

/// What the server said.
#[derive(Default)]
pub(super) struct Log {
    /// Why connections ended, by reason.
    pub(super) reasons: BTreeMap<String, u64>,
    /// Lines that tell of something wrong.
    pub(super) warnings: Vec<String>,
    /// Lines that the server left out, since there were too many.
    pub(super) left_out: u64,
    /// The last lines: tasks and sessions.
    pub(super) stopping: Option<String>,
    pub(super) ended: Option<String>,
}

/// What a process takes at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge {
    /// Memory in the machine, in kibibytes.
    pub(super) rss: u64,
    /// Of that, what is no part of any file: heap and stacks.
    pub(super) anonymous: u64,
    pub(super) threads: u64,
    pub(super) files: usize,
    /// CPU time so far, in seconds.
    pub(super) cpu: f64,
}

impl Program {
    /// Starts the program; `patience` is its limit for log-ins, silence and pongs.
    pub(super) fn start(path: &Path, patience: Duration) -> Self {
        let data = tempfile::tempdir().unwrap();
        let seconds = patience.as_secs().to_string();
        let mut command = Command::new(path);
        command.arg("--data").arg(data.path());
        for (option, value) in [
            ("--listen", "127.0.0.1:0"),
            // The clients' part of a log-in shall not be what is measured.
            ("--iterations", "4096"),
            ("--login-seconds", &seconds),
            ("--idle-seconds", &seconds),
            ("--pong-seconds", &seconds),
            // So that a reader that stopped is dropped in the time of a run.
            ("--outbox-octets", "262144"),
            ("--send-buffer", "16384"),
        ] {
            command.args([option, value]);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            let count = lines.read_line(&mut line).unwrap();
            assert_ne!(count, 0, "the server did not start");
            if let Some(address) = field(&line, "address") {
                break address.parse().unwrap();
            }
        };
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = Arc::clone(&log);
        let reader = std::thread::spawn(move || read(lines, &shared));
        Self {
            address,
            child,
            log,
            reader: Some(reader),
            data,
        }
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to end; gives what it said, whether it ended well, and how many files its directory has.
    pub(super) fn stop(mut self) -> (Log, bool, usize) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        let well = told.success() && self.child.wait().unwrap().success();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        let files = fs::read_dir(self.data.path()).unwrap().count();
        (std::mem::take(&mut self.log.lock().unwrap()), well, files)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Only if the run broke off is it still there.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn read(lines: BufReader<ChildStderr>, log: &Mutex<Log>) {
    for line in lines.lines() {
        let line = line.unwrap();
        let mut log = log.lock().unwrap();
        if line.contains(" WARN left out of the log") {
            let lines = field(&line, "lines").and_then(|lines| lines.parse().ok());
            log.left_out += lines.unwrap_or(0_u64);
        } else if line.contains(" WARN ") || line.contains("ERROR ") {
            log.warnings.push(line);
        } else if line.contains(" INFO stopping") {
            log.stopping = Some(line);
        } else if line.contains(" INFO ended") {
            log.ended = Some(line);
        } else if let Some(reason) = field(&line, "reason") {
            *log.reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }
}

/// A field of a line of the log.
pub(super) fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_whitespace()
        .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

impl Gauge {
    /// Measures a process.
    pub(super) fn of(id: u32) -> Self {
        let text = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).unwrap();
        let (status, rollup, stat) = (text("status"), text("smaps_rollup"), text("stat"));
        let number = |text: &str, name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.unwrap().parse().unwrap()
        };
        // The program's name, in parentheses, may hold spaces: fields are counted from behind it.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: f64 = fields[11..13]
            .iter()
            .map(|ticks| ticks.parse::<f64>().unwrap())
            .sum();
        Self {
            rss: number(&rollup, "Rss:"),
            anonymous: number(&rollup, "Anonymous:"),
            threads: number(&status, "Threads:"),
            files: fs::read_dir(format!("/proc/{id}/fd")).unwrap().count(),
            // Linux counts it in hundredths for whoever asks.
            cpu: ticks / 100.0,
        }
    }
}
