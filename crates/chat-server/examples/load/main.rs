//! A load generator for chat servers, and the bare loop that they are measured against.
//!
//! `load run` connects many clients from one thread, waits until all know all, lets some of them talk,
//! and checks that every message reached every other client exactly once and in one order.
//! `load bare` is the least that any server must do: it relays what it reads, one write for each
//! recipient in each round, with neither names nor frames.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program prints"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken measurement may panic, and has nobody to be polite to"
)]

mod bare;
mod client;
mod process;
mod run;
mod stream;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Subcommand)]
enum Mode {
    /// Measures a server
    Run(Run),
    /// Is the bare loop
    Bare {
        /// Where it listens
        #[arg(long, default_value = "127.0.0.1:5999")]
        listen: SocketAddr,
    },
}

#[derive(Args)]
struct Run {
    /// The server
    #[arg(long, default_value = "127.0.0.1:5000")]
    address: SocketAddr,
    /// What it speaks
    #[arg(long, value_enum, default_value = "native")]
    protocol: Protocol,
    /// Speak TLS, trusting the authority in this file for the server's certificate
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Its process, for CPU time and memory
    #[arg(long)]
    pid: Option<u32>,
    /// Clients in the room
    #[arg(long, default_value_t = 1000)]
    clients: usize,
    /// Those of them who talk
    #[arg(long, default_value_t = 10)]
    senders: usize,
    /// Messages on the way in all (closed loop)
    #[arg(long, default_value_t = 10)]
    in_flight: usize,
    /// Messages a second in all instead (open loop)
    #[arg(long)]
    rate: Option<u64>,
    /// Seconds of talking
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Clients that stop reading once they are in the room
    #[arg(long, default_value_t = 0)]
    stalled: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protocol {
    /// The chat's own, on an open server
    Native,
    /// IRC
    Irc,
    /// None: for `load bare`
    Bare,
}

fn main() {
    match Options::parse().mode {
        Mode::Run(options) => run::run(&options),
        Mode::Bare { listen } => bare::serve(listen),
    }
}
