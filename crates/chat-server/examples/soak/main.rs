//! A soak: a server, and a crowd that comes, goes, chats and misbehaves in it for an hour.
//!
//! It starts the program `chat-server` beside itself, with accounts in a directory of its own, and
//! fails if a message is lost, doubled or invented, if anybody is wrong about who is in the room, if
//! an honest client is thrown out or an enemy answered otherwise than it should be, or if memory,
//! file descriptors or tasks are left behind.
#![expect(
    clippy::expect_used,
    reason = "a broken measurement may panic, and has nobody to be polite to"
)]

mod crowd;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use crowd::Plan;

/// Lets a crowd live in a server's room, and checks that nothing is lost and nothing left behind.
#[derive(Parser)]
struct Options {
    /// How long, in minutes
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Clients in all; three in twenty misbehave
    #[arg(long, default_value_t = 1000)]
    clients: usize,
    /// Mean seconds between two things that a client does
    #[arg(long, default_value_t = 15)]
    pace: u64,
    /// Seconds between two lines
    #[arg(long, default_value_t = 30)]
    every: u64,
    /// What chance begins with, to repeat a run
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let random = || {
        let mut octets = [0; 4];
        getrandom::fill(&mut octets).expect("random numbers");
        u32::from_le_bytes(octets).into()
    };
    let plan = Plan {
        clients: options.clients,
        time: Duration::from_secs(options.minutes * 60),
        pace: Duration::from_secs(options.pace),
        patience: Duration::from_secs(10),
        every: Duration::from_secs(options.every),
        check: Duration::from_mins(5),
        seed: options.seed.unwrap_or_else(random),
    };
    // <target>/release/examples/soak
    let own = std::env::current_exe().expect("a path");
    let program = own.parent().and_then(|folder| folder.parent());
    let program = program.expect("a folder").join("chat-server");
    let files = u64::try_from(options.clients * 2 + 500).expect("a number of files");
    raise_file_limit(files);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if runtime.block_on(crowd::run(&program, &plan)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Lets this process open so many files; the server raises its own limit.
fn raise_file_limit(files: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        let raised = Rlimit {
            current: Some(files),
            ..limit
        };
        setrlimit(Resource::Nofile, raised).expect("`ulimit -n` must allow for the clients");
    }
}
